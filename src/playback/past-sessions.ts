import { LRUCache } from 'lru-cache'
import type { SongId, UserId } from '../base/ids.ts'
import { beganAt, countsFrom, forgottenAt, type PlaySession, positionOf } from './play-session.ts'

/** Of each user, so that nobody's are pushed out by another's. */
const MAX_OF_USER = 64
const MAX_USERS = 1000
/** So far the clocks of client and server may be apart, and a client may start before it says so. */
const EARLY_MS = 10_000
const LATE_MS = 2_000
/** A word without a time comes when the song is over, or a little later. */
const UNTIMED_MS = 60_000
/** So far the position of a player may be from where the server thinks that it is, and it has still gone on. */
const CONTINUES_MS = 10_000

interface PastSession {
  readonly session: PlaySession
  readonly endedMono: number
  /** Another song took its place, without a word that this one stopped. */
  readonly replaced: boolean
}

export interface PlayTold {
  readonly songId: SongId
  /** By the wall clock. */
  readonly at: number
  /** The client said when; else `at` is now. */
  readonly timed: boolean
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

  /** The sessions that a play that was told by `scrobble` may have been, the newest first. */
  during(userId: UserId, client: string, play: PlayTold, moment: Moment): readonly PlaySession[] {
    const found: PlaySession[] = []
    for (const { session, endedMono } of this.#users.get(userId) ?? [])
      if (session.client === client && isDuring(session, play, { ...moment, endedMono })) found.unshift(session)
    return found
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

/** Whether a play that was told by `scrobble` is this one, by its time. */
export function isDuring(
  session: PlaySession,
  { songId, at, timed }: PlayTold,
  moment: Moment & { readonly endedMono: number },
): boolean {
  if (session.songId !== songId) return false
  const from = beganAt(session, moment)
  const to = moment.now - (moment.mono - moment.endedMono)
  // Another play of the same song can't count sooner.
  const soonest = Math.max(countsFrom(session), 1000)
  return at >= from - Math.min(EARLY_MS, soonest) && at <= to + Math.min(timed ? LATE_MS : UNTIMED_MS, soonest)
}
