import type { IAudioMetadata, ITag } from 'music-metadata'
import { bareMetadata } from './bare-metadata.ts'
import type { ReadBytes } from './iff-chunks.ts'

const MAX_CHUNKS = 200
const MAX_INFO = 1 << 20
const EDIT_COUNT = 4
const CODECS: Readonly<Record<string, string>> = {
  lpcm: 'PCM',
  alac: 'ALAC',
  'aac ': 'AAC',
  ulaw: 'mu-law',
  alaw: 'A-law',
  ima4: 'ADPCM',
  opus: 'Opus',
  flac: 'FLAC',
  '.mp3': 'MPEG 1 Layer 3',
  '.mp2': 'MPEG 1 Layer 2',
  'ac-3': 'AC-3',
}
const LOSSLESS = /^(lpcm|alac|flac)$/
const NAMES: Readonly<Record<string, string>> = {
  'track number': 'track',
  tracknumber: 'track',
  year: 'date',
  'recorded date': 'date',
  comments: 'comment',
}

/** A file of Apple's Core Audio Format: chunks of a name and a length of 64 bits, the texts in pairs. */
export async function readCaf(read: ReadBytes, size: number, start: number): Promise<IAudioMetadata | undefined> {
  let description: Buffer | undefined
  let packets: Buffer | undefined
  let bytes = 0
  let tags: readonly ITag[] = []
  for (let at = start + 8, count = 0; at + 12 <= size && count < MAX_CHUNKS; count++) {
    const head = await read(at, 12)
    const name = head.toString('latin1', 0, 4)
    const told = Number(head.readBigInt64BE(4))
    const length = told < 0 ? size - at - 12 : Math.min(told, size - at - 12)
    const body = at + 12
    if (name === 'desc') description = await read(body, 32)
    if (name === 'pakt') packets = await read(body, 24)
    if (name === 'data') bytes = length - EDIT_COUNT
    if (name === 'info' && length <= MAX_INFO) tags = texts(await read(body, length))
    if (told < 0) break
    at = body + told
  }
  if (!description || description.length < 32) return undefined
  const rate = description.readDoubleBE(0)
  const codec = description.toString('latin1', 8, 12)
  const bytesPerPacket = description.readUInt32BE(16)
  const framesPerPacket = description.readUInt32BE(20)
  const bits = description.readUInt32BE(28)
  const counted = packets && packets.length === 24 ? Number(packets.readBigInt64BE(8)) : 0
  const byPackets = packets && packets.length === 24 ? Number(packets.readBigInt64BE(0)) * framesPerPacket : 0
  const frames = bytesPerPacket > 0 ? (bytes / bytesPerPacket) * framesPerPacket : counted || byPackets
  const duration = rate > 0 && frames > 0 ? frames / rate : 0
  return bareMetadata(
    {
      container: 'CAF',
      codec: CODECS[codec] ?? codec.trim(),
      sampleRate: rate,
      numberOfChannels: description.readUInt32BE(24),
      lossless: LOSSLESS.test(codec),
      ...(bits > 0 ? { bitsPerSample: bits } : {}),
      ...(duration > 0 ? { duration, bitrate: (bytes * 8) / duration } : {}),
    },
    'caf',
    tags,
  )
}

function texts(bytes: Buffer): readonly ITag[] {
  const parts = bytes.toString('utf8', 4).split('\0')
  const tags: ITag[] = []
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const name = (parts[index] as string).toLowerCase()
    tags.push({ id: NAMES[name] ?? name, value: parts[index + 1] as string })
  }
  return tags
}
