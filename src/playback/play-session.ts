import type { SongId, UserId } from '../base/ids.ts'
import { Heard } from './heard.ts'

export type PlayState = 'starting' | 'playing' | 'paused'

/** What one client of one user plays, since when. Times of the wall clock for people, monotonic ones for all that is measured. */
export interface PlaySession {
  readonly userId: UserId
  readonly songId: SongId
  readonly client: string
  readonly playerId: number
  /** 0 = unknown. */
  readonly durationMs: number
  readonly startedAt: number
  readonly startedMono: number
  /** Where the player was at `positionMono`; from there it goes on while it plays. */
  state: PlayState
  positionMs: number
  positionMono: number
  rate: number
  /** When the client last spoke; the end is counted from here, since it may have paused. */
  heardMono: number
  /** The client tells states and positions; else it said only that this plays, and nobody knows how much is heard. */
  reported: boolean
  /** The client asked that what it tells now does not count. */
  ignored: boolean
  readonly heard: Heard
  /** When it was over, or seemed so, before it went on: from, to, by the monotonic clock. The oldest first. */
  gaps: readonly (readonly [from: number, to: number])[]
  /** True once a play of it was counted. */
  counted: boolean
}

/** Buffering, and clients that tell of the next song a little late. */
const MARGIN_MS = 15_000
/** So long after its planned end a session whose client tells positions waits for the word that it stopped. */
const FORGOTTEN_AFTER_MS = 30 * 60_000
/** For songs whose length nobody knows. */
const UNKNOWN_LENGTH_MS = 10 * 60_000
const NEAR_MS = 10_000
const START_MS = 3_000
const MAX_GAPS = 8
/** However slowly it is played. */
const LONGEST_PLAN_MS = 24 * 3_600_000
const COUNTS_AFTER_MS = 4 * 60_000
/** What every client can read; 24 days. */
const MAX_POSITION_MS = 2 ** 31 - 1

export function beginSession(
  player: Pick<PlaySession, 'userId' | 'songId' | 'client' | 'playerId' | 'durationMs'>,
  at: { readonly now: number; readonly mono: number },
): PlaySession {
  return {
    ...player,
    startedAt: at.now,
    startedMono: at.mono,
    state: 'playing',
    positionMs: 0,
    positionMono: at.mono,
    rate: 1,
    heardMono: at.mono,
    reported: false,
    ignored: false,
    heard: new Heard(),
    gaps: [],
    counted: false,
  }
}

/** As the clock of the session has it, which runs only while the song plays, and never beyond its end. */
export function positionOf(session: PlaySession, mono: number): number {
  const { state, positionMs, positionMono, rate, durationMs } = session
  const moved = state === 'playing' ? Math.max(0, mono - positionMono) * rate : 0
  return Math.min(positionMs + moved, durationMs || MAX_POSITION_MS)
}

/** From when on nobody waits for the client any more. */
export function forgottenAt({ reported, heardMono, durationMs, positionMs, rate }: PlaySession): number {
  const length = durationMs || UNKNOWN_LENGTH_MS
  if (!reported) return heardMono + length + MARGIN_MS
  return heardMono + Math.min(Math.max(0, length - positionMs) / rate, LONGEST_PLAN_MS) + FORGOTTEN_AFTER_MS
}

/** So far the position of a player may be from where the server thinks that it is, and it has still gone on. */
export function nearnessOf(session: PlaySession): number {
  return Math.min(NEAR_MS, countsFrom(session))
}

/** Where a word that a song plays tells of its beginning, wherever it was before. */
export function isAboutStart(positionMs: number): boolean {
  return positionMs <= START_MS
}

/** A play that counted and is at its end: from the start on it is another one. */
export function isPlayedOut(session: PlaySession, mono: number): boolean {
  const { counted, durationMs } = session
  return counted && durationMs > 0 && positionOf(session, mono) >= durationMs - nearnessOf(session)
}

/** Takes a session on that was over. Nobody knows whether it played in between, and nothing of that was heard. */
export function takeOn(session: PlaySession, endedMono: number, mono: number): void {
  session.state = 'paused'
  session.positionMono = mono
  session.gaps = [...session.gaps, [endedMono, mono] as const].slice(-MAX_GAPS)
}

/** Notes what was heard since the last word of the client. */
export function listen(session: PlaySession, mono: number): void {
  const position = positionOf(session, mono)
  if (session.reported && !session.ignored && session.state === 'playing')
    session.heard.add(session.positionMs, position)
  session.positionMs = position
  session.positionMono = mono
}

/** Where the client says that the player is. */
export function placePlayer(
  session: PlaySession,
  told: Pick<PlaySession, 'state' | 'positionMs' | 'rate'>,
  mono: number,
): void {
  session.state = told.state
  session.positionMs = Math.min(told.positionMs, session.durationMs || MAX_POSITION_MS)
  session.positionMono = mono
  session.rate = told.rate
  session.heardMono = mono
}

/** Half of the song or four minutes, whichever is first. */
export function countsFrom({ durationMs }: Pick<PlaySession, 'durationMs'>): number {
  return durationMs > 0 ? Math.min(durationMs / 2, COUNTS_AFTER_MS) : COUNTS_AFTER_MS
}

/** More than that between what both clocks say is a wall clock that was set. */
const WALL_CLOCK_SET_MS = 2_000

/** When it began by the wall clock as it goes now: one that was wrong at the time and has been set does no harm. */
export function beganAt({ startedAt, startedMono }: PlaySession, at: { now: number; mono: number }): number {
  const measured = Math.round(at.now - (at.mono - startedMono))
  return Math.abs(measured - startedAt) > WALL_CLOCK_SET_MS ? measured : startedAt
}
