import { yieldToLoop } from '../base/deadline.ts'
import type { Database } from './database.ts'

export interface IntegrityReport {
  readonly ok: boolean
  /** What is wrong, in SQLite's words; at most 100 lines. */
  readonly problems: readonly string[]
}

/** Search indexes, whose inner consistency only FTS5 itself can judge. */
const SEARCH_TABLES = ['song_search', 'album_search', 'artist_search']

/**
 * Reads the whole file: pages, indexes, foreign keys, search indexes. Seconds for a big library. With `turns`, a table a step
 * with a turn for others between; then pages that belong to no table are not looked at.
 */
export async function checkIntegrity(db: Database, { turns = false } = {}): Promise<IntegrityReport> {
  const problems: string[] = []
  for (const table of turns ? tablesOf(db) : [undefined]) {
    const found = db.all<{ integrity_check: string }>(
      `PRAGMA integrity_check(${table === undefined ? 100 : `"${table.replaceAll('"', '""')}"`})`,
    )
    problems.push(...found.map((row) => row.integrity_check).filter((line) => line !== 'ok'))
    if (turns) await yieldToLoop()
    const dangling = db.all<{ table: string; parent: string; rows: number }>(
      `SELECT "table", parent, count(*) AS rows FROM pragma_foreign_key_check${table === undefined ? '' : '(?)'} GROUP BY 1, 2`,
      table === undefined ? [] : [table],
    )
    for (const { table: child, parent, rows } of dangling)
      problems.push(`${rows} rows of ${child} point at rows of ${parent} that do not exist`)
    if (turns) await yieldToLoop()
  }
  const present = new Set(
    db.all<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table'`).map((row) => row.name),
  )
  for (const table of SEARCH_TABLES.filter((name) => present.has(name))) {
    try {
      db.run(`INSERT INTO ${table} (${table}) VALUES ('integrity-check')`)
    } catch (error) {
      problems.push(`search index ${table}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { ok: problems.length === 0, problems: problems.slice(0, 100) }
}

function tablesOf(db: Database): readonly string[] {
  return db
    .all<{ name: string }>(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow')`)
    .map(({ name }) => name)
}
