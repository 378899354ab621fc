/** Where a FLAC stream has its rate (20 bits) and, 28 bits on, the number of its samples (36 bits). */
const RATE = 18
const SAMPLES = 21
const HEAD = 26
const MOST = 2 ** 36

/**
 * A FLAC stream with its length in its head: an encoder that writes to a pipe can't go back to tell it, and players then
 * show none and can't seek. `durationMs`: 0 = unknown. Anything but FLAC passes unchanged.
 */
export async function* withFlacLength(
  chunks: AsyncIterable<Uint8Array>,
  durationMs: number,
): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of chunks) {
    if (!head) {
      yield chunk
      continue
    }
    head = Buffer.concat([head, chunk])
    if (head.length < HEAD) continue
    yield withSamples(head, durationMs)
    head = undefined
  }
  if (head && head.length > 0) yield head
}

function withSamples(head: Buffer, durationMs: number): Buffer {
  if (head.toString('latin1', 0, 4) !== 'fLaC' || ((head[4] as number) & 0x7f) !== 0) return head
  const rate = head.readUIntBE(RATE, 3) >> 4
  const samples = Math.round((durationMs * rate) / 1000)
  const isTold = ((head[SAMPLES] as number) & 15) !== 0 || head.readUInt32BE(SAMPLES + 1) !== 0
  if (isTold || samples <= 0 || samples >= MOST) return head
  head[SAMPLES] = ((head[SAMPLES] as number) & 0xf0) | Math.floor(samples / 2 ** 32)
  head.writeUInt32BE(samples % 2 ** 32, SAMPLES + 1)
  return head
}
