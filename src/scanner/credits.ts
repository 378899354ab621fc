import type { RawTags } from '../hooks/hooks.ts'
import type { CreditRole } from '../library/entities.ts'
import { nameKey } from '../library/name-key.ts'
import type { DraftCredit } from '../library/scan-draft.ts'
import { type Names, UNKNOWN_ARTIST, uniqueFolded, VARIOUS_ARTISTS } from './names.ts'

const VARIOUS_ARTISTS_MBID = '89ad4ac3-39f7-470e-963a-56509c546377'
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
/** Roles with a tag of their own, of the same name. */
export const TAGGED_ROLES = [
  'composer',
  'lyricist',
  'conductor',
  'arranger',
  'producer',
  'director',
  'engineer',
  'mixer',
  'remixer',
  'djmixer',
] as const satisfies readonly CreditRole[]

export interface SongCredits {
  /** As displayed. */
  readonly artist: string
  readonly albumArtist: string
  /** At least one of role `artist` and one of `albumartist`. */
  readonly credits: readonly DraftCredit[]
  readonly compilation: boolean
}

/** The MusicBrainz ids in a tag, in order; everything else in it is ignored. */
export function uuids(values: readonly string[] | undefined): readonly string[] {
  return (values ?? []).flatMap((value) => value.toLowerCase().match(UUID) ?? [])
}

/** Who made a song, by its tags; `fallbackArtist` is what its path tells, '' = nothing. */
export function songCredits(
  tags: RawTags,
  names: Names,
  options: { readonly joiner: string; readonly fallbackArtist: string },
): SongCredits {
  const flagged = /^(1|true|yes)$/i.test(tags.compilation?.[0] ?? '')
  const artists = named(tags, names, { many: 'artists', one: 'artist' })
  const artistNames = artists.length > 0 ? artists : [options.fallbackArtist || UNKNOWN_ARTIST]
  const artist = tags.artist?.join(options.joiner) ?? artistNames.join(options.joiner)

  const ownAlbumArtists = named(tags, names, { many: 'albumartists', one: 'albumartist' })
  const albumArtistNames = ownAlbumArtists.length > 0 ? ownAlbumArtists : flagged ? [VARIOUS_ARTISTS] : artistNames
  const albumArtist =
    ownAlbumArtists.length > 0
      ? (tags.albumartist?.join(options.joiner) ?? ownAlbumArtists.join(options.joiner))
      : flagged
        ? VARIOUS_ARTISTS
        : artist

  const artistCredits = people('artist', artistNames, tags.artistsort, tags.musicbrainz_artistid, names)
  const inherits = ownAlbumArtists.length === 0 && !flagged
  const albumArtistCredits = people(
    'albumartist',
    albumArtistNames,
    tags.albumartistsort ?? (inherits ? tags.artistsort : undefined),
    tags.musicbrainz_albumartistid ?? (inherits ? tags.musicbrainz_artistid : undefined),
    names,
  )
  const various = albumArtistCredits.some(
    ({ name, musicBrainzId }) => musicBrainzId === VARIOUS_ARTISTS_MBID || nameKey(name) === nameKey(VARIOUS_ARTISTS),
  )
  const others = TAGGED_ROLES.flatMap((role) => {
    const found = uniqueFolded((tags[role] ?? []).flatMap((value) => names.splitPeople(value)))
    return people(role, found, tags[`${role}sort`], tags[`musicbrainz_${role}id`], names)
  })
  return {
    artist,
    albumArtist,
    compilation: flagged || various,
    credits: [...artistCredits, ...albumArtistCredits, ...others, ...performers(tags, names)],
  }
}

/** The tag with several names wins; a lone value of the other one is cut. */
function named(tags: RawTags, names: Names, from: { readonly many: string; readonly one: string }): readonly string[] {
  const many = tags[from.many] ?? []
  const one = tags[from.one] ?? []
  if (many.length > 1) return uniqueFolded(many)
  if (one.length > 1) return uniqueFolded(one)
  return uniqueFolded((many.length === 1 ? many : one).flatMap((value) => names.splitArtists(value)))
}

function people(
  role: CreditRole,
  list: readonly string[],
  sorts: readonly string[] | undefined,
  ids: readonly string[] | undefined,
  names: Names,
): readonly DraftCredit[] {
  const sortNames = byPosition(list, sorts ?? [], names)
  const found = uuids(ids)
  const matched = found.length === list.length || (list.length === 1 && found.length > 0)
  return list.map((name, index) => ({
    role,
    name,
    subRole: '',
    sortName: sortNames[index] ?? '',
    musicBrainzId: (matched ? found[index] : '') ?? '',
  }))
}

/** Sort names belong to names by position; a lone one is cut like the names when there are several. */
function byPosition(list: readonly string[], sorts: readonly string[], names: Names): readonly string[] {
  if (sorts.length === list.length) return sorts
  const cut = sorts.flatMap((sort) => names.splitArtists(sort))
  return cut.length === list.length ? cut : []
}

/** `Name (instrument)`, or the instrument in the tag's name: `PERFORMER:guitar`. */
function performers(tags: RawTags, names: Names): readonly DraftCredit[] {
  const found: { name: string; subRole: string }[] = []
  for (const value of tags.performer ?? []) {
    const match = /^(.+?)\s*\(([^()]*)\)\s*$/.exec(value)
    for (const name of names.splitPeople(match?.[1] ?? value)) found.push({ name, subRole: match?.[2]?.trim() ?? '' })
  }
  for (const [tag, values] of Object.entries(tags))
    if (tag.startsWith('performer:'))
      for (const value of values)
        for (const name of names.splitPeople(value)) found.push({ name, subRole: tag.slice('performer:'.length) })
  const seen = new Set<string>()
  const unique = found.filter(({ name, subRole }) => {
    const key = `${nameKey(name)}\n${subRole}`
    return !seen.has(key) && seen.add(key)
  })
  const ids = uuids(tags.musicbrainz_performerid)
  return unique.map(({ name, subRole }, index) => ({
    role: 'performer',
    name,
    subRole,
    sortName: '',
    musicBrainzId: (ids.length === unique.length ? ids[index] : '') ?? '',
  }))
}
