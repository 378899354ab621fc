/** What a query found: how many, and each when the walk comes to it. May be walked more than once. */
export interface Rows<T> extends Iterable<T> {
  /** Of what was found; what has gone since is not walked over. */
  readonly length: number
}

/**
 * So many are turned into entities at a time. Few enough to be garbage before the collector comes by: with 500 at once it
 * copies each of them twice, which took half of the time of a page.
 */
const SLICE = 16

/** Reads a slice each time the walk comes to its end, so that a list costs the memory of its ids. */
export class LazyRows<T> implements Rows<T> {
  readonly #ids: readonly number[]
  readonly #read: (ids: readonly number[]) => readonly T[]

  constructor(ids: readonly number[], read: (ids: readonly number[]) => readonly T[]) {
    this.#ids = ids
    this.#read = read
  }

  get length(): number {
    return this.#ids.length
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let from = 0; from < this.#ids.length; from += SLICE) yield* this.#read(this.#ids.slice(from, from + SLICE))
  }
}
