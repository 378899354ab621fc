import type { IFormat } from 'music-metadata'
import type { Edit } from './file-tokenizer.ts'
import { type Chunk, iffChunks, type ReadBytes } from './iff-chunks.ts'
import { type Mended, NOTHING } from './mended.ts'
import { readWaveFormat, type WaveFormat } from './wave-format.ts'

const MAX_FORMAT = 256
const MAX_LENGTH = 0xffffffff
const AIFF_SSND = 8
/** It counts packets of so many. */
const IMA4_SAMPLES = 64

interface Sound {
  readonly format: Partial<IFormat>
  /** What the chunk of the sound should hold is not all there. */
  readonly isCut: boolean
}

/**
 * WAVE (also RF64), AIFF and AIFC: shown to the tag parser without their sound and what lies behind their chunks, which
 * it takes for chunks or refuses. What the sound is comes from the chunks that describe it.
 */
export async function mendIff(read: ReadBytes, size: number, start: number): Promise<Mended | undefined> {
  const inside: ReadBytes = (position, length) => read(start + position, length)
  const chunks = await iffChunks(inside, size - start)
  const head = await inside(0, 12)
  const isWave = head.toString('latin1', 8, 12) === 'WAVE'
  const data = chunks.find(({ id }) => id === (isWave ? 'data' : 'SSND'))
  const last = chunks.at(-1)
  if (!data || !last) return undefined
  const sound = isWave ? await waveSound(inside, chunks, data) : await aiffSound(inside, chunks, data)
  if (!sound) return undefined
  const end = last.start + last.length
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    if (isWave) bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }
  const edits: Edit[] = [
    { at: 0, length: 8, bytes: Buffer.concat([Buffer.from(isWave ? 'RIFF' : 'FORM'), number(end - data.length - 8)]) },
    { at: data.at + 4, length: 4, bytes: number(0) },
    { at: data.start, length: data.length + (last === data ? 0 : data.length % 2), bytes: NOTHING },
  ]
  if (last !== data) edits.push({ at: last.at + 4, length: 4, bytes: number(last.length) })
  edits.push({ at: end, length: size - start - end, bytes: NOTHING })
  return {
    edits: edits.map((edit) => ({ ...edit, at: start + edit.at })),
    format: sound.format,
    note: sound.isCut ? 'the file is cut off' : '',
  }
}

async function waveSound(read: ReadBytes, chunks: readonly Chunk[], data: Chunk): Promise<Sound | undefined> {
  const described = chunks.find(({ id }) => id === 'fmt ')
  const wave = described && readWaveFormat(await read(described.start, Math.min(MAX_FORMAT, described.length)))
  if (!wave) return undefined
  const told = (await read(data.at + 4, 4)).readUInt32LE(0)
  const isCut = told !== MAX_LENGTH && told > data.length && told !== 0
  const fact = chunks.find(({ id, length }) => id === 'fact' && length >= 4)
  const samples = fact ? (await read(fact.start, 4)).readUInt32LE(0) : 0
  const seconds = waveSeconds(wave, data.length, isCut ? data.length / told : 1, samples)
  return { format: waveFacts(wave, seconds, data.length), isCut }
}

/** Of sound in `bytes` bytes, of which `share` is there; `samples` as another chunk tells, 0 = it doesn't. */
export function waveSeconds(wave: WaveFormat, bytes: number, share: number, samples: number): number {
  const { isPcm, blockAlign, sampleRate, bytesPerSecond } = wave
  if (isPcm && blockAlign > 0) return bytes / blockAlign / sampleRate
  const byBytes = bytesPerSecond > 0 ? bytes / bytesPerSecond : 0
  const bySamples = (samples * share) / sampleRate
  // Written to a pipe the chunk has a number from before the first sample.
  return samples > 0 && samples < MAX_LENGTH && (byBytes === 0 || bySamples > byBytes / 8) ? bySamples : byBytes
}

export function waveFacts(wave: WaveFormat, seconds: number, bytes: number): Partial<IFormat> {
  const { isPcm: _, blockAlign: __, bytesPerSecond, ...format } = wave
  const bitrate = seconds > 0 ? (bytes * 8) / seconds : bytesPerSecond * 8
  return { ...format, bitrate, ...(seconds > 0 ? { duration: seconds } : {}) }
}

const AIFC_NAMES: Readonly<Record<string, string>> = {
  ulaw: 'mu-law',
  alaw: 'A-law',
  ima4: 'ADPCM',
  QDM2: 'QDesign',
  Qclp: 'QCELP',
  MAC3: 'MACE',
  MAC6: 'MACE',
  GSM: 'GSM',
  G722: 'G.722',
}

async function aiffSound(read: ReadBytes, chunks: readonly Chunk[], data: Chunk): Promise<Sound | undefined> {
  const described = chunks.find(({ id }) => id === 'COMM')
  const common = described && (await read(described.start, 22))
  if (!common || common.length < 18) return undefined
  const rate = extended(common.subarray(8, 18))
  const told = (await read(data.at + 4, 4)).readUInt32BE(0)
  const share = told > data.length ? data.length / told : 1
  const compression = common.length >= 22 ? common.toString('latin1', 18, 22).trim() : 'NONE'
  const perPacket = compression === 'ima4' ? IMA4_SAMPLES : 1
  const seconds = rate > 0 ? (common.readUInt32BE(2) * perPacket * share) / rate : 0
  const coded = AIFC_NAMES[compression] ?? AIFC_NAMES[compression.toLowerCase()]
  return {
    isCut: share < 1,
    format: {
      numberOfChannels: common.readUInt16BE(0),
      sampleRate: rate,
      codec: coded ?? 'PCM',
      lossless: coded === undefined,
      ...(coded === undefined ? { bitsPerSample: common.readUInt16BE(6) } : {}),
      ...(seconds > 0 ? { duration: seconds, bitrate: ((data.length - AIFF_SSND) * 8) / seconds } : {}),
    },
  }
}

/** A number of 80 bits, IEEE 754 extended. */
function extended(bytes: Buffer): number {
  const exponent = (bytes.readUInt16BE(0) & 0x7fff) - 16_383
  return (bytes.readUInt32BE(2) * 2 ** 32 + bytes.readUInt32BE(6)) * 2 ** (exponent - 63)
}
