import type { IFormat } from 'music-metadata'

const PCM = 1
const FLOAT = 3
const EXTENSIBLE = 0xfffe
const NAMES: Readonly<Record<number, string>> = {
  1: 'PCM',
  2: 'ADPCM',
  3: 'PCM',
  6: 'A-law',
  7: 'mu-law',
  10: 'Windows Media Audio Voice',
  17: 'ADPCM',
  49: 'GSM',
  80: 'MPEG 1 Layer 2',
  85: 'MPEG 1 Layer 3',
  255: 'AAC',
  352: 'Windows Media Audio 1',
  353: 'Windows Media Audio 2',
  354: 'Windows Media Audio Professional',
  355: 'Windows Media Audio Lossless',
  5632: 'AAC',
  8192: 'AC-3',
  8193: 'DTS',
  61868: 'FLAC',
}
const WMA_LOSSLESS = 355

export interface WaveFormat extends Partial<IFormat> {
  readonly sampleRate: number
  readonly numberOfChannels: number
  /** Bytes of a block, and a second; 0 = not told. */
  readonly blockAlign: number
  readonly bytesPerSecond: number
  readonly isPcm: boolean
}

/** A WAVEFORMATEX, which describes the sound in RIFF, Wave64 and ASF files alike. */
export function readWaveFormat(bytes: Buffer): WaveFormat | undefined {
  if (bytes.length < 14) return undefined
  const told = bytes.readUInt16LE(0)
  const tag = told === EXTENSIBLE && bytes.length >= 26 ? bytes.readUInt16LE(24) : told
  const channels = bytes.readUInt16LE(2)
  const bits = bytes.length >= 16 ? bytes.readUInt16LE(14) : 0
  const blockAlign = bytes.readUInt16LE(12)
  if (channels === 0 || bytes.readUInt32LE(4) === 0) return undefined
  const isPcm = tag === PCM || tag === FLOAT
  const name = NAMES[tag]
  return {
    sampleRate: bytes.readUInt32LE(4),
    numberOfChannels: channels,
    blockAlign,
    bytesPerSecond: bytes.readUInt32LE(8),
    isPcm,
    lossless: isPcm || tag === WMA_LOSSLESS,
    ...(isPcm || tag === WMA_LOSSLESS ? { bitsPerSample: bits } : {}),
    ...(name === undefined ? {} : { codec: name }),
  }
}
