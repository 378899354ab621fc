import type { SqlValue } from '../db/database.ts'

/** Tables of things that a scope shows or hides. */
export type ItemTable = 'song' | 'album' | 'artist' | 'folder'

/** A piece of a WHERE clause with the values of its `?`, in order. */
export interface Condition {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

export const ALWAYS: Condition = { sql: '1', params: [] }

export function all(...conditions: readonly Condition[]): Condition {
  const used = conditions.filter((condition) => condition !== ALWAYS)
  if (used.length === 0) return ALWAYS
  return { sql: used.map((one) => one.sql).join(' AND '), params: used.flatMap((one) => one.params) }
}

/** By the mark of the item in a column: `untouched`, `partial` (true unless given), or false for all others. */
export function markCondition(
  column: string,
  marks: Uint8Array,
  { untouched, partial = ALWAYS }: { readonly untouched: Condition; readonly partial?: Condition },
): Condition {
  if (untouched === ALWAYS && partial === ALWAYS)
    return { sql: `substr(?, ${column}, 1) BETWEEN x'00' AND x'01'`, params: [marks] }
  return {
    sql: `CASE substr(?, ${column}, 1) WHEN x'00' THEN ${untouched.sql} WHEN x'01' THEN ${partial.sql} ELSE 0 END`,
    params: [marks, ...untouched.params, ...partial.params],
  }
}
