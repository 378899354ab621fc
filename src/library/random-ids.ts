import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import type { Condition } from './scope-sql.ts'
import { firstColumn, type ItemTable } from './visible-ids.ts'

interface RandomDraw {
  readonly table: ItemTable
  /** On the alias `i`. */
  readonly visible: Condition
  readonly limit: number
  /** A query for the same ids by a way that is short when they are few; absent: over the whole table. */
  readonly walk?: Condition
}

const ROUNDS = 6
/** Ids tried in one round, at most: one statement's list. */
const MOST_TRIED = 4000

/**
 * Different visible ids, each as likely as any other. Throws darts at the id space, which costs the same in any library;
 * where they seldom hit (much is hidden or gone), the rest is drawn by a walk over the narrow index.
 */
export function randomIds(context: LibraryContext, draw: RandomDraw): number[] {
  const { db } = context
  const { table, visible, limit } = draw
  if (limit <= 0) return []
  const highest = db.select(`SELECT max(id) FROM ${table}`, [], firstColumn)[0] ?? 0
  const chosen = new Set<number>()
  const tried = new Set<number>()
  for (let round = 0; round < ROUNDS && chosen.size < limit && tried.size < highest; round++) {
    const darts: number[] = []
    const wanted = Math.min(MOST_TRIED, highest, 16 + (limit - chosen.size) * 2)
    for (let throws = 0; throws < wanted * 2 && darts.length < wanted; throws++) {
      const id = 1 + Math.floor(Math.random() * highest)
      if (tried.has(id)) continue
      tried.add(id)
      darts.push(id)
    }
    const hits = db.select(
      `SELECT i.id FROM ${table} i WHERE i.id IN (SELECT value FROM json_each(?)) AND ${visible.sql}`,
      [jsonIds(darts), ...visible.params],
      firstColumn,
    )
    for (const id of shuffled(hits)) if (chosen.size < limit) chosen.add(id)
  }
  if (chosen.size < limit) {
    const walk = draw.walk ?? { sql: `SELECT i.id FROM ${table} i WHERE ${visible.sql}`, params: visible.params }
    const rest = db.select(
      `${walk.sql} AND i.id NOT IN (SELECT value FROM json_each(?)) ORDER BY random() LIMIT ?`,
      [...walk.params, jsonIds([...chosen]), limit - chosen.size],
      firstColumn,
    )
    for (const id of rest) chosen.add(id)
  }
  return shuffled([...chosen])
}

/** Fisher and Yates, in place. */
export function shuffled<T>(items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    const held = items[last] as T
    items[last] = items[other] as T
    items[other] = held
  }
  return items
}
