import { pause } from '../base/deadline.ts'
import type { Exchange } from './exchange.ts'

/** The requests under way, for a stop that cuts nobody off early. */
export class ExchangeSet {
  readonly #running = new Set<Exchange>()
  #onEmpty: (() => void) | undefined

  get size(): number {
    return this.#running.size
  }

  add(exchange: Exchange): void {
    this.#running.add(exchange)
  }

  remove(exchange: Exchange): void {
    this.#running.delete(exchange)
    if (this.#running.size === 0) this.#onEmpty?.()
  }

  /** Ends event streams, waits until the others are through or `graceMs` are over, then cuts what is left. */
  async drain(graceMs: number): Promise<void> {
    for (const exchange of this.#running) exchange.endEvents()
    if (this.#running.size > 0) {
      const waiting = new AbortController()
      this.#onEmpty = () => waiting.abort()
      await pause(graceMs, waiting.signal)
      this.#onEmpty = undefined
    }
    for (const exchange of [...this.#running]) exchange.cut()
  }
}
