import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { DATABASE_FILE } from '../../src/db/data-lock.ts'
import type { Database } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'

/** A folder that is removed after the test. */
export function tempFolder(t: Pick<TestContext, 'after'>, name = 'tonearm-'): string {
  const folder = mkdtempSync(join(tmpdir(), name))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A real database with the current schema in a folder of its own; both go after the test. */
export function tempDatabase(t: Pick<TestContext, 'after'>): Database {
  const folder = mkdtempSync(join(tmpdir(), 'tonearm-db-'))
  const db = openDatabase({ path: join(folder, DATABASE_FILE), log: silentLogger })
  migrate(db, { log: silentLogger })
  t.after(() => {
    db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return db
}
