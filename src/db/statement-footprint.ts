import type { Database } from './database.ts'

/** `write`: rows are changed; `read`: rows are looked at; `probe`: only asked whether a primary key exists, as foreign keys do. */
export type TableUse = 'write' | 'read' | 'probe'

/** What a statement touches, as SQLite itself compiled it. Names are lower case. */
export interface StatementFootprint {
  /** By table. The schema's own table is `sqlite_schema`, that of another file or of temporary objects `other`. */
  readonly tables: ReadonlyMap<string, TableUse>
  /** Opens a virtual table: a search index, a table-valued function, a pragma as a table. */
  readonly virtual: boolean
  /** Makes, changes or drops something of the schema. */
  readonly schema: boolean
  /** Settings of the file or of the connection, other files, the whole file. */
  readonly administrative: boolean
}

interface Step {
  readonly addr: number
  readonly opcode: string
  readonly p1: number
  readonly p2: number
  readonly p3: number
  readonly p4: unknown
  readonly p5: number
}

/**
 * Compiles without running, and reads the b-trees that the program opens: views, triggers, quoting, sub-queries and
 * foreign keys hide nothing. Throws like a prepare for a statement that does not compile.
 */
export function footprintOf(db: Database, sql: string): StatementFootprint {
  const owners = rootPages(db)
  const tables = new Map<string, TableUse>()
  const note = (table: string, use: TableUse) => {
    const known = tables.get(table)
    if (known === undefined || RANK[use] > RANK[known]) tables.set(table, use)
  }
  let virtual = false
  let schema = false
  let administrative = false
  for (const program of programsOf(db.all<Step>(`EXPLAIN ${sql}`))) {
    /** Cursors that were opened for reading, with their tables, until something more than a probe is done by them. */
    const cursors = new Map<number, Tree>()
    for (const { opcode, p1, p2, p3, p4, p5 } of program) {
      if (opcode === 'OpenRead' || opcode === 'ReopenIdx') {
        const tree = treeOf(owners, p2, p3)
        cursors.set(p1, tree)
        note(tree.table, 'probe')
      } else if (opcode === 'OpenWrite') {
        cursors.delete(p1)
        // With this flag P2 is a register: the b-tree that the statement itself makes.
        if ((Number(p5) & P2_IS_REGISTER) === 0) note(treeOf(owners, p2, p3).table, 'write')
      } else if (opcode === 'Clear' || opcode === 'Destroy') {
        note(treeOf(owners, p1, opcode === 'Clear' ? p2 : p3).table, 'write')
      }
      for (const cursor of opcode === 'DeferredSeek' ? [p1, p3] : [p1]) {
        const tree = cursors.get(cursor)
        if (!tree) continue
        // More columns than the key has would ask for their values, fewer for those of a part of it.
        const asksKey = tree.keyColumns > 0 && Number(p4) === tree.keyColumns
        if (OPCODES.reads.has(opcode) || (OPCODES.searches.has(opcode) && !asksKey)) note(tree.table, 'read')
      }
      if (OPCODES.virtual.has(opcode)) virtual = true
      if (OPCODES.schema.has(opcode)) schema = true
      if (OPCODES.administrative.has(opcode)) administrative = true
    }
  }
  return { tables, virtual, schema, administrative }
}

const RANK: Readonly<Record<TableUse, number>> = { probe: 0, read: 1, write: 2 }
const P2_IS_REGISTER = 0x10

/**
 * What the opcodes of SQLite's programs mean here. Those that are not named neither touch rows of a table nor change the
 * file; a test holds that against all that the bundled SQLite has.
 */
export const OPCODES = {
  /** Open or empty a b-tree. */
  opens: new Set(['OpenRead', 'ReopenIdx', 'OpenWrite', 'Clear', 'Destroy']),
  /** By these anything of the row under a cursor (P1), or how many rows there are, gets out. */
  reads: new Set([
    'Column',
    'ColumnsUsed',
    'Rowid',
    'IdxRowid',
    'RowData',
    'RowCell',
    'Count',
    'Offset',
    'Sequence',
    'Rewind',
    'Last',
    'Sort',
    'Next',
    'Prev',
    'SeekGE',
    'SeekGT',
    'SeekLE',
    'SeekLT',
    'SeekEnd',
    'SeekScan',
    'SeekHit',
    'IdxGE',
    'IdxGT',
    'IdxLE',
    'IdxLT',
    'IfEmpty',
    'IfSizeBetween',
    'IFindKey',
    'DeferredSeek',
    'FinishSeek',
  ]),
  /** Only tell whether there is a row with these values: in a primary key as a foreign key does, in another index more. */
  searches: new Set(['Found', 'NotFound', 'NoConflict']),
  virtual: new Set([
    'VBegin',
    'VCheck',
    'VColumn',
    'VCreate',
    'VDestroy',
    'VFilter',
    'VInitIn',
    'VNext',
    'VOpen',
    'VRename',
    'VUpdate',
  ]),
  schema: new Set([
    'CreateBtree',
    'Destroy',
    'DropIndex',
    'DropTable',
    'DropTrigger',
    'ParseSchema',
    'SetCookie',
    'VCreate',
  ]),
  administrative: new Set([
    'AutoCommit',
    'Checkpoint',
    'CursorLock',
    'IncrVacuum',
    'IntegrityCk',
    'JournalMode',
    'LoadAnalysis',
    'MaxPgcnt',
    'Pagecount',
    'Savepoint',
    'SqlExec',
    'TableLock',
    'Vacuum',
  ]),
} as const satisfies Readonly<Record<string, ReadonlySet<string>>>

