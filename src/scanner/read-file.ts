import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { IAudioMetadata } from 'music-metadata'
import { audioFacts } from '../audio/audio-facts.ts'
import { frontPicture } from '../audio/front-picture.ts'
import { parseAudio } from '../audio/parse-audio.ts'
import { noteDiskErrors } from './disk-errors.ts'
import { type LyricsTag, toEmbeddedLyrics } from './embedded-lyrics.ts'
import type { FileTags } from './reader-protocol.ts'
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

/** Reads tags, sound facts, lyrics and the picture's hash of one file. Rejects with the parser's or the system's error. */
export async function readAudioFile(path: string): Promise<ReadFile> {
  const handle = await open(path, 'r')
  const disk = noteDiskErrors(handle)
  try {
    const before = await handle.stat()
    if (!before.isFile()) throw new Error('not a regular file')
    if (before.size === 0) throw new Error('the file is empty')
    const source = { handle, path, size: before.size }
    const { metadata, note } = await parseAudio(source)
    const picture = frontPicture(metadata)
    const file: FileTags = {
      tags: toRawTags(flatten(metadata)),
      audio: await audioFacts(source, metadata.format),
      lyrics: toEmbeddedLyrics(lyricsTags(metadata)),
      picture: picture ? createHash('sha256').update(picture.data).digest('hex').slice(0, 16) : '',
      note,
    }
    const after = await handle.stat()
    const unstable = after.size !== before.size || after.mtimeMs !== before.mtimeMs
    disk.check()
    return { file, size: after.size, mtimeMs: Math.trunc(after.mtimeMs), unstable }
  } catch (error) {
    disk.check()
    throw error
  } finally {
    await handle.close()
  }
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

function lyricsTags(metadata: IAudioMetadata): readonly LyricsTag[] {
  const found: LyricsTag[] = []
  for (const list of Object.values(metadata.native))
    for (const { id, value } of list)
      if (LYRICS_ID.test(id) && (typeof value === 'string' || (typeof value === 'object' && value !== null)))
        found.push(value as LyricsTag)
  return found
}
