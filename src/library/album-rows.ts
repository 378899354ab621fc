import { LRUCache } from 'lru-cache'
import type { AlbumId, ArtistId, FolderId, LibraryId, UserId } from '../base/ids.ts'
import type { Database, RowReader } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Album, Explicit, Viewer } from './entities.ts'
import { jsonIds, jsonList } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { packText } from './packed-text.ts'
import { KIND } from './pending-plays.ts'
import type { ScopeSql } from './scope-sql.ts'

/** Read by index below, in this order. */
const NUMBERS = `id, library_id, folder_id, artist_id, min_year, max_year, compilation, song_count, duration_ms, size,
  rating_sum, rating_count, created_at, updated_at`
const TEXTS = packText('album', [
  'name',
  'sort_name',
  'version',
  'artist',
  'artists',
  'date',
  'original_date',
  'release_date',
  'explicit',
  'genres',
  'moods',
  'record_labels',
  'release_types',
  'disc_titles',
  'catalog_number',
  'musicbrainz_id',
  'musicbrainz_release_group_id',
  'cover_version',
])
const BY_IDS = `SELECT ${NUMBERS}, ${TEXTS.sql} FROM album WHERE id IN (SELECT value FROM json_each(?))`

/** Albums kept whole for a user who sees whole libraries: home screens ask for the same ones over and over. */
const CACHED_ALBUMS = 500

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
    const { db } = this.#context
    for (const album of db.select(BY_IDS, [jsonIds(ids)], (row) => readAlbum(db, row))) found.set(album.id, album)
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

function readAlbum(db: Database, row: RowReader): Draft<Album> {
  const text = TEXTS.unpack(db, row.text(14), row.number(0))
  return {
    id: row.number(0) as AlbumId,
    libraryId: row.number(1) as LibraryId,
    folderId: row.isNull(2) ? undefined : (row.number(2) as FolderId),
    name: text(0),
    sortName: text(1),
    version: text(2),
    artist: text(3),
    artistId: row.number(3) as ArtistId,
    artists: jsonList<[ArtistId, string]>(text(4)).map(([id, name]) => ({ id, name })),
    minYear: row.number(4),
    maxYear: row.number(5),
    date: text(5),
    originalDate: text(6),
    releaseDate: text(7),
    compilation: row.number(6) === 1,
    explicit: text(8) as Explicit,
    songCount: row.number(7),
    durationMs: row.number(8),
    size: row.number(9),
    genres: jsonList(text(9)),
    moods: jsonList(text(10)),
    recordLabels: jsonList(text(11)),
    releaseTypes: jsonList(text(12)),
    discTitles: jsonList(text(13)),
    catalogNumber: text(14),
    musicBrainzId: text(15),
    musicBrainzReleaseGroupId: text(16),
    coverVersion: text(17),
    ...unmarked(row.number(10), row.number(11)),
    createdAt: row.number(12),
    updatedAt: row.number(13),
  }
}
