import type { Database } from './database.ts'

export interface IntegrityReport {
  readonly ok: boolean
  /** What is wrong, in SQLite's words; at most 100 lines. */
  readonly problems: readonly string[]
}

/** Search indexes, whose inner consistency only FTS5 itself can judge. */
const SEARCH_TABLES = ['song_search', 'album_search', 'artist_search']

/** Reads the whole file: pages, indexes, foreign keys, search indexes. Seconds for a big library; for `doctor`. */
export function checkIntegrity(db: Database): IntegrityReport {
  const problems = db
    .all<{ integrity_check: string }>('PRAGMA integrity_check(100)')
    .map((row) => row.integrity_check)
    .filter((line) => line !== 'ok')
  const dangling = db.all<{ table: string; parent: string; rows: number }>(
    `SELECT "table", parent, count(*) AS rows FROM pragma_foreign_key_check GROUP BY 1, 2`,
  )
  for (const { table, parent, rows } of dangling)
    problems.push(`${rows} rows of ${table} point at rows of ${parent} that do not exist`)
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
