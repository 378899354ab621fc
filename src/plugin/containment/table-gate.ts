import { AppError } from '../../base/errors.ts'
import type { Database } from '../../db/database.ts'
import { coreTables } from '../../db/migrate.ts'
import { isScript, type SqlToken, sqlTokens } from '../../db/sql-tokens.ts'
import { footprintOf, foreignKeysOf, virtualNames } from '../../db/statement-footprint.ts'
import type { OwnTables } from './own-tables.ts'

/** Words that begin a statement which moves data. Everything else (PRAGMA, ATTACH, DDL, VACUUM) is for migrations or nobody. */
const DATA_STATEMENTS = new Set(['with', 'select', 'insert', 'update', 'delete', 'replace', 'values'])
const CORE_TABLES = coreTables()
/** Table-valued functions that read nothing but their argument. */
const FREE_FUNCTIONS = new Set(['json_each', 'json_tree'])
/** What SQLite keeps by itself while it works on a table; reached only where the statement doesn't name it. */
const KEPT_BY_SQLITE = new Set(['sqlite_sequence'])
const KEPT_BY_DDL = new Set(['sqlite_schema', 'sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4', 'other'])

/**
 * Rejects SQL that reaches beyond the plugin's tables with PERMISSION_DENIED. SQLite itself is asked what the compiled
 * statement opens. A probe of a core table is what a foreign key does by itself, so statements that write may cause one;
 * nothing of its rows gets out.
 */
export function assertOwnTables(db: Database, own: OwnTables, sql: string): void {
  const { plugin, prefix } = own
  const tokens = tokensOf(plugin, sql)
  if (!DATA_STATEMENTS.has(tokens[0]?.text ?? ''))
    throw denied(plugin, 'only SELECT, INSERT, UPDATE and DELETE may run; tables are made in migrations')
  const { tables, virtual, schema, administrative } = footprintOf(db, sql)
  if (schema || administrative) throw denied(plugin, 'the statement does more than move data')
  const writes = [...tables.values()].includes('write')
  for (const [table, use] of tables) {
    if (own.owns(table)) continue
    if (use === 'probe' && writes && isParent(db, own, table)) continue
    if (KEPT_BY_SQLITE.has(table) && !names(tokens, table)) continue
    throw denied(plugin, `the table ${table} is not ${prefix}*`)
  }
  if (virtual) assertFreeFunctions(db, plugin, tokens)
}

/**
 * Checks one statement of a migration before it runs: data statements as above, or DDL on own tables and indexes. Foreign
 * keys may name core tables; what they may say is checked when all has run (`assertKindForeignKeys`).
 */
export function assertOwnMigration(db: Database, own: OwnTables, sql: string): void {
  const { plugin, prefix } = own
  const tokens = tokensOf(plugin, sql)
  if (DATA_STATEMENTS.has(tokens[0]?.text ?? '')) {
    assertOwnTables(db, own, sql)
    return
  }
  const objects = objectsOf(tokens)
  if (!objects)
    throw denied(plugin, 'a migration may create, alter and drop its own tables and indexes, and move their rows')
  for (const name of objects)
    if (!own.owns(name)) throw denied(plugin, `${name} is not allowed: names begin with ${prefix}`)
  const { tables, virtual, administrative } = footprintOf(db, sql)
  if (virtual || administrative) throw denied(plugin, 'the statement does more than make tables')
  for (const [table, use] of tables) {
    if (own.owns(table) || KEPT_BY_DDL.has(table)) continue
    if (use === 'probe' && isParent(db, own, table)) continue
    throw denied(plugin, `the table ${table} is not ${prefix}*`)
  }
}

/**
 * A foreign key makes the core's deletes look into the plugin's tables. One that could make such a delete fail is refused:
 * songs and users must always be able to go.
 */
export function assertKindForeignKeys(db: Database, own: OwnTables): void {
  const { plugin, prefix } = own
  for (const key of foreignKeysOf(db, prefix)) {
    if (!own.owns(key.table) || own.owns(key.parent)) continue
    const where = `the foreign key of ${key.table} to ${key.parent}`
    if (!CORE_TABLES.has(key.parent))
      throw denied(plugin, `${where}: only the plugin's own tables and the core's may be named`)
    if (!key.toPrimaryKey) throw denied(plugin, `${where} must name its primary key`)
    const gives = key.onDelete === 'CASCADE' || (key.onDelete === 'SET NULL' && key.nullable)
    if (!gives)
      throw denied(plugin, `${where} needs ON DELETE CASCADE, or SET NULL on a column that may be null, without CHECK`)
  }
}

function tokensOf(plugin: string, sql: unknown): readonly SqlToken[] {
  if (typeof sql !== 'string') throw denied(plugin, 'a statement is a text')
  // SQLite stops reading at a zero byte; nothing may stand behind it that was not looked at.
  if (sql.includes('\0')) throw denied(plugin, 'a statement has no zero byte')
  const tokens = sqlTokens(sql)
  if (isScript(tokens)) throw denied(plugin, 'one statement at a time')
  return tokens
}

function names(tokens: readonly SqlToken[], name: string): boolean {
  return tokens.some(({ kind, text }) => (kind === 'name' && text === name) || text === `'${name}'`)
}

/** Every virtual table has to be named to be opened, so the names in the text tell which ones they are. */
function assertFreeFunctions(db: Database, plugin: string, tokens: readonly SqlToken[]): void {
  const known = virtualNames(db)
  for (const { kind, text } of tokens) {
    if (kind !== 'name' && kind !== 'string') continue
    const name = kind === 'string' ? text.slice(1, -1).toLowerCase() : text
    const open = known.has(name) || name.startsWith('pragma_') || name.startsWith('sqlite_')
    if (open && !FREE_FUNCTIONS.has(name)) throw denied(plugin, `${name} is not allowed; json_each and json_tree are`)
  }
}

function isParent(db: Database, own: OwnTables, table: string): boolean {
  return foreignKeysOf(db, own.prefix).some((key) => key.parent === table && own.owns(key.table))
}

/** The objects that a DDL statement makes or changes; undefined for one that is none of the allowed. */
function objectsOf(tokens: readonly SqlToken[]): readonly string[] | undefined {
  const words = tokens.map(({ kind, text }) => (kind === 'name' || kind === 'sign' ? text : ''))
  let at = 0
  const skip = (...sequence: readonly string[]) => {
    if (!sequence.every((word, index) => words[at + index] === word)) return false
    at += sequence.length
    return true
  }
  /** Without a schema's name before it: there is only one schema. */
  const object = () => {
    const name = words[at++]
    return words[at] === '.' ? undefined : name
  }
  const verb = words[at++]
  if (verb === 'alter' && skip('table')) {
    const table = object()
    const renamed = skip('rename', 'to') ? object() : table
    return table && renamed ? [table, renamed] : undefined
  }
  if (verb !== 'create' && verb !== 'drop') return undefined
  if (verb === 'create') skip('unique')
  const what = words[at++]
  if (what !== 'table' && what !== 'index') return undefined
  skip('if', ...(verb === 'create' ? ['not', 'exists'] : ['exists']))
  const name = object()
  if (!name) return undefined
  if (verb === 'create' && what === 'index') {
    if (!skip('on')) return undefined
    const table = object()
    return table ? [name, table] : undefined
  }
  // CREATE TABLE name (...), never AS SELECT.
  if (verb === 'create' && words[at] !== '(') return undefined
  return [name]
}

function denied(plugin: string, why: string): AppError {
  return new AppError('PERMISSION_DENIED', `plugin ${plugin}, SQL: ${why}`)
}
