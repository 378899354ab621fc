import { AppError } from '../../base/errors.ts'

/** The item, or NOT_FOUND: unknown, gone and not visible are told apart by nobody. */
export function found<T>(item: T | undefined, what: string): T {
  if (item === undefined) throw new AppError('NOT_FOUND', `${what} not found.`)
  return item
}

/** A number of rows: at least 0, at most `most`. */
export function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(most, value))
}
