import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { type IAudioMetadata, type IFormat, type IPicture, parseFromTokenizer } from 'music-metadata'
import { adtsSeconds, mp3Seconds, oggSeconds, opusPreSkip } from './audio-length.ts'
import { type LyricsTag, toEmbeddedLyrics } from './embedded-lyrics.ts'
import { FileTokenizer } from './file-tokenizer.ts'
import { readForeign } from './foreign-formats.ts'
import { suffixOf } from './formats.ts'
import { slashedFrames } from './id3-slashes.ts'
import type { AudioFacts, FileTags } from './reader-protocol.ts'
import { type NativeTag, toRawTags } from './tag-names.ts'

export interface ReadFile {
  readonly file: FileTags
  readonly size: number
  readonly mtimeMs: number
  /** The file was written to meanwhile: what was read may be half of it. */
  readonly unstable: boolean
}

const LYRICS_ID =
  /^(uslt|ult|sylt|slt|©lyr|(unsynced|synced)?lyrics(-[a-z]+)?|wm\/lyrics(_synchronised)?|txxx:(unsynced|synced)?lyrics|----:com\.apple\.itunes:lyrics|track:lyrics)$/i
const PICTURE_ID = /^(apic|pic|covr|metadata_block_picture|picture|cover art \(front\)|cover art.*|wm\/picture)$/i

/** Endings that films have as well. */
const MAY_BE_VIDEO = /\.(mp4|webm)$/i

/** Reads tags, sound facts, lyrics and the picture's hash of one file. Rejects with the parser's or the system's error. */
export async function readAudioFile(path: string): Promise<ReadFile> {
  const handle = await open(path, 'r')
  try {
    const before = await handle.stat()
    if (!before.isFile()) throw new Error('not a regular file')
    if (before.size === 0) throw new Error('the file is empty')
    const metadata = await parse(handle, path, before.size)
    const native = flatten(metadata)
    await mendSlashes(handle, metadata, native)
    const file: FileTags = {
      tags: toRawTags(native),
      audio: await audioFacts(handle, metadata.format, suffixOf(path), before.size),
      lyrics: toEmbeddedLyrics(lyricsTags(metadata)),
      picture: pictureHash(metadata),
    }
    const after = await handle.stat()
    const unstable = after.size !== before.size || after.mtimeMs !== before.mtimeMs
    return { file, size: after.size, mtimeMs: Math.trunc(after.mtimeMs), unstable }
  } finally {
    await handle.close()
  }
}

/**
 * By the ending first; a file of another kind than its name says is recognised by its content, and a broken picture
 * costs the picture alone.
 */
async function parse(handle: FileHandle, path: string, size: number): Promise<IAudioMetadata> {
  const foreign = await readForeign(handle, size, suffixOf(path))
  if (foreign) return foreign
  const named = (await isDisguised(handle, path)) ? { size } : { path, size }
  const tries = [
    { info: named, skipCovers: false },
    { info: named, skipCovers: true },
    { info: { size }, skipCovers: true },
  ]
  let failure: unknown = new Error('no sound found')
  for (const [index, { info, skipCovers }] of tries.entries())
    try {
      const metadata = await parseFromTokenizer(new FileTokenizer(handle, info), { duration: false, skipCovers })
      const { container, codec, hasAudio, hasVideo } = metadata.format
      if (hasVideo && MAY_BE_VIDEO.test(path)) throw new Error('a video, not a song')
      if ((container || codec) && hasAudio !== false) return metadata
    } catch (error) {
      if (index === 0) failure = error
    }
  throw failure
}

/** The MPEG parser finds frames in anything: such files are asked for the mark of another container first. */
async function isDisguised(handle: FileHandle, path: string): Promise<boolean> {
  if (!/^(mp3|aac)$/.test(suffixOf(path))) return false
  const head = Buffer.alloc(8)
  await handle.read(head, 0, 8, 0)
  const text = head.toString('latin1')
  return /^(fLaC|OggS|RIFF|FORM|MAC |wvpk|DSD |\x1aE\xdf\xa3|0&\xb2u)/.test(text) || text.slice(4) === 'ftyp'
}

function flatten(metadata: IAudioMetadata): NativeTag[] {
  const tags: NativeTag[] = []
  for (const [origin, list] of Object.entries(metadata.native))
    for (const { id, value } of list) {
      if (LYRICS_ID.test(id) || PICTURE_ID.test(id)) continue
      if (typeof value === 'string' || typeof value === 'number') tags.push({ origin, id, value: String(value) })
      else if (typeof value === 'boolean') tags.push({ origin, id, value: value ? '1' : '0' })
      else if (typeof value === 'object' && value !== null) tags.push(...fromObject(origin, id, value))
    }
  return tags
}

/** ID3's frames with parts: comments, people by function, identifiers, addresses. */
function fromObject(origin: string, id: string, value: object): readonly NativeTag[] {
  const name = id.split(':')[0]
  if (name === 'COMM' || name === 'COM') {
    const { descriptor, text } = value as { descriptor?: string; text?: string }
    return text && !/^(itun|songs-db_|id3v1)/i.test(descriptor ?? '') ? [{ origin, id: 'comm', value: text }] : []
  }
  if (name === 'UFID' || name === 'UFI') {
    const { owner_identifier: owner, identifier } = value as { owner_identifier: string; identifier: Uint8Array }
    return [{ origin, id: `ufid:${owner}`, value: Buffer.from(identifier).toString('latin1') }]
  }
  if (name === 'TIPL' || name === 'IPLS' || name === 'IPL' || name === 'TMCL') {
    const people = Object.entries(value as Readonly<Record<string, readonly string[]>>)
    return people.flatMap(([job, names]) =>
      names.map((person) =>
        name === 'TMCL' || !/^(arranger|engineer|producer|mix|mixer|dj-?mix(er)?)$/i.test(job)
          ? { origin, id: 'performer', value: `${person.trim()} (${job})` }
          : { origin, id: `people:${job}`, value: person.trim() },
      ),
    )
  }
  if (Array.isArray(value)) return value.flatMap((one) => (typeof one === 'string' ? [{ origin, id, value: one }] : []))
  return []
}

