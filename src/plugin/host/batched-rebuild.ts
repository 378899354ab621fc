/** What waits for others waits no longer, ms: one plugin that takes its time must not hold up the rest. */
const LONGEST_MS = 100

/** Work that is asked for again and again while several starts run is done once, when the last of them has ended. */
export class BatchedRebuild {
  readonly #work: () => void
  #running = 0
  #wanted: NodeJS.Timeout | undefined

  constructor(work: () => void) {
    this.#work = work
  }

  /** Resolves as `start` does, with the work done that was asked for meanwhile. Never rejects. */
  async during(start: Promise<void>): Promise<void> {
    this.#running++
    await start.catch(() => {})
    if (--this.#running === 0 && this.#wanted) this.#work()
  }

  /** At once where nothing else is on its way. */
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
