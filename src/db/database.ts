import type { AppError } from '../base/errors.ts'

/** What SQLite stores. Booleans are 0 and 1. */
export type SqlValue = string | number | bigint | Uint8Array | null
export type SqlParams = readonly SqlValue[]

/**
 * The row that a query stands on, for `select`: columns by index, read only when asked for. Valid inside the callback
 * alone. `number` of a NULL is 0, `text` of a NULL is ''.
 */
export interface RowReader {
  number(index: number): number
  text(index: number): string
  isNull(index: number): boolean
}

/** Grows with each write to one of the watched tables (or each write of unknown aim): what was cached before is old. */
export interface TableWatch {
  readonly version: number
}

/**
 * 'durable' (the default): a write survives a power cut as soon as it returns; the log is synced at each commit, with all
 * that was written before. 'bulk', for the batches of a scan, which repeats them, and for who waits for `settleSoon`: a
 * cut may cost those since the last sync. The file stays whole either way, and the end of the process costs nothing.
 */
export type Durability = 'durable' | 'bulk'

/**
 * The one connection to the one file. Everything is synchronous: SQLite runs in this process. Statements are prepared
 * once and kept in a bounded cache that finalizes what it drops, so SQL texts should be few and constant.
 */
export interface Database {
  get<Row>(sql: string, params?: SqlParams): Row | undefined
  all<Row>(sql: string, params?: SqlParams): Row[]
  /** The quick way for many or wide rows: `read` takes what it needs by column index; no object is made between. */
  select<T>(sql: string, params: SqlParams, read: (row: RowReader) => T): T[]
  /** Row by row, in constant memory. The statement is busy until the iterator ends; never `await` half-way. */
  iterate<Row>(sql: string, params?: SqlParams): IterableIterator<Row>
  /** Outside of a transaction it lasts as `durability` says. */
  run(sql: string, params?: SqlParams, durability?: Durability): { readonly changes: number; readonly lastId: number }
  /** Several statements without parameters. */
  exec(sql: string): void
  /**
   * All or nothing. Synchronous and short; nested calls are savepoints. The outermost says how it lasts: see Durability.
   */
  transaction<T>(work: () => T, durability?: Durability): T
  /** What 'bulk' transactions wrote survives a power cut from here on. */
  settle(): void
  /** The same soon: all who ask in one turn of the loop share one sync. Rejects as `settle` throws; ask again then. */
  settleSoon(): Promise<void>
  /** Follows writes that this connection (there is no other) makes to these tables; cascades count by their source. */
  watch(tables: readonly string[]): TableWatch
  /** `EXPLAIN QUERY PLAN`, a line a step, for tests. */
  plan(sql: string, params?: SqlParams): readonly string[]
  /**
   * Takes statistics for the planner, an index a step: the caller gives others a turn between. `rows`: so many of each
   * index are looked at; a few hundred would mislead it. They count for all statements when the last step is done.
   */
  analyze(rows?: number): Iterable<void>
  /**
   * A consistent copy, of the moment of the call or later; `path` must not exist. Others go on reading and writing: what
   * they write stays in the log until the copy is made.
   */
  backup(path: string): Promise<void>
  /**
   * Runs `work` with the file, whose bytes stand still and are whole until it settles; one at a time, as backups. Others
   * go on reading and writing.
   */
  still<T>(work: (file: string) => Promise<T>): Promise<T>
  /**
   * Who writes much waits for this before each transaction. Settles at once, but while the file stands still and the log,
   * which must be brought home in one go afterwards, has grown long.
   */
  room(): Promise<void>
  /** Why nothing that is written now would be found again: the data folder is gone. Every write throws it. */
  fault(): AppError | undefined
  /** Bytes of the file and of the write-ahead log, and the statements that are kept. */
  stats(): { readonly fileBytes: number; readonly walBytes: number; readonly statements: number }
  readonly isOpen: boolean
  close(): void
}
