import type { IAudioMetadata } from 'music-metadata'
import type { LyricsTag } from './embedded-lyrics.ts'
import { type NativeTag, ownName } from './tag-names.ts'

/** By their own names: ID3's frames, atoms, and what taggers call them elsewhere; a language may stand behind. */
const LYRICS =
  /^(?:uslt|ult|sylt|slt|ilyc|©lyr|(?:(?:un)?sync(?:ed|hroni[sz]ed)?[ _-]?)?lyrics|wm\/lyrics(?:_synchronised)?)(?:[:_-]([a-z]{2,3}))?$/
const PICTURE = /^(?:apic|pic|covr|metadata_block_picture|picture|cover ?art.*|wm\/picture)$/
/** iTunes' volume, gaps and the like, which some programs keep as comments: rows of hexadecimal numbers. */
const NUMBERS = /^\s*(?:[0-9a-f]{8,16}\s+){7,}[0-9a-f]{8,16}\s*$/i
const COMMENT = /comm|comment|description|cmt/i
const PRIVATE_COMMENT = /^(?:itun|songs-db_|id3v1)/i
/** In RIFF it is the source of the sound as often as its ISRC. */
const ISRC = /^[a-z]{2}-?[a-z0-9]{3}-?\d{2}-?\d{5}$/i

/** The tags of a file that are texts, with their values one by one. */
export function nativeTags(metadata: IAudioMetadata): readonly NativeTag[] {
  const tags: NativeTag[] = []
  for (const [origin, list] of Object.entries(metadata.native))
    for (const { id, value } of list) {
      const name = plainName(id)
      if (LYRICS.test(name) || PICTURE.test(name)) continue
      if (origin === 'exif' && name === 'isrc' && !ISRC.test(String(value).trim())) continue
      tags.push(...valuesOf(origin, id, value).filter((tag) => !(COMMENT.test(tag.id) && NUMBERS.test(tag.value))))
    }
  return tags
}

/** The tags of a file that are lyrics, in their order. */
export function lyricsTags(metadata: IAudioMetadata): readonly LyricsTag[] {
  const found: LyricsTag[] = []
  for (const list of Object.values(metadata.native))
    for (const { id, value } of list) {
      const named = LYRICS.exec(plainName(id))
      if (!named) continue
      const language = named[1]
      if (typeof value === 'string') found.push(language ? { language, text: value } : value)
      else if (typeof value === 'object' && value !== null) found.push(value as LyricsTag)
    }
  return found
}

function plainName(id: string): string {
  return ownName(id).replace(/^(?:track|album|segment):/, '')
}

function valuesOf(origin: string, id: string, value: unknown): readonly NativeTag[] {
  // Null characters separate values in more formats than the parser cuts there.
  if (typeof value === 'string') return value.split('\0').map((one) => ({ origin, id, value: one }))
  if (typeof value === 'number' || typeof value === 'bigint') return [{ origin, id, value: String(value) }]
  if (typeof value === 'boolean') return [{ origin, id, value: value ? '1' : '0' }]
  return typeof value === 'object' && value !== null ? fromObject(origin, id, value) : []
}

/** ID3's frames with parts: comments, people by function, identifiers, addresses. */
function fromObject(origin: string, id: string, value: object): readonly NativeTag[] {
  const name = id.split(':')[0]
  if (name === 'COMM' || name === 'COM') {
    const { descriptor, text } = value as { descriptor?: string; text?: string }
    if (!text || PRIVATE_COMMENT.test(descriptor ?? '')) return []
    return [{ origin, id: descriptor ? 'comment:described' : 'comm', value: text }]
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
