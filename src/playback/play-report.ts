import type { Clock } from '../base/clock.ts'
import type { SongId } from '../base/ids.ts'
import type { Viewer } from '../library/entities.ts'
import { playerIdOf } from './now-playing.ts'
import type { PlayEvents } from './play-events.ts'
import {
  beginSession,
  isAboutStart,
  isPlayedOut,
  type PlaySession,
  type PlayState,
  placePlayer,
} from './play-session.ts'
import type { PlayerSessions } from './player-sessions.ts'

/** What a client tells of one song by `reportPlayback`. */
export interface PlayReport {
  readonly songId: SongId
  readonly state: PlayState | 'stopped'
  /** Whole, not negative. */
  readonly positionMs: number
  /** Above 0. */
  readonly playbackRate: number
  /** Show it, but count nothing. */
  readonly ignoreScrobble: boolean
}

interface Reporting {
  readonly sessions: PlayerSessions
  readonly events: PlayEvents
  readonly clock: Clock
  readonly viewer: Viewer
  readonly client: string
  readonly durationMs: number
}

/** So soon after a plain word of what plays a start is the start of that. */
const SAME_START_MS = 15_000

/**
 * What one word of a client does. Every state is taken without another before it: the server may have been started anew.
 * Only what lies between two words was heard: a client that falls silent may have crashed, and one that was offline sends
 * its plays later.
 */
export function reportPlay(reporting: Reporting, report: PlayReport): void {
  const { sessions, viewer, client } = reporting
  const { songId, state } = report
  const word = { userId: viewer.userId, client, songId, positionMs: report.positionMs }
  const current = sessions.current(viewer.userId, client)
  const own = current?.songId === songId ? current : undefined
  if (state === 'starting') {
    if (own && isStarting(reporting, own)) goOn(reporting, own, report)
    else begin(reporting, report)
    return
  }
  const session = own ?? sessions.takeLive(word)
  if (state === 'stopped') {
    if (session) stop(reporting, session, report)
    return
  }
  if (session) {
    if (!own) sessions.place(viewer, session)
    goOn(reporting, session, report)
    return
  }
  const over = sessions.takeOver(word)
  if (over) takeUp(reporting, over, report)
  else begin(reporting, report)
}

/** A start that is told twice, or by both calls. */
function isStarting({ clock }: Reporting, { reported, state, counted, startedMono }: PlaySession): boolean {
  if (counted) return false
  return reported ? state === 'starting' : clock.monotonic() - startedMono < SAME_START_MS
}

/** Lets a session play that is new, or that was over and goes on: for hooks a new one. */
function takeUp(reporting: Reporting, session: PlaySession, report: PlayReport): void {
  const { sessions, events, viewer } = reporting
  session.ignored = report.ignoreScrobble
  hear(reporting, session, report)
  sessions.place(viewer, session)
  events.started(session)
  if (session.state === 'paused') events.paused(session)
  events.progress(session)
}

function begin(reporting: Reporting, report: PlayReport): void {
  const { clock, viewer, client, durationMs } = reporting
  const { userId } = viewer
  const session = beginSession(
    { userId, songId: report.songId, client, playerId: playerIdOf(userId, client), durationMs },
    { now: clock.now(), mono: clock.monotonic() },
  )
  takeUp(reporting, session, report)
}

function goOn(reporting: Reporting, session: PlaySession, report: PlayReport): void {
  const { sessions, events, viewer } = reporting
  const before = session.state
  sessions.settle(viewer, session, report.ignoreScrobble)
  if (isAboutStart(report.positionMs) && isPlayedOut(session, reporting.clock.monotonic())) {
    begin(reporting, report)
    return
  }
  hear(reporting, session, report)
  if (session.state === 'paused' && before !== 'paused') events.paused(session)
  if (session.state === 'playing' && before === 'paused') events.resumed(session)
  events.progress(session)
}

function stop(reporting: Reporting, session: PlaySession, report: PlayReport): void {
  const { sessions, viewer } = reporting
  sessions.settle(viewer, session, report.ignoreScrobble)
  hear(reporting, session, report)
  sessions.stop(session)
}

function hear({ clock }: Reporting, session: PlaySession, report: PlayReport): void {
  const { state, positionMs, playbackRate } = report
  session.reported = true
  placePlayer(
    session,
    { state: state === 'stopped' ? 'paused' : state, positionMs, rate: playbackRate },
    clock.monotonic(),
  )
}
