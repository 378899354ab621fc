import type { IFormat } from 'music-metadata'
import type { ReadBytes } from './iff-chunks.ts'

const HEADER = 76
/** From here on a descriptor goes ahead of the header. */
const DESCRIBED = 3980
const EXTRA_HIGH = 4000

/** Monkey's Audio of all versions: frames of one number of samples, and a shorter last one. */
export async function readMonkeys(read: ReadBytes, start: number): Promise<Partial<IFormat>> {
  const known = { container: "Monkey's Audio", codec: "Monkey's Audio", lossless: true }
  const head = await read(start, HEADER)
  if (head.length < 32) return known
  const version = head.readUInt16LE(4)
  if (version >= DESCRIBED) {
    const at = head.length >= 12 ? head.readUInt32LE(8) : 0
    const header = await read(start + at, 24)
    if (header.length < 24) return known
    return {
      ...known,
      ...lengthOf(header.readUInt32LE(4), header.readUInt32LE(8), header.readUInt32LE(12), header.readUInt32LE(20)),
      bitsPerSample: header.readUInt16LE(16),
      numberOfChannels: header.readUInt16LE(18),
    }
  }
  const compression = head.readUInt16LE(6)
  const flags = head.readUInt16LE(8)
  const isLong = version >= 3900 || (version >= 3800 && compression === EXTRA_HIGH)
  const perFrame = version >= 3950 ? 73_728 * 4 : isLong ? 73_728 : 9216
  return {
    ...known,
    ...lengthOf(perFrame, head.readUInt32LE(28), head.readUInt32LE(24), head.readUInt32LE(12)),
    bitsPerSample: flags & 1 ? 8 : flags & 8 ? 24 : 16,
    numberOfChannels: head.readUInt16LE(10),
  }
}

function lengthOf(perFrame: number, lastFrame: number, frames: number, sampleRate: number): Partial<IFormat> {
  const samples = frames > 0 ? (frames - 1) * perFrame + lastFrame : 0
  return { sampleRate, ...(samples > 0 && sampleRate > 0 ? { duration: samples / sampleRate } : {}) }
}
