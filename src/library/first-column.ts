import type { RowReader } from '../db/database.ts'

/** Of queries for one number a row. */
export function firstColumn(row: RowReader): number {
  return row.number(0)
}
