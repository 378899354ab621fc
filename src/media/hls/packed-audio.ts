const HEAD = 7
/** The clock of MPEG has 33 bits. */
const CLOCK_WRAP = 2n ** 33n
const OWNER = 'com.apple.streaming.transportStreamTimestamp\0'

/** Frames of an ADTS stream in one piece, after the first `skip`. Undefined when there are too few, or it is none. */
export function adtsFrames(stream: Buffer, skip: number, count: number): Buffer | undefined {
  let at = 0
  let begin = 0
  for (let frame = 0; frame < skip + count; frame++) {
    if (frame === skip) begin = at
    if (at + HEAD > stream.length || stream[at] !== 0xff || ((stream[at + 1] as number) & 0xf0) !== 0xf0)
      return undefined
    const length = (stream.readUIntBE(at + 3, 3) >> 5) & 0x1fff
    if (length < HEAD || at + length > stream.length) return undefined
    at += length
  }
  return stream.subarray(begin, at)
}

/** What has to stand ahead of packed audio (RFC 8216, 3.4): when it begins, as an ID3 tag. */
export function timestampTag(ticks: number): Buffer {
  const value = Buffer.alloc(8)
  value.writeBigUInt64BE(BigInt(ticks) % CLOCK_WRAP)
  const content = Buffer.concat([Buffer.from(OWNER, 'latin1'), value])
  const frame = Buffer.concat([Buffer.from('PRIV\0\0\0\0\0\0', 'latin1'), content])
  frame[7] = content.length
  const head = Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1')
  head[9] = frame.length
  return Buffer.concat([head, frame])
}
