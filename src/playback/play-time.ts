/** Below this a time can't be milliseconds of a play (1973); above 2001 it makes sense as seconds, which some send. */
const MILLISECONDS_FROM = 100_000_000_000
const SECONDS_FROM = 1_000_000_000

/**
 * The time of a play as a client tells it, made believable: the future and nonsense become now. A time long ago stays,
 * since clients deliver what was played offline weeks later.
 */
export function believablePlayTime(at: number, now: number): number {
  if (!Number.isFinite(at) || at < SECONDS_FROM) return now
  const ms = Math.trunc(at < MILLISECONDS_FROM ? at * 1000 : at)
  return Math.min(ms, now)
}
