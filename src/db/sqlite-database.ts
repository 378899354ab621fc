import { closeSync, fsyncSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { yieldToLoop } from '../base/deadline.ts'
import { AppError } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'
import type { Database, Durability, RowReader, SqlParams, SqlValue, TableWatch } from './database.ts'
import { copyDatabaseFile } from './database-copy.ts'
import { FilePlace } from './file-place.ts'
import { explainSqlError } from './sql-error.ts'
import {
  assertBinding,
  isNull,
  lastChange,
  type NativeDatabase,
  type NativeStatement,
  openNative,
  readNumber,
  readText,
  readValue,
} from './sqlite-binding.ts'
import { type CachedStatement, namesOf, StatementCache } from './statement-cache.ts'
import { isReadOnly, TableWatches } from './table-watches.ts'

export interface DatabaseOptions {
  /** The file; made when absent. Its folder must exist, and a DataLock should be held. */
  readonly path: string
  readonly log: Logger
  /** KiB of pages that SQLite keeps; the wasm memory that they take is never given back. Default 2048: more made no read quicker. */
  readonly pageCacheKiB?: number
  /** Prepared statements that are kept. Default 128. */
  readonly statements?: number
}

/** The log is brought into the file when it holds so many pages (4 MiB), and cut to so many bytes afterwards. */
const CHECKPOINT_PAGES = 1000
const WAL_LIMIT = 8 * 1024 * 1024
/** What the log may grow to by a scan while it can't be brought into the file. */
const CROWDED_LOG = 16 * 1024 * 1024
const SLOW_MS = 1000
/** Of each index: a fifth of 100,000 songs, some 20 ms, which gives the plans of all of them. */
const ANALYSED_ROWS = 20_000
/** What ANALYZE takes one after the other: indexes, and tables that have none or are one themselves. */
const ANALYZED = `
  SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name NOT LIKE 'sqlite_stat%'
    AND tbl_name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr)
  UNION ALL
  SELECT name FROM pragma_table_list AS t WHERE schema = 'main' AND type IN ('table', 'shadow') AND name NOT LIKE 'sqlite_%'
    AND (wr OR NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND tbl_name = t.name))`

/**
 * Opens the file: exclusively first, since the file layer has no shared memory and WAL takes only then. The log is
 * synced by `SqliteDatabase` itself.
 * Throws DATA_UNWRITABLE, DISK_FULL, DATA_LOCKED or DATA_DAMAGED.
 */
export function openDatabase(options: DatabaseOptions): Database {
  try {
    const native = openNative(options.path)
    try {
      configure(native, options)
      return new SqliteDatabase(native, options)
    } catch (error) {
      native.close()
      throw error
    }
  } catch (error) {
    throw explainSqlError(error, options.path)
  }
}

function configure(native: NativeDatabase, options: DatabaseOptions): void {
  native.exec('PRAGMA locking_mode = EXCLUSIVE')
  assertBinding(native)
  const mode = native.prepare('PRAGMA journal_mode = WAL')
  mode._bind([])
  mode._step()
  const answer = String(readValue(mode, 0))
  mode.finalize()
  if (answer !== 'wal') throw new Error(`unable to open database file: journal mode is ${answer}`)
  native.exec(`
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -${Math.max(256, Math.trunc(options.pageCacheKiB ?? 2048))};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${WAL_LIMIT};
    PRAGMA trusted_schema = OFF`)
}

/** The row a `select` stands on; one object for the whole query. */
class CurrentRow implements RowReader {
  readonly #pointer: number

  constructor(statement: NativeStatement) {
    this.#pointer = statement._ptr as number
  }

  number(index: number): number {
    return readNumber(this.#pointer, index)
  }

  text(index: number): string {
    return readText(this.#pointer, index)
  }

  isNull(index: number): boolean {
    return isNull(this.#pointer, index)
  }
}

class SqliteDatabase implements Database {
  readonly #native: NativeDatabase
  readonly #path: string
  readonly #log: Logger
  readonly #statements: StatementCache
  readonly #watches = new TableWatches()
  readonly #place: FilePlace
  #depth = 0
  #unsynced = false
  #syncing: Promise<void> | undefined
  #standing: Promise<unknown> = Promise.resolve()
  #stands = false
  #logFile: number | undefined

  constructor(native: NativeDatabase, options: DatabaseOptions) {
    this.#native = native
    this.#path = options.path
    this.#log = options.log
    this.#place = new FilePlace(options.path)
    this.#statements = new StatementCache(native, options.statements ?? 128)
  }

  get<Row>(sql: string, params: SqlParams = []): Row | undefined {
    return this.#use(sql, params, (entry) => (entry.native._step() ? (toObject(entry) as Row) : undefined))
  }

  all<Row>(sql: string, params: SqlParams = []): Row[] {
    return this.#use(sql, params, (entry) => {
      const rows: Row[] = []
      while (entry.native._step()) rows.push(toObject(entry) as Row)
      return rows
    })
  }

  select<T>(sql: string, params: SqlParams, read: (row: RowReader) => T): T[] {
    return this.#use(sql, params, (entry) => {
      const row = new CurrentRow(entry.native)
      const results: T[] = []
      while (entry.native._step()) results.push(read(row))
      return results
    })
  }

  *iterate<Row>(sql: string, params: SqlParams = []): IterableIterator<Row> {
    const entry = this.#take(sql)
    try {
      entry.native._bind(params)
      while (entry.native._step()) {
        yield toObject(entry) as Row
        if (entry.native._ptr === null) throw new Error('the database was closed during an iteration')
      }
    } catch (error) {
      throw explainSqlError(error, this.#path)
    } finally {
      this.#statements.release(entry)
    }
  }

  run(
    sql: string,
    params: SqlParams = [],
    durability: Durability = 'durable',
  ): { readonly changes: number; readonly lastId: number } {
    if (this.#depth === 0 && !isReadOnly(sql)) this.#requirePlace()
    const change = this.#use(sql, params, (entry) => {
      while (entry.native._step());
      return isReadOnly(sql) ? { changes: 0, lastId: 0 } : lastChange(this.#native)
    })
    if (change.changes === 0) return change
    this.#watches.wrote(sql)
    if (this.#depth === 0) this.#committed(durability)
    return change
  }

  exec(sql: string): void {
    if (this.#depth === 0) this.#requirePlace()
    try {
      this.#native.exec(sql)
    } catch (error) {
      throw explainSqlError(error, this.#path)
    } finally {
      this.#watches.wroteAnything()
    }
    if (this.#depth === 0) this.#syncLog()
  }

  transaction<T>(work: () => T, durability: Durability = 'durable'): T {
    if (this.#depth === 0) this.#requirePlace()
    const savepoint = `level${this.#depth}`
    this.#command(this.#depth === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${savepoint}`)
    this.#depth++
    let result: T
    try {
      result = work()
      if (result instanceof Promise) throw new TypeError('a transaction is synchronous; its work returned a promise')
    } catch (error) {
      this.#depth--
      this.#undo(savepoint)
      throw error
    }
    this.#depth--
    if (this.#depth > 0) {
      this.#command(`RELEASE ${savepoint}`)
      return result
    }
    try {
      this.#command('COMMIT')
    } catch (error) {
      this.#undo(savepoint)
      throw error
    }
    this.#committed(durability)
    return result
  }

  #committed(durability: Durability): void {
    if (durability === 'durable') this.#syncLog()
    else this.#unsynced = true
  }

  watch(tables: readonly string[]): TableWatch {
    return this.#watches.watch(tables)
  }

  plan(sql: string, params: SqlParams = []): readonly string[] {
    return this.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, params).map((row) => row.detail)
  }

  *analyze(rows = ANALYSED_ROWS): IterableIterator<void> {
    const started = performance.now()
    this.#command(`PRAGMA analysis_limit = ${rows}`)
    let longest = 0
    for (const { name } of this.all<{ name: string }>(ANALYZED)) {
      const began = performance.now()
      this.transaction(() => this.#command(`ANALYZE "${name.replaceAll('"', '""')}"`), 'bulk')
      longest = Math.max(longest, performance.now() - began)
      yield
      if (!this.isOpen) return
    }
    // Statements keep the plans of their preparation; the new statistics are for those prepared from now on.
    this.#statements.renew()
    const ms = Math.round(performance.now() - started)
    this.#log.debug('statistics taken', { ms, longestMs: Math.round(longest) })
  }

  settle(): void {
    if (this.#unsynced) this.#syncLog()
  }

  /** On the loop: by another thread it takes twice the processor time, since fewer come together. */
  settleSoon(): Promise<void> {
    if (!this.#unsynced) return Promise.resolve()
    this.#syncing ??= yieldToLoop().then(() => {
      this.#syncing = undefined
      // What closed it has brought the log home.
      if (this.isOpen) this.settle()
    })
    return this.#syncing
  }

  backup(path: string): Promise<void> {
    return this.still((file) => copyDatabaseFile(file, path))
  }

  still<T>(work: (file: string) => Promise<T>): Promise<T> {
    const turn = this.#standing.then(() => this.#stand(work))
    this.#standing = turn.catch(() => {})
    return turn
  }

  /** With the log brought home and kept from coming home again, the file stands still. */
  async #stand<T>(work: (file: string) => Promise<T>): Promise<T> {
    if (!this.isOpen) throw new AppError('UNAVAILABLE', 'The server stops.')
    this.#requirePlace()
    this.get('PRAGMA wal_autocheckpoint = 0')
    this.#stands = true
    try {
      const { busy } = this.get<{ busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)') ?? { busy: 1 }
      if (busy !== 0) throw new AppError('BUSY', 'The database is being read; try again in a moment.')
      const result = await work(this.#path)
      if (!this.isOpen) throw new AppError('UNAVAILABLE', 'The server stops.')
      return result
    } finally {
      this.#stands = false
      if (this.isOpen) this.get(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    }
  }

  async room(): Promise<void> {
    while (this.#stands && this.stats().walBytes > CROWDED_LOG) await this.#standing
  }

  fault(): AppError | undefined {
    return this.#place.fault(this.#logFile)
  }

  stats(): { readonly fileBytes: number; readonly walBytes: number; readonly statements: number } {
    const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0
    return { fileBytes: size(this.#path), walBytes: size(`${this.#path}-wal`), statements: this.#statements.size }
  }

  get isOpen(): boolean {
    return this.#native.isOpen
  }

  close(): void {
    if (!this.isOpen) return
    this.#statements.clear()
    if (this.#logFile !== undefined) closeSync(this.#logFile)
    this.#logFile = undefined
    try {
      this.#native.close()
    } catch (error) {
      throw explainSqlError(error, this.#path)
    }
  }

  #requirePlace(): void {
    const fault = this.fault()
    if (fault) throw fault
  }

  #take(sql: string): CachedStatement {
    try {
      return this.#statements.take(sql)
    } catch (error) {
      throw explainSqlError(error, this.#path)
    }
  }

  #use<T>(sql: string, params: SqlParams, work: (entry: CachedStatement) => T): T {
    const entry = this.#take(sql)
    const started = performance.now()
    try {
      entry.native._bind(params)
      return work(entry)
    } catch (error) {
      throw explainSqlError(error, this.#path)
    } finally {
      this.#statements.release(entry)
      const ms = performance.now() - started
      if (ms > SLOW_MS) this.#log.warn('slow query', { ms: Math.round(ms), sql: sql.slice(0, 200) })
    }
  }

  /**
   * Makes the last commit survive a power cut. SQLite's own way (synchronous = FULL) would write each small commit
   * twice: this file layer can't promise that overwriting a sector is safe, so the log is padded to the next one.
   */
  #syncLog(): void {
    try {
      if (this.#logFile === undefined) {
        this.#logFile = openSync(`${this.#path}-wal`, 'r')
        // The log's name must last as well.
        const folder = openSync(dirname(this.#path), 'r')
        fsyncSync(folder)
        closeSync(folder)
      }
      fsyncSync(this.#logFile)
      this.#unsynced = false
    } catch (error) {
      throw explainSqlError(new Error('disk I/O error', { cause: error }), this.#path)
    }
  }

  #command(sql: string): void {
    this.#use(sql, [], (entry) => {
      while (entry.native._step());
    })
  }

  /** After a full disk or an I/O error SQLite has rolled the whole transaction back by itself. */
  #undo(savepoint: string): void {
    this.#watches.wroteAnything()
    if (!this.#native.isOpen || !this.#native.inTransaction) return
    try {
      if (this.#depth === 0) this.#command('ROLLBACK')
      else {
        this.#command(`ROLLBACK TO ${savepoint}`)
        this.#command(`RELEASE ${savepoint}`)
      }
    } catch (error) {
      this.#log.error('rollback failed', { error: error instanceof Error ? error.message : String(error) })
    }
  }
}

function toObject(entry: CachedStatement): Record<string, SqlValue> {
  const names = namesOf(entry)
  const row: Record<string, SqlValue> = {}
  for (let index = 0; index < names.length; index++) row[names[index] as string] = readValue(entry.native, index)
  return row
}
