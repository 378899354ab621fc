import type { AccessScope } from '../base/access-scope.ts'
import type { Database, RowReader, SqlParams } from '../db/database.ts'
import { chunks } from './chunks.ts'
import { type Condition, type ItemTable, markCondition } from './condition.ts'
import { firstColumn } from './first-column.ts'
import { isAtOrBelow, pathRanges } from './folder-range.ts'
import type { IdleWork } from './idle-work.ts'
import { jsonIds } from './json-column.ts'
import { nameKey } from './name-key.ts'
import { PartialAlbums } from './partial-albums.ts'

/** What a scope's denials and grants do to one item. */
export const MARK = {
  /** Nothing: the libraries decide, and stored counts are right. */
  untouched: 0,
  /** Visible, in part or by a grant: counts are made anew. */
  partial: 1,
  hidden: 2,
} as const

/** Ids as the largest list that goes into one statement. */
const CHUNK = 5000

/**
 * The denials and grants of one scope, applied once to a library that stands still: a byte (`MARK`) for each id, the first
 * for id 1. Worked out from the side of what is denied, so the price is that of what is hidden, not that of the library;
 * albums, artists and folders only when they are asked for. Ids past the end count as hidden.
 */
export class ScopeMarks {
  readonly #db: Database
  readonly #library: (column: string) => Condition
  readonly #ofSongs: Uint8Array
  readonly #marks = new Map<ItemTable, Uint8Array>()
  /** Of songs hidden or granted. */
  readonly #songs: readonly number[]
  readonly #touchedAlbums: ReadonlySet<number>
  readonly #folders: ReadonlySet<number>
  readonly #idle: IdleWork
  #areAlbumsAsked = false
  #albums: PartialAlbums | undefined

  /** `library`: whether a column holds the id of a library that the scope allows. */
  constructor(db: Database, idle: IdleWork, scope: AccessScope, library: (column: string) => Condition) {
    this.#db = db
    this.#idle = idle
    this.#library = library
    const marks = this.#empty('song')
    const songs: number[] = []
    const albums = new Set<number>()
    const folders = new Set<number>()
    const touch = (mark: number) => (row: RowReader) => {
      const id = row.number(0)
      if (marks[id - 1] !== MARK.untouched) return
      marks[id - 1] = mark
      songs.push(id)
      albums.add(row.number(1))
      folders.add(row.number(2))
    }
    for (const [sql, params] of grantedSongs(scope)) db.select(sql, params, touch(MARK.partial))
    for (const [sql, params] of deniedSongs(scope, library('s.library_id'))) db.select(sql, params, touch(MARK.hidden))
    this.#ofSongs = marks
    this.#songs = songs
    this.#touchedAlbums = albums
    this.#folders = folders
  }

  /** Nothing is hidden and nothing granted: whole libraries decide. */
  get isEmpty(): boolean {
    return this.#songs.length === 0
  }

  /** Bytes held when all kinds have been asked for, about. */
  get bytes(): number {
    return this.#ofSongs.length * 2 + this.#songs.length * 8 + this.#touchedAlbums.size * 150 + 1024
  }

  of(table: ItemTable): Uint8Array {
    if (table === 'song') return this.#ofSongs
    let marks = this.#marks.get(table)
    if (!marks) {
      marks = this.#work(table)
      this.#marks.set(table, marks)
    }
    return marks
  }

