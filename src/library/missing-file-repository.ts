import type { LibraryId, SongId } from '../base/ids.ts'
import type { RowReader, SqlValue } from '../db/database.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'
import { removeOrphans } from './remove-library.ts'
import { takeOut } from './search-index.ts'

/** A song whose file is gone: its row waits, with stars and plays, for the file to come back or for a purge. */
export interface MissingFile {
  readonly id: SongId
  readonly libraryId: LibraryId
  /** Relative to the library's root. */
  readonly path: string
  readonly title: string
  readonly album: string
  readonly artist: string
  readonly size: number
  readonly durationMs: number
  /** Missing songs of the same album, this one among them. */
  readonly missingInAlbum: number
  /** When a scan found it gone, ms since 1970. */
  readonly missingSince: number
}

export type MissingFileSort = 'path' | 'title' | 'album' | 'artist' | 'size' | 'missingSince' | 'id'

export type MissingFileText = 'path' | 'title' | 'album' | 'artist'

export interface MissingFileQuery {
  readonly libraries?: readonly LibraryId[]
  readonly ids?: readonly SongId[]
  /** How the text begins, whatever the case of a to z; one of these for each named. */
  readonly beginnings?: Readonly<Partial<Record<MissingFileText, readonly string[]>>>
  /** Only songs with a greater id, by id: for walking over all of them. */
  readonly afterId?: SongId
  /** Default path. */
  readonly sort?: MissingFileSort
  readonly descending?: boolean
  readonly limit: number
  readonly offset?: number
}

/** For administrators: rows of all libraries. */
export interface MissingFileRepository {
  list(query: MissingFileQuery): readonly MissingFile[]
  count(query: Pick<MissingFileQuery, 'libraries' | 'ids' | 'beginnings'>): number
  /**
   * Removes these rows for good, with stars, ratings, playlist entries and bookmarks; rows that are not missing stay. Call
   * with slices of at most some hundred. @returns the ids that went.
   */
  remove(ids: readonly SongId[]): readonly SongId[]
  /** After removals: empty albums, folders, artists and genres go, and the libraries' counts are put right. */
  tidy(libraries: readonly LibraryId[]): void
}

const TEXTS: readonly MissingFileText[] = ['path', 'title', 'album', 'artist']

const ORDER: Readonly<Record<MissingFileSort, string>> = {
  path: 's.library_id, s.path',
  title: 's.order_title, s.id',
  album: 's.album, s.path',
  artist: 's.artist, s.path',
  size: 's.size, s.id',
  missingSince: 's.missing_since, s.id',
  id: 's.id',
}

export function createMissingFileRepository({ db }: LibraryContext): MissingFileRepository {
  const conditionOf = ({ libraries, ids, beginnings = {}, afterId }: Omit<MissingFileQuery, 'limit'>) => {
    // What a library holds that left the configuration is not lost.
    const parts = ["s.missing = 1 AND s.library_id NOT IN (SELECT id FROM library WHERE state = 'missing')"]
    const params: SqlValue[] = []
    if (libraries) {
      parts.push('s.library_id IN (SELECT value FROM json_each(?))')
      params.push(jsonIds(libraries))
    }
    if (ids) {
      parts.push('s.id IN (SELECT value FROM json_each(?))')
      params.push(jsonIds(ids))
    }
    for (const text of TEXTS) {
      const wanted = beginnings[text]
      if (!wanted) continue
      parts.push(`EXISTS (SELECT 1 FROM json_each(?) b WHERE s.${text} LIKE b.value ESCAPE '!')`)
      params.push(JSON.stringify(wanted.map((value) => `${value.replace(/[!%_]/g, '!$&')}%`)))
    }
    if (afterId !== undefined) {
      parts.push('s.id > ?')
      params.push(afterId)
    }
    return { sql: parts.join(' AND '), params }
  }
  return {
    list: (query) => {
      const { sql, params } = conditionOf(query)
      const order = ORDER[query.sort ?? 'path']
      const sorted = query.descending ? order.replaceAll(',', ' DESC,').concat(' DESC') : order
      return db.select(
        `SELECT s.id, s.library_id, s.path, s.title, s.album, s.artist, s.size, s.duration_ms,
           coalesce(s.missing_since, s.updated_at),
           (SELECT count(*) FROM song o WHERE o.album_id = s.album_id AND o.missing = 1)
         FROM song s WHERE ${sql} ORDER BY ${sorted} LIMIT ? OFFSET ?`,
        [...params, query.limit, query.offset ?? 0],
        readFile,
      )
    },
    count: (query) => {
      const { sql, params } = conditionOf(query)
      return db.select(`SELECT count(*) FROM song s WHERE ${sql}`, params, (row) => row.number(0))[0] ?? 0
    },
    remove: (ids) =>
      db.transaction(() => {
        const gone = db.select(
          'SELECT id FROM song WHERE missing = 1 AND id IN (SELECT value FROM json_each(?))',
          [jsonIds(ids)],
          (row) => row.number(0) as SongId,
        )
        const list = jsonIds(gone)
        takeOut(db, 'song', gone)
        db.run('DELETE FROM annotation WHERE kind = ? AND item_id IN (SELECT value FROM json_each(?))', [
          KIND.song,
          list,
        ])
        db.run('DELETE FROM song WHERE id IN (SELECT value FROM json_each(?))', [list])
        return gone
      }),
    tidy: (libraries) => {
      removeOrphans(db)
      db.run(
        `UPDATE library SET missing_count = (SELECT count(*) FROM song s WHERE s.library_id = library.id AND s.missing = 1)
         WHERE id IN (SELECT value FROM json_each(?))`,
        [jsonIds(libraries)],
      )
    },
  }
}

function readFile(row: RowReader): MissingFile {
  return {
    id: row.number(0) as SongId,
    libraryId: row.number(1) as LibraryId,
    path: row.text(2),
    title: row.text(3),
    album: row.text(4),
    artist: row.text(5),
    size: row.number(6),
    durationMs: row.number(7),
    missingSince: row.number(8),
    missingInAlbum: row.number(9),
  }
}
