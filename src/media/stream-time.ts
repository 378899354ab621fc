import type { Song } from '../library/entities.ts'

/** At the very end of a song there is nothing to convert. */
const SHORTEST_REST_MS = 1000

/** Where a song of unknown length can be entered; encoders refuse absurd times. */
const LAST_UNKNOWN_MS = 24 * 3_600_000

/** ms; whole ones, so that equal places share a conversion. Behind the end: just before it, or a day in when nobody knows the end. */
export function offsetOf(song: Pick<Song, 'durationMs'>, seconds: number | undefined): number {
  if (seconds === undefined || !(seconds > 0)) return 0
  const last = song.durationMs > 0 ? Math.max(0, song.durationMs - SHORTEST_REST_MS) : LAST_UNKNOWN_MS
  return Math.round(Math.min(seconds * 1000, last))
}

/** For players that get no length. */
export function durationHeader(durationMs: number): Readonly<Record<string, string>> {
  return durationMs > 0 ? { 'x-content-duration': (durationMs / 1000).toFixed(2) } : {}
}
