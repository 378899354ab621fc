import { columnNames, type NativeDatabase, type NativeStatement, resetStatement } from './sqlite-binding.ts'

/** A prepared statement and what is known of it. `names` are read at the first row that needs them. */
export interface CachedStatement {
  readonly native: NativeStatement
  readonly sql: string
  names: readonly string[] | undefined
  busy: boolean
  lastUse: number
  /** False for a statement that is finalized as soon as it is given back. */
  kept: boolean
}

/**
 * Prepared statements by their text. Holds at most `capacity`; the one unused for longest goes first, never a busy one.
 * A text whose statement is busy (a query inside its own iteration) gets a second statement for the time.
 */
export class StatementCache {
  readonly #database: NativeDatabase
  readonly #capacity: number
  readonly #entries = new Map<string, CachedStatement>()
  readonly #loans = new Set<CachedStatement>()
  #clock = 0

  constructor(database: NativeDatabase, capacity: number) {
    this.#database = database
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  /** The statement, reset and unbound, taken until `release`. */
  take(sql: string): CachedStatement {
    const found = this.#entries.get(sql)
    if (found && !found.busy) {
      found.busy = true
      found.lastUse = ++this.#clock
      return found
    }
    const made: CachedStatement = {
      native: this.#database.prepare(sql),
      sql,
      names: undefined,
      busy: true,
      lastUse: ++this.#clock,
      kept: found === undefined && this.#makeRoom(),
    }
    if (made.kept) this.#entries.set(sql, made)
    else this.#loans.add(made)
    return made
  }

  release(entry: CachedStatement): void {
    if (!entry.busy) return
    entry.busy = false
    if (entry.kept) resetStatement(entry.native)
    else if (this.#loans.delete(entry)) finalize(entry)
  }

  /** Lets all statements be prepared again: idle ones go at once, busy ones when they are given back. */
  renew(): void {
    for (const entry of this.#entries.values()) {
      if (!entry.busy) finalize(entry)
      else {
        entry.kept = false
        this.#loans.add(entry)
      }
    }
    this.#entries.clear()
  }

  /** Finalizes everything, also what an abandoned iterator still holds. */
  clear(): void {
    for (const entry of [...this.#entries.values(), ...this.#loans]) finalize(entry)
    this.#entries.clear()
    this.#loans.clear()
  }

  #makeRoom(): boolean {
    if (this.#entries.size < this.#capacity) return true
    let oldest: CachedStatement | undefined
    for (const entry of this.#entries.values())
      if (!entry.busy && (!oldest || entry.lastUse < oldest.lastUse)) oldest = entry
    if (!oldest) return false
    this.#entries.delete(oldest.sql)
    finalize(oldest)
    return true
  }
}

export function namesOf(entry: CachedStatement): readonly string[] {
  entry.names ??= columnNames(entry.native)
  return entry.names
}

function finalize(entry: CachedStatement): void {
  entry.busy = false
  if (entry.native._ptr === null) return
  try {
    entry.native.finalize()
  } catch {
    // Finalizing repeats the error of the statement's last step, which was reported when it happened.
  }
}
