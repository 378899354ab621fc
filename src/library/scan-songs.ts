import type { AlbumId, ArtistId, FolderId, GenreId, LibraryId, SongId } from '../base/ids.ts'
import type { Database, SqlValue } from '../db/database.ts'
import { jsonList } from './json-column.ts'
import type { SongDraft, SongFile } from './scan-draft.ts'
import type { ScanNames } from './scan-names.ts'
import { soundKind } from './scan-records.ts'
import { mainArtists, putSong, takeOut } from './search-index.ts'

/** What the scanner remembers of a file. */
export interface KnownSong {
  readonly id: SongId
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
  readonly missing: boolean
  /** JSON of names. */
  readonly lyricsFiles: string
}

export interface SongPlace {
  readonly libraryId: LibraryId
  readonly folderId: FolderId
  readonly albumId: AlbumId
  readonly file: SongFile
  /** Whether a song's own picture is its cover, by the priority. */
  readonly ownCovers: boolean
  readonly at: number
}

/** What a write touched, for the aggregates. */
export interface SongWrite {
  readonly id: SongId
  /** False when the row says all of it already. */
  readonly changed: boolean
  readonly albums: readonly AlbumId[]
  readonly artists: readonly ArtistId[]
  readonly genres: readonly GenreId[]
  /** The album and the first artists before, when they were others. */
  readonly before:
    | { readonly albumId: AlbumId; readonly artistId: ArtistId; readonly albumArtistId: ArtistId }
    | undefined
  readonly after: { readonly albumId: AlbumId; readonly artistId: ArtistId; readonly albumArtistId: ArtistId }
}

/** The scanner's side of the song table and what belongs to a song: credits, genres, further tags, lyrics, search. */
export interface ScanSongs {
  inFolder(folderId: FolderId): KnownSong[]
  /** A new row, or the row `id` brought up to date; it is visible afterwards. Call within a transaction. */
  write(draft: SongDraft, place: SongPlace, id: SongId | undefined): SongWrite
  /** Hides or shows rows as they are. @returns what hangs on them. */
  setMissing(id: SongId, missing: boolean, at: number): Omit<SongWrite, 'changed' | 'before' | 'after'>
  setLyricsFiles(id: SongId, files: readonly string[], at: number): void
  /** The same content at another place, without reading it. */
  setPlace(id: SongId, folderId: FolderId, path: string): void
  /** The visible songs of a folder with their albums, as they were read. */
  albumsIn(folderId: FolderId): readonly (KnownSong & { readonly album: string; readonly albumKey: string })[]
  byPid(libraryId: LibraryId, pid: string): readonly SongId[]
  /** Songs with a file whose length is one of these, in ms; `sound` as `soundKind` says it. */
  ofLengths(
    libraryId: LibraryId,
    lengths: readonly number[],
  ): readonly { readonly id: SongId; readonly durationMs: number; readonly sound: string }[]
}

const COLUMNS = [
  'library_id',
  'folder_id',
  'album_id',
  'path',
  'size',
  'mtime_ms',
  'suffix',
  'pid',
  'title',
  'sort_title',
  'order_title',
  'album',
  'artist',
  'artist_id',
  'album_artist',
  'album_artist_id',
  'credits',
  'track_number',
  'disc_number',
  'disc_subtitle',
  'year',
  'date',
  'original_date',
  'release_date',
  'duration_ms',
  'bit_rate',
  'sample_rate',
  'bit_depth',
  'channels',
  'codec',
  'bpm',
  'comment',
  'compilation',
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
  'has_embedded_cover',
  'has_embedded_lyrics',
  'lyrics_files',
] as const

const INSERT = `INSERT INTO song (${COLUMNS.join(', ')}, cover_version, created_at, updated_at)
  VALUES (${COLUMNS.map(() => '?').join(', ')}, ?, ?, ?)`
const UPDATE = `UPDATE song SET ${COLUMNS.map((name) => `${name} = ?`).join(', ')},
  cover_version = CASE WHEN ? <> '' THEN ? ELSE cover_version END, missing = 0, missing_since = NULL, updated_at = ?
  WHERE id = ?`
const SELECT = `SELECT ${COLUMNS.join(', ')}, missing, cover_version,
  (SELECT tags FROM song_tags WHERE song_id = song.id) AS tags,
  (SELECT lyrics FROM song_lyrics WHERE song_id = song.id) AS lyrics FROM song WHERE id = ?`

type Row = Readonly<Record<(typeof COLUMNS)[number] | 'missing' | 'cover_version' | 'tags' | 'lyrics', SqlValue>>

interface Resolved {
  readonly credits: readonly {
    readonly role: string
    readonly id: ArtistId
    readonly name: string
    readonly subRole: string
  }[]
  readonly genres: readonly GenreId[]
}

