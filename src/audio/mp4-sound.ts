import type { IFormat } from 'music-metadata'
import { aacConfig } from './aac-config.ts'
import type { ReadBytes } from './iff-chunks.ts'
import { type Box, boxesIn, boxIn } from './mp4-boxes.ts'

const MAX_ENTRY = 64 * 1024
const ENTRY = 36
const OPUS_RATE = 48_000

/**
 * What the sound is, by the description that its decoder gets: the fields of the container hold no rate above 65,535 Hz,
 * and are filled with anything by some encoders. Empty when the file has no such description.
 */
export async function mp4Sound(read: ReadBytes, size: number, start: number): Promise<Partial<IFormat>> {
  const find = async (boxes: readonly Box[], ...names: readonly string[]): Promise<readonly Box[]> => {
    const [name, ...rest] = names
    const found = boxes.filter((box) => box.name === name && box.end <= size)
    if (rest.length === 0) return found
    const lists = await Promise.all(found.map(async ({ body, end }) => find(await boxesIn(read, body, end), ...rest)))
    return lists.flat()
  }
  const tables = await find(await boxesIn(read, start, size), 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd')
  for (const { body, end } of tables) {
    const bytes = await read(body + 8, Math.min(MAX_ENTRY, end - body - 8))
    const facts = soundOf(bytes)
    if (facts) return facts
  }
  return {}
}

/** Of the first entry of a description; undefined = no sound, or nothing that tells more than the container. */
function soundOf(bytes: Buffer): Partial<IFormat> | undefined {
  const entry = boxIn(bytes, 0, 0, bytes.length)
  if (!entry || bytes.length < ENTRY) return undefined
  // Dolby TrueHD has its rate as a whole number where others have a fraction.
  if (entry.name === 'mlpa') return { sampleRate: bytes.readUInt32BE(32) }
  const version = bytes.readUInt16BE(16)
  const inner = ENTRY + (version === 1 ? 16 : version === 2 ? 36 : 0)
  for (const box of boxesOf(bytes, inner)) {
    const facts = decoderFacts(bytes, box)
    if (facts) return facts
    if (box.name === 'wave')
      for (const deeper of boxesOf(bytes, box.body)) {
        const found = decoderFacts(bytes, deeper)
        if (found) return found
      }
  }
  return undefined
}

function boxesOf(bytes: Buffer, from: number): readonly Box[] {
  const boxes: Box[] = []
  for (let at = from; at < bytes.length; ) {
    const box = boxIn(bytes, at, at, bytes.length)
    if (!box || box.end > bytes.length) break
    boxes.push(box)
    at = box.end
  }
  return boxes
}

function decoderFacts(bytes: Buffer, { name, body, end }: Box): Partial<IFormat> | undefined {
  const length = end - body
  if (name === 'alac' && length >= 28)
    return {
      bitsPerSample: bytes[body + 9] as number,
      numberOfChannels: bytes[body + 13] as number,
      sampleRate: bytes.readUInt32BE(body + 24),
    }
  if (name === 'dOps' && length >= 11) return { numberOfChannels: bytes[body + 1] as number, sampleRate: OPUS_RATE }
  if (name === 'dfLa' && length >= 26) {
    const packed = bytes.readUInt32BE(body + 18)
    return {
      sampleRate: packed >>> 12,
      numberOfChannels: ((packed >>> 9) & 7) + 1,
      bitsPerSample: ((packed >>> 4) & 31) + 1,
    }
  }
  if (name === 'esds') {
    const config = decoderConfig(bytes.subarray(body + 4, end))
    const aac = config && aacConfig(config)
    return aac && { sampleRate: aac.rate, ...(aac.channels > 0 ? { numberOfChannels: aac.channels } : {}) }
  }
  return undefined
}

const ES = 3
const DECODER = 4
const SPECIFIC = 5

/** The decoder's own description among the nested ones of an `esds` box (ISO/IEC 14496-1); undefined = not of AAC. */
function decoderConfig(bytes: Buffer): Buffer | undefined {
  for (let at = 0; at + 2 <= bytes.length; ) {
    const tag = bytes[at++] as number
    let length = 0
    for (let more = true; more && at < bytes.length; at++) {
      length = length * 128 + ((bytes[at] as number) & 127)
      more = ((bytes[at] as number) & 128) !== 0
    }
    if (tag === ES) at += 3
    else if (tag === DECODER) {
      if (bytes[at] !== 0x40) return undefined
      at += 13
    } else if (tag === SPECIFIC) return bytes.subarray(at, at + length)
    else at += length
  }
  return undefined
}
