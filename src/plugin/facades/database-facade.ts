import { AppError } from '../../base/errors.ts'
import type { Database } from '../../db/database.ts'
import type { PluginDatabase, SqlValue } from '../api/storage-api.ts'
import type { OwnTables } from '../containment/own-tables.ts'
import { assertOwnTables } from '../containment/table-gate.ts'
import type { Generation } from '../host/generation.ts'
import { runMarked } from './call.ts'
import { deferred } from './deferred.ts'

/** More is no answer for a small machine: page through it. */
const MAX_ROWS = 50_000
/** A plugin that builds SQL texts endlessly pays for the check anew; it does not fill our memory. */
const MAX_CHECKED = 200

/**
 * The plugin's own tables. The work is synchronous underneath; promises keep the door open to plugins that live in
 * another process. A statement that never ends is the plugin's: its name stands in the breadcrumb meanwhile.
 */
export function createDatabaseFacade(generation: Generation, db: Database, own: OwnTables): PluginDatabase {
  const checked = new Set<string>()
  const check = (sql: string) => {
    if (checked.has(sql)) return
    assertOwnTables(db, own, sql)
    if (checked.size >= MAX_CHECKED) checked.clear()
    checked.add(sql)
  }
  const marked = <T>(sql: string, work: () => T): T =>
    runMarked(generation, () => {
      check(sql)
      return work()
    })
  return deferred(generation, {
    async all<Row>(sql: string, params: readonly SqlValue[] = []): Promise<readonly Row[]> {
      return marked(sql, () => {
        const rows: Row[] = []
        for (const row of db.iterate<Row>(sql, params)) {
          if (rows.push(row) > MAX_ROWS)
            throw new AppError('BAD_REQUEST', `a query may answer ${MAX_ROWS} rows: add LIMIT`)
        }
        return rows
      })
    },
    async get<Row>(sql: string, params: readonly SqlValue[] = []): Promise<Row | undefined> {
      return marked(sql, () => db.get<Row>(sql, params))
    },
    async run(sql: string, params: readonly SqlValue[] = []) {
      return marked(sql, () => db.run(sql, params))
    },
    async batch(statements: readonly (readonly [sql: string, params?: readonly SqlValue[]])[]) {
      const copies = statements.map(([sql, params = []]) => [sql, [...params]] as const)
      return runMarked(generation, () => {
        for (const [sql] of copies) check(sql)
        return db.transaction(() => copies.map(([sql, params]) => db.run(sql, params).changes))
      })
    },
  })
}
