import type { Database } from '../db/database.ts'
import { chunks } from './chunks.ts'
import type { Condition } from './condition.ts'
import type { Explicit } from './entities.ts'
import { jsonIds } from './json-column.ts'

/** What a viewer sees of an album. */
export interface AlbumPart {
  readonly songCount: number
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
const CHUNK = 200

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

  /** In chunks, each up to a `yield`. `visible` is on the alias `s` of a song. */
  static *workOut(db: Database, albums: readonly number[], visible: Condition): Generator<void, PartialAlbums, void> {
    const parts = new Map<number, AlbumPart>()
    for (const chunk of chunks(albums, CHUNK)) {
      for (const [id, part] of albumParts(db, chunk, visible)) parts.set(id, part)
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

/** Of albums with a visible song; `visible` is on the alias `s`. */
export function albumParts(
  db: Database,
  albums: readonly number[],
  visible: Condition,
): ReadonlyMap<number, AlbumPart> {
  const found = songsLeft(db, albums, visible)
  const genres = genresLeft(db, found, visible)
  return new Map(
    [...found].map(([id, { songCount, durationMs, size, explicit }]) => [
      id,
      { songCount, durationMs, size, explicit, genres: genres.get(id) },
    ]),
  )
}

interface SongsLeft {
  readonly first: number
  songCount: number
  durationMs: number
  size: number
  explicit: Explicit
}

/** By indexes that hold all that is read. */
function songsLeft(db: Database, albums: readonly number[], visible: Condition): ReadonlyMap<number, SongsLeft> {
  const found = new Map<number, SongsLeft>()
  db.select(
    `SELECT s.album_id, s.id, s.duration_ms, s.size, s.explicit
     FROM json_each(?) t CROSS JOIN song x INDEXED BY song_album ON x.album_id = t.value AND x.missing = 0
       CROSS JOIN song s INDEXED BY song_page ON s.missing = 0 AND s.id = x.id
     WHERE ${visible.sql}`,
    [jsonIds(albums), ...visible.params],
    (row) => {
      const id = row.number(0)
      const left = found.get(id) ?? { first: row.number(1), songCount: 0, durationMs: 0, size: 0, explicit: '' }
      found.set(id, left)
      left.songCount++
      left.durationMs += row.number(2)
      left.size += row.number(3)
      const explicit = row.text(4) as Explicit
      if (explicit > left.explicit) left.explicit = explicit
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
    `SELECT s.album_id, g.name FROM json_each(?) t
     CROSS JOIN song s INDEXED BY song_album ON s.album_id = t.value AND s.missing = 0
     CROSS JOIN song_genre sg ON sg.song_id = s.id CROSS JOIN genre g ON g.id = sg.genre_id WHERE ${visible.sql}`,
    [jsonIds([...genres.keys()]), ...visible.params],
    (row) => {
      const known = genres.get(row.number(0))
      const name = row.text(1)
      if (known && !known.includes(name)) known.push(name)
    },
  )
  return genres
}
