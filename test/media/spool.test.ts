import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError, systemErrorCode } from '../../src/base/errors.ts'
import { Spool, type SpoolReader } from '../../src/media/transcode/spool.ts'
import { tempFolder } from '../support/temp-database.ts'
import { stubBytes } from './stub-encoder.ts'

const BLOCK = 64 * 1024

function memorySpool(): Spool {
  return new Spool({ path: undefined, reserve: () => true, onSpill: () => {} })
}

async function drain(reader: SpoolReader, size = 10_000): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const into = new Uint8Array(size)
  for (let count = await reader.read(into); count > 0; count = await reader.read(into)) {
    parts.push(into.slice(0, count))
  }
  reader.close()
  return Buffer.concat(parts)
}

/** Whether the promise settles without anything else happening. */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => {
    settled = true
  })
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  return settled
}

test('a spool in a file never holds up its writer', async (t) => {
  const path = join(tempFolder(t), 'spool')
  const spool = new Spool({ path, reserve: () => true, onSpill: () => assert.fail('spilled') })
  await spool.start()
  for (let block = 0; block < 40; block++) await spool.append(stubBytes(BLOCK, block * BLOCK))
  assert.equal(spool.length, 40 * BLOCK)
  assert.ok(spool.isWhole)
  spool.finish()
  const expected = Buffer.from(stubBytes(40 * BLOCK))
  assert.ok((await drain(spool.attach())).equals(expected))
  assert.ok(readFileSync(path).equals(expected))
  await spool.close()
})

test('a spool in memory holds up its writer at 256 KiB until the slowest reader moves', async () => {
  const spool = memorySpool()
  const quick = spool.attach()
  const slow = spool.attach()
  for (let block = 0; block < 4; block++) await spool.append(stubBytes(BLOCK, block * BLOCK))
  const fifth = spool.append(stubBytes(BLOCK, 4 * BLOCK))
  assert.equal(await settles(fifth), false)
  const into = new Uint8Array(BLOCK)
  assert.equal(await quick.read(into), BLOCK)
  assert.equal(await settles(fifth), false)
  assert.equal(await slow.read(into), BLOCK)
  assert.equal(await settles(fifth), true)
  assert.equal(spool.isJoinable, false)
  spool.finish()
  const [a, b] = await Promise.all([drain(quick), drain(slow)])
  assert.ok(a.equals(Buffer.from(stubBytes(4 * BLOCK, BLOCK))))
  assert.ok(b.equals(a))
})

test('a slow reader who leaves no longer holds up the writer', async () => {
  const spool = memorySpool()
  const quick = spool.attach()
  const slow = spool.attach()
  for (let block = 0; block < 4; block++) await spool.append(stubBytes(BLOCK))
  const fifth = spool.append(stubBytes(BLOCK))
  await quick.read(new Uint8Array(BLOCK))
  assert.equal(await settles(fifth), false)
  slow.close()
  assert.equal(await settles(fifth), true)
})

test('bytes go on in memory where the file may grow no further', async (t) => {
  const path = join(tempFolder(t), 'spool')
  let spills = 0
  let room = 3 * BLOCK
  const spool = new Spool({
    path,
    reserve: (bytes) => {
      room -= bytes
      return room >= 0
    },
    onSpill: () => spills++,
  })
  await spool.start()
  const reading = drain(spool.attach(), 1000)
  for (let block = 0; block < 12; block++) await spool.append(stubBytes(BLOCK, block * BLOCK))
  spool.finish()
  assert.ok((await reading).equals(Buffer.from(stubBytes(12 * BLOCK))))
  assert.equal(spills, 1)
  assert.equal(spool.isWhole, false)
  assert.equal(spool.fileBytes, 3 * BLOCK)
  await spool.close()
})

test('a disk that refuses a write loses no byte', { skip: !hasFullDevice() }, async () => {
  const errors: unknown[] = []
  const full = new Spool({ path: '/dev/full', reserve: () => true, onSpill: (error) => errors.push(error) })
  await full.start()
  const reading = drain(full.attach())
  for (let block = 0; block < 8; block++) await full.append(stubBytes(BLOCK, block * BLOCK))
  full.finish()
  assert.ok((await reading).equals(Buffer.from(stubBytes(8 * BLOCK))))
  assert.deepEqual(errors.map(systemErrorCode), ['ENOSPC'])
  await full.close()
})

test('a reader gets what there is before the error of the writer', async () => {
  const spool = memorySpool()
  const reader = spool.attach()
  await spool.append(stubBytes(5000))
  const into = new Uint8Array(6000)
  assert.equal(await reader.read(into), 5000)
  const waiting = reader.read(into)
  await spool.append(stubBytes(50))
  spool.fail(new AppError('TRANSCODE_FAILED', 'broken'))
  assert.equal(await waiting, 50)
  await assert.rejects(reader.read(into), { code: 'TRANSCODE_FAILED' })
})

test('what fails after a few bytes has not begun, and what ends after them has', async () => {
  for (const ends of [false, true]) {
    const spool = memorySpool()
    const into = new Uint8Array(6000)
    const waiting = spool.attach().read(into)
    await spool.append(stubBytes(100))
    if (ends) spool.finish()
    else spool.fail(new AppError('TRANSCODE_FAILED', 'broken'))
    if (ends) assert.equal(await waiting, 100)
    else await assert.rejects(waiting, { code: 'TRANSCODE_FAILED' })
  }
})

test('closing wakes who waits', async () => {
  const spool = memorySpool()
  const waiting = spool.attach().read(new Uint8Array(10))
  await spool.close()
  await assert.rejects(waiting, { code: 'CANCELLED' })
})

/** Linux's device that is always full. */
function hasFullDevice(): boolean {
  try {
    closeSync(openSync('/dev/full', 'r+'))
    return true
  } catch {
    return false
  }
}
