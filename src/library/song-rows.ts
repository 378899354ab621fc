import type { AlbumId, ArtistId, FolderId, LibraryId, SongId } from '../base/ids.ts'
import type { RowReader } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Credit, CreditRole, Explicit, Song, Viewer } from './entities.ts'
import { jsonIds, jsonList, jsonObject } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'

const BY_IDS = `SELECT id, library_id, folder_id, album_id, path, size, mtime_ms, suffix, title, sort_title, album, artist,
  artist_id, album_artist, album_artist_id, credits, track_number, disc_number, disc_subtitle, year, date,
  original_date, release_date, duration_ms, bit_rate, sample_rate, bit_depth, channels, codec, bpm, comment,
  compilation, explicit, genres, moods, isrc, works, movements, groupings, replay_gain, musicbrainz_recording_id,
  musicbrainz_track_id, has_embedded_cover, has_embedded_lyrics, lyrics_files, cover_version, rating_sum, rating_count,
  created_at, updated_at
  FROM song WHERE id IN (SELECT value FROM json_each(?))`

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

function readSongs(context: LibraryContext, viewer: Viewer, ids: readonly number[]): ReadonlyMap<number, Song> {
  const found = new Map<number, Draft<Song>>()
  const list = jsonIds(ids)
  for (const song of context.db.select(BY_IDS, [list], readSong)) found.set(song.id, song)
  annotate(context, viewer.userId, { kind: KIND.song, byId: found })
  context.db.select(BOOKMARKS, [viewer.userId, list], (row) => {
    const song = found.get(row.number(0))
    if (song) song.bookmarkPositionMs = row.number(1)
  })
  return found
}

function readSong(row: RowReader): Draft<Song> {
  return {
    id: row.number(0) as SongId,
    libraryId: row.number(1) as LibraryId,
    folderId: row.number(2) as FolderId,
    albumId: row.number(3) as AlbumId,
    path: row.text(4),
    size: row.number(5),
    mtimeMs: row.number(6),
    suffix: row.text(7),
    title: row.text(8),
    sortTitle: row.text(9),
    album: row.text(10),
    artist: row.text(11),
    artistId: row.number(12) as ArtistId,
    albumArtist: row.text(13),
    albumArtistId: row.number(14) as ArtistId,
    credits: readCredits(row.text(15)),
    trackNumber: row.number(16),
    discNumber: row.number(17),
    discSubtitle: row.text(18),
    year: row.number(19),
    date: row.text(20),
    originalDate: row.text(21),
    releaseDate: row.text(22),
    durationMs: row.number(23),
    bitRate: row.number(24),
    sampleRate: row.number(25),
    bitDepth: row.number(26),
    channels: row.number(27),
    codec: row.text(28),
    bpm: row.number(29),
    comment: row.text(30),
    compilation: row.number(31) === 1,
    explicit: row.text(32) as Explicit,
    genres: jsonList(row.text(33)),
    moods: jsonList(row.text(34)),
    isrc: jsonList(row.text(35)),
    works: jsonList(row.text(36)),
    movements: jsonList(row.text(37)),
    groupings: jsonList(row.text(38)),
    replayGain: jsonObject(row.text(39)),
    musicBrainzRecordingId: row.text(40),
    musicBrainzTrackId: row.text(41),
    hasEmbeddedCover: row.number(42) === 1,
    hasEmbeddedLyrics: row.number(43) === 1,
    lyricsFiles: jsonList(row.text(44)),
    coverVersion: row.text(45),
    missing: false,
    ...unmarked(row.number(46), row.number(47)),
    createdAt: row.number(48),
    updatedAt: row.number(49),
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
