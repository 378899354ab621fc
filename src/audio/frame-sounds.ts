import type { IAudioMetadata, IFormat } from 'music-metadata'
import { bareMetadata } from './bare-metadata.ts'
import type { ReadBytes } from './iff-chunks.ts'

/** Streams of frames without a file around them: AC-3, E-AC-3, DTS, AMR. Their frames are alike, so the first tells all. */

const AC3_RATES = [48_000, 44_100, 32_000]
const AC3_KBITS = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640]
const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5]
const AC3_SAMPLES = 1536
const EAC3_BLOCKS = [1, 2, 3, 6]
const DTS_RATES = [0, 8000, 16_000, 32_000, 0, 0, 11_025, 22_050, 44_100, 0, 0, 12_000, 24_000, 48_000]
const DTS_CHANNELS = [1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 6, 6, 7, 8, 8]
const AMR_BYTES = [13, 14, 16, 18, 20, 21, 27, 32, 6]
const AMR_WB_BYTES = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6]
const AMR_SECONDS = 0.02
/** AMR changes its rate from frame to frame: so much of a file is counted. */
const COUNTED = 256 * 1024

interface Frame {
  readonly bytes: number
  readonly seconds: number
  readonly format: Partial<IFormat>
}

export async function readAc3(read: ReadBytes, size: number, start: number): Promise<IAudioMetadata | undefined> {
  const head = await read(start, 8)
  const frame = head.length === 8 ? ac3Frame(head) : undefined
  return frame && described(frame, size - start)
}

function ac3Frame(head: Buffer): Frame | undefined {
  const [b2, b4, b5, b6] = [head[2], head[4], head[5], head[6]] as [number, number, number, number]
  if (b5 >> 3 > 10) {
    const code = b4 >> 6
    const rate = code === 3 ? (AC3_RATES[(b4 >> 4) & 3] ?? 0) / 2 : (AC3_RATES[code] ?? 0)
    const samples = 256 * (code === 3 ? 6 : (EAC3_BLOCKS[(b4 >> 4) & 3] as number))
    const bytes = ((((b2 & 7) << 8) | (head[3] as number)) + 1) * 2
    const channels = (AC3_CHANNELS[(b4 >> 1) & 7] as number) + (b4 & 1)
    return rate > 0 ? { bytes, seconds: samples / rate, format: named('E-AC-3', rate, channels) } : undefined
  }
  const rate = AC3_RATES[b4 >> 6]
  const kbits = AC3_KBITS[(b4 & 63) >> 1]
  if (!rate || !kbits) return undefined
  const mode = b6 >> 5
  const skipped = (mode & 1 && mode !== 1 ? 2 : 0) + (mode & 4 ? 2 : 0) + (mode === 2 ? 2 : 0)
  const lfe = ((((b6 << 8) | (head[7] as number)) >> (12 - skipped)) & 1) as number
  const seconds = AC3_SAMPLES / rate
  return {
    bytes: (kbits * 1000 * seconds) / 8,
    seconds,
    format: named('AC-3', rate, (AC3_CHANNELS[mode] as number) + lfe),
  }
}

export async function readDts(read: ReadBytes, size: number, start: number): Promise<IAudioMetadata | undefined> {
  const head = await read(start, 16)
  if (head.length < 16) return undefined
  const bits = head.readBigUInt64BE(4)
  const take = (from: number, count: number) =>
    Number((bits >> BigInt(64 - from - count)) & ((1n << BigInt(count)) - 1n))
  const samples = (take(7, 7) + 1) * 32
  const bytes = take(14, 14) + 1
  const channels = DTS_CHANNELS[take(28, 6)] ?? 0
  const rate = DTS_RATES[take(34, 4)] ?? 0
  const lfe = take(53, 2) === 1 || take(53, 2) === 2 ? 1 : 0
  if (rate === 0) return undefined
  return described({ bytes, seconds: samples / rate, format: named('DTS', rate, channels + lfe) }, size - start)
}

export async function readAmr(read: ReadBytes, size: number, start: number): Promise<IAudioMetadata | undefined> {
  const head = (await read(start, 9)).toString('latin1')
  const isWide = head.startsWith('#!AMR-WB\n')
  if (!isWide && !head.startsWith('#!AMR\n')) return undefined
  const from = start + (isWide ? 9 : 6)
  const bytes = await read(from, COUNTED)
  let frames = 0
  let at = 0
  while (at < bytes.length) {
    at += (isWide ? AMR_WB_BYTES : AMR_BYTES)[((bytes[at] as number) >> 3) & 15] ?? 1
    frames++
  }
  if (frames === 0) return undefined
  const rate = isWide ? 16_000 : 8000
  const format = named(isWide ? 'AMR-WB' : 'AMR', rate, 1)
  return described({ bytes: at / frames, seconds: AMR_SECONDS, format }, size - from)
}

function named(codec: string, sampleRate: number, numberOfChannels: number): Partial<IFormat> {
  return { container: codec, codec, sampleRate, numberOfChannels, lossless: false }
}

function described({ bytes, seconds, format }: Frame, size: number): IAudioMetadata {
  return bareMetadata({ ...format, duration: (size / bytes) * seconds, bitrate: (bytes * 8) / seconds })
}
