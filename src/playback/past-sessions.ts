import { LRUCache } from 'lru-cache'
import type { SongId, UserId } from '../base/ids.ts'
import { countsFrom, forgottenAt, type PlaySession, positionOf } from './play-session.ts'
import { type PlaySpan, spanOf } from './play-span.ts'

/** Of each user, so that nobody's are pushed out by another's. */
const MAX_OF_USER = 64
const MAX_USERS = 1000
/** So far the position of a player may be from where the server thinks that it is, and it has still gone on. */
const CONTINUES_MS = 10_000

interface PastSession {
  readonly session: PlaySession
  readonly endedMono: number
  /** Another song took its place, without a word that this one stopped. */
  readonly replaced: boolean
}

interface Moment {
  readonly now: number
  readonly mono: number
}

/** Reported sessions that have ended, in memory: clients tell the same plays by `scrobble`, and may come back to one. */
export class PastSessions {
  readonly #users = new LRUCache<UserId, PastSession[]>({ max: MAX_USERS })

  add(session: PlaySession, end: { readonly mono: number; readonly replaced: boolean }): void {
    if (!session.reported) return
    const list = this.#users.get(session.userId) ?? []
    list.push({ session, endedMono: end.mono, replaced: end.replaced })
    if (list.length > MAX_OF_USER) list.shift()
    this.#users.set(session.userId, list)
  }

  /** The spans of a client's sessions, the oldest first. */
  spans(userId: UserId, client: string, moment: Moment): readonly PlaySpan[] {
    const own = (this.#users.get(userId) ?? []).filter(({ session }) => session.client === client)
    return own.map(({ session, endedMono }) => spanOf(session, { ...moment, endedMono }))
  }

  /**
   * Takes out the session that goes on in a word that comes after another song's: two players that call themselves the
   * same, or a word that was late.
   */
  takeContinued(
    player: { readonly userId: UserId; readonly client: string; readonly songId: SongId },
    positionMs: number,
    mono: number,
  ): PlaySession | undefined {
    const list = this.#users.get(player.userId) ?? []
    const index = list.findLastIndex(
      ({ session, replaced }) =>
        replaced &&
        session.songId === player.songId &&
        session.client === player.client &&
        mono < forgottenAt(session) &&
        Math.abs(positionOf(session, mono) - positionMs) <= Math.min(CONTINUES_MS, countsFrom(session)),
    )
    return index < 0 ? undefined : list.splice(index, 1)[0]?.session
  }
}
