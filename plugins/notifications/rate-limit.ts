/** So many a minute of each name; what is too much is for the caller to hold back. */
export class RateLimit {
  readonly #most: number
  readonly #now: () => number
  readonly #sent = new Map<string, number[]>()

  constructor(perMinute: number, now: () => number) {
    this.#most = perMinute
    this.#now = now
  }

  /** @returns false when there were enough; else it counts. */
  take(name: string): boolean {
    const times = this.#recent(name)
    if (times.length >= this.#most) return false
    times.push(this.#now())
    return true
  }

  /** What was taken was not used. */
  giveBack(name: string): void {
    this.#recent(name).pop()
  }

  /** Those that let none pass now. */
  full(): readonly string[] {
    return [...this.#sent.keys()].filter((name) => this.#recent(name).length >= this.#most)
  }

  /** When the first of those that are full lets one pass; undefined when none is. */
  freeAt(): number | undefined {
    let free: number | undefined
    for (const name of this.#sent.keys()) {
      const times = this.#recent(name)
      const first = times[times.length - this.#most]
      if (first !== undefined) free = Math.min(free ?? Number.POSITIVE_INFINITY, first + MINUTE_MS)
    }
    return free
  }

  #recent(name: string): number[] {
    const times = this.#sent.get(name) ?? []
    const since = this.#now() - MINUTE_MS
    while (times.length > 0 && (times[0] as number) <= since) times.shift()
    this.#sent.set(name, times)
    return times
  }
}

const MINUTE_MS = 60_000
