import { createHash } from 'node:crypto'
import type { UserId } from '../base/ids.ts'
import { forgottenAt, type PlaySession } from './play-session.ts'

/** More players than this are not remembered at once; the user with the most loses the one that began first. */
export const MAX_PLAYERS = 1000
/** Of one user: a client that calls itself something else each time has only itself to push out. */
export const MAX_PLAYERS_OF_USER = 16

/** The players that play, in memory. A session ends when its song must be over: a client that just goes says nothing. */
export class NowPlaying {
  readonly #sessions = new Map<string, PlaySession>()
  /** Players of each user that has any. */
  readonly #counts = new Map<UserId, number>()

  get size(): number {
    return this.#sessions.size
  }

  /** @returns the sessions that it took the place of: the player's own, and one too many. */
  set(session: PlaySession): readonly PlaySession[] {
    const key = keyOf(session.userId, session.client)
    const gone: PlaySession[] = []
    const before = this.#sessions.get(key)
    if (before) gone.push(before)
    // Set again behind the others: the map's order is the order of beginning.
    if (before) this.remove(before)
    const tooMany = before ? undefined : this.#tooMany(session.userId)
    if (tooMany) {
      this.remove(tooMany)
      gone.push(tooMany)
    }
    this.#sessions.set(key, session)
    this.#counts.set(session.userId, this.#countOf(session.userId) + 1)
    return gone
  }

  get(userId: UserId, client: string): PlaySession | undefined {
    return this.#sessions.get(keyOf(userId, client))
  }

  /** False when the player has gone on to another one. */
  remove(session: PlaySession): boolean {
    const { userId, client } = session
    const key = keyOf(userId, client)
    if (this.#sessions.get(key) !== session) return false
    this.#sessions.delete(key)
    const left = this.#countOf(userId) - 1
    if (left > 0) this.#counts.set(userId, left)
    else this.#counts.delete(userId)
    return true
  }

  /** Takes out what must be over. */
  expire(mono: number): readonly PlaySession[] {
    const gone: PlaySession[] = []
    for (const session of this.#sessions.values()) if (mono >= forgottenAt(session)) gone.push(session)
    for (const session of gone) this.remove(session)
    return gone
  }

  /** Newest first. */
  list(): readonly PlaySession[] {
    return [...this.#sessions.values()].reverse()
  }

  #countOf(userId: UserId): number {
    return this.#counts.get(userId) ?? 0
  }

  /** What has to go when one more of this user comes. */
  #tooMany(userId: UserId): PlaySession | undefined {
    if (this.#countOf(userId) >= MAX_PLAYERS_OF_USER) return this.#first((one) => one.userId === userId)
    if (this.#sessions.size < MAX_PLAYERS) return undefined
    const most = Math.max(...this.#counts.values())
    return this.#first((one) => this.#countOf(one.userId) === most)
  }

  #first(matches: (session: PlaySession) => boolean): PlaySession | undefined {
    for (const session of this.#sessions.values()) if (matches(session)) return session
    return undefined
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
