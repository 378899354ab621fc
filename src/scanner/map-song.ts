import type { AudioFacts } from '../audio/audio-facts.ts'
import { fold } from '../base/text.ts'
import type { RawTags } from '../hooks/hooks.ts'
import type { EmbeddedLyrics, Explicit, ReplayGain } from '../library/entities.ts'
import { nameKey } from '../library/name-key.ts'
import type { AlbumFacts, SongDraft } from '../library/scan-draft.ts'
import { albumKey, hashOf } from './album-key.ts'
import { songCredits, TAGGED_ROLES, uuids } from './credits.ts'
import { songDates } from './dates.ts'
import { type Names, splitValues, UNKNOWN_ALBUM, uniqueFolded } from './names.ts'
import { namesFromPath, type PathNames } from './untagged.ts'

export interface MappingSettings {
  readonly artistJoiner: string
  readonly genreSeparators: readonly string[]
}

export interface SongSource {
  /** Relative to the library, `/` between names. */
  readonly path: string
  readonly tags: RawTags
  readonly audio: AudioFacts
  readonly lyrics: readonly EmbeddedLyrics[]
  readonly picture: string
}

/** Kept in columns; what else a file says goes to `tags`. */
const COLUMNS = new Set<string>([
  'title',
  'titlesort',
  'artist',
  'artists',
  'artistsort',
  'album',
  'albumartist',
  'albumartists',
  'albumartistsort',
  'genre',
  'mood',
  'compilation',
  'track',
  'disc',
  'discsubtitle',
  'bpm',
  'comment',
  'originaldate',
  'recordingdate',
  'releasedate',
  ...TAGGED_ROLES,
  'composersort',
  'lyricistsort',
  'performer',
  'replaygain_track_gain',
  'replaygain_track_peak',
  'replaygain_album_gain',
  'replaygain_album_peak',
  'r128_track_gain',
  'r128_album_gain',
  'opus_output_gain',
  'tdat',
  'explicitstatus',
  'isrc',
  'work',
  'movement',
  'movementname',
  'movementtotal',
  'grouping',
  'musicbrainz_recordingid',
  'musicbrainz_trackid',
])
const LISTED = /^(mood|releasetype|isrc)$/
const MAX_COMMENT = 4096
/** Characters of further tags that are kept of one song. */
const MAX_TAGS = 32 * 1024

/** What a file's tags say, in our terms. Pure; the same input gives the same draft. */
export function mapSong(source: SongSource, names: Names, settings: MappingSettings): SongDraft {
  const { tags, audio } = source
  const fromPath = namesFromPath(source.path)
  const one = (name: string): string => tags[name]?.[0] ?? ''
  const title = one('title') || fromPath.title
  const untagged = tags.title === undefined && tags.artist === undefined && tags.album === undefined
  const { artist, albumArtist, credits, compilation } = songCredits(tags, names, {
    joiner: settings.artistJoiner,
    fallbackArtist: fromPath.artist,
  })
  const dates = songDates(recordingDate(one('recordingdate'), one('tdat')), one('originaldate'), one('releasedate'))
  const track = numbers(one('track'))
  const disc = numbers(one('disc'))
  const trackNumber = track.number || (untagged ? fromPath.track : 0)
  const discNumber = disc.number || fromPath.disc || 1
  const musicBrainzTrackId = uuids(tags.musicbrainz_trackid)[0] ?? ''
  const album = albumOf(source, fromPath, {
    artistKeys: credits.filter(({ role }) => role === 'albumartist').map(({ name }) => nameKey(name)),
    releaseDate: dates.releaseDate,
    ownArtist: compilation || tags.albumartist !== undefined || tags.albumartists !== undefined,
  })
  const identity = musicBrainzTrackId
    ? ['mb', musicBrainzTrackId]
    : [album.key, discNumber, trackNumber, nameKey(title)]
  return {
    pid: hashOf(identity),
    title,
    sortTitle: one('titlesort'),
    orderTitle: names.order(title),
    artist,
    albumArtist,
    credits,
    compilation,
    trackNumber,
    discNumber,
    discSubtitle: one('discsubtitle'),
    ...dates,
    ...audio,
    bpm: Math.round(decimal(one('bpm')) ?? 0),
    comment: one('comment').slice(0, MAX_COMMENT),
    explicit: explicitOf(one('explicitstatus')),
    genres: splitValues(tags.genre ?? [], settings.genreSeparators),
    moods: splitValues(tags.mood ?? [], [';', '/', ',']),
    isrc: splitValues(tags.isrc ?? [], [';', '/', ',', ' ']),
    works: works(tags),
    movements: movements(tags),
    groupings: uniqueFolded(tags.grouping ?? []),
    replayGain: replayGain(tags),
    musicBrainzRecordingId: uuids(tags.musicbrainz_recordingid)[0] ?? '',
    musicBrainzTrackId,
    picture: source.picture,
    lyrics: source.lyrics,
    tags: furtherTags(tags, track.total, disc.total),
    album: { ...album, orderName: names.order(album.name) },
  }
}

