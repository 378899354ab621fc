import type { IFormat } from 'music-metadata'
import { aacConfig } from './aac-config.ts'
import type { ReadBytes } from './iff-chunks.ts'
import { type Box, boxesIn, boxIn } from './mp4-boxes.ts'

/** The description of the sound is ahead of its long tables. */
const MAX_AHEAD = 16 * 1024
const ENTRY = 36
const OPUS_RATE = 48_000

/**
 * What the sound is, by the description that its decoder gets: the fields of the container hold no rate above 65,535 Hz,
 * and are filled with anything by some encoders. Empty when the file has no such description.
 */
export async function mp4Sound(read: ReadBytes, size: number, start: number): Promise<Partial<IFormat>> {
  const moov = (await boxesIn(read, start, size)).find(({ name }) => name === 'moov')
  if (!moov) return {}
  const tracks = await boxesIn(read, moov.body, Math.min(size, moov.end))
  for (const { body, end } of tracks.filter(({ name }) => name === 'trak')) {
    const bytes = await read(body, Math.min(MAX_AHEAD, end - body))
    let inside: { readonly body: number; readonly end: number } | undefined = { body: 0, end: bytes.length }
    for (const wanted of ['mdia', 'minf', 'stbl', 'stsd'])
      inside = inside && boxesOf(bytes, inside.body, inside.end).find(({ name }) => name === wanted)
    const facts = inside && soundOf(bytes.subarray(inside.body + 8, inside.end))
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

/** As far as they begin within the bytes. */
function boxesOf(bytes: Buffer, from: number, end = bytes.length): readonly Box[] {
  const boxes: Box[] = []
  for (let at = from; at < Math.min(end, bytes.length); ) {
    const box = boxIn(bytes, at, at, end)
    if (!box) break
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
