import { LRUCache } from 'lru-cache'
import type { AlbumId, ArtistId, FolderId, LibraryId, UserId } from '../base/ids.ts'
import type { RowReader } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Album, Explicit, Viewer } from './entities.ts'
import { jsonIds, jsonList } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'
import type { ScopeSql } from './scope-sql.ts'

const BY_IDS = `SELECT id, library_id, folder_id, name, sort_name, version, artist, artist_id, artists, min_year,
  max_year, date, original_date, release_date, compilation, explicit, song_count, duration_ms, size, genres, moods,
  record_labels, release_types, disc_titles, catalog_number, musicbrainz_id, musicbrainz_release_group_id,
  cover_version, rating_sum, rating_count, created_at, updated_at
  FROM album WHERE id IN (SELECT value FROM json_each(?))`

/** Albums kept whole for a user who sees whole libraries: home screens ask for the same ones over and over. */
const CACHED_ALBUMS = 1000

/** Turns ids of albums that the viewer may see into entities, in the order given. */
export class AlbumRows {
  readonly #context: LibraryContext
  readonly #cache = new LRUCache<string, Album>({ max: CACHED_ALBUMS })
  #cachedAt = ''

  constructor(context: LibraryContext) {
    this.#context = context
  }

  /** `ids` must come from a query with the viewer's condition; duplicates are kept. */
  load(viewer: Viewer, ids: readonly number[]): Album[] {
    if (ids.length === 0) return []
    const scope = this.#context.scope(viewer)
    const found = scope.whole ? this.#loadCached(viewer.userId, ids) : this.#read(viewer.userId, ids)
    if (!scope.whole) this.#countVisible(scope, found)
    const albums: Album[] = []
    for (const id of ids) {
      const album = found.get(id)
      if (album) albums.push(album)
    }
    return albums
  }

  #loadCached(userId: UserId, ids: readonly number[]): ReadonlyMap<number, Album> {
    const { catalogue, personal, plays } = this.#context
    const now = `${catalogue.version}.${personal.version}.${plays.version}`
    if (now !== this.#cachedAt) {
      this.#cache.clear()
      this.#cachedAt = now
    }
    const found = new Map<number, Album>()
    const absent: number[] = []
    for (const id of ids) {
      const album = this.#cache.get(`${userId}.${id}`)
      if (album) found.set(id, album)
      else absent.push(id)
    }
    if (absent.length === 0) return found
    for (const [id, album] of this.#read(userId, absent)) {
      found.set(id, album)
      this.#cache.set(`${userId}.${id}`, album)
    }
    return found
  }

  #read(userId: UserId, ids: readonly number[]): Map<number, Draft<Album>> {
    const found = new Map<number, Draft<Album>>()
    for (const album of this.#context.db.select(BY_IDS, [jsonIds(ids)], readAlbum)) found.set(album.id, album)
    annotate(this.#context, userId, { kind: KIND.album, byId: found })
    return found
  }

  /** Of an album that is visible in part, counts, genres and the explicit mark tell of the visible songs alone. */
  #countVisible(scope: ScopeSql, albums: ReadonlyMap<number, Draft<Album>>): void {
    const visible = scope.song('s')
    const ids = jsonIds([...albums.keys()])
    const partial: number[] = []
    this.#context.db.select(
      `SELECT s.album_id, count(*), sum(s.duration_ms), sum(s.size),
         max(CASE s.explicit WHEN 'e' THEN 2 WHEN 'c' THEN 1 ELSE 0 END)
       FROM song s WHERE s.album_id IN (SELECT value FROM json_each(?)) AND ${visible.sql} GROUP BY s.album_id`,
      [ids, ...visible.params],
      (row) => {
        const album = albums.get(row.number(0))
        if (!album || album.songCount === row.number(1)) return
        partial.push(album.id)
        album.songCount = row.number(1)
        album.durationMs = row.number(2)
        album.size = row.number(3)
        album.explicit = (['', 'c', 'e'] as const)[row.number(4) as 0 | 1 | 2]
        album.genres = []
      },
    )
    if (partial.length === 0) return
    this.#context.db.select(
      `SELECT s.album_id, g.name FROM song s
         CROSS JOIN song_genre sg ON sg.song_id = s.id CROSS JOIN genre g ON g.id = sg.genre_id
       WHERE s.album_id IN (SELECT value FROM json_each(?)) AND ${visible.sql}`,
      [jsonIds(partial), ...visible.params],
      (row) => {
        const album = albums.get(row.number(0))
        const genre = row.text(1)
        if (album && !album.genres.includes(genre)) album.genres = [...album.genres, genre]
      },
    )
  }
}

function readAlbum(row: RowReader): Draft<Album> {
  return {
    id: row.number(0) as AlbumId,
    libraryId: row.number(1) as LibraryId,
    folderId: row.isNull(2) ? undefined : (row.number(2) as FolderId),
    name: row.text(3),
    sortName: row.text(4),
    version: row.text(5),
    artist: row.text(6),
    artistId: row.number(7) as ArtistId,
    artists: jsonList<[ArtistId, string]>(row.text(8)).map(([id, name]) => ({ id, name })),
    minYear: row.number(9),
    maxYear: row.number(10),
    date: row.text(11),
    originalDate: row.text(12),
    releaseDate: row.text(13),
    compilation: row.number(14) === 1,
    explicit: row.text(15) as Explicit,
    songCount: row.number(16),
    durationMs: row.number(17),
    size: row.number(18),
    genres: jsonList(row.text(19)),
    moods: jsonList(row.text(20)),
    recordLabels: jsonList(row.text(21)),
    releaseTypes: jsonList(row.text(22)),
    discTitles: jsonList(row.text(23)),
    catalogNumber: row.text(24),
    musicBrainzId: row.text(25),
    musicBrainzReleaseGroupId: row.text(26),
    coverVersion: row.text(27),
    ...unmarked(row.number(28), row.number(29)),
    createdAt: row.number(30),
    updatedAt: row.number(31),
  }
}
