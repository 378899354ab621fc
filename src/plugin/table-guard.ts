import { AppError } from '../base/errors.ts'
import type { Database } from '../db/database.ts'

/** `my-plugin` owns tables and indexes that begin with `my_plugin_`. */
export function tablePrefix(plugin: string): string {
  return `${plugin.replaceAll('-', '_')}_`
}

/** Words that begin a statement which moves data. Everything else (PRAGMA, ATTACH, DDL, VACUUM) is for migrations or nobody. */
const DATA_STATEMENT = /^\s*(with|select|insert|update|delete|replace|values)\b/i

/**
 * Rejects SQL that reaches beyond the plugin's tables. SQLite itself is asked: the program of the prepared statement names
 * the b-trees that it opens, so that quoting, views, triggers or sub-queries hide nothing.
 */
export function assertOwnTables(db: Database, plugin: string, sql: string): void {
  const prefix = tablePrefix(plugin)
  if (!DATA_STATEMENT.test(sql))
    throw denied(plugin, 'only SELECT, INSERT, UPDATE and DELETE may run; tables are made in migrations')
  const steps = db.all<{ opcode: string; p1: number; p2: number; p3: number }>(`EXPLAIN ${sql}`)
  const tables = db.all<{ rootpage: number; tbl_name: string }>(
    'SELECT rootpage, tbl_name FROM sqlite_schema WHERE rootpage > 0',
  )
  const tableOf = new Map(tables.map((row) => [row.rootpage, row.tbl_name]))
  for (const { opcode, p1, p2 } of steps) {
    if (FORBIDDEN.has(opcode)) throw denied(plugin, `the statement is not allowed (${opcode})`)
    const root = ROOT_PAGE[opcode]?.(p1, p2)
    if (root === undefined) continue
    const table = tableOf.get(root) ?? 'sqlite_schema'
    if (table.startsWith(prefix)) continue
    // A foreign key makes SQLite look into the core's table by itself; a statement that reads it has to name it.
    if (opcode !== 'OpenWrite' && isParent(db, prefix, table) && !new RegExp(`\\b${table}\\b`, 'i').test(sql)) continue
    throw denied(plugin, `the table ${table} is not ${prefix}*`)
  }
}

function isParent(db: Database, prefix: string, table: string): boolean {
  const found = db.get<{ n: number }>(
    `SELECT count(*) AS n FROM sqlite_schema AS own, pragma_foreign_key_list(own.name) AS fk
     WHERE own.type = 'table' AND substr(own.name, 1, ?) = ? AND fk."table" = ?`,
    [prefix.length, prefix, table],
  )
  return (found?.n ?? 0) > 0
}

/** Where an instruction that opens or empties a b-tree keeps its root page. */
const ROOT_PAGE: Readonly<Record<string, (p1: number, p2: number) => number>> = {
  OpenRead: (_p1, p2) => p2,
  OpenWrite: (_p1, p2) => p2,
  ReopenIdx: (_p1, p2) => p2,
  Clear: (p1) => p1,
}

/** Virtual tables (the search index), schema changes, pragmas with effects, other files. */
const FORBIDDEN = new Set([
  'VOpen',
  'VUpdate',
  'VCreate',
  'VDestroy',
  'ParseSchema',
  'SetCookie',
  'Destroy',
  'DropTable',
  'DropIndex',
  'JournalMode',
  'Vacuum',
  'Checkpoint',
  'IncrVacuum',
])

/** DDL of a migration: every table, index, view or trigger that it names as its object must be the plugin's. */
const DDL =
  /^\s*(?:create\s+(?:unique\s+)?(?:table|index)\s+(?:if\s+not\s+exists\s+)?|drop\s+(?:table|index)\s+(?:if\s+exists\s+)?|alter\s+table\s+)["`[]?([A-Za-z_][A-Za-z0-9_]*)/i

/**
 * Checks one statement of a migration before it runs: DDL on own objects, or data statements as above. Foreign keys may
 * name core tables.
 */
export function assertOwnMigration(db: Database, plugin: string, sql: string): void {
  const prefix = tablePrefix(plugin)
  if (DATA_STATEMENT.test(sql)) {
    assertOwnTables(db, plugin, sql)
    return
  }
  const name = DDL.exec(sql)?.[1]
  if (!name)
    throw denied(plugin, 'a migration may create, alter and drop its own tables and indexes, and move their rows')
  if (!name.toLowerCase().startsWith(prefix)) throw denied(plugin, `${name} must begin with ${prefix}`)
  const target = /^\s*create\s+(?:unique\s+)?index\b[\s\S]*?\bon\s+["`[]?([A-Za-z_][A-Za-z0-9_]*)/i.exec(sql)?.[1]
  if (target && !target.toLowerCase().startsWith(prefix)) throw denied(plugin, `an index on ${target} is not allowed`)
  const renamed = /\brename\s+to\s+["`[]?([A-Za-z_][A-Za-z0-9_]*)/i.exec(sql)?.[1]
  if (renamed && !renamed.toLowerCase().startsWith(prefix)) throw denied(plugin, `${renamed} must begin with ${prefix}`)
  if (/\bas\s+(select|with|values)\b/i.test(sql))
    throw denied(plugin, 'CREATE TABLE AS is not allowed: create, then insert')
}

function denied(plugin: string, why: string): AppError {
  return new AppError('PERMISSION_DENIED', `plugin ${plugin}, SQL: ${why}`)
}
