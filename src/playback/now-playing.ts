import { createHash } from 'node:crypto'
import type { SongId, UserId } from '../base/ids.ts'

/** What one client of one user plays, since when. Times of the wall clock for people, monotonic ones for the end. */
export interface PlayingEntry {
  readonly userId: UserId
  readonly songId: SongId
  readonly client: string
  readonly playerId: number
  readonly durationMs: number
  readonly startedAt: number
  readonly startedMono: number
  /** When the client last said so; the end is counted from here, since it may have paused. */
  heardMono: number
  /** True once a play of it was counted. */
  scrobbled: boolean
}

/** More than this many players are not remembered at once; the one that began first goes. */
export const MAX_PLAYERS = 1000
/** Buffering, and clients that tell of the next song a little late. */
const MARGIN_MS = 15_000
/** For songs whose length nobody knows. */
const UNKNOWN_LENGTH_MS = 10 * 60_000

/** The players that play, in memory. An entry ends when its song must be over: a client that just goes says nothing. */
export class NowPlaying {
  readonly #entries = new Map<string, PlayingEntry>()

  get size(): number {
    return this.#entries.size
  }

  /** @returns the entries that it took the place of: the player's own, and one too many. */
  set(entry: PlayingEntry): readonly PlayingEntry[] {
    const key = keyOf(entry.userId, entry.client)
    const gone: PlayingEntry[] = []
    const before = this.#entries.get(key)
    if (before) gone.push(before)
    // Set again behind the others: the map's order is the order of beginning.
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size > MAX_PLAYERS) {
      const [oldest] = this.#entries
      if (oldest) {
        this.#entries.delete(oldest[0])
        gone.push(oldest[1])
      }
    }
    return gone
  }

  get(userId: UserId, client: string): PlayingEntry | undefined {
    return this.#entries.get(keyOf(userId, client))
  }

  /** Takes out what must be over. */
  expire(monotonic: number): readonly PlayingEntry[] {
    const gone: PlayingEntry[] = []
    for (const [key, entry] of this.#entries) {
      if (monotonic < entry.heardMono + (entry.durationMs || UNKNOWN_LENGTH_MS) + MARGIN_MS) continue
      this.#entries.delete(key)
      gone.push(entry)
    }
    return gone
  }

  /** Newest first. */
  list(): readonly PlayingEntry[] {
    return [...this.#entries.values()].reverse()
  }
}

/**
 * The player's number: made from user and client, so that it stays the same over restarts without being stored.
 * 24 bits, above 0.
 */
export function playerIdOf(userId: UserId, client: string): number {
  return 1 + createHash('sha256').update(keyOf(userId, client)).digest().readUIntBE(0, 3)
}

function keyOf(userId: UserId, client: string): string {
  return `${userId} ${client}`
}
