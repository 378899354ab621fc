import type { SongId } from '../base/ids.ts'
import { beganAt, countsFrom, type PlaySession } from './play-session.ts'

/** So far the clocks of client and server may be apart, and a client may start before it says so. */
const EARLY_MS = 10_000
const LATE_MS = 2_000
/** A word without a time comes when the song is over, or a little later. */
const UNTIMED_MS = 60_000

export interface PlayTold {
  readonly songId: SongId
  /** By the wall clock. */
  readonly at: number
  /** The client said when; else `at` is now. */
  readonly timed: boolean
}

/** The times that `scrobble` may tell a session by, by the wall clock as it goes now. */
export interface PlaySpan {
  readonly session: PlaySession
  readonly from: number
  readonly toTimed: number
  readonly toUntimed: number
  /** Within it, when another play of the same song may have been. */
  readonly gaps: readonly (readonly [from: number, to: number])[]
}

export function spanOf(
  session: PlaySession,
  { now, mono, endedMono }: { readonly now: number; readonly mono: number; readonly endedMono: number },
): PlaySpan {
  // Another play of the same song can't count sooner.
  const soonest = Math.max(countsFrom(session), 1000)
  const early = Math.min(EARLY_MS, soonest)
  const late = Math.min(LATE_MS, soonest)
  const wall = (at: number) => now - (mono - at)
  return {
    session,
    from: beganAt(session, { now, mono }) - early,
    toTimed: wall(endedMono) + late,
    toUntimed: wall(endedMono) + Math.min(UNTIMED_MS, soonest),
    gaps: session.gaps.map(([from, to]) => [wall(from) + late, wall(to) - early] as const),
  }
}

/** Whether a play of the same song is this one, by its time. */
export function isWithin({ at, timed }: PlayTold, { from, toTimed, toUntimed, gaps }: PlaySpan): boolean {
  if (at < from || at > (timed ? toTimed : toUntimed)) return false
  return !gaps.some((gap) => at > gap[0] && at < gap[1])
}
