import { LRUCache } from 'lru-cache'

/** Walks that are remembered, and marks of one walk. */
const WALKS = 32
const MARKS = 512
/** Rows skipped by one statement; a mark is left after each. */
const STRIDE = 2000

/** Reads ids greater than `after`, in order. */
export type ReadAfter = (after: number, limit: number, offset: number) => readonly number[]

/**
 * Pages of a list by id, with an offset from the client, at the price of a page that starts after a known id: where walks
 * have been is remembered (offset and last id before it), and a jump goes from the nearest mark in strides.
 */
export class PageCursors {
  readonly #walks = new LRUCache<string, Map<number, number>>({ max: WALKS })
  #version = -1

  page(
    key: string,
    version: number,
    page: { readonly limit: number; readonly offset: number },
    read: ReadAfter,
  ): readonly number[] {
    if (version !== this.#version) {
      this.#walks.clear()
      this.#version = version
    }
    let marks = this.#walks.get(key)
    if (!marks) {
      marks = new Map([[0, 0]])
      this.#walks.set(key, marks)
    }
    let [at, after] = nearest(marks, page.offset)
    while (page.offset - at > STRIDE) {
      const [last] = read(after, 1, STRIDE - 1)
      if (last === undefined) return []
      at += STRIDE
      after = last
      remember(marks, at, after)
    }
    const ids = read(after, page.limit, page.offset - at)
    const last = ids.at(-1)
    if (last !== undefined) remember(marks, page.offset + ids.length, last)
    return ids
  }
}

function nearest(marks: ReadonlyMap<number, number>, offset: number): [number, number] {
  let best = 0
  for (const at of marks.keys()) if (at <= offset && at > best) best = at
  return [best, marks.get(best) ?? 0]
}

function remember(marks: Map<number, number>, at: number, after: number): void {
  if (!marks.has(at) && marks.size >= MARKS) {
    // The second oldest goes; the first is the beginning.
    const oldest = [...marks.keys()][1]
    if (oldest !== undefined) marks.delete(oldest)
  }
  marks.set(at, after)
}
