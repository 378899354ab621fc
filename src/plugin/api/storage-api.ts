import type { Disposable } from './disposable-api.ts'

export type SqlValue = string | number | bigint | Uint8Array | null

/** The plugin's own tables only (`<name>_*`); checked when a statement is prepared. */
export interface PluginDatabase {
  /** All rows of a SELECT. */
  all<Row = Record<string, SqlValue>>(sql: string, params?: readonly SqlValue[]): Promise<readonly Row[]>
  /** The first row. */
  get<Row = Record<string, SqlValue>>(sql: string, params?: readonly SqlValue[]): Promise<Row | undefined>
  /** Any other statement. */
  run(sql: string, params?: readonly SqlValue[]): Promise<{ readonly changes: number; readonly lastId: number }>
  /** All or nothing; data, not a callback. Answers the changes of each statement. */
  batch(statements: readonly (readonly [sql: string, params?: readonly SqlValue[]])[]): Promise<readonly number[]>
}

/** Values that people set while the server runs; JSON. */
export interface Settings {
  /** What is stored, or the fallback. */
  get<T>(key: string, fallback: T): Promise<T>
  /** At most 64 KiB of JSON. */
  set(key: string, value: unknown): Promise<void>
  /** Told after each `set`. */
  onChange(key: string, listener: (value: unknown) => void): Disposable
}