  /** What is left of the albums marked `partial`; worked out between requests, absent until it is all there. */
  get albums(): PartialAlbums | undefined {
    if (!this.#areAlbumsAsked) this.#idle.add(this.#workOutAlbums())
    this.#areAlbumsAsked = true
    return this.#albums
  }

  isTouched(table: ItemTable, id: number): boolean {
    return this.of(table)[id - 1] !== MARK.untouched
  }

  /** On a song's alias, its missing rows left out. */
  song(alias: string): Condition {
    const mark = markCondition(`${alias}.id`, this.of('song'), { untouched: this.#library(`${alias}.library_id`) })
    return { sql: `${alias}.missing = 0 AND ${mark.sql}`, params: mark.params }
  }

  #empty(table: ItemTable): Uint8Array {
    return new Uint8Array(this.#db.select(`SELECT max(id) FROM ${table}`, [], firstColumn)[0] ?? 0)
  }

  /** Items that a touched song hangs on are looked at one by one; each is hidden unless a visible song is found. */
  #work(table: Exclude<ItemTable, 'song'>): Uint8Array {
    const marks = this.#empty(table)
    const [ids, found] = this.#touched(table)
    const visible = this.song('vs')
    for (const list of chunks(ids, CHUNK)) {
      for (const id of list) marks[id - 1] = MARK.hidden
      this.#db.select(
        `SELECT t.value FROM json_each(?) t WHERE EXISTS (SELECT 1 FROM ${found} AND ${visible.sql})`,
        [jsonIds(list), ...visible.params],
        (row) => {
          marks[row.number(0) - 1] = MARK.partial
        },
      )
    }
    return marks
  }

  /** Ids, and where the songs of the item `t.value` are found. */
  #touched(table: Exclude<ItemTable, 'song'>): readonly [readonly number[], string] {
    switch (table) {
      case 'album':
        return [[...this.#touchedAlbums], 'song vs INDEXED BY song_album WHERE vs.album_id = t.value']
      case 'artist':
        return [
          this.#related(
            'SELECT artist_id FROM song_artist WHERE song_id IN (SELECT value FROM json_each(?))',
            this.#songs,
          ),
          'song_artist vc CROSS JOIN song vs INDEXED BY song_page ON vs.id = vc.song_id WHERE vc.artist_id = t.value',
        ]
      case 'folder':
        return [
          this.#related(
            `WITH RECURSIVE up (id) AS (SELECT value FROM json_each(?)
               UNION SELECT f.parent_id FROM up CROSS JOIN folder f ON f.id = up.id WHERE f.parent_id IS NOT NULL)
             SELECT id FROM up`,
            [...this.#folders],
          ),
          `folder tf CROSS JOIN folder vf ON ${isAtOrBelow('vf', 'tf')}
             CROSS JOIN song vs INDEXED BY song_folder ON vs.folder_id = vf.id WHERE tf.id = t.value`,
        ]
    }
  }

  *#workOutAlbums(): Generator<void> {
    this.#albums = yield* PartialAlbums.workOut(this.#db, [...this.#touchedAlbums], this.song('s'))
  }

  #related(sql: string, ids: readonly number[]): readonly number[] {
    const found = new Set<number>()
    for (const list of chunks(ids, CHUNK))
      for (const id of this.#db.select(sql, [jsonIds(list)], firstColumn)) found.add(id)
    return [...found]
  }
}

type Query = readonly [sql: string, params: SqlParams]

const READ = 'SELECT s.id, s.album_id, s.folder_id'
const BY_ID = 'CROSS JOIN song s INDEXED BY song_page ON s.missing = 0 AND s.id'

function grantedSongs(scope: AccessScope): readonly Query[] {
  if (!scope.grants || scope.grants.length === 0) return []
  return [[`${READ} FROM json_each(?) g ${BY_ID} = g.value`, [JSON.stringify(scope.grants)]]]
}

/** By each denial the songs that it hides, of the libraries that the scope allows; each by an index of its own. */
function deniedSongs(scope: AccessScope, library: Condition): readonly Query[] {
  const deny = scope.deny
  // Where no library is allowed nothing is left to deny; a partial index with a condition that is never true is no plan.
  if (!deny || scope.libraries.length === 0) return []
  const queries: Query[] = []
  const denied = (values: readonly (string | number | readonly unknown[])[] | undefined, from: string) => {
    if (values && values.length > 0)
      queries.push([`${READ} FROM ${from} AND ${library.sql}`, [JSON.stringify(values), ...library.params]])
  }
  if (deny.explicit)
    queries.push([
      `${READ} FROM song s INDEXED BY song_explicit WHERE s.missing = 0 AND s.explicit = 'e' AND ${library.sql}`,
      library.params,
    ])
  denied(deny.songs, `json_each(?) d ${BY_ID} = d.value`)
  denied(
    deny.albums,
    'json_each(?) d CROSS JOIN song s INDEXED BY song_album ON s.album_id = d.value AND s.missing = 0',
  )
  denied(deny.artists, `json_each(?) d CROSS JOIN song_artist c ON c.artist_id = d.value ${BY_ID} = c.song_id`)
  denied(
    deny.genres?.map(nameKey),
    `json_each(?) d CROSS JOIN genre g ON g.key = d.value CROSS JOIN song_genre sg ON sg.genre_id = g.id ${BY_ID} = sg.song_id`,
  )
  denied(
    deny.paths?.flatMap((path) => pathRanges(path) ?? []),
    `json_each(?) d CROSS JOIN folder f
       ON f.library_id = d.value ->> 0 AND f.path BETWEEN d.value ->> 1 AND d.value ->> 2
     CROSS JOIN song s INDEXED BY song_folder ON s.folder_id = f.id AND s.missing = 0`,
  )
  return queries
}
