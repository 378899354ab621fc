import { LRUCache } from 'lru-cache'
import type { AlbumId, ArtistId, FolderId, LibraryId, UserId } from '../base/ids.ts'
import type { Database, RowReader } from '../db/database.ts'
import { annotate, type Draft, unmarked } from './annotations-read.ts'
import type { Album, Explicit, Viewer } from './entities.ts'
import { jsonIds, jsonList } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { packText } from './packed-text.ts'
import { albumParts } from './partial-albums.ts'
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

/** Albums kept as a user sees them: home screens ask for the same ones over and over. */
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
    const found = this.#loadCached(viewer.userId, ids, scope)
    const albums: Album[] = []
    for (const id of ids) {
      const album = found.get(id)
      if (album) albums.push(album)
    }
    return albums
  }

  #loadCached(userId: UserId, ids: readonly number[], scope: ScopeSql): ReadonlyMap<number, Album> {
    const { catalogue, personal, plays } = this.#context
    const now = `${catalogue.version}.${personal.version}.${plays.version}`
    if (now !== this.#cachedAt) {
      this.#cache.clear()
      this.#cachedAt = now
    }
    /** Whole albums are the same for each scope. */
    const isPart = (id: number) => !scope.whole && (scope.marks?.isTouched('album', id) ?? true)
    const keyOf = (id: number) => `${userId}.${id}${isPart(id) ? ` ${scope.key}` : ''}`
    const found = new Map<number, Album>()
    const absent: number[] = []
    for (const id of ids) {
      const album = this.#cache.get(keyOf(id))
      if (album) found.set(id, album)
      else absent.push(id)
    }
    if (absent.length === 0) return found
    const read = this.#read(userId, absent)
    const parts = absent.filter(isPart)
    if (parts.length > 0) this.#takeParts(scope, read, parts)
    for (const [id, album] of read) {
      found.set(id, album)
      this.#cache.set(keyOf(id), album)
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
  #takeParts(scope: ScopeSql, albums: ReadonlyMap<number, Draft<Album>>, ids: readonly number[]): void {
    const known = scope.marks?.albums
    const counted = known ? undefined : albumParts(this.#context.db, ids, scope.song('s'))
    for (const id of ids) {
      const album = albums.get(id)
      const part = known?.of(id) ?? counted?.get(id)
      if (!album || !part) continue
      album.songCount = part.songCount
      album.durationMs = part.durationMs
      album.size = part.size
      album.explicit = part.explicit
      if (part.genres) album.genres = part.genres
    }
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
