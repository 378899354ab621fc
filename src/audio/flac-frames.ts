import type { ReadBytes } from './iff-chunks.ts'

const TAIL = 128 * 1024
const STREAM_INFO = 34
const SIZES = [0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]
const CRC8 = Uint8Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = ((value & 0x80 ? (value << 1) ^ 7 : value << 1) & 0xff) >>> 0
  return value
})

export interface FlacFrame {
  /** Where in the stream it begins: a sample's number, or the frame's own where all are of one size. */
  readonly number: number
  readonly counts: 'samples' | 'frames'
  readonly samples: number
}

/** The frame whose header begins at a place, with the right sum at its end. */
export function flacFrameAt(bytes: Buffer, at: number): FlacFrame | undefined {
  if (bytes[at] !== 0xff || ((bytes[at + 1] ?? 0) & 0xfe) !== 0xf8) return undefined
  const code = (bytes[at + 2] ?? 0) >> 4
  const rate = (bytes[at + 2] ?? 0) & 15
  if (code === 0 || rate === 15) return undefined
  const first = bytes[at + 4] ?? 0
  const more = first < 0x80 ? 0 : Math.clz32(~(first << 24)) - 1
  if (more < 0 || more > 6) return undefined
  let number = more === 0 ? first : first & (0x3f >> more)
  for (let index = 1; index <= more; index++) number = number * 64 + ((bytes[at + 4 + index] ?? 0) & 0x3f)
  let end = at + 5 + more
  let samples = SIZES[code] as number
  if (code === 6) samples = (bytes[end++] ?? 0) + 1
  if (code === 7) {
    samples = ((bytes[end] ?? 0) << 8) + (bytes[end + 1] ?? 0) + 1
    end += 2
  }
  end += rate === 12 ? 1 : rate === 13 || rate === 14 ? 2 : 0
  if (end >= bytes.length) return undefined
  let sum = 0
  for (let index = at; index < end; index++) sum = CRC8[sum ^ (bytes[index] as number)] as number
  if (sum !== bytes[end]) return undefined
  return { number, counts: bytes[at + 1] === 0xf8 ? 'frames' : 'samples', samples }
}

/** Seconds of a FLAC file whose head doesn't tell them, by its last frame. */
export async function flacSeconds(read: ReadBytes, size: number, start: number): Promise<number> {
  const info = await read(start + 8, STREAM_INFO)
  const rate = info.length === STREAM_INFO ? info.readUIntBE(10, 3) >> 4 : 0
  if (rate === 0) return 0
  const tail = await read(Math.max(0, size - TAIL), TAIL)
  for (let at = tail.lastIndexOf(0xff); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(0xff, at - 1)) {
    const frame = flacFrameAt(tail, at)
    if (!frame) continue
    const before = frame.counts === 'samples' ? frame.number : frame.number * info.readUInt16BE(0)
    return (before + frame.samples) / rate
  }
  return 0
}
