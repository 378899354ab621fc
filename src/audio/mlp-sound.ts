import type { IAudioMetadata } from 'music-metadata'
import { bareMetadata } from './bare-metadata.ts'
import type { ReadBytes } from './iff-chunks.ts'

/** Access units are of different sizes: so much of a file is counted. */
const COUNTED = 256 * 1024
const TRUEHD = 0xf8726fba
const MLP_CHANNELS = [1, 2, 3, 4, 3, 4, 5, 3, 4, 5, 4, 5, 6, 4, 5, 4, 5, 6, 5, 5, 6]
/** Speakers of each bit of TrueHD's assignment. */
const TRUEHD_CHANNELS = [2, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 1, 1]
const UNIT_SAMPLES = 40

/** MLP and Dolby TrueHD as streams of access units; the first has what all are like. */
export async function readMlp(read: ReadBytes, size: number, start: number): Promise<IAudioMetadata | undefined> {
  const bytes = await read(start, COUNTED)
  if (bytes.length < 20) return undefined
  const isTrueHd = bytes.readUInt32BE(4) === TRUEHD
  const code = isTrueHd ? (bytes[8] as number) >> 4 : (bytes[9] as number) >> 4
  const rate = (code & 8 ? 44_100 : 48_000) << (code & 7)
  const assigned = (((bytes[9] as number) & 15) << 1) | ((bytes[10] as number) >> 7)
  const large = bytes.readUInt16BE(10) & 0x1fff
  const channels = isTrueHd ? speakers(large || assigned) : (MLP_CHANNELS[(bytes[11] as number) & 31] ?? 0)
  let at = 0
  let units = 0
  for (; at + 2 <= bytes.length; units++) {
    const length = (bytes.readUInt16BE(at) & 0xfff) * 2
    if (length < 4) break
    at += length
  }
  if (units === 0) return undefined
  const seconds = (((size - start) / at) * units * UNIT_SAMPLES) / (code & 8 ? 44_100 : 48_000)
  const name = isTrueHd ? 'TrueHD' : 'MLP'
  return bareMetadata({
    container: name,
    codec: name,
    sampleRate: rate,
    numberOfChannels: channels,
    lossless: true,
    duration: seconds,
    bitrate: ((size - start) * 8) / seconds,
  })
}

function speakers(mask: number): number {
  return TRUEHD_CHANNELS.reduce((sum, count, bit) => sum + (mask & (1 << bit) ? count : 0), 0)
}
