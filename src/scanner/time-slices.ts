import type { Clock } from '../base/clock.ts'
import { yieldToLoop } from '../base/deadline.ts'
import type { Database } from '../db/database.ts'

/** Milliseconds that the scanner keeps the event loop for itself: requests wait that long at most. */
const SLICE_MS = 6

/** Runs long work in short transactions, which only `settle` makes last, with a turn for requests between them. */
export class TimeSlices {
  readonly #db: Database
  readonly #clock: Clock
  #turnBegan: number

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
    this.#turnBegan = clock.monotonic()
  }

  /** Works through `items` in order; what one item does is never cut in two. Stops early when the signal aborts. */
  async write<T>(items: Iterable<T>, work: (item: T) => void, signal?: AbortSignal): Promise<void> {
    const iterator = items[Symbol.iterator]()
    let next = iterator.next()
    while (!next.done && !signal?.aborted) {
      await this.#db.room()
      const began = this.#clock.monotonic()
      this.#db.transaction(() => {
        do {
          work((next as IteratorYieldResult<T>).value)
          next = iterator.next()
        } while (!next.done && this.#clock.monotonic() - began < SLICE_MS)
      }, 'bulk')
      await yieldToLoop()
      this.#turnBegan = this.#clock.monotonic()
    }
  }

  /** For reading loops: gives others a turn when this one has lasted long enough. */
  readonly pause = async (): Promise<void> => {
    if (this.#clock.monotonic() - this.#turnBegan < SLICE_MS) return
    await yieldToLoop()
    this.#turnBegan = this.#clock.monotonic()
  }
}
