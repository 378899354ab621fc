import type { Clock } from '../../base/clock.ts'
import type { Timers } from '../../base/timers.ts'

interface Waiting {
  readonly due: number
  readonly run: () => void | Promise<void>
}

/** How long one timer's work may take in real time before the test goes on without it. */
const RUN_MS = 10_000

/** Time that stands still until it is moved; whatever waits on it runs on the way, in order. */
export class VirtualTime implements Clock, Timers {
  readonly #start: number
  readonly #waiting = new Set<Waiting>()
  #passed = 0

  /** `start`: ms since 1970. */
  constructor(start: number) {
    this.#start = start
  }

  now(): number {
    return this.#start + this.#passed
  }

  monotonic(): number {
    return this.#passed
  }

  after(ms: number, run: () => void | Promise<void>): () => void {
    const entry = { due: this.#passed + Math.max(0, ms), run }
    this.#waiting.add(entry)
    return () => this.#waiting.delete(entry)
  }

  /** What is set and has not run. */
  get pending(): number {
    return this.#waiting.size
  }

  /** Resolves when everything that was due has run to its end, what became due meanwhile included. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`time does not go back: ${ms}`)
    const target = this.#passed + ms
    for (;;) {
      const next = this.#next(target)
      if (!next) break
      this.#waiting.delete(next)
      this.#passed = Math.max(this.#passed, next.due)
      await atMost(Promise.resolve(next.run()), RUN_MS)
      await settle()
    }
    this.#passed = target
  }

  /** The earliest that is due; of equal ones the one that was set first. */
  #next(target: number): Waiting | undefined {
    let first: Waiting | undefined
    for (const entry of this.#waiting) if (entry.due <= target && (!first || entry.due < first.due)) first = entry
    return first
  }
}

/** Lets promises that follow from what just ran settle. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function atMost(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
