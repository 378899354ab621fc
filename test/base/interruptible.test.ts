import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteStream } from '../../src/base/byte-source.ts'
import { AppError } from '../../src/base/errors.ts'
import { aroundStreams, interruptible } from '../../src/base/interruptible.ts'

const GONE = { code: 'NOT_FOUND' }

function make(stream: Partial<ByteStream> = {}, isOver?: () => boolean) {
  const seen: string[] = []
  const made = interruptible(
    { read: async () => Uint8Array.of(1), close: () => seen.push('closed'), ...stream },
    {
      reason: () => new AppError('NOT_FOUND', 'It is over.'),
      onClose: () => seen.push('closing'),
      ...(isOver ? { isOver } : {}),
    },
  )
  return { ...made, seen }
}

test('a stream goes on until it is interrupted, and is closed as ever', async () => {
  const { stream, interrupt, seen } = make()
  assert.deepEqual(await stream.read(), Uint8Array.of(1))
  interrupt()
  await assert.rejects(stream.read(), GONE)
  await assert.rejects(stream.read(), GONE)
  stream.close()
  assert.deepEqual(seen, ['closing', 'closed'])
})

test('a read that waits is interrupted; what it gives later is nobody’s', async () => {
  let fail = (_: Error) => {}
  const late = new Promise<Uint8Array>((_, reject) => {
    fail = reject
  })
  const { stream, interrupt } = make({ read: () => late })
  const reading = stream.read()
  interrupt()
  await assert.rejects(reading, GONE)
  fail(new Error('late'))
  await assert.rejects(stream.read(), GONE)
})

test('a stream may be over by itself; its own errors stay its own', async () => {
  let over = false
  const { stream } = make({}, () => over)
  await stream.read()
  over = true
  await assert.rejects(stream.read(), GONE)
  const broken = make({ read: () => Promise.reject(new Error('broken')) })
  await assert.rejects(broken.stream.read(), /broken/)
})

test('bytes come back only where the stream takes them', () => {
  const back: number[] = []
  make({ unread: (count) => back.push(count) }).stream.unread?.(7)
  assert.deepEqual([back, make().stream.unread], [[7], undefined])
})

test('every stream of a source is dressed, also of the one that is sent in its place', async () => {
  const open = async (): Promise<ByteStream> => ({ read: async () => undefined, close: () => {} })
  let dressed = 0
  const source = aroundStreams(
    { contentType: 'a/b', open, instead: async () => ({ contentType: 'c/d', open }) },
    (stream) => {
      dressed++
      return stream
    },
  )
  await source.open()
  const other = await source.instead?.(new Error('x'))
  await other?.open()
  assert.deepEqual([dressed, source.contentType, other?.contentType], [2, 'a/b', 'c/d'])
  assert.equal(await other?.instead?.(new Error('x')), undefined)
})
