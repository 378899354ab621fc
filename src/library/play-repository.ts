import type { SongId, UserId } from '../base/ids.ts'
import type { Viewer } from './entities.ts'

/**
 * Plays are journalled: one row each, durable when `record` returns, under 8 KB written. Counts of songs, albums and
 * artists follow in batches (`flush`), but every read sees them at once; after a crash the journal is applied again.
 */
export interface PlayRepository {
  /** @returns the songs that were visible and counted. */
  record(
    viewer: Viewer,
    plays: readonly { readonly songId: SongId; readonly at: number }[],
    client: string,
  ): readonly SongId[]
  /** Applies what is pending; called by a timer, before lists sorted by plays, and at the stop. */
  flush(): void
  /** Newest first. */
  history(
    viewer: Viewer,
    page: { readonly limit: number; readonly offset: number },
  ): readonly { readonly songId: SongId; readonly at: number; readonly client: string }[]
  /** The journal itself, oldest first, of all users, after a row id: for roll-ups. Plays of purged songs stay in it. */
  journal(after: number, limit: number): readonly JournalledPlay[]
}

export interface JournalledPlay {
  readonly id: number
  readonly userId: UserId
  readonly songId: SongId
  readonly at: number
  readonly client: string
}
