import { yieldToLoop } from '../base/deadline.ts'
import type { Database } from './database.ts'

export interface IntegrityReport {
  readonly ok: boolean
  /** What is wrong, in SQLite's words; at most 100 lines. */
  readonly problems: readonly string[]
}

/**
 * Reads the whole file: pages, indexes, foreign keys, search indexes. Seconds for a big library. With `turns`, a table a step
 * with a turn for others between; then pages that belong to no table are not looked at. Writes nothing.
 */
export async function checkIntegrity(db: Pick<Database, 'all'>, { turns = false } = {}): Promise<IntegrityReport> {
  const problems: string[] = []
  const look = <Row>(sql: string, params: readonly string[], tell: (row: Row) => string) => {
    try {
      for (const row of db.all<Row>(sql, params)) problems.push(tell(row))
    } catch (error) {
      // Too damaged to be read through.
      problems.push(wordsOf(error))
    }
  }
  for (const table of turns ? tablesOf(db) : [undefined]) {
    const what = table === undefined ? 100 : `"${table.replaceAll('"', '""')}"`
    look<{ integrity_check: string }>(`PRAGMA integrity_check(${what})`, [], (row) => row.integrity_check)
    if (turns) await yieldToLoop()
    look<{ table: string; parent: string; rows: number }>(
      `SELECT "table", parent, count(*) AS rows FROM pragma_foreign_key_check${table === undefined ? '' : '(?)'} GROUP BY 1, 2`,
      table === undefined ? [] : [table],
      (row) => `${row.rows} rows of ${row.table} point at rows of ${row.parent} that do not exist`,
    )
    if (turns) await yieldToLoop()
  }
  const wrong = problems.filter((line) => line !== 'ok')
  return { ok: wrong.length === 0, problems: wrong.slice(0, 100) }
}

function wordsOf(error: unknown): string {
  const told = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return told instanceof Error ? told.message : String(told)
}

/** Virtual ones too: a search index knows by itself whether its inside agrees. */
function tablesOf(db: Pick<Database, 'all'>): readonly string[] {
  return db
    .all<{ name: string }>(
      `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow', 'virtual')`,
    )
    .map(({ name }) => name)
}
