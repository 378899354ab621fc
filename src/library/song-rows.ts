import type { AlbumId, ArtistId, FolderId, LibraryId, SongId } from '../base/ids.ts'
import type { Database, RowReader } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Credit, CreditRole, Explicit, Song, Viewer } from './entities.ts'
import { jsonIds, jsonList, jsonObject } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { packText } from './packed-text.ts'
import { KIND } from './pending-plays.ts'
import { LazyRows, type Rows } from './rows.ts'
import { visibleAmong } from './visible-ids.ts'

/** Read by index below, in this order. */
const NUMBERS = `id, library_id, folder_id, album_id, size, mtime_ms, artist_id, album_artist_id, track_number, disc_number,
  year, duration_ms, bit_rate, sample_rate, bit_depth, channels, bpm, compilation, has_embedded_cover,
  has_embedded_lyrics, rating_sum, rating_count, created_at, updated_at`
const TEXTS = packText('song', [
  'path',
  'suffix',
  'title',
  'sort_title',
  'album',
  'artist',
  'album_artist',
  'credits',
  'disc_subtitle',
  'date',
  'original_date',
  'release_date',
  'codec',
  'comment',
  'explicit',
  'genres',
  'moods',
  'isrc',
  'works',
  'movements',
  'groupings',
  'replay_gain',
  'musicbrainz_recording_id',
  'musicbrainz_track_id',
  'lyrics_files',
  'cover_version',
])
const BY_IDS = `SELECT ${NUMBERS}, ${TEXTS.sql} FROM song WHERE id IN (SELECT value FROM json_each(?))`

const BOOKMARKS = `SELECT song_id, position_ms FROM bookmark
  WHERE user_id = ? AND song_id IN (SELECT value FROM json_each(?))`

/** At most so many wide rows are read by one statement; longer lists go in slices. */
const SLICE = 1000

/** Turns ids of songs that the viewer may see into entities, in the order given; duplicates are kept. */
export function loadSongs(context: LibraryContext, viewer: Viewer, ids: readonly number[]): Song[] {
  const songs: Song[] = []
  for (let from = 0; from < ids.length; from += SLICE) {
    const slice = ids.length <= SLICE ? ids : ids.slice(from, from + SLICE)
    const found = readSongs(context, viewer, slice)
    for (const id of slice) {
      const song = found.get(id)
      if (song) songs.push(song)
    }
  }
  return songs
}

/** The same, but read a few at a time as the walk comes to them: for long lists that go out while they are made. */
export function songRows(context: LibraryContext, viewer: Viewer, ids: readonly number[]): Rows<Song> {
  const { version } = context.catalogue
  return new LazyRows(ids, (slice) => {
    // Meanwhile the scanner may have taken one away, or moved it where the viewer may not look.
    const isAsBefore = context.catalogue.version === version
    const visible = isAsBefore ? undefined : visibleAmong(context, 'song', context.scope(viewer).song('i'), slice)
    return loadSongs(context, viewer, visible ? slice.filter((id) => visible.has(id)) : slice)
  })
}

function readSongs(context: LibraryContext, viewer: Viewer, ids: readonly number[]): ReadonlyMap<number, Song> {
  const found = new Map<number, Draft<Song>>()
  const list = jsonIds(ids)
  const { db } = context
  for (const song of db.select(BY_IDS, [list], (row) => readSong(db, row))) found.set(song.id, song)
  annotate(context, viewer.userId, { kind: KIND.song, byId: found })
  context.db.select(BOOKMARKS, [viewer.userId, list], (row) => {
    const song = found.get(row.number(0))
    if (song) song.bookmarkPositionMs = row.number(1)
  })
  return found
}

function readSong(db: Database, row: RowReader): Draft<Song> {
  const text = TEXTS.unpack(db, row.text(24), row.number(0))
  return {
    id: row.number(0) as SongId,
    libraryId: row.number(1) as LibraryId,
    folderId: row.number(2) as FolderId,
    albumId: row.number(3) as AlbumId,
    path: text(0),
    size: row.number(4),
    mtimeMs: row.number(5),
    suffix: text(1),
    title: text(2),
    sortTitle: text(3),
    album: text(4),
    artist: text(5),
    artistId: row.number(6) as ArtistId,
    albumArtist: text(6),
    albumArtistId: row.number(7) as ArtistId,
    credits: readCredits(text(7)),
    trackNumber: row.number(8),
    discNumber: row.number(9),
    discSubtitle: text(8),
    year: row.number(10),
    date: text(9),
    originalDate: text(10),
    releaseDate: text(11),
    durationMs: row.number(11),
    bitRate: row.number(12),
    sampleRate: row.number(13),
    bitDepth: row.number(14),
    channels: row.number(15),
    codec: text(12),
    bpm: row.number(16),
    comment: text(13),
    compilation: row.number(17) === 1,
    explicit: text(14) as Explicit,
    genres: jsonList(text(15)),
    moods: jsonList(text(16)),
    isrc: jsonList(text(17)),
    works: jsonList(text(18)),
    movements: jsonList(text(19)),
    groupings: jsonList(text(20)),
    replayGain: jsonObject(text(21)),
    musicBrainzRecordingId: text(22),
    musicBrainzTrackId: text(23),
    hasEmbeddedCover: row.number(18) === 1,
    hasEmbeddedLyrics: row.number(19) === 1,
    lyricsFiles: jsonList(text(24)),
    coverVersion: text(25),
    missing: false,
    ...unmarked(row.number(20), row.number(21)),
    createdAt: row.number(22),
    updatedAt: row.number(23),
    bookmarkPositionMs: undefined,
  }
}

function readCredits(text: string): readonly Credit[] {
  return jsonList<[CreditRole, ArtistId, string, string]>(text).map(([role, id, name, subRole]) => ({
    role,
    id,
    name,
    subRole,
  }))
}
