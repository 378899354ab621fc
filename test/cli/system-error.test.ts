import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isAppError } from '../../src/base/errors.ts'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import { explainSystemError } from '../../src/cli/system-error.ts'

test('what the system refuses at the start is a sentence with an exit of its own; other errors stay', {
  skip: process.platform !== 'linux',
}, (t) => {
  const full = refused(() => writeFileSync('/dev/full', 'x'))
  assert.ok(isAppError(full))
  assert.match(full.message, /^The disk is full/)
  assert.equal(exitCodeOf(full), 74)
  const file = join(mkdtempSync(join(tmpdir(), 'tonearm-')), 'file')
  t.after(() => rmSync(join(file, '..'), { recursive: true }))
  const missing = refused(() => rmSync(file))
  assert.ok(!isAppError(missing))
  const readOnly = explainSystemError(Object.assign(new Error('EROFS'), { code: 'EROFS', path: '/mnt/x' }))
  assert.ok(isAppError(readOnly))
  assert.match(readOnly.message, /read-only: \/mnt\/x/)
  assert.equal(exitCodeOf(readOnly), 73)
})

function refused(action: () => void): unknown {
  try {
    action()
  } catch (error) {
    return explainSystemError(error)
  }
  throw new Error('nothing was refused')
}
