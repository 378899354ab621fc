import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { OpenFile, openFile } from '../../src/media/file-reading.ts'
import { tempFolder } from '../support/temp-database.ts'

const UNREADABLE = { code: 'MEDIA_UNREADABLE' }

/** A file whose reads get no answer until `answer` is called. */
async function silentFile(folder: string) {
  const path = join(folder, 'pipe')
  await promisify(execFile)('mkfifo', [path])
  const reader = openSync(path, 'r+')
  return { reader, answer: () => writeSync(reader, 'x') }
}

test('a disk that gives no answer fails the read, and its buffer is free only when the answer came', async (t) => {
  const { reader, answer } = await silentFile(tempFolder(t))
  const file = new OpenFile(reader, 20)
  await assert.rejects(file.read(new Uint8Array(1), 1, null as never), UNREADABLE)
  let released = false
  const free = new Promise<void>((resolve) =>
    file.close(() => {
      released = true
      resolve()
    }),
  )
  assert.equal(released, false)
  answer()
  await free
})

test('reads come one after another, none after the end of the file or its closing', async (t) => {
  const path = join(tempFolder(t), 'file')
  writeFileSync(path, 'abcdef')
  const { file } = await openFile(path)
  const into = new Uint8Array(4)
  const first = file.read(into, 4, 0)
  await assert.rejects(file.read(into, 4, 4), UNREADABLE)
  assert.equal(await first, 4)
  assert.equal(await file.read(into, 4, 4), 2)
  assert.equal(await file.read(into, 4, 6), 0)
  let releases = 0
  file.close(() => releases++)
  file.close(() => releases++)
  assert.equal(releases, 1)
  await assert.rejects(file.read(into, 4, 0), UNREADABLE)
})