/** The programs of triggers and of foreign keys follow the main one; each begins at address 0. */
function programsOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const programs: Step[][] = []
  for (const step of steps) {
    if (Number(step.addr) === 0 || programs.length === 0) programs.push([])
    programs.at(-1)?.push(step)
  }
  return programs
}

/** A b-tree of the file. */
interface Tree {
  readonly table: string
  /** Columns of the table's primary key where the tree is in its order; 0 elsewhere. */
  readonly keyColumns: number
}

/** Root pages of tables and indexes, with the table that they belong to. */
function rootPages(db: Database): ReadonlyMap<number, Tree> {
  const rows = db.all<{ rootpage: number; tbl_name: string; key_columns: number }>(
    `SELECT rootpage, tbl_name, (type = 'table' OR (sql IS NULL AND EXISTS (
         SELECT 1 FROM pragma_index_list(tree.tbl_name) AS own WHERE own.name = tree.name AND own.origin = 'pk')))
       * (SELECT count(*) FROM pragma_table_info(tree.tbl_name) AS col WHERE col.pk > 0) AS key_columns
     FROM sqlite_schema AS tree WHERE rootpage > 0`,
  )
  return new Map(
    rows.map(({ rootpage, tbl_name, key_columns }) => [
      rootpage,
      { table: tbl_name.toLowerCase(), keyColumns: Number(key_columns) },
    ]),
  )
}

function treeOf(owners: ReadonlyMap<number, Tree>, root: number, file: number): Tree {
  if (file !== 0) return { table: 'other', keyColumns: 0 }
  return owners.get(root) ?? { table: 'sqlite_schema', keyColumns: 0 }
}

export interface ForeignKey {
  /** Lower case, as all names here. */
  readonly table: string
  readonly columns: readonly string[]
  readonly parent: string
  /** `CASCADE`, `SET NULL`, `NO ACTION`, ... */
  readonly onDelete: string
  readonly onUpdate: string
  /** It names the parent's whole primary key. */
  readonly toPrimaryKey: boolean
  /** Its columns may be null, and no CHECK of the table could forbid it. */
  readonly nullable: boolean
}

/** The foreign keys of the tables whose names begin so. */
export function foreignKeysOf(db: Database, prefix: string): readonly ForeignKey[] {
  const rows = db.all<{
    tbl: string
    sql: string
    id: number
    parent: string
    from: string
    to: string | null
    del: string
    upd: string
  }>(
    `SELECT lower(own.name) AS tbl, own.sql AS sql, fk.id AS id, lower(fk."table") AS parent, lower(fk."from") AS "from",
       lower(fk."to") AS "to", fk.on_delete AS del, fk.on_update AS upd
     FROM sqlite_schema AS own, pragma_foreign_key_list(own.name) AS fk
     WHERE own.type = 'table' AND substr(lower(own.name), 1, ?) = ? ORDER BY own.name, fk.id, fk.seq`,
    [prefix.length, prefix],
  )
  const keys = new Map<string, typeof rows>()
  for (const row of rows) keys.set(`${row.tbl} ${row.id}`, [...(keys.get(`${row.tbl} ${row.id}`) ?? []), row])
  return [...keys.values()].map((parts) => {
    const [first] = parts as [(typeof parts)[number]]
    const columns = parts.map(({ from }) => from)
    const info = columnsOf(db, first.tbl)
    const primary = columnsOf(db, first.parent).filter(({ pk }) => pk > 0)
    const to = parts.map((part) => part.to)
    return {
      table: first.tbl,
      columns,
      parent: first.parent,
      onDelete: first.del,
      onUpdate: first.upd,
      toPrimaryKey:
        primary.length === parts.length &&
        to.every((name) => name === null || primary.some((one) => one.name === name)),
      nullable:
        !/\bcheck\b/i.test(first.sql) &&
        columns.every((name) => info.some((one) => one.name === name && one.notnull === 0 && one.pk === 0)),
    }
  })
}

function columnsOf(db: Database, table: string): readonly { name: string; notnull: number; pk: number }[] {
  return db.all('SELECT lower(name) AS name, "notnull" AS "notnull", pk FROM pragma_table_info(?)', [table])
}

/** Names of virtual tables and of modules that can be read as tables, lower case. */
export function virtualNames(db: Database): ReadonlySet<string> {
  const rows = db.all<{ name: string }>(
    `SELECT lower(name) AS name FROM pragma_module_list
     UNION SELECT lower(name) FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'`,
  )
  return new Set(rows.map(({ name }) => name))
}
