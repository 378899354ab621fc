import type { TableWatch } from './database.ts'

interface Counter {
  version: number
}

const WRITE =
  /^\s*(?:WITH\b[\s\S]*?\)\s*)?(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)\s+"?(\w+)"?/i
const READ_ONLY = /^\s*(?:SELECT|EXPLAIN|VALUES)\b/i

/** Which tables were written, by the texts of the statements, so that caches of reads know when they are old. */
export class TableWatches {
  readonly #byTable = new Map<string, Counter[]>()
  readonly #all: Counter[] = []
  readonly #tables = new Map<string, string | undefined>()

  watch(tables: readonly string[]): TableWatch {
    const counter: Counter = { version: 1 }
    this.#all.push(counter)
    for (const table of tables) {
      const counters = this.#byTable.get(table)
      if (counters) counters.push(counter)
      else this.#byTable.set(table, [counter])
    }
    return counter
  }

  /** After a statement that changed rows. */
  wrote(sql: string): void {
    if (this.#all.length === 0) return
    const table = this.#tableOf(sql)
    if (table === undefined) this.wroteAnything()
    else for (const counter of this.#byTable.get(table) ?? []) counter.version++
  }

  /** After a script, or a rollback that took writes back. */
  wroteAnything(): void {
    for (const counter of this.#all) counter.version++
  }

  #tableOf(sql: string): string | undefined {
    if (this.#tables.has(sql)) return this.#tables.get(sql)
    const table = WRITE.exec(sql)?.[1]?.toLowerCase()
    if (this.#tables.size >= 500) this.#tables.clear()
    this.#tables.set(sql, table)
    return table
  }
}

export function isReadOnly(sql: string): boolean {
  return READ_ONLY.test(sql)
}
