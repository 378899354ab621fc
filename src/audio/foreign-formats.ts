import { type IAudioMetadata, type IFormat, parseBuffer } from 'music-metadata'
import { withApePictures } from './ape-pictures.ts'
import { bareMetadata } from './bare-metadata.ts'
import type { ReadBytes } from './iff-chunks.ts'
import { readTail } from './mend-tail.ts'
import { NOTHING } from './mended.ts'
import { readMonkeys } from './monkeys-sound.ts'
import { readMusepack7, readMusepack8 } from './musepack-sound.ts'
import { readWavPack } from './wavpack-sound.ts'

/**
 * Formats whose tags are those of MP3 as well, around the sound: ID3v2 ahead of it, APEv2 and ID3v1 behind. What the sound
 * is tells the head of the stream. The tag parser doesn't know some of them, and finds no broken or second tag in others.
 */
type Describe = (read: ReadBytes, start: number, end: number) => Promise<Partial<IFormat>>
const HEADS: Readonly<Record<string, Describe>> = {
  TTA1: async (read, start) => ({ ...readTrueAudio(await read(start, HEAD_BYTES)), lossless: true }),
  tBaK: async (read, start) => ({ ...readTak(await read(start, HEAD_BYTES)), lossless: true }),
  ajkg: async () => ({ container: 'Shorten', codec: 'Shorten', lossless: true }),
  wvpk: readWavPack,
  'MP+': readMusepack7,
  MPCK: readMusepack8,
  'MAC ': readMonkeys,
}
const HEAD_BYTES = 1024

/** Undefined when the file holds something else. `id3`: the tag ahead of the sound. */
export async function readForeign(
  { read, size, start }: { readonly read: ReadBytes; readonly size: number; readonly start: number },
  { mark, id3 }: { readonly mark: string; readonly id3: Buffer | undefined },
): Promise<IAudioMetadata | undefined> {
  const describe = HEADS[mark.slice(0, 4)] ?? HEADS[mark.slice(0, 3)]
  if (!describe) return undefined
  const { from, tags: tail } = await readTail(read, size, start)
  const told = await describe(read, start, from)
  const bare = bareMetadata(told.duration ? { bitrate: ((from - start) * 8) / told.duration, ...told } : told)
  const tags = Buffer.concat([id3 ?? NOTHING, tail])
  if (tags.length === 0) return bare
  const parsed = await parseBuffer(tags, { path: 'tags.mp3', size: tags.length }, { duration: false })
  const format = { ...bare.format, tagTypes: parsed.format.tagTypes }
  return withApePictures({ ...parsed, format }, read, size)
}

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
