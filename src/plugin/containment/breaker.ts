import type { Clock } from '../../base/clock.ts'

const WINDOW_MS = 60_000
const LIMIT = 5
const FIRST_RETRY_MS = 5_000
const LONGEST_RETRY_MS = 300_000
/** After this long without opening, the next failure counts as the first again. */
const FORGET_MS = 600_000

/** Five failures in a minute open it; each opening doubles the wait until the next try, with jitter, to five minutes. */
export class Breaker {
  readonly #clock: Clock
  #failures: number[] = []
  #openings = 0
  #lastOpening = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns true when this failure opens the breaker. */
  fail(): boolean {
    const now = this.#clock.monotonic()
    this.#failures = [...this.#failures.filter((at) => now - at < WINDOW_MS), now]
    return this.#failures.length >= LIMIT
  }

  /** Opens (also for a start that failed). @returns ms until the next try. */
  open(): number {
    const now = this.#clock.monotonic()
    if (now - this.#lastOpening > FORGET_MS) this.#openings = 0
    this.#lastOpening = now
    this.#failures = []
    const wait = Math.min(FIRST_RETRY_MS * 2 ** this.#openings++, LONGEST_RETRY_MS)
    return Math.round(wait * (0.85 + Math.random() * 0.3))
  }

  reset(): void {
    this.#failures = []
    this.#openings = 0
  }
}
