const NONE: readonly never[] = Object.freeze([])

/** A JSON array column; the empty one, which most are, is not parsed and shared. */
export function jsonList<T>(text: string): readonly T[] {
  return text === '[]' || text === '' ? NONE : (JSON.parse(text) as readonly T[])
}

export function jsonObject<T extends object>(text: string): T {
  return text === '{}' || text === '' ? (Object.freeze({}) as T) : (JSON.parse(text) as T)
}

/** Ids as one value for `IN (SELECT value FROM json_each(?))`. */
export function jsonIds(ids: readonly number[]): string {
  return `[${ids.join(',')}]`
}
