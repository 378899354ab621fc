/**
 * What an endpoint answers: one tree in the form of the JSON answer, from which XML is derived (serialize/shape.ts).
 * `undefined` members are left out in both; `null` and NaN never leave the server.
 */
export type Scalar = string | number | boolean
export interface Tree {
  readonly [key: string]: Value
}
export type ListItem = Scalar | Tree | Kept
export type List = readonly ListItem[] | LazyList
export type Value = Scalar | undefined | Tree | List

/** A member of lists that is answered again and again: it remembers how it is written. Its tree must not change. */
export class Kept {
  readonly tree: Tree
  json: string | undefined
  xml: string | undefined

  constructor(tree: Tree) {
    this.tree = tree
  }

  toJSON(): Tree {
    return this.tree
  }
}

/** A list made while it is sent, so that long answers need little memory. May be walked more than once. */
export class LazyList implements Iterable<ListItem> {
  readonly #make: () => Iterable<ListItem>

  constructor(make: () => Iterable<ListItem>) {
    this.#make = make
  }

  [Symbol.iterator](): Iterator<ListItem> {
    return this.#make()[Symbol.iterator]()
  }

  /** For lists inside elements that are written in one piece. */
  toJSON(): readonly ListItem[] {
    return [...this]
  }
}

/** Rows that are fetched or turned into trees at a time. */
export const PAGE = 500

/** A list, or what is read while it is walked. */
interface Sized<T> extends Iterable<T> {
  readonly length: number
}

/** The items as trees; a long list is turned into trees piece by piece while it is sent. */
export function mapList<T>(items: Sized<T>, make: (item: T) => ListItem): List {
  if (Array.isArray(items) && items.length <= PAGE) return items.map(make)
  return new LazyList(function* () {
    for (const item of items) yield make(item)
  })
}

export interface Page {
  readonly limit: number
  readonly offset: number
}

/** One page of a query; a large one is read in steps of `PAGE` rows while it is sent. */
export function pagedList<T>(page: Page, read: (page: Page) => Sized<T>, make: (item: T) => ListItem): List {
  if (page.limit <= 0) return []
  if (page.limit <= PAGE) return mapList(read(page), make)
  return new LazyList(function* () {
    for (let done = 0; done < page.limit; done += PAGE) {
      const step = { limit: Math.min(PAGE, page.limit - done), offset: page.offset + done }
      const items = read(step)
      for (const item of items) yield make(item)
      if (items.length < step.limit) return
    }
  })
}

/** Anything that JSON can say as a tree: for answers that others made. */
export function asTree(value: unknown): Tree {
  const copy: unknown = JSON.parse(JSON.stringify(value ?? {}))
  return typeof copy === 'object' && copy !== null && !Array.isArray(copy) ? (copy as Tree) : {}
}
