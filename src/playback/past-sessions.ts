import { LRUCache } from 'lru-cache'
import type { SongId, UserId } from '../base/ids.ts'
import { forgottenAt, isAboutStart, nearnessOf, type PlaySession, positionOf, takeOn } from './play-session.ts'
import { type PlaySpan, spanOf } from './play-span.ts'

/** Of each user, so that nobody's are pushed out by another's. */
const MAX_OF_USER = 64
const MAX_USERS = 1000
/** So long after its end a song is played on from where it was; later it is another play. */
const TAKEN_ON_MS = 24 * 3_600_000

/** `replaced`: another song took its place, without a word that this one stopped. `forgotten`: nobody told anything any more. */
export type SessionEnd = 'stopped' | 'replaced' | 'forgotten'

interface PastSession {
  readonly session: PlaySession
  readonly endedMono: number
  readonly end: SessionEnd
}

/** What a client says of a song that it does not play by what is known. */
export interface ContinuingWord {
  readonly userId: UserId
  readonly client: string
  readonly songId: SongId
  readonly positionMs: number
}

interface Moment {
  readonly now: number
  readonly mono: number
}

/** Reported sessions that have ended, in memory: clients tell the same plays by `scrobble`, and may come back to one. */
export class PastSessions {
  readonly #users = new LRUCache<UserId, PastSession[]>({ max: MAX_USERS })

  add(session: PlaySession, end: SessionEnd, mono: number): void {
    if (!session.reported) return
    const list = this.#users.get(session.userId) ?? []
    list.push({ session, endedMono: mono, end })
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
  takeLive(word: ContinuingWord, mono: number): PlaySession | undefined {
    return this.#take(word, ({ session, end }) => {
      const isOff = Math.abs(positionOf(session, mono) - word.positionMs) > nearnessOf(session)
      return end === 'replaced' && mono < forgottenAt(session) && !isOff
    })?.session
  }

  /** Takes out the session that was over and is played on from about where it was, with what was heard and counted of it. */
  takeOver(word: ContinuingWord, mono: number): PlaySession | undefined {
    if (isAboutStart(word.positionMs)) return undefined
    const past = this.#take(word, ({ session, endedMono, end }) => {
      const near = nearnessOf(session)
      // The silent one may have played on, and is somewhere from where it was last heard of.
      const furthest = positionOf(session, end === 'forgotten' ? mono : endedMono)
      const from = end === 'forgotten' ? session.positionMs : furthest
      return mono - endedMono < TAKEN_ON_MS && word.positionMs >= from - near && word.positionMs <= furthest + near
    })
    if (past) takeOn(past.session, past.endedMono, mono)
    return past?.session
  }

  #take(word: ContinuingWord, matches: (past: PastSession) => boolean): PastSession | undefined {
    const list = this.#users.get(word.userId) ?? []
    const index = list.findLastIndex(
      (past) => past.session.songId === word.songId && past.session.client === word.client && matches(past),
    )
    return index < 0 ? undefined : list.splice(index, 1)[0]
  }
}
