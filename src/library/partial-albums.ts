import type { Database } from '../db/database.ts'
import type { Explicit } from './entities.ts'
import { jsonIds } from './json-column.ts'
import type { Condition } from './scope-sql.ts'
import { slices } from './slices.ts'

/** By album what denials and grants take away and add, in ms and bytes. */
export type AlbumChanges = ReadonlyMap<number, { readonly durationMs: number; readonly size: number }>

export interface AlbumPart {
  readonly songCount: number
  /** To be added to what the album has where its library is open, else to 0. */
  readonly durationMs: number
  readonly size: number
  readonly explicit: Explicit
  /** Absent: all that the album has. */
  readonly genres: readonly string[] | undefined
}

const EXPLICIT: readonly Explicit[] = ['', 'c', 'e']
/** Numbers an album: songs, duration, size, place in EXPLICIT. */
const WIDTH = 4

/** Some milliseconds of work. */
const SLICE = 200

/** What a scope leaves of each album that it shows in part; some tens of bytes an album. */
export class PartialAlbums {
  /** Ascending. */
  readonly #ids: Int32Array
  readonly #numbers: Float64Array
  readonly #genres: ReadonlyMap<number, readonly string[]>

  private constructor(parts: ReadonlyMap<number, AlbumPart>) {
    this.#ids = Int32Array.from(parts.keys()).sort()
    this.#numbers = new Float64Array(this.#ids.length * WIDTH)
    const genres = new Map<number, readonly string[]>()
    this.#ids.forEach((id, index) => {
      const { songCount, durationMs, size, explicit, genres: left } = parts.get(id) as AlbumPart
      this.#numbers.set([songCount, durationMs, size, EXPLICIT.indexOf(explicit)], index * WIDTH)
      if (left) genres.set(id, left)
    })
    this.#genres = genres
  }

  /** In slices, each up to a `yield`. `visible` is on the alias `x` of a song. */
  static *workOut(db: Database, changes: AlbumChanges, visible: Condition): Generator<void, PartialAlbums, void> {
    const parts = new Map<number, AlbumPart>()
    for (const albums of slices([...changes.keys()], SLICE)) {
      const found = songsLeft(db, albums, visible)
      const genres = genresLeft(db, found, visible)
      for (const [id, { songs, explicit }] of found) {
        const { durationMs = 0, size = 0 } = changes.get(id) ?? {}
        parts.set(id, { songCount: songs, durationMs, size, explicit, genres: genres.get(id) })
      }
      yield
    }
    return new PartialAlbums(parts)
  }

  of(album: number): AlbumPart | undefined {
    const index = this.#find(album)
    if (index < 0) return undefined
    const [songCount = 0, durationMs = 0, size = 0, explicit = 0] = this.#numbers.subarray(index * WIDTH)
    return { songCount, durationMs, size, explicit: EXPLICIT[explicit] ?? '', genres: this.#genres.get(album) }
  }

  #find(album: number): number {
    let low = 0
    let high = this.#ids.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const id = this.#ids[middle] as number
      if (id === album) return middle
      if (id < album) low = middle + 1
      else high = middle - 1
    }
    return -1
  }
}

interface SongsLeft {
  songs: number
  readonly first: number
  explicit: Explicit
}

function songsLeft(db: Database, albums: readonly number[], visible: Condition): ReadonlyMap<number, SongsLeft> {
  const found = new Map<number, SongsLeft>()
  db.select(
    `SELECT x.album_id, x.id, x.explicit FROM json_each(?) t
     CROSS JOIN song x INDEXED BY song_album ON x.album_id = t.value AND x.missing = 0 WHERE ${visible.sql}`,
    [jsonIds(albums), ...visible.params],
    (row) => {
      const known = found.get(row.number(0))
      const explicit = row.text(2) as Explicit
      if (!known) found.set(row.number(0), { songs: 1, first: row.number(1), explicit })
      else {
        known.songs++
        if (explicit > known.explicit) known.explicit = explicit
      }
    },
  )
  return found
}

/**
 * The genres of the visible songs, of albums that have more. Mostly one song has all genres that its album has; only
 * where it hasn't the others are asked.
 */
function genresLeft(
  db: Database,
  albums: ReadonlyMap<number, SongsLeft>,
  visible: Condition,
): ReadonlyMap<number, readonly string[]> {
  const genres = new Map<number, string[]>()
  db.select(
    `SELECT t.value ->> 0 FROM json_each(?) t WHERE EXISTS (
       SELECT 1 FROM album_genre ag WHERE ag.album_id = t.value ->> 0 AND NOT EXISTS (
         SELECT 1 FROM song_genre sg WHERE sg.song_id = t.value ->> 1 AND sg.genre_id = ag.genre_id))`,
    [JSON.stringify([...albums].map(([id, { first }]) => [id, first]))],
    (row) => genres.set(row.number(0), []),
  )
  if (genres.size === 0) return genres
  db.select(
    `SELECT x.album_id, g.name FROM json_each(?) t
     CROSS JOIN song x INDEXED BY song_album ON x.album_id = t.value AND x.missing = 0
     CROSS JOIN song_genre sg ON sg.song_id = x.id CROSS JOIN genre g ON g.id = sg.genre_id WHERE ${visible.sql}`,
    [jsonIds([...genres.keys()]), ...visible.params],
    (row) => {
      const known = genres.get(row.number(0))
      const name = row.text(1)
      if (known && !known.includes(name)) known.push(name)
    },
  )
  return genres
}
