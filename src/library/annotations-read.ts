import type { UserId } from '../base/ids.ts'
import type { Annotation } from './entities.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import type { KindNumber } from './pending-plays.ts'

/** An entity while it is put together. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] }

const BY_IDS = `SELECT item_id, starred_at, rating, play_count, played_at FROM annotation
  WHERE user_id = ? AND kind = ? AND item_id IN (SELECT value FROM json_each(?))`

/** The marks of nobody, for a fresh entity; `averageRating` comes from the item's own row. */
export function unmarked(ratingSum: number, ratingCount: number): Annotation {
  return {
    starredAt: undefined,
    rating: 0,
    playCount: 0,
    playedAt: undefined,
    averageRating: ratingCount > 0 ? ratingSum / ratingCount : undefined,
  }
}

/** Writes what a user did with these items into their entities, plays that still wait included. */
export function annotate(
  context: LibraryContext,
  userId: UserId,
  items: { readonly kind: KindNumber; readonly byId: ReadonlyMap<number, Draft<Annotation>> },
): void {
  const { kind, byId } = items
  if (byId.size === 0) return
  context.db.select(BY_IDS, [userId, kind, jsonIds([...byId.keys()])], (row) => {
    const item = byId.get(row.number(0))
    if (!item) return
    if (!row.isNull(1)) item.starredAt = row.number(1)
    item.rating = row.number(2)
    item.playCount = row.number(3)
    if (!row.isNull(4)) item.playedAt = row.number(4)
  })
  const pending = context.plays.of(userId, kind)
  if (!pending) return
  for (const [id, tally] of pending) {
    const item = byId.get(id)
    if (!item) continue
    item.playCount += tally.count
    item.playedAt = Math.max(item.playedAt ?? 0, tally.playedAt)
  }
}
