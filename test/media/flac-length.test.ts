import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withFlacLength } from '../../src/media/transcode/flac-length.ts'
import { fixtureBytes } from '../support/audio.ts'

async function through(bytes: Buffer, pieces: number, durationMs: number): Promise<Buffer> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieces) yield Uint8Array.from(bytes.subarray(at, at + pieces))
  }
  const out: Uint8Array[] = []
  for await (const chunk of withFlacLength(source(), durationMs)) out.push(chunk)
  return Buffer.concat(out)
}

/** One second of 44.1 kHz, as an encoder writes it to a pipe. */
const open = () => {
  const flac = Buffer.from(fixtureBytes('tone.flac'))
  flac[21] = (flac[21] as number) & 0xf0
  flac.writeUInt32BE(0, 22)
  return flac
}

test('a FLAC stream is told its samples, however it is cut into pieces', async () => {
  for (const pieces of [1, 5, 25, 26, 1000, 1 << 20]) {
    const bytes = await through(open(), pieces, 1000)
    assert.deepEqual(bytes, fixtureBytes('tone.flac'), `${pieces}`)
  }
  const long = await through(open(), 100, 30 * 3600 * 1000)
  assert.equal(((long[21] as number) & 15) * 2 ** 32 + long.readUInt32BE(22), 30 * 3600 * 44_100)
})

test('what is no FLAC, has its length, or has none that is known passes unchanged', async () => {
  const others: readonly (readonly [Buffer, number])[] = [
    [fixtureBytes('tone.flac'), 5000],
    [open(), 0],
    [fixtureBytes('tone.mp3'), 1000],
    [Buffer.from('fLaC'), 1000],
    [Buffer.alloc(0), 1000],
  ]
  for (const [bytes, durationMs] of others) assert.deepEqual(await through(bytes, 7, durationMs), bytes)
})
