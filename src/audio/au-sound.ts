import type { IAudioMetadata } from 'music-metadata'
import { bareMetadata } from './bare-metadata.ts'
import type { ReadBytes } from './iff-chunks.ts'

const MAX_NOTE = 64 * 1024
const HEADER = 24
/** By the number of the encoding: name, and bits of a sample of each channel. */
const ENCODINGS: Readonly<Record<number, readonly [string, number]>> = {
  1: ['mu-law', 8],
  2: ['PCM', 8],
  3: ['PCM', 16],
  4: ['PCM', 24],
  5: ['PCM', 32],
  6: ['PCM', 32],
  7: ['PCM', 64],
  23: ['ADPCM', 4],
  25: ['ADPCM', 3],
  26: ['ADPCM', 5],
  27: ['A-law', 8],
}

/** A file of Sun or NeXT: six numbers, a note of lines such as `title=Name`, and the sound. */
export async function readAu(read: ReadBytes, size: number, start: number): Promise<IAudioMetadata | undefined> {
  const head = await read(start, HEADER)
  if (head.length < HEADER) return undefined
  const number = (at: number) =>
    head.toString('latin1', 0, 4) === '.snd' ? head.readUInt32BE(at) : head.readUInt32LE(at)
  const [offset, encoding, rate, channels] = [number(4), number(12), number(16), number(20)]
  const [codec = 'PCM', bits = 0] = ENCODINGS[encoding] ?? []
  const bytes = Math.max(
    0,
    Math.min(number(8) === 0xffffffff ? Number.POSITIVE_INFINITY : number(8), size - start - offset),
  )
  const duration = bits > 0 && rate > 0 && channels > 0 ? (bytes * 8) / (bits * channels * rate) : 0
  const note = (await read(start + HEADER, Math.min(MAX_NOTE, Math.max(0, offset - HEADER)))).toString('utf8')
  const tags = note.split(/[\0\n]/).flatMap((line) => {
    const [, id, value] = /^([\w ]+)=(.+)$/.exec(line) ?? []
    return id && value ? [{ id, value }] : []
  })
  return bareMetadata(
    {
      container: 'AU',
      codec,
      sampleRate: rate,
      numberOfChannels: channels,
      lossless: codec === 'PCM',
      bitsPerSample: bits,
      ...(duration > 0 ? { duration, bitrate: bits * channels * rate } : {}),
    },
    'au',
    tags,
  )
}
