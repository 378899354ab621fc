import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { UserId } from '../../base/ids.ts'
import { all, type Condition } from '../condition.ts'
import type { Viewer } from '../entities.ts'
import type { LibraryContext } from '../library-context.ts'
import type { ScopeSql } from '../scope-sql.ts'
import { compileFilters } from './compile-filter.ts'
import { Marks } from './marks.ts'
import type { Resource, ResourceQuery, ScopedSql, Sort } from './resource.ts'
import { shuffledBy } from './seeded-order.ts'

/** All orders together: ten of 100,000 songs, or many of what filters leave. */
const MAX_BYTES = 4 * 1024 * 1024
/** What an entry takes beside its numbers, generously: lists of one item are many. */
const ENTRY_BYTES = 1024
/** Readers whose last draw is remembered, so that the second page of a random list goes with its first. */
const MAX_DRAWS = 256
const RANDOM_ORDERS = 2

/**
 * Whole lists as numbers: ids of what a viewer sees and filters leave, in order. The database works a list out once; it is
 * kept while the catalogue stands still, so that all pages cost the same and the number of all is known. Four bytes an item.
 */
export class ItemOrders {
  readonly #context: LibraryContext
  readonly #kept = new LRUCache<string, Int32Array>({
    maxSize: MAX_BYTES,
    sizeCalculation: (order) => order.byteLength + ENTRY_BYTES,
  })
  /** Apart: draws are many, and must not push out what is asked for again. */
  readonly #random = new LRUCache<string, Int32Array>({ max: RANDOM_ORDERS })
  readonly #draws = new LRUCache<string, string>({ max: MAX_DRAWS })
  #version = -1

  constructor(context: LibraryContext) {
    this.#context = context
  }

  /** Row ids of all items that match; not to be changed. */
  order(viewer: Viewer, resource: Resource, query: ResourceQuery): Int32Array {
    const context = this.#context
    const { userId } = viewer
    const scope = context.scope(viewer)
    const filters = compileFilters({ context, scope, userId, resource }, query.filters)
    const where = all(scope[resource.table]('i'), filters.condition)
    const key = `${resource.table} ${scope.key} ${filters.key}${filters.personal ? this.#personal(userId) : ''}`
    const sort = sortOf(resource, query.sort)
    if (sort.by === 'columns') {
      const suffix = `${query.sort} ${query.descending}`
      return this.#keep(`${key} ${suffix}`, () =>
        this.#read(scope, resource, { where, sort, descending: query.descending, filtered: filters.key !== '[]' }),
      )
    }
    const byId = this.#keep(`${key} id`, () =>
      this.#read(scope, resource, { where, sort: BY_ID, descending: false, filtered: true }),
    )
    if (sort.by === 'chance') {
      const seed = this.#seed(`${resource.table} ${userId}`, query)
      return this.#keep(`${key} random ${seed}`, () => shuffledBy(byId, seed), this.#random)
    }
    const { mark } = sort
    return this.#keep(`${key} ${mark} ${query.descending}${this.#personal(userId)}`, () =>
      byMark(byId, new Marks(context, userId, resource.kind).of(mark), query.descending),
    )
  }

  #read(
    scope: ScopeSql,
    resource: Resource,
    {
      where,
      sort,
      descending,
      filtered,
    }: { where: Condition; sort: ColumnSort; descending: boolean; filtered: boolean },
  ): Int32Array {
    const direction = descending ? ' DESC' : ''
    const columns = [...sort.columns, 'i.id'].map((column) => expression(column, scope))
    const from = (filtered ? undefined : sort.walk) ?? `${resource.table} i ${sort.joins ?? ''}`
    const ids: number[] = []
    this.#context.db.select(
      `SELECT i.id FROM ${from} WHERE ${where.sql}
       ORDER BY ${columns.map(({ sql }) => sql + direction).join(', ')}`,
      [...where.params, ...columns.flatMap(({ params }) => params)],
      (row) => ids.push(row.number(0)),
    )
    return Int32Array.from(ids)
  }

  /** Moves with what any user does: their stars and plays are few beside the pages that are read. */
  #personal(userId: UserId): string {
    return ` ${userId} ${this.#context.personal.version} ${this.#context.plays.version}`
  }

  /** Without one of the client's, a draw lasts from a first page to the next. */
  #seed(reader: string, { filters, offset }: ResourceQuery): string {
    const given = filters.get('seed')?.[0]
    if (given !== undefined) return given
    const known = offset > 0 ? this.#draws.get(reader) : undefined
    const seed = known ?? `${Math.random()}`
    this.#draws.set(reader, seed)
    return seed
  }

  #keep(key: string, work: () => Int32Array, kept = this.#kept): Int32Array {
    const { version } = this.#context.catalogue
    if (version !== this.#version) {
      this.#kept.clear()
      this.#random.clear()
      this.#version = version
    }
    const short = key.length <= 200 ? key : createHash('sha256').update(key).digest('base64')
    const known = kept.get(short)
    if (known) return known
    const order = work()
    kept.set(short, order)
    return order
  }
}

type ColumnSort = Extract<Sort, { by: 'columns' }>
const BY_ID: ColumnSort = { by: 'columns', columns: [] }

function sortOf({ sorts, defaultSort }: Resource, name: string): Sort {
  const known = Object.hasOwn(sorts, name) ? sorts[name] : sorts[defaultSort]
  return known ?? BY_ID
}

function expression(column: string | ScopedSql, scope: ScopeSql): Condition {
  return typeof column === 'string' ? { sql: column, params: [] } : column(scope)
}

/** The marked ones by their mark, at the end that is higher; the others by id. */
function byMark(ids: Int32Array, marks: ReadonlyMap<number, number>, descending: boolean): Int32Array {
  const sign = descending ? -1 : 1
  const marked: number[] = []
  const others: number[] = []
  for (const id of ids) (marks.has(id) ? marked : others).push(id)
  marked.sort((a, b) => ((marks.get(a) ?? 0) - (marks.get(b) ?? 0) || a - b) * sign)
  return Int32Array.from(descending ? [...marked, ...others] : [...others, ...marked])
}
