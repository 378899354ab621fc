import type { Edit } from './file-tokenizer.ts'
import type { ReadBytes } from './iff-chunks.ts'
import { keepOnly, type Mended } from './mended.ts'
import { NotASong } from './not-a-song.ts'
import { oggSound } from './ogg-length.ts'
import type { OggPage } from './ogg-pages.ts'
import { type OggFile, readOgg } from './ogg-streams.ts'

/** Of FLAC's first packet in Ogg, ahead of what a plain file begins with. */
const FLAC_MAPPING = 9

/**
 * Shows the tag parser the headers and first sound of the one stream that counts: it stumbles over several, reads more
 * pages than it needs, and knows no tags of FLAC in Ogg, which it sees as a plain FLAC file.
 */
export async function mendOgg(read: ReadBytes, size: number, start: number): Promise<Mended | undefined> {
  const file = await readOgg(read, start)
  if (!file) return undefined
  const { sound, headers, first } = file
  if (!sound)
    throw new NotASong(file.streams.some(({ codec }) => codec === 'video') ? 'a video, not a song' : 'no sound in it')
  const facts = await oggSound(read, size, file)
  const format = {
    ...(facts && facts.seconds > 0 ? { duration: facts.seconds, bitrate: facts.bitRate * 1000 } : {}),
    ...(facts && facts.rate > 0 ? { sampleRate: facts.rate, numberOfChannels: facts.channels } : {}),
  }
  const note = first ? '' : 'the file ends before its sound'
  if (sound.codec === 'flac' && sound.head[0] === 0x7f)
    return { edits: plainFlac(file, await lastHeader(read, headers), size, start), format, note, as: 'flac' }
  return { edits: keepOnly([{ at: 0, end: start }, ...headers, ...(first ? [first] : [])], size), format, note }
}

/** Without the marks of pages, and with the last of its blocks marked as such. */
function plainFlac(
  { headers }: OggFile,
  lastBlock: { readonly at: number; readonly byte: number } | undefined,
  size: number,
  start: number,
): Edit[] {
  const parts = headers.map(({ body, end }, index) => ({ at: body + (index === 0 ? FLAC_MAPPING : 0), end }))
  const edits = keepOnly([{ at: 0, end: start }, ...parts], size)
  if (lastBlock) edits.push({ at: lastBlock.at, length: 1, bytes: Uint8Array.of(lastBlock.byte | 0x80) })
  return edits.sort((a, b) => a.at - b.at || a.length - b.length)
}

/** Where the last header's packet begins. */
async function lastHeader(
  read: ReadBytes,
  headers: readonly OggPage[],
): Promise<{ at: number; byte: number } | undefined> {
  let lastStart: number | undefined
  let begins = true
  for (const { body, segments } of headers) {
    let at = body
    for (const length of segments) {
      if (begins) lastStart = at
      begins = length < 255
      at += length
    }
  }
  if (lastStart === undefined || headers.length < 2) return undefined
  const byte = (await read(lastStart, 1))[0]
  return byte === undefined ? undefined : { at: lastStart, byte }
}