/** ID3v2.3 has no separator of its own and the parser cuts at each slash: AC/DC is put together again. */
async function mendSlashes(handle: FileHandle, metadata: IAudioMetadata, tags: NativeTag[]): Promise<void> {
  for (const origin of ['ID3v2.3', 'ID3v2.2']) {
    const ids = new Map<string, number>()
    for (const tag of tags) if (tag.origin === origin) ids.set(tag.id, (ids.get(tag.id) ?? 0) + 1)
    const cut = [...ids].filter(([id, count]) => count > 1 && /^(TP|TC|TE|TX|TO|TS)/.test(id)).map(([id]) => id)
    if (cut.length === 0 || metadata.format.container === 'WAVE') continue
    const whole = await slashedFrames(handle)
    for (const id of cut) {
      const values = whole.get(id)
      if (!values) continue
      const at = tags.findIndex((tag) => tag.origin === origin && tag.id === id)
      const rest = tags.filter((tag) => tag.origin !== origin || tag.id !== id)
      tags.splice(
        0,
        tags.length,
        ...rest.slice(0, at),
        ...values.map((value) => ({ origin, id, value })),
        ...rest.slice(at),
      )
    }
  }
}

function lyricsTags(metadata: IAudioMetadata): readonly LyricsTag[] {
  const found: LyricsTag[] = []
  for (const list of Object.values(metadata.native))
    for (const { id, value } of list)
      if (LYRICS_ID.test(id) && (typeof value === 'string' || (typeof value === 'object' && value !== null)))
        found.push(value as LyricsTag)
  return found
}

/** The front cover, else the first picture. */
function pictureHash(metadata: IAudioMetadata): string {
  const pictures: readonly IPicture[] = metadata.common.picture ?? []
  const chosen = pictures.find(({ type }) => /front/i.test(type ?? '')) ?? pictures[0]
  return chosen ? createHash('sha256').update(chosen.data).digest('hex').slice(0, 16) : ''
}

async function audioFacts(handle: FileHandle, format: IFormat, suffix: string, size: number): Promise<AudioFacts> {
  const codec = codecName(format, suffix)
  const { seconds, bitRate } = await lengthOf(handle, format, codec, size)
  const average = seconds > 0 ? (size * 8) / seconds / 1000 : 0
  return {
    durationMs: Math.round(seconds * 1000),
    bitRate: Math.round(bitRate || (format.bitrate ? format.bitrate / 1000 : average)),
    sampleRate: format.sampleRate ?? 0,
    bitDepth: format.lossless === false ? 0 : (format.bitsPerSample ?? 0),
    channels: format.numberOfChannels ?? 0,
    codec,
  }
}

async function lengthOf(
  handle: FileHandle,
  format: IFormat,
  codec: string,
  size: number,
): Promise<{ seconds: number; bitRate: number }> {
  const told = { seconds: sane(format.duration), bitRate: 0 }
  if (codec === 'mp3' || codec === 'mp2') return (await mp3Seconds(handle, size)) ?? told
  if (codec === 'aac' && /ADTS/.test(format.container ?? '')) return (await adtsSeconds(handle, size)) ?? told
  if (told.seconds > 0 || format.container !== 'Ogg') return told
  const seconds =
    codec === 'opus'
      ? await oggSeconds(handle, size, 48_000, await opusPreSkip(handle))
      : await oggSeconds(handle, size, format.sampleRate ?? 0, 0)
  return { seconds: sane(seconds), bitRate: seconds && codec === 'opus' ? (size * 8) / seconds / 1000 : 0 }
}

/** A hundred days is no song: such lengths come from damaged files. */
function sane(seconds: number | undefined): number {
  return seconds !== undefined && seconds > 0 && seconds < 8_640_000 ? seconds : 0
}

function codecName(format: IFormat, suffix: string): string {
  const text = `${format.codec ?? ''} ${format.container ?? ''}`.toLowerCase()
  const known: readonly (readonly [RegExp, string])[] = [
    [/alac/, 'alac'],
    [/flac/, 'flac'],
    [/opus/, 'opus'],
    [/vorbis/, 'vorbis'],
    [/speex/, 'speex'],
    [/layer 3/, 'mp3'],
    [/layer 2/, 'mp2'],
    [/aac|mp4a|adts/, 'aac'],
    [/windows media|wma|asf/, 'wma'],
    [/monkey/, 'ape'],
    [/wavpack/, 'wavpack'],
    [/musepack/, 'musepack'],
    [/true audio/, 'tta'],
    [/^tak/, 'tak'],
    [/shorten/, 'shorten'],
    [/dsd|dsf/, 'dsd'],
    [/pcm|wave|aiff/, 'pcm'],
  ]
  return known.find(([pattern]) => pattern.test(text))?.[1] ?? suffix
}
