import type { Condition, ItemTable } from './condition.ts'
import { firstColumn } from './first-column.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'

interface RandomDraw {
  readonly table: ItemTable
  /** On the alias `i`. */
  readonly visible: Condition
  readonly limit: number
  /** What earlier pages showed: pages end after as many ids as there are. Some clients ask until a page is empty. */
  readonly offset?: number
  /** A query for the same ids by a way that is short when they are few; absent: over the whole table. */
  readonly walk?: Condition
}

const ROUNDS = 4
/** Ids tried in one round, at most; where more would be needed the walk is quicker. */
const MOST_TRIED = 3000

/**
 * Different visible ids, each as likely as any other. Throws darts at the id space, which costs the same in any library;
 * where they seldom hit (much is hidden or gone), the rest is drawn by a walk over the narrow index.
 */
export function randomIds(context: LibraryContext, draw: RandomDraw): number[] {
  const { db } = context
  const { table, visible, offset = 0 } = draw
  const limit = offset > 0 ? Math.min(draw.limit, countVisible(context, draw) - offset) : draw.limit
  if (limit <= 0) return []
  const highest = db.select(`SELECT max(id) FROM ${table}`, [], firstColumn)[0] ?? 0
  const chosen = new Set<number>()
  const tried = new Set<number>()
  let share = 0.5
  for (let round = 0; round < ROUNDS && chosen.size < limit && tried.size < highest; round++) {
    const wanted = Math.ceil(((limit - chosen.size) / share) * 1.2) + 16
    if (wanted > MOST_TRIED && round > 0) break
    const darts = throwDarts(Math.min(wanted, MOST_TRIED, highest), highest, tried)
    const hits = db.select(
      `SELECT i.id FROM ${table} i WHERE i.id IN (SELECT value FROM json_each(?)) AND ${visible.sql}`,
      [jsonIds(darts), ...visible.params],
      firstColumn,
    )
    for (const id of shuffled(hits)) if (chosen.size < limit) chosen.add(id)
    share = Math.max(0.5 / MOST_TRIED, hits.length / Math.max(1, darts.length))
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

function countVisible({ db }: LibraryContext, { table, visible }: RandomDraw): number {
  return db.select(`SELECT count(*) FROM ${table} i WHERE ${visible.sql}`, visible.params, firstColumn)[0] ?? 0
}

/** Ids not tried before; fewer than asked when most were. */
function throwDarts(count: number, highest: number, tried: Set<number>): readonly number[] {
  const darts: number[] = []
  for (let throws = 0; throws < count * 2 && darts.length < count; throws++) {
    const id = 1 + Math.floor(Math.random() * highest)
    if (tried.has(id)) continue
    tried.add(id)
    darts.push(id)
  }
  return darts
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
