import { rowIdOf } from 'tonearm/plugin'

/** What the stores have in common. */

export interface Row {
  readonly [column: string]: string | number | null
}

export const MAX_LISTED = 10_000
export const ALIVE = 'revoked_at IS NULL'

export function rowOf(userId: string): number {
  return rowIdOf('user', userId) ?? 0
}
