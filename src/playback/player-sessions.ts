import type { Clock } from '../base/clock.ts'
import type { SongId, UserId } from '../base/ids.ts'
import type { Viewer } from '../library/entities.ts'
import type { Repositories } from '../library/repositories.ts'
import type { Logger } from '../log/logger.ts'
import { NowPlaying } from './now-playing.ts'
import { type ContinuingWord, PastSessions, type SessionEnd } from './past-sessions.ts'
import type { EndReason, PlayEvents } from './play-events.ts'
import { beganAt, countsFrom, listen, type PlaySession } from './play-session.ts'
import { isWithin, type PlaySpan, type PlayTold, spanOf } from './play-span.ts'

export interface PlayerSessionsOptions {
  readonly plays: Repositories['plays']
  readonly events: PlayEvents
  readonly clock: Clock
  readonly log: Logger
}

const TICK_MS = 60_000

/** The sessions of all players: those that play, and those that were. */
export class PlayerSessions {
  readonly #playing = new NowPlaying()
  readonly #past = new PastSessions()
  readonly #options: PlayerSessionsOptions
  #timer: NodeJS.Timeout | undefined

  constructor(options: PlayerSessionsOptions) {
    this.#options = options
  }

  current(userId: UserId, client: string): PlaySession | undefined {
    this.expire()
    return this.#playing.get(userId, client)
  }

  /** Newest first. */
  list(): readonly PlaySession[] {
    this.expire()
    return this.#playing.list()
  }

  /** Puts a session in the place of what its player played until now; enough heard of that counts. */
  place(viewer: Viewer, session: PlaySession): void {
    const { userId, client, songId } = session
    const before = this.#playing.get(userId, client)
    if (before) this.#leave(viewer, before)
    const gone = this.#playing.set(session)
    this.#arm()
    for (const one of gone) {
      const isOwn = one === before
      this.#ended(one, isOwn ? 'replaced' : 'forgotten', isOwn && one.songId === songId ? 'stopped' : undefined)
    }
  }

  /**
   * Notes what was heard until now, and counts the play when that is enough; nothing counts while the client asks for it.
   * Throws what the database throws, the play counts then when the client speaks again.
   */
  settle(viewer: Viewer, session: PlaySession, ignored: boolean): void {
    const { plays, events } = this.#options
    const moment = this.#moment()
    listen(session, moment.mono)
    session.ignored = ignored
    if (ignored || !session.reported || session.counted) return
    // Whole, since monotonic clocks have fractions that do not add up.
    if (Math.round(session.heard.ms) < countsFrom(session)) return
    const { userId, songId, client } = session
    const at = beganAt(session, moment)
    if (plays.record(viewer, [{ songId, at }], client).length === 0) return
    session.counted = true
    events.counted({ userId, songId, client, at }, 'report', () => Math.round(session.heard.ms))
  }

  /** The client said that it stopped. */
  stop(session: PlaySession): void {
    if (this.#playing.remove(session)) this.#ended(session, 'stopped')
    else this.#past.add(session, 'stopped', this.#moment().mono)
  }

  /** Takes back a session that another song took the place of, if it still goes on. */
  takeLive(word: ContinuingWord): PlaySession | undefined {
    return this.#past.takeLive(word, this.#moment().mono)
  }

  /** Takes back a session that was over, if it is played on. */
  takeOver(word: ContinuingWord): PlaySession | undefined {
    return this.#past.takeOver(word, this.#moment().mono)
  }

  /**
   * The reported sessions that a play which was told by `scrobble` may have been, the newest first. What they are looked up
   * in is made once, since a client may tell many thousands of plays in one call.
   */
  during(userId: UserId, client: string): (play: PlayTold) => readonly PlaySession[] {
    const moment = this.#moment()
    const current = this.#playing.get(userId, client)
    const now = current?.reported ? [spanOf(current, { ...moment, endedMono: moment.mono })] : []
    const newest = [...this.#past.spans(userId, client, moment), ...now].reverse()
    const bySong = new Map<SongId, PlaySpan[]>()
    for (const span of newest) {
      const spans = bySong.get(span.session.songId)
      if (spans) spans.push(span)
      else bySong.set(span.session.songId, [span])
    }
    return (play) => {
      const spans = bySong.get(play.songId) ?? []
      return spans.filter((span) => isWithin(play, span)).map(({ session }) => session)
    }
  }

  expire(): void {
    for (const session of this.#playing.expire(this.#moment().mono)) this.#ended(session, 'forgotten')
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #moment(): { readonly now: number; readonly mono: number } {
    const { clock } = this.#options
    return { now: clock.now(), mono: clock.monotonic() }
  }

  /** A play that can't be written must not keep the next song from playing. */
  #leave(viewer: Viewer, session: PlaySession): void {
    try {
      this.settle(viewer, session, session.ignored)
    } catch (error) {
      this.#options.log.warn('play not counted', { error: String(error) })
    }
  }

  #ended(session: PlaySession, reason: EndReason, end: SessionEnd = reason): void {
    this.#options.events.stopped(session, reason)
    this.#past.add(session, end, this.#moment().mono)
  }

  /** The clock ticks only while something plays, and only to say what has ended: it writes nothing. */
  #arm(): void {
    if (this.#timer || this.#playing.size === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.expire()
      this.#arm()
    }, TICK_MS).unref()
  }
}
