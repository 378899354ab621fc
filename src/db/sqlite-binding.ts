import { createRequire } from 'node:module'
import type { SqlParams, SqlValue } from './database.ts'

/**
 * The one place that knows the inside of node-sqlite3-wasm (its version is pinned). The public methods prepare at each
 * call, read the column names again at each query and make a BigInt of each integer; hot reads go by the exported wasm
 * functions instead, which a test and `assertBinding` watch over.
 */
export interface NativeStatement {
  /** Null once finalized. */
  readonly _ptr: number | null
  /** Resets, then binds. Throws when a value can't be bound. */
  _bind(values: SqlParams): void
  /** True for a row, false at the end; throws the engine's message. */
  _step(): boolean
  finalize(): void
}

export interface NativeDatabase {
  readonly isOpen: boolean
  readonly inTransaction: boolean
  readonly _ptr: number | null
  prepare(sql: string): NativeStatement
  exec(sql: string): void
  all(sql: string, values: SqlParams): unknown[]
  close(): void
}

export interface NativeOptions {
  readonly readOnly?: boolean
  readonly fileMustExist?: boolean
}

interface NativeModule {
  readonly Database: new (path: string, options?: NativeOptions) => NativeDatabase
  cwrap(name: string, result: string, params: readonly string[]): (...values: number[]) => string
  _sqlite3_reset(statement: number): number
  _sqlite3_column_count(statement: number): number
  _sqlite3_column_type(statement: number, index: number): number
  _sqlite3_column_double(statement: number, index: number): number
  _sqlite3_column_int64(statement: number, index: number): bigint
  _sqlite3_changes(database: number): number
  _sqlite3_last_insert_rowid(database: number): bigint
}

/** Not by `import`: Node would parse the package's source for its names first, which takes as long as to run it. */
const native = createRequire(import.meta.url)('node-sqlite3-wasm') as NativeModule
const columnText = native.cwrap('sqlite3_column_text', 'string', ['number', 'number'])
const columnName = native.cwrap('sqlite3_column_name', 'string', ['number', 'number'])

const INTEGER = 1
const FLOAT = 2
const TEXT = 3
const NULL = 5

/** Opens a file without any setting. */
export function openNative(path: string, options: NativeOptions = {}): NativeDatabase {
  return new native.Database(path, options)
}

/** Throws when an update of the package took away what this file uses. */
export function assertBinding(database: NativeDatabase): void {
  const statement = database.prepare('SELECT 1')
  const complete =
    typeof statement._bind === 'function' &&
    typeof statement._step === 'function' &&
    typeof statement._ptr === 'number' &&
    typeof native._sqlite3_column_double === 'function' &&
    typeof native._sqlite3_changes === 'function'
  statement.finalize()
  if (!complete) throw new TypeError('this version of node-sqlite3-wasm has another inside; src/db/sqlite-binding.ts')
}

/** Ends a statement's run, so that it holds no snapshot. Its error, if any, was reported by the step. */
export function resetStatement(statement: NativeStatement): void {
  if (statement._ptr !== null) native._sqlite3_reset(statement._ptr)
}

export function columnNames(statement: NativeStatement): readonly string[] {
  const pointer = statement._ptr as number
  return Array.from({ length: native._sqlite3_column_count(pointer) }, (_, index) => columnName(pointer, index))
}

export function readNumber(pointer: number, index: number): number {
  return native._sqlite3_column_double(pointer, index)
}

export function readText(pointer: number, index: number): string {
  return columnText(pointer, index)
}

export function isNull(pointer: number, index: number): boolean {
  return native._sqlite3_column_type(pointer, index) === NULL
}

/** Any value; an integer beyond 2^53 stays a bigint. */
export function readValue(statement: NativeStatement, index: number): SqlValue {
  const pointer = statement._ptr as number
  switch (native._sqlite3_column_type(pointer, index)) {
    case INTEGER: {
      const value = native._sqlite3_column_double(pointer, index)
      return Number.isSafeInteger(value) ? value : native._sqlite3_column_int64(pointer, index)
    }
    case FLOAT:
      return native._sqlite3_column_double(pointer, index)
    case TEXT:
      return columnText(pointer, index)
    case NULL:
      return null
    default:
      return readBlob(statement, index)
  }
}

/** Rows with a blob are rare (sealed passwords): the package's own reader copies them out of the wasm memory. */
function readBlob(statement: NativeStatement, index: number): SqlValue {
  const own = statement as unknown as { _getRow(columns: readonly string[], expand: boolean): Record<string, SqlValue> }
  const names = Array.from({ length: index + 1 }, (_, column) => String(column))
  return own._getRow(names, false)[String(index)] ?? null
}

export function lastChange(database: NativeDatabase): { readonly changes: number; readonly lastId: number } {
  const pointer = database._ptr as number
  return {
    changes: native._sqlite3_changes(pointer),
    lastId: Number(native._sqlite3_last_insert_rowid(pointer)),
  }
}
