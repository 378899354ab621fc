import type { UserId } from '../../base/ids.ts'
import type { LibraryContext } from '../library-context.ts'
import type { KindNumber } from '../pending-plays.ts'
import type { MarkName } from './resource.ts'

/** Spelt as the partial indexes of the table are. */
const MARKED: Readonly<Record<MarkName, { readonly column: string; readonly where: string }>> = {
  starred: { column: 'starred_at', where: 'starred_at IS NOT NULL' },
  rating: { column: 'rating', where: 'rating > 0' },
  ratedAt: { column: 'coalesce(rated_at, 0)', where: 'rating > 0' },
  playCount: { column: 'play_count', where: 'play_count > 0' },
  playedAt: { column: 'played_at', where: 'played_at IS NOT NULL' },
}

/** What a user did with items of a kind, plays that still wait to be written included. */
export class Marks {
  readonly #context: LibraryContext
  readonly #userId: UserId
  readonly #kind: KindNumber

  constructor(context: LibraryContext, userId: UserId, kind: KindNumber) {
    this.#context = context
    this.#userId = userId
    this.#kind = kind
  }

  /** By row id: a time in ms, a rating or a number of plays. Items without the mark are absent. */
  of(mark: MarkName): Map<number, number> {
    const { column, where } = MARKED[mark]
    const marks = new Map<number, number>()
    this.#context.db.select(
      `SELECT item_id, ${column} FROM annotation WHERE user_id = ? AND kind = ? AND ${where}`,
      [this.#userId, this.#kind],
      (row) => marks.set(row.number(0), row.number(1)),
    )
    if (mark !== 'playCount' && mark !== 'playedAt') return marks
    for (const [id, { count, playedAt }] of this.#context.plays.of(this.#userId, this.#kind) ?? []) {
      const before = marks.get(id) ?? 0
      marks.set(id, mark === 'playCount' ? before + count : Math.max(before, playedAt))
    }
    return marks
  }

  ids(mark: MarkName): readonly number[] {
    return [...this.of(mark).keys()]
  }
}
