import type { Database } from './database.ts'

export interface IntegrityReport {
  readonly ok: boolean
  /** What is wrong, in SQLite's words; at most 100 lines. */
  readonly problems: readonly string[]
}

/**
 * Reads the whole file: pages, indexes, foreign keys, search indexes. Seconds for a big library, and minutes on a slow
 * card, in which nothing else runs. Writes nothing.
 */
export function checkIntegrity(db: Pick<Database, 'all'>): IntegrityReport {
  const problems: string[] = []
  const look = <Row>(sql: string, tell: (row: Row) => string) => {
    try {
      for (const row of db.all<Row>(sql)) problems.push(tell(row))
    } catch (error) {
      // Too damaged to be read through.
      problems.push(wordsOf(error))
    }
  }
  look<{ integrity_check: string }>('PRAGMA integrity_check(100)', (row) => row.integrity_check)
  look<{ table: string; parent: string; rows: number }>(
    'SELECT "table", parent, count(*) AS rows FROM pragma_foreign_key_check GROUP BY 1, 2',
    (row) => `${row.rows} rows of ${row.table} point at rows of ${row.parent} that do not exist`,
  )
  const wrong = problems.filter((line) => line !== 'ok')
  return { ok: wrong.length === 0, problems: wrong.slice(0, 100) }
}

function wordsOf(error: unknown): string {
  const told = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return told instanceof Error ? told.message : String(told)
}
