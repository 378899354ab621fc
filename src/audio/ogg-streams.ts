import type { ReadBytes } from './iff-chunks.ts'
import { type OggPage, oggPageAt } from './ogg-pages.ts'

export type OggCodec = 'vorbis' | 'opus' | 'speex' | 'flac' | 'other' | 'video' | 'none'

export interface OggStream {
  readonly serial: number
  readonly codec: OggCodec
  /** Its first packet, which says what the sound is. */
  readonly head: Buffer
}

export interface OggFile {
  /** All that begin together at the start. */
  readonly streams: readonly OggStream[]
  /** The first that sounds; undefined = a film, or nothing that is known. */
  readonly sound: OggStream | undefined
  /** Pages of the stream that sounds which hold its headers: what it is, tags, pictures. */
  readonly headers: readonly OggPage[]
  /** The first page of sound, unless the file ends before it. */
  readonly first: OggPage | undefined
}

const MAX_STREAMS = 64
/** A tag with a picture of some megabytes has hundreds. */
const MAX_HEADER_PAGES = 4000
const HEAD_BYTES = 128
const MARKS: readonly (readonly [RegExp, OggCodec])[] = [
  [/^\x01vorbis/, 'vorbis'],
  [/^OpusHead/, 'opus'],
  [/^Speex {3}/, 'speex'],
  [/^\x7fFLAC/, 'flac'],
  [/^fLaC/, 'flac'],
  [/^(PCM {5}|CELT {4})/, 'other'],
  [/^(\x80theora|\x01video|BBCD|OVP80|\x80daala)/, 'video'],
]

/** What is in an Ogg file that begins at `start`; undefined = no such file. Reads the headers only. */
export async function readOgg(read: ReadBytes, start: number): Promise<OggFile | undefined> {
  const streams: OggStream[] = []
  let page = await oggPageAt(read, start)
  if (!page?.isFirst) return undefined
  for (; page?.isFirst && streams.length < MAX_STREAMS; page = await oggPageAt(read, page.end)) {
    const head = await read(page.body, Math.min(HEAD_BYTES, page.end - page.body))
    const text = head.toString('latin1')
    streams.push({ serial: page.serial, codec: MARKS.find(([mark]) => mark.test(text))?.[1] ?? 'none', head })
  }
  const sounding = streams.find(({ codec }) => codec !== 'none' && codec !== 'video')
  const sound = streams.some(({ codec }) => codec === 'video') ? undefined : sounding
  if (!sound) return { streams, sound, headers: [], first: undefined }
  const headers: OggPage[] = []
  let packets = 0
  const wanted = headerPackets(sound)
  page = await oggPageAt(read, start)
  for (let count = 0; page && count < MAX_HEADER_PAGES; count++) {
    if (page.serial === sound.serial) {
      if (packets >= wanted || (page.granule > 0 && packets > 0)) return { streams, sound, headers, first: page }
      headers.push(page)
      packets += page.segments.filter((length) => length < 255).length
    }
    page = await oggPageAt(read, page.end)
  }
  return { streams, sound, headers, first: undefined }
}

/** Packets ahead of the sound. FLAC says how many follow the first, 0 = it doesn't know; its sound has granules. */
function headerPackets({ codec, head }: OggStream): number {
  if (codec === 'vorbis') return 3
  if (codec === 'flac') return 1 + ((head.length >= 9 && head.readUInt16BE(7)) || Number.POSITIVE_INFINITY)
  return 2
}
