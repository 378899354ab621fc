import type { IFormat } from 'music-metadata'
import type { ReadBytes } from './iff-chunks.ts'

const HEADER = 32
const MAX_BLOCK = 1 << 20
const MAX_CHANNEL_BLOCKS = 64
const TAIL = 64 * 1024
/** Of a block, where its parts are looked at. */
const INSPECTED = 4096
const RATES = [6000, 8000, 9600, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 192000]
const MONO = 4
const HYBRID = 8
const FLOAT = 0x80
const FINAL = 0x1000
const DSD = 0x80000000
const RATE_BLOCK = 0x27
const CHANNELS_BLOCK = 0x0d
const DSD_BLOCK = 0x0e

interface Block {
  readonly at: number
  readonly end: number
  readonly flags: number
  readonly samples: number
  readonly index: number
  /** Of the whole file; below 0 = not told. */
  readonly total: number
}

/**
 * WavPack by its first blocks, one for each pair of channels, and its length by the last where the first doesn't tell it
 * or the file is cut; `end`: where the sound ends.
 */
export async function readWavPack(read: ReadBytes, start: number, end: number): Promise<Partial<IFormat>> {
  const known = { container: 'WavPack', codec: 'WavPack' }
  const first = await blockAt(read, start, HEADER)
  if (!first) return known
  let rate = RATES[(first.flags >>> 23) & 15] ?? 0
  let channels = 0
  let told = 0
  const isDsd = (first.flags & DSD) !== 0
  let multiple = isDsd ? 8 : 1
  let block: Block | undefined = first
  for (let count = 0; block && count < MAX_CHANNEL_BLOCKS; count++) {
    const bytes = await read(block.at, Math.min(block.end - block.at, INSPECTED))
    channels += block.flags & MONO ? 1 : 2
    for (const { id, at, length } of subBlocks(bytes)) {
      if (id === RATE_BLOCK && length >= 3) rate = bytes.readUIntLE(at, 3)
      if (id === CHANNELS_BLOCK && length >= 1) told ||= bytes[at] as number
      if (id === DSD_BLOCK && isDsd && count === 0) multiple = 8 << ((bytes[at] as number) & 7)
    }
    if (block.flags & FINAL || block.samples === 0) break
    block = await blockAt(read, block.end, HEADER)
  }
  const counted = await lastSample(read, start, end)
  const samples = first.total >= 0 && !counted.isCut ? first.total : counted.samples
  const bits = ((first.flags & 3) + 1) * 8 - ((first.flags >>> 13) & 31)
  return {
    ...known,
    numberOfChannels: told || channels,
    lossless: (first.flags & HYBRID) === 0,
    bitsPerSample: isDsd ? 1 : first.flags & FLOAT ? 32 : bits,
    ...(rate > 0 ? { sampleRate: rate * multiple, duration: samples / rate / (isDsd ? multiple / 8 : 1) } : {}),
  }
}

async function blockAt(read: ReadBytes, at: number, length: number): Promise<Block | undefined> {
  const bytes = await read(at, length)
  if (bytes.length < HEADER || bytes.toString('latin1', 0, 4) !== 'wvpk') return undefined
  const size = bytes.readUInt32LE(4) + 8
  if (size < HEADER || size > MAX_BLOCK) return undefined
  const total = bytes.readUInt32LE(12)
  return {
    at,
    end: at + size,
    flags: bytes.readUInt32LE(24),
    samples: bytes.readUInt32LE(20),
    index: (bytes[10] as number) * 2 ** 32 + bytes.readUInt32LE(16),
    total: total === 0xffffffff ? -1 : (bytes[11] as number) * 2 ** 32 + total,
  }
}

/** The parts behind a block's header: one byte of kind, and a length in words of one or three bytes. */
function subBlocks(bytes: Buffer): readonly { id: number; at: number; length: number }[] {
  const found: { id: number; at: number; length: number }[] = []
  for (let at = HEADER; at + 4 <= bytes.length; ) {
    const id = bytes[at] as number
    const isLong = (id & 0x80) !== 0
    const words = isLong ? bytes.readUIntLE(at + 1, 3) : (bytes[at + 1] as number)
    const body = at + (isLong ? 4 : 2)
    const length = words * 2 - (id & 0x40 ? 1 : 0)
    if (body + length > bytes.length) break
    found.push({ id: id & 0x3f, at: body, length })
    at = body + words * 2
  }
  return found
}

/** The samples up to the end of the last whole block, and whether another follows that isn't. */
async function lastSample(
  read: ReadBytes,
  start: number,
  end: number,
): Promise<{ readonly samples: number; readonly isCut: boolean }> {
  for (let back = TAIL; ; back *= 4) {
    const base = Math.max(start, end - back)
    const tail = await read(base, end - base)
    for (let at = tail.lastIndexOf('wvpk'); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf('wvpk', at - 1)) {
      const block = await blockAt(read, base + at, HEADER)
      if (block)
        return block.end > end
          ? { samples: block.index, isCut: true }
          : { samples: block.index + block.samples, isCut: false }
    }
    if (base === start || back >= MAX_BLOCK) return { samples: 0, isCut: false }
  }
}