export function createScanSongs(db: Database, names: ScanNames): ScanSongs {
  function resolve(draft: SongDraft, at: number): Resolved {
    return {
      credits: draft.credits.map((credit) => ({
        role: credit.role,
        id: names.artist(credit, at).id,
        name: credit.name,
        subRole: credit.subRole,
      })),
      genres: [...new Set(draft.genres.map((name) => names.genre(name)))],
    }
  }

  function values(draft: SongDraft, place: SongPlace, { credits }: Resolved): SqlValue[] {
    const first = (role: string) => credits.find((credit) => credit.role === role)?.id as ArtistId
    const json = JSON.stringify
    return [
      place.libraryId,
      place.folderId,
      place.albumId,
      place.file.path,
      place.file.size,
      place.file.mtimeMs,
      place.file.suffix,
      draft.pid,
      draft.title,
      draft.sortTitle,
      draft.orderTitle,
      draft.album.name,
      draft.artist,
      first('artist'),
      draft.albumArtist,
      first('albumartist'),
      json(credits.map(({ role, id, name, subRole }) => [role, id, name, subRole])),
      draft.trackNumber,
      draft.discNumber,
      draft.discSubtitle,
      draft.year,
      draft.date,
      draft.originalDate,
      draft.releaseDate,
      draft.durationMs,
      draft.bitRate,
      draft.sampleRate,
      draft.bitDepth,
      draft.channels,
      draft.codec,
      draft.bpm,
      draft.comment,
      draft.compilation ? 1 : 0,
      draft.explicit,
      json(draft.genres),
      json(draft.moods),
      json(draft.isrc),
      json(draft.works),
      json(draft.movements),
      json(draft.groupings),
      json(draft.replayGain),
      draft.musicBrainzRecordingId,
      draft.musicBrainzTrackId,
      draft.picture ? 1 : 0,
      draft.lyrics.length > 0 ? 1 : 0,
      json(place.file.lyricsFiles),
    ]
  }

  function linked(id: SongId): { artists: readonly ArtistId[]; genres: readonly GenreId[] } {
    return {
      artists: db.select('SELECT DISTINCT artist_id FROM song_artist WHERE song_id = ?', [id], (row) =>
        row.number(0),
      ) as ArtistId[],
      genres: db.select('SELECT genre_id FROM song_genre WHERE song_id = ?', [id], (row) => row.number(0)) as GenreId[],
    }
  }

  function link(id: SongId, { credits, genres }: Resolved, isNew: boolean): void {
    if (!isNew) {
      db.run('DELETE FROM song_artist WHERE song_id = ?', [id])
      db.run('DELETE FROM song_genre WHERE song_id = ?', [id])
    }
    const positions = new Map<string, number>()
    for (const { role, id: artistId, subRole } of credits) {
      const position = positions.get(role) ?? 0
      positions.set(role, position + 1)
      db.run('INSERT INTO song_artist (song_id, artist_id, role, sub_role, position) VALUES (?, ?, ?, ?, ?)', [
        id,
        artistId,
        role,
        subRole,
        position,
      ])
    }
    for (const genre of genres) db.run('INSERT INTO song_genre (song_id, genre_id) VALUES (?, ?)', [id, genre])
  }

  function store(id: SongId, draft: SongDraft, isNew: boolean): void {
    if (!isNew) {
      db.run('DELETE FROM song_tags WHERE song_id = ?', [id])
      db.run('DELETE FROM song_lyrics WHERE song_id = ?', [id])
    }
    const tags = tagsJson(draft)
    if (tags !== '') db.run('INSERT INTO song_tags (song_id, tags) VALUES (?, ?)', [id, tags])
    if (draft.lyrics.length > 0)
      db.run('INSERT INTO song_lyrics (song_id, lyrics) VALUES (?, ?)', [id, JSON.stringify(draft.lyrics)])
  }

  function index(id: SongId): void {
    const row = db.get<{ title: string; album: string; credits: string }>(
      'SELECT title, album, credits FROM song WHERE id = ?',
      [id],
    )
    if (!row) return
    const credits = jsonList<readonly [string, ArtistId, string, string]>(row.credits)
    const artists = mainArtists(credits.map(([role, , name]) => ({ role, name })))
    putSong(db, id, { title: row.title, artists, album: row.album })
  }

  return {
    inFolder: (folderId) =>
      db.select(
        'SELECT id, path, size, mtime_ms, missing, lyrics_files FROM song WHERE folder_id = ?',
        [folderId],
        (row) => ({
          id: row.number(0) as SongId,
          path: row.text(1),
          size: row.number(2),
          mtimeMs: row.number(3),
          missing: row.number(4) === 1,
          lyricsFiles: row.text(5),
        }),
      ),
    write(draft, place, id) {
      const resolved = resolve(draft, place.at)
      const wanted = values(draft, place, resolved)
      const cover = place.ownCovers ? draft.picture : ''
      const after = {
        albumId: place.albumId,
        artistId: wanted[13] as ArtistId,
        albumArtistId: wanted[15] as ArtistId,
      }
      const artists = resolved.credits.map((credit) => credit.id)
      const searched = { title: draft.title, artists: mainArtists(draft.credits), album: draft.album.name }
      if (id === undefined) {
        const newId = db.run(INSERT, [...wanted, cover, place.at, place.at]).lastId as SongId
        link(newId, resolved, true)
        store(newId, draft, true)
        putSong(db, newId, searched, true)
        return {
          id: newId,
          changed: true,
          albums: [place.albumId],
          artists,
          genres: resolved.genres,
          before: undefined,
          after,
        }
      }
      const row = db.get<Row>(SELECT, [id]) as Row
      const before = {
        albumId: row.album_id as AlbumId,
        artistId: row.artist_id as ArtistId,
        albumArtistId: row.album_artist_id as ArtistId,
      }
      if (isSame(row, wanted, draft, cover))
        return { id, changed: false, albums: [], artists: [], genres: [], before: undefined, after }
      const old = linked(id)
      db.run(UPDATE, [...wanted, cover, cover, place.at, id])
      link(id, resolved, false)
      store(id, draft, false)
      putSong(db, id, searched)
      return {
        id,
        changed: true,
        albums: [...new Set([before.albumId, place.albumId])],
        artists: [...new Set([...old.artists, ...artists])],
        genres: [...new Set([...old.genres, ...resolved.genres])],
        before,
        after,
      }
    },
    setMissing(id, missing, at) {
      db.run('UPDATE song SET missing = ?, missing_since = ?, updated_at = ? WHERE id = ?', [
        missing ? 1 : 0,
        missing ? at : null,
        at,
        id,
      ])
      if (missing) takeOut(db, 'song', [id])
      else index(id)
      const albumId = db.get<{ album_id: AlbumId }>('SELECT album_id FROM song WHERE id = ?', [id])?.album_id
      return { id, albums: albumId === undefined ? [] : [albumId], ...linked(id) }
    },
    setLyricsFiles(id, files, at) {
      db.run('UPDATE song SET lyrics_files = ?, updated_at = ? WHERE id = ?', [JSON.stringify(files), at, id])
    },
    setPlace(id, folderId, path) {
      db.run('UPDATE song SET folder_id = ?, path = ? WHERE id = ?', [folderId, path, id])
    },
    albumsIn: (folderId) =>
      db.select(
        `SELECT s.id, s.path, s.size, s.mtime_ms, s.lyrics_files, s.album, a.key
         FROM song s JOIN album a ON a.id = s.album_id WHERE s.folder_id = ? AND s.missing = 0`,
        [folderId],
        (row) => ({
          id: row.number(0) as SongId,
          path: row.text(1),
          size: row.number(2),
          mtimeMs: row.number(3),
          missing: false,
          lyricsFiles: row.text(4),
          album: row.text(5),
          albumKey: row.text(6),
        }),
      ),
    byPid: (libraryId, pid) =>
      db.select('SELECT id FROM song WHERE library_id = ? AND pid = ?', [libraryId, pid], (row) =>
        row.number(0),
      ) as SongId[],
    ofLengths: (libraryId, lengths) =>
      db.select(
        `SELECT id, duration_ms, sample_rate, bit_depth, channels, codec FROM song
         WHERE library_id = ? AND missing = 0 AND duration_ms IN (SELECT value FROM json_each(?))`,
        [libraryId, JSON.stringify(lengths)],
        (row) => ({
          id: row.number(0) as SongId,
          durationMs: row.number(1),
          sound: soundKind({
            sampleRate: row.number(2),
            bitDepth: row.number(3),
            channels: row.number(4),
            codec: row.text(5),
          }),
        }),
      ),
  }
}

function tagsJson(draft: SongDraft): string {
  const text = JSON.stringify(draft.tags)
  return text === '{}' ? '' : text
}

function isSame(row: Row, wanted: readonly SqlValue[], draft: SongDraft, cover: string): boolean {
  return (
    row.missing === 0 &&
    COLUMNS.every((name, index) => row[name] === wanted[index]) &&
    (cover === '' || row.cover_version === cover) &&
    (row.tags ?? '') === tagsJson(draft) &&
    (row.lyrics ?? '') === (draft.lyrics.length > 0 ? JSON.stringify(draft.lyrics) : '')
  )
}
