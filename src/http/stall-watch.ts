/** A reply that waits for its client to take bytes. */
export interface Stalled {
  /** `performance.now()` of the last byte that was taken. */
  readonly since: number
  /** Called every few seconds, so that a transport with a shorter patience of its own keeps the connection. */
  nudge(): void
  giveUp(): void
}

const NUDGE_MS = 4000

/** One timer for all replies whose clients are slow; it runs only while there are any. */
export class StallWatch {
  readonly #stallMs: number
  readonly #waiting = new Set<Stalled>()
  #timer: NodeJS.Timeout | undefined

  constructor(stallMs: number) {
    this.#stallMs = stallMs
  }

  add(stalled: Stalled): void {
    this.#waiting.add(stalled)
    this.#timer ??= setInterval(() => this.#tick(), Math.min(NUDGE_MS, Math.ceil(this.#stallMs / 2)))
  }

  remove(stalled: Stalled): void {
    this.#waiting.delete(stalled)
    if (this.#waiting.size === 0) this.stop()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    const now = performance.now()
    for (const stalled of [...this.#waiting]) {
      if (now - stalled.since > this.#stallMs) stalled.giveUp()
      else stalled.nudge()
    }
  }
}
