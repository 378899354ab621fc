/** What SQLite stores. Booleans are 0 and 1. */
export type SqlValue = string | number | bigint | Uint8Array | null
export type SqlParams = readonly SqlValue[]

/**
 * The one connection to the one file. Everything is synchronous: SQLite runs in this process. Statements are prepared
 * once and kept in a bounded cache that finalizes what it drops, so SQL texts should be few and constant.
 */
export interface Database {
  get<Row>(sql: string, params?: SqlParams): Row | undefined
  all<Row>(sql: string, params?: SqlParams): Row[]
  /** Row by row, in constant memory. The statement is busy until the iterator ends; never `await` half-way. */
  iterate<Row>(sql: string, params?: SqlParams): IterableIterator<Row>
  run(sql: string, params?: SqlParams): { readonly changes: number; readonly lastId: number }
  /** Several statements without parameters. */
  exec(sql: string): void
  /** All or nothing. Synchronous and short; nested calls are savepoints. */
  transaction<T>(work: () => T): T
  /** `EXPLAIN QUERY PLAN`, a line a step, for tests. */
  plan(sql: string, params?: SqlParams): readonly string[]
  /** Statistics for the planner; full, since a limited one misleads it. */
  analyze(): void
  /**
   * 'durable' (the default): an answered write survives a power cut (WAL synced at each commit).
   * 'bulk': a scan's batches; a cut may cost the last batches, which the scan then repeats.
   */
  durability(mode: 'durable' | 'bulk'): void
  /** A consistent copy by `VACUUM INTO`; `path` must not exist. */
  backup(path: string): void
  /** Bytes of the file and of the write-ahead log, and what SQLite itself holds. */
  stats(): { readonly fileBytes: number; readonly walBytes: number; readonly statements: number }
  close(): void
}
