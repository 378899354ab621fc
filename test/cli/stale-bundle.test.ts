import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempFolder } from '../support/temp-database.ts'

const BUILD = join(import.meta.dirname, '..', '..', 'src', 'build.mjs')
const NOBODY = 65_534

/** A clone that nobody may write to; root may write everywhere, so that somebody else runs the check. */
function check(clone: string) {
  for (const folder of [clone, join(clone, 'dist')]) chmodSync(folder, 0o555)
  const root = process.getuid?.() === 0
  const { status, stderr } = spawnSync(process.execPath, [join(clone, 'src', 'build.mjs')], {
    encoding: 'utf8',
    cwd: '/',
    ...(root ? { uid: NOBODY, gid: NOBODY } : {}),
  })
  for (const folder of [clone, join(clone, 'dist')]) chmodSync(folder, 0o755)
  return { status, stderr }
}

test('on a disk that can not be written an old bundle runs with one sentence, and a missing one is told', (t) => {
  const clone = tempFolder(t)
  for (const folder of ['src', 'dist']) mkdirSync(join(clone, folder))
  copyFileSync(BUILD, join(clone, 'src', 'build.mjs'))
  writeFileSync(join(clone, 'package-lock.json'), '{}')
  writeFileSync(join(clone, 'dist', 'main.mjs'), '')
  const old = check(clone)
  assert.equal(old.status, 0, old.stderr)
  assert.match(old.stderr, /^tonearm: the bundle is older than the sources and runs as it is: .*\(EACCES\)\n$/)
  rmSync(join(clone, 'dist', 'main.mjs'))
  const none = check(clone)
  assert.equal(none.status, 69)
  assert.match(none.stderr, /^tonearm: there is no fresh bundle, and none can be made: .*\n$/)
})
