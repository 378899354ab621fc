import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BufferPool, StreamBuffer } from '../../src/media/buffer-pool.ts'

test('a quick reader gets a larger buffer, a slow one a small one again', () => {
  const buffer = new StreamBuffer(new BufferPool())
  const sizes: number[] = []
  let now = 1000
  for (const away of [0, 1, 1, 1, 1, 500, 1, 100]) {
    now += away
    sizes.push(buffer.next(now).length)
    buffer.handedOut(now, 8 << 20)
  }
  assert.deepEqual(sizes, [20_480, 32_768, 65_536, 65_536, 65_536, 20_480, 32_768, 32_768])
})

test('what disappears into the buffers of kernels does not make a reader quick', () => {
  const buffer = new StreamBuffer(new BufferPool())
  let now = 1000
  for (let taken = 0; taken < 8 << 20; taken += 20_480) {
    assert.equal(buffer.next(++now).length, 20_480)
    buffer.handedOut(now, 20_480)
  }
  assert.equal(buffer.next(++now).length, 32_768)
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
