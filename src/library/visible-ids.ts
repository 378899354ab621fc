import type { Condition, ItemTable } from './condition.ts'
import type { Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'

/** The most stars that one answer carries: lists of starred things have no pages in the protocol. */
export const STARRED_LIMIT = 10_000

/** Those of the ids that `visible` (on the alias `i`) lets through. */
export function visibleAmong(
  context: LibraryContext,
  table: ItemTable,
  visible: Condition,
  ids: readonly number[],
): ReadonlySet<number> {
  if (ids.length === 0) return new Set()
  const sql = `SELECT i.id FROM ${table} i WHERE i.id IN (SELECT value FROM json_each(?)) AND ${visible.sql}`
  return new Set(context.db.select(sql, [jsonIds(ids), ...visible.params], firstColumn))
}

/** How many a viewer sees; kept until the catalogue moves, since a narrowed scope costs a walk. */
export function countVisible(context: LibraryContext, viewer: Viewer, table: ItemTable): number {
  const scope = context.scope(viewer)
  const visible = scope[table]('i')
  return context.memo(`count ${table} ${scope.key}`, () => ({
    count:
      context.db.select(`SELECT count(*) FROM ${table} i WHERE ${visible.sql}`, visible.params, firstColumn)[0] ?? 0,
  })).count
}
