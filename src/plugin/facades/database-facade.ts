import type { Database } from '../../db/database.ts'
import type { PluginDatabase } from '../api.ts'
import { assertOwnTables } from '../table-guard.ts'

/**
 * The plugin's own tables. The work is synchronous underneath; promises keep the door open to plugins that live in
 * another process.
 */
export function createDatabaseFacade(db: Database, plugin: string): PluginDatabase {
  const checked = new Set<string>()
  const check = (sql: string) => {
    if (checked.has(sql)) return
    assertOwnTables(db, plugin, sql)
    // A plugin that builds SQL texts endlessly pays for the check anew; it does not fill our memory.
    if (checked.size >= 200) checked.clear()
    checked.add(sql)
  }
  return {
    async all<Row>(sql: string, params = []) {
      check(sql)
      return db.all<Row>(sql, params)
    },
    async get<Row>(sql: string, params = []) {
      check(sql)
      return db.get<Row>(sql, params)
    },
    async run(sql, params = []) {
      check(sql)
      return db.run(sql, params)
    },
    async batch(statements) {
      for (const [sql] of statements) check(sql)
      return db.transaction(() => statements.map(([sql, params = []]) => db.run(sql, params).changes))
    },
  }
}