/** ID3v2.3 has the day of a year (`DDMM`) in a frame of its own. */
function recordingDate(year: string, day: string): string {
  return /^\d{4}$/.test(year) && /^\d{4}$/.test(day) ? `${year}-${day.slice(2)}-${day.slice(0, 2)}` : year
}

/** Which album a song is of, by its own tags. */
function albumOf(
  source: SongSource,
  fromPath: PathNames,
  facts: Pick<AlbumFacts, 'artistKeys' | 'releaseDate' | 'ownArtist'>,
): { readonly key: string; readonly name: string; readonly facts: AlbumFacts } {
  const tagged = source.tags.album?.[0]
  const name = tagged ?? (fromPath.album || UNKNOWN_ALBUM)
  // A folder's name alone is no identity: two folders `Live` of two bands stay two albums.
  const folder = tagged === undefined ? source.path.slice(0, Math.max(0, source.path.lastIndexOf('/'))) : ''
  const all: AlbumFacts = {
    ...facts,
    release: uuids(source.tags.musicbrainz_albumid)[0] ?? '',
    nameKey: nameKey(name),
    version: fold(source.tags.albumversion?.[0] ?? ''),
    place: fromPath.disc > 0 ? folder.slice(0, Math.max(0, folder.lastIndexOf('/'))) : folder,
    isNamed: tagged !== undefined,
  }
  return { key: albumKey(all), name, facts: all }
}

/** `3`, `03/12`, `A3`, `Track 3 of 12`. */
function numbers(text: string): { readonly number: number; readonly total: string } {
  const match = /^\D{0,12}0*(\d{1,5})(?:\s*(?:\/|of)\s*0*(\d{1,5}))?/i.exec(text)
  return { number: Number(match?.[1] ?? 0), total: match?.[2] ?? '' }
}

/** `-6.48 dB`, `+0,5`, `-.5 dB`, `9.5e-01`, with a minus of any length. */
function decimal(text: string): number | undefined {
  const match = /^\s*([+−–-]?(?:\d{1,12}(?:[.,]\d{0,20})?|[.,]\d{1,20})(?:e[+-]?\d{1,3})?)/i.exec(text)
  const value = match ? Number((match[1] as string).replace(',', '.').replace(/^[−–]/, '-')) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}

function explicitOf(text: string): Explicit {
  if (text === '1' || text === '4' || /^explicit$/i.test(text)) return 'e'
  return text === '2' || /^clean$/i.test(text) ? 'c' : ''
}

/** Gains in dB. R128 counts 1/256 dB down from -23 LUFS, ReplayGain from -18: 5 dB apart. */
function replayGain(tags: RawTags): ReplayGain {
  const value = (name: string) => decimal(tags[name]?.[0] ?? '')
  const r128 = (name: string) => {
    const gain = value(name)
    return gain === undefined ? undefined : Math.round((gain / 256 + 5) * 100) / 100
  }
  const found = {
    trackGain: value('replaygain_track_gain') ?? r128('r128_track_gain'),
    albumGain: value('replaygain_album_gain') ?? r128('r128_album_gain'),
    trackPeak: value('replaygain_track_peak'),
    albumPeak: value('replaygain_album_peak'),
    baseGain: value('opus_output_gain'),
  }
  return Object.fromEntries(Object.entries(found).filter(([, gain]) => gain !== undefined))
}

function works(tags: RawTags): SongDraft['works'] {
  const ids = uuids(tags.musicbrainz_workid)
  const list = tags.work ?? []
  return list.map((name, index) => {
    const musicBrainzId = ids.length === list.length ? ids[index] : undefined
    return musicBrainzId === undefined ? { name } : { name, musicBrainzId }
  })
}

function movements(tags: RawTags): SongDraft['movements'] {
  const { number, total } = numbers(tags.movement?.[0] ?? '')
  const count = Number(total) || numbers(tags.movementtotal?.[0] ?? '').number
  return (tags.movementname ?? []).map((name, index) => ({
    name,
    ...(index === 0 && number > 0 ? { number } : {}),
    ...(index === 0 && count > 0 ? { count } : {}),
  }))
}

function furtherTags(tags: RawTags, trackTotal: string, discTotal: string): SongDraft['tags'] {
  const kept: Record<string, readonly string[]> = {}
  let budget = MAX_TAGS
  for (const [name, values] of Object.entries(tags)) {
    if (COLUMNS.has(name) || name.startsWith('performer:')) continue
    const list = LISTED.test(name) ? splitValues(values, [';', '/', ',']) : values
    budget -= name.length + list.reduce((sum, value) => sum + value.length, 0)
    if (budget < 0) break
    kept[name] = list
  }
  if (trackTotal !== '' && kept.tracktotal === undefined) kept.tracktotal = [trackTotal]
  if (discTotal !== '' && kept.disctotal === undefined) kept.disctotal = [discTotal]
  return kept
}
