import type { UserId } from '../base/ids.ts'
import type { Condition } from './condition.ts'
import type { LibraryContext } from './library-context.ts'
import type { KindNumber } from './pending-plays.ts'

/** What a user marked, in the order of the marks. */
export type Ranking = 'starred' | 'highest' | 'frequent' | 'recent'

const COLUMN: Readonly<Record<Ranking, string>> = {
  starred: 'starred_at',
  highest: 'rating',
  frequent: 'play_count',
  recent: 'played_at',
}
/** Spelt as the partial indexes are, else the planner can't use them. */
const PRESENT: Readonly<Record<Ranking, string>> = {
  starred: 'starred_at IS NOT NULL',
  highest: 'rating > 0',
  frequent: 'play_count > 0',
  recent: 'played_at IS NOT NULL',
}

export interface RankedQuery {
  readonly ranking: Ranking
  readonly kind: KindNumber
  /** The item's table, whose rows `visible` judges under the alias `i`. */
  readonly table: 'song' | 'album' | 'artist' | 'folder'
  readonly visible: Condition
  readonly limit: number
  readonly offset: number
}

/**
 * Ids of a user's items, highest mark first, walking the annotation index. Plays that still wait in memory take their
 * true place: they are few, so the page is merged from them and the part of the index that can reach it.
 */
export function rankedIds(context: LibraryContext, userId: UserId, query: RankedQuery): number[] {
  const moved = query.ranking === 'frequent' || query.ranking === 'recent' ? pendingMarks(context, userId, query) : []
  if (moved.length === 0) return storedMarks(context, userId, query, query).map((mark) => mark.id)
  const skipped = Math.max(0, query.offset - moved.length)
  const stored = storedMarks(context, userId, query, {
    offset: skipped,
    limit: query.offset - skipped + query.limit,
    without: moved.map((mark) => mark.id),
  })
  // Stored marks before `offset - moved` lie ahead of the page however the waiting ones fall, so both lists shift alike.
  return [...stored, ...moved]
    .sort(descending)
    .slice(query.offset - skipped, query.offset - skipped + query.limit)
    .map((mark) => mark.id)
}

export interface Mark {
  readonly id: number
  readonly mark: number
}

export function descending(a: Mark, b: Mark): number {
  return b.mark - a.mark || b.id - a.id
}

/** Without the plays that still wait. */
export function storedMarks(
  context: LibraryContext,
  userId: UserId,
  query: RankedQuery,
  page: { readonly limit: number; readonly offset: number; readonly without?: readonly number[] },
): Mark[] {
  const column = COLUMN[query.ranking]
  const without = page.without ? 'AND n.item_id NOT IN (SELECT value FROM json_each(?))' : ''
  return context.db.select(
    `SELECT n.item_id, n.${column} FROM annotation n CROSS JOIN ${query.table} i ON i.id = n.item_id
     WHERE n.user_id = ? AND n.kind = ? AND n.${PRESENT[query.ranking]} ${without} AND ${query.visible.sql}
     ORDER BY n.${column} DESC, n.item_id DESC LIMIT ? OFFSET ?`,
    [
      userId,
      query.kind,
      ...(page.without ? [JSON.stringify(page.without)] : []),
      ...query.visible.params,
      page.limit,
      page.offset,
    ],
    (row) => ({ id: row.number(0), mark: row.number(1) }),
  )
}

function pendingMarks(context: LibraryContext, userId: UserId, query: RankedQuery): Mark[] {
  const pending = context.plays.of(userId, query.kind)
  if (!pending) return []
  return context.db.select(
    `SELECT i.id, coalesce(n.play_count, 0), coalesce(n.played_at, 0) FROM ${query.table} i
     LEFT JOIN annotation n ON n.user_id = ? AND n.kind = ? AND n.item_id = i.id
     WHERE i.id IN (SELECT value FROM json_each(?)) AND ${query.visible.sql}`,
    [userId, query.kind, JSON.stringify([...pending.keys()]), ...query.visible.params],
    (row) => {
      const tally = pending.get(row.number(0))
      const mark =
        query.ranking === 'frequent'
          ? row.number(1) + (tally?.count ?? 0)
          : Math.max(row.number(2), tally?.playedAt ?? 0)
      return { id: row.number(0), mark }
    },
  )
}
