import type { FileHandle } from 'node:fs/promises'
import { type IAudioMetadata, type IFormat, parseBuffer } from 'music-metadata'
import { audioEnd, readAt, skipId3 } from './audio-length.ts'
import { MAX_TAG_BYTES } from './file-tokenizer.ts'

/**
 * Formats that the tag parser does not know. They carry the tags that MP3 has as well, around the sound: ID3v2 ahead of it,
 * APEv2 and ID3v1 behind. What the sound is tells the head of the stream.
 */
const HEADS: Readonly<Record<string, { readonly mark: string; readonly read: (head: Buffer) => Partial<IFormat> }>> = {
  tta: { mark: 'TTA1', read: readTrueAudio },
  tak: { mark: 'tBaK', read: readTak },
  shn: { mark: 'ajkg', read: () => ({ container: 'Shorten', codec: 'Shorten' }) },
}
const HEAD_BYTES = 1024

/** Undefined when the ending is another or the file does not hold what its ending says. `id3`: the tag ahead of the sound. */
export async function readForeign(
  handle: FileHandle,
  size: number,
  suffix: string,
  id3: Buffer | undefined,
): Promise<IAudioMetadata | undefined> {
  const known = HEADS[suffix]
  if (!known) return undefined
  const start = await skipId3(handle)
  const head = await readAt(handle, start, HEAD_BYTES)
  if (head.toString('latin1', 0, 4) !== known.mark) return undefined
  const end = Math.max(start, await audioEnd(handle, size))
  const format = { ...known.read(head), lossless: true, hasAudio: true, hasVideo: false, tagTypes: [], trackInfo: [] }
  const tail = size - end > MAX_TAG_BYTES ? Buffer.alloc(0) : await readAt(handle, end, size - end)
  const tags = Buffer.concat([id3 ?? Buffer.alloc(0), tail])
  if (tags.length === 0) return { ...NO_TAGS, format }
  const parsed = await parseBuffer(tags, { path: 'tags.mp3', size: tags.length }, { duration: false })
  return { ...parsed, format: { ...format, tagTypes: parsed.format.tagTypes } }
}

const NO_TAGS = {
  native: {},
  quality: { warnings: [] },
  common: { track: { no: null, of: null }, disk: { no: null, of: null }, movementIndex: { no: null, of: null } },
} as const satisfies Omit<IAudioMetadata, 'format'>

/** `TTA1`, kind, channels and bits of 16 bit each, rate and samples of 32 (tausoft.org, "TTA1 format"). */
function readTrueAudio(head: Buffer): Partial<IFormat> {
  if (head.length < 22) return {}
  return soundOf('True Audio', {
    numberOfChannels: head.readUInt16LE(6),
    bitsPerSample: head.readUInt16LE(8),
    sampleRate: head.readUInt32LE(10),
    numberOfSamples: head.readUInt32LE(14),
  })
}

const TAK_STREAM_INFO = 1

/** Blocks of a type, a length of 24 bits and data; STREAMINFO is packed from the lowest bit (ffmpeg, libavcodec/tak.c). */
function readTak(head: Buffer): Partial<IFormat> {
  for (let at = 4; at + 4 <= head.length; ) {
    const type = (head[at] as number) & 127
    const length = head.readUIntLE(at + 1, 3)
    at += 4
    if (type === TAK_STREAM_INFO && at + 10 <= head.length) {
      const bits = head.readBigUInt64LE(at) | (BigInt(head.readUInt16LE(at + 8)) << 64n)
      const take = (from: number, count: number) => Number((bits >> BigInt(from)) & ((1n << BigInt(count)) - 1n))
      return soundOf('TAK', {
        numberOfSamples: take(14, 35),
        sampleRate: take(52, 18) + 6000,
        bitsPerSample: take(70, 5) + 8,
        numberOfChannels: take(75, 4) + 1,
      })
    }
    if (type === 0) break
    at += length
  }
  return { container: 'TAK', codec: 'TAK' }
}

function soundOf(
  name: string,
  facts: Required<Pick<IFormat, 'numberOfChannels' | 'bitsPerSample' | 'sampleRate' | 'numberOfSamples'>>,
): Partial<IFormat> {
  const { sampleRate = 0, numberOfSamples = 0 } = facts
  return {
    container: name,
    codec: name,
    ...facts,
    ...(sampleRate > 0 ? { duration: numberOfSamples / sampleRate } : {}),
  }
}
