import type { Database, TableWatch } from '../db/database.ts'

/**
 * Work that no answer waits for, a slice a turn of the loop, so that requests come between. What is begun is given up
 * when the catalogue moves, since it would be about what was.
 */
export class IdleWork {
  readonly #db: Database
  readonly #catalogue: TableWatch
  #queue: Iterator<unknown>[] = []
  #version = -1

  constructor(db: Database, catalogue: TableWatch) {
    this.#db = db
    this.#catalogue = catalogue
  }

  /** Does what comes up to the next `yield` each turn; an error ends the work, the next query meets it again. */
  add(work: Iterator<unknown>): void {
    const { version } = this.#catalogue
    if (version !== this.#version) this.#queue = []
    this.#version = version
    this.#queue.push(work)
    if (this.#queue.length === 1) this.#next()
  }

  #next(): void {
    const queue = this.#queue
    setImmediate(() => {
      if (queue !== this.#queue || !this.#db.isOpen || this.#catalogue.version !== this.#version) return
      let done = true
      try {
        done = queue[0]?.next().done !== false
      } catch {}
      if (done) queue.shift()
      if (queue.length > 0) this.#next()
    })
  }
}
