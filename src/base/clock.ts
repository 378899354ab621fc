/** The time, as something that a test can own. All times are milliseconds since 1970, UTC. */
export interface Clock {
  now(): number
  /** Milliseconds that only ever grow, for deadlines and durations: a wall clock may jump. */
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}
