import { createHash } from 'node:crypto'
import { type AccessScope, isWholeLibraries } from '../base/access-scope.ts'
import type { LibraryId } from '../base/ids.ts'
import type { SqlValue } from '../db/database.ts'
import { ALWAYS, all, type Condition } from './condition.ts'
import { isAtOrBelow, pathRanges } from './folder-range.ts'
import { nameKey } from './name-key.ts'
import type { ScopeMarks } from './scope-marks.ts'

/**
 * A scope as SQL. Every condition excludes what is missing. Names are the aliases of the tables in the query around;
 * library conditions carry a unary plus, so that the planner never walks an index by library and sorts the rest.
 */
export interface ScopeSql {
  /** Equal scopes have equal keys. */
  readonly key: string
  /** Only whole libraries decide: stored totals are right. */
  readonly whole: boolean
  /** Whether a column holds a visible library's id; grants and denials aside. */
  library(column: string): Condition
  /** The same for one library; grants and denials aside. */
  holds(library: number): boolean
  song(alias: string): Condition
  /** An album, artist or folder exists when one of its songs is visible. */
  album(alias: string): Condition
  artist(alias: string): Condition
  folder(alias: string): Condition
  /** What the scope does to each item, worked out; absent while the catalogue moves. The conditions then are cheap. */
  readonly marks?: ScopeMarks
}

export function compileScope(scope: AccessScope): ScopeSql {
  const whole = isWholeLibraries(scope)
  const libraries = scope.libraries === 'all' ? 'all' : [...new Set(scope.libraries)].sort((a, b) => a - b)
  const library = (column: string) => libraryCondition(column, libraries)
  const denials = denialsOf(scope)
  const grants = scope.grants && scope.grants.length > 0 ? JSON.stringify(scope.grants) : undefined

  const song = (alias: string): Condition => {
    const present: Condition = { sql: `${alias}.missing = 0`, params: [] }
    const open = all(library(`${alias}.library_id`), ...denials.map((denial) => denial(alias)))
    if (grants === undefined) return all(present, open)
    return all(present, {
      sql: `(${open.sql} OR ${alias}.id IN (SELECT value FROM json_each(?)))`,
      params: [...open.params, grants],
    })
  }
  const present = (alias: string, extra = ''): Condition => ({ sql: `${alias}.missing = 0${extra}`, params: [] })
  const bySong = (alias: string, from: string, where: string): Condition => {
    const visible = song('vs')
    return all(present(alias), {
      sql: `EXISTS (SELECT 1 FROM ${from} WHERE ${where} AND ${visible.sql})`,
      params: visible.params,
    })
  }

  return {
    key: keyOf([libraries, scope.deny ?? null, scope.grants ?? null]),
    whole,
    library,
    holds: (id) => libraries === 'all' || libraries.includes(id as LibraryId),
    song,
    album: (alias) =>
      whole
        ? all(present(alias), library(`${alias}.library_id`))
        : bySong(alias, 'song vs', `vs.album_id = ${alias}.id`),
    artist: (alias) => {
      if (!whole)
        return bySong(
          alias,
          'song_artist vc CROSS JOIN song vs INDEXED BY song_page ON vs.id = vc.song_id',
          `vc.artist_id = ${alias}.id`,
        )
      const inLibrary = library('vt.library_id')
      return all(present(alias), {
        sql: `EXISTS (SELECT 1 FROM artist_stats vt WHERE vt.artist_id = ${alias}.id AND vt.role = '' AND vt.song_count > 0 AND ${inLibrary.sql})`,
        params: inLibrary.params,
      })
    },
    folder: (alias) =>
      whole
        ? all(present(alias, ` AND ${alias}.total_songs > 0`), library(`${alias}.library_id`))
        : bySong(
            alias,
            'folder vf CROSS JOIN song vs INDEXED BY song_folder ON vs.folder_id = vf.id',
            isAtOrBelow('vf', alias),
          ),
  }
}

/** Short enough to be part of many keys, however long the lists are. */
function keyOf(parts: readonly unknown[]): string {
  const text = JSON.stringify(parts)
  return text.length <= 64 ? text : createHash('sha256').update(text).digest('base64')
}

function libraryCondition(column: string, libraries: 'all' | readonly number[]): Condition {
  if (libraries === 'all') return ALWAYS
  if (libraries.length === 0) return { sql: '0', params: [] }
  if (libraries.length === 1) return { sql: `+${column} = ?`, params: [libraries[0] as number] }
  return { sql: `+${column} IN (SELECT value FROM json_each(?))`, params: [JSON.stringify(libraries)] }
}

/** Each kind of denial as a condition on a song. Lists go in as JSON, so that the texts stay few. */
function denialsOf(scope: AccessScope): readonly ((alias: string) => Condition)[] {
  const deny = scope.deny
  if (!deny) return []
  const denials: ((alias: string) => Condition)[] = []
  const list = (values: readonly SqlValue[] | undefined, sql: (alias: string) => string) => {
    if (!values || values.length === 0) return
    const params = [JSON.stringify(values)]
    denials.push((alias) => ({ sql: sql(alias), params }))
  }
  if (deny.explicit) denials.push((alias) => ({ sql: `${alias}.explicit <> 'e'`, params: [] }))
  list(deny.songs, (alias) => `${alias}.id NOT IN (SELECT value FROM json_each(?))`)
  list(deny.albums, (alias) => `${alias}.album_id NOT IN (SELECT value FROM json_each(?))`)
  const ranges = deny.paths?.map(pathRanges)
  if (ranges?.includes(undefined)) denials.push(() => ({ sql: '0', params: [] }))
  else if (ranges && ranges.length > 0) {
    const params = [JSON.stringify(ranges.flat())]
    denials.push((alias) => ({
      sql: `${alias}.folder_id NOT IN (SELECT df.id FROM json_each(?) dp CROSS JOIN folder df
        WHERE df.library_id = dp.value ->> 0 AND df.path BETWEEN dp.value ->> 1 AND dp.value ->> 2)`,
      params,
    }))
  }
  list(
    deny.artists,
    (alias) => `NOT EXISTS (SELECT 1 FROM song_artist dc
      WHERE dc.song_id = ${alias}.id AND dc.artist_id IN (SELECT value FROM json_each(?)))`,
  )
  list(
    deny.genres?.map(nameKey),
    (alias) => `NOT EXISTS (SELECT 1 FROM song_genre dg WHERE dg.song_id = ${alias}.id
      AND dg.genre_id IN (SELECT id FROM genre WHERE key IN (SELECT value FROM json_each(?))))`,
  )
  return denials
}
