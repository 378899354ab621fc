import { LRUCache } from 'lru-cache'
import type { SqlParams } from '../db/database.ts'
import type { LibraryContext } from './library-context.ts'
import { MARK } from './scope-marks.ts'
import type { ScopeSql } from './scope-sql.ts'

/** All orders together; one of 10,000 albums takes 80 KB. */
const MAX_BYTES = 1024 * 1024
/** More albums than that, and pages are read from the database each time. */
const MOST_ALBUMS = 50_000

export interface AlbumOrderQuery {
  /** Equal queries have equal keys. */
  readonly key: string
  /** Reads `id, library_id` of all present albums in order. */
  readonly sql: string
  readonly params: SqlParams
}

/**
 * Whole orders of albums as numbers, for pages at any depth and under any scope: the page is picked by walking the list,
 * some nanoseconds an album. Kept from the second use on while the catalogue stands still; it is read for one page and
 * thrown away all the time while a scan runs, which is not worth it.
 */
export class AlbumOrders {
  readonly #context: LibraryContext
  readonly #kept = new LRUCache<string, Int32Array>({
    maxSize: MAX_BYTES,
    sizeCalculation: (one) => one.byteLength + 64,
  })
  readonly #asked = new LRUCache<string, true>({ max: 64 })
  #version = -1

  constructor(context: LibraryContext) {
    this.#context = context
  }

  /** Undefined: ask the database. */
  page(
    scope: ScopeSql,
    query: AlbumOrderQuery,
    { limit, offset }: { readonly limit: number; readonly offset: number },
  ): readonly number[] | undefined {
    if (!scope.whole && !scope.marks) return undefined
    const order = this.#order(query)
    if (!order) return undefined
    const marks = scope.marks?.of('album')
    const ids: number[] = []
    let skip = offset
    for (let index = 0; index < order.length && ids.length < limit; index += 2) {
      const id = order[index] as number
      const mark = marks ? marks[id - 1] : MARK.untouched
      const visible = mark === MARK.untouched ? scope.holds(order[index + 1] as number) : mark === MARK.partial
      if (visible && skip-- <= 0) ids.push(id)
    }
    return ids
  }

  #order({ key, sql, params }: AlbumOrderQuery): Int32Array | undefined {
    const { db, catalogue } = this.#context
    if (catalogue.version !== this.#version) {
      this.#kept.clear()
      this.#asked.clear()
      this.#version = catalogue.version
    }
    const known = this.#kept.get(key)
    if (known) return known
    if (!this.#asked.has(key)) {
      this.#asked.set(key, true)
      return undefined
    }
    const numbers: number[] = []
    db.select(`${sql} LIMIT ${MOST_ALBUMS + 1}`, params, (row) => {
      numbers.push(row.number(0), row.number(1))
    })
    if (numbers.length > MOST_ALBUMS * 2) return undefined
    const order = Int32Array.from(numbers)
    this.#kept.set(key, order)
    return order
  }
}
