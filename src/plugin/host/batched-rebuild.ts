/** So long does what is asked for wait for other starts, ms: one that takes its time must not hold up the rest. */
const LONGEST_MS = 100

/**
 * What is asked for while several starts run is done once for all of them: when the last has ended, or a moment after it was
 * asked for first.
 */
export class BatchedRebuild {
  readonly #work: () => void
  #running = 0
  #wanted: NodeJS.Timeout | undefined

  constructor(work: () => void) {
    this.#work = work
  }

  /** Resolves when `start` has ended, well or not; with the last of them, what was asked for is done. Never rejects. */
  async during(start: Promise<void>): Promise<void> {
    this.#running++
    await start.catch(() => {})
    if (--this.#running === 0 && this.#wanted) this.#work()
  }

  /** At once where no other start is under way. */
  ask(): void {
    if (this.#running < 2) this.#work()
    else this.#wanted ??= setTimeout(() => this.#work(), LONGEST_MS)
  }

  /** The work has been done, by whomever. */
  done(): void {
    clearTimeout(this.#wanted)
    this.#wanted = undefined
  }
}
