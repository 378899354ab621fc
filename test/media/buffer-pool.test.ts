import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { BufferPool, StreamBuffer } from '../../src/media/buffer-pool.ts'
import { openFile } from '../../src/media/file-reading.ts'
import { fileStream } from '../../src/media/file-source.ts'

test('a quick reader gets a larger buffer, a slow one a small one again', () => {
  const buffer = new StreamBuffer(new BufferPool())
  const sizes: number[] = []
  let now = 1000
  for (const away of [0, 1, 1, 1, 1, 500, 1, 100]) {
    now += away
    sizes.push(buffer.next(now).length)
    buffer.handedOut(now, 8 << 20)
  }
  assert.deepEqual(sizes, [20_480, 65_536, 262_144, 262_144, 262_144, 20_480, 65_536, 65_536])
})

test('what disappears into the buffers of kernels does not make a reader quick', () => {
  const buffer = new StreamBuffer(new BufferPool())
  let now = 1000
  for (let taken = 0; taken < 8 << 20; taken += 20_480) {
    assert.equal(buffer.next(++now).length, 20_480)
    buffer.handedOut(now, 20_480)
  }
  assert.equal(buffer.next(++now).length, 65_536)
})

test('who tells what they took gets as much as they took since they last waited', () => {
  const pool = new BufferPool()
  const buffer = new StreamBuffer(pool)
  const sizes: number[] = []
  // What is not taken of each chunk. Hours between two of them make no difference.
  for (const [at, left] of [0, 0, 0, 262_143, 0, 0, 200_000, 262_100, 20_000, 0].entries()) {
    const now = at * 3_600_000 + 1
    const { length } = buffer.next(now)
    sizes.push(length)
    buffer.handedOut(now, length)
    buffer.returned(Math.min(left, length))
  }
  assert.deepEqual(sizes, [20_480, 65_536, 262_144, 262_144, 262_144, 262_144, 262_144, 262_144, 20_480, 20_480])
  buffer.returned(20_480)
  assert.equal(pool.freeBytes, 262_144 + 65_536 + 20_480, 'one who waits holds no buffer')
})

test('a short rest is read at once', () => {
  for (const [left, size] of [
    [1, 20_480],
    [20_480, 20_480],
    [20_481, 65_536],
    [65_536, 65_536],
    [65_537, 20_480],
  ] as const)
    assert.equal(new StreamBuffer(new BufferPool()).next(1, left).length, size)
})

test('few of the largest buffers are out at a time, and one that comes back is for the next', () => {
  const pool = new BufferPool()
  const taken = Array.from({ length: 100 }, () => pool.take(262_144))
  const largest = taken.filter(({ length }) => length === 262_144)
  assert.equal(largest.length, 8)
  assert.equal(taken.filter(({ length }) => length === 65_536).length, 92)
  pool.give(largest[0] as Uint8Array)
  assert.equal(pool.take(262_144).length, 262_144)
  assert.equal(pool.take(262_144).length, 65_536)
})

test('buffers are used again, and what lies free is bounded', () => {
  const pool = new BufferPool()
  const first = pool.take(20_480)
  pool.give(first)
  assert.equal(pool.take(20_480), first)
  for (let count = 0; count < 100; count++) pool.give(new Uint8Array(65_536))
  assert.ok(pool.freeBytes <= 2 << 20)
  pool.give(new Uint8Array(5))
  assert.ok(pool.freeBytes <= 2 << 20)
})

test('a released buffer is given back once', () => {
  const pool = new BufferPool()
  const buffer = new StreamBuffer(pool)
  buffer.next(1)
  buffer.release()
  buffer.release()
  assert.equal(pool.freeBytes, 20_480)
})

test('a stream that is closed while it waits for its turn takes no buffer with it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tonearm-pool-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'song')
  writeFileSync(path, new Uint8Array(1 << 20))
  const pool = new BufferPool()
  const { file } = await openFile(path)
  const stream = fileStream(file, { start: 0, end: (1 << 20) - 1 }, pool)
  for (let chunk = 0; chunk < 2; chunk++) {
    await stream.read()
    stream.unread?.(0)
  }
  let turns = 0
  while (pool.turn() === undefined) turns++
  const next = stream.read()
  stream.close()
  // The first is for the turn that the loop above asked for in vain.
  for (let done = 0; done < turns; done++) pool.done()
  await assert.rejects(next)
  const largest = Array.from({ length: 8 }, () => pool.take(262_144).length)
  assert.deepEqual(new Set(largest), new Set([262_144]))
})
