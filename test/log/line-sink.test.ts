import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLineSink, type DescriptorWrites, type LineSink } from '../../src/log/line-sink.ts'

/** A descriptor whose every write ends as `answer` says: an error's code, or how many bytes it takes of those offered. */
function descriptor(answer: (offered: number) => string | number) {
  let text = ''
  const attempt = (bytes: Uint8Array): number => {
    const said = answer(bytes.byteLength)
    if (typeof said === 'string') throw Object.assign(new Error(said), { code: said })
    text += Buffer.from(bytes.subarray(0, said)).toString('latin1')
    return said
  }
  const writes: DescriptorWrites = {
    write: (_fd, bytes, done) =>
      setImmediate(() => {
        try {
          done(null, attempt(bytes))
        } catch (error) {
          done(error as NodeJS.ErrnoException, 0)
        }
      }),
    writeSync: (_fd, bytes) => attempt(bytes),
  }
  return {
    writes,
    get text() {
      return text
    },
  }
}

/** `settled` gives up when nothing moves for its deadline, which on a busy machine says little. */
async function arrived(sink: LineSink, isThere: () => boolean): Promise<void> {
  for (let look = 0; look < 2000 && !isThere(); look++) {
    await sink.settled()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const LINES = Array.from({ length: 40 }, (_, n) => `line ${n}\n`)

for (const code of ['ENOSPC', 'EIO', 'EPIPE', 'EAGAIN', 'EBADF', 'EFBIG']) {
  test(`${code}: nothing throws, the bound holds, what was lost is counted, and it goes on when it is over`, async () => {
    let broken = true
    const to = descriptor((offered) => (broken ? code : offered))
    const lost: number[] = []
    const sink = createLineSink({
      fd: 1,
      writes: to.writes,
      maxWaiting: 100,
      deadlineMs: 50,
      onLost: (count) => {
        lost.push(count)
        sink.write(`lost ${count}\n`)
      },
    })
    for (const line of LINES) sink.write(line)
    await sink.settled()
    const started = performance.now()
    sink.flush()
    assert.ok(performance.now() - started < 5000, 'the last flush has a deadline')
    assert.equal(to.text, '')
    broken = false
    await arrived(sink, () => /lost \d+\n$/.test(to.text))
    const kept = LINES.slice(0, 13)
    assert.equal(to.text, `${kept.join('')}lost ${LINES.length - kept.length}\n`)
    assert.deepEqual(lost, [LINES.length - kept.length])
    sink.write('after\n')
    await arrived(sink, () => to.text.endsWith('after\n'))
    assert.ok(to.text.endsWith('\nafter\n'))
  })
}

test('what is taken in pieces arrives whole, once and in order, also when the rest is flushed', async () => {
  let calls = 0
  const to = descriptor((offered) => (++calls % 3 === 0 ? 'EAGAIN' : Math.min(offered, 7)))
  const sink = createLineSink({ fd: 1, writes: to.writes })
  for (const line of LINES.slice(0, 20)) sink.write(line)
  await arrived(sink, () => to.text.endsWith(LINES[19] as string))
  assert.equal(to.text, LINES.slice(0, 20).join(''))
  const flushed = descriptor((offered) => (++calls % 3 === 0 ? 'EAGAIN' : Math.min(offered, 7)))
  const last = createLineSink({ fd: 1, writes: { ...flushed.writes, write: () => {} }, deadlineMs: 60_000 })
  last.write('on its way\n')
  for (const line of LINES) last.write(line)
  last.flush()
  assert.equal(flushed.text, LINES.join(''))
})
