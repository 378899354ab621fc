import assert from 'node:assert/strict'
import { test } from 'node:test'
import { footprintOf, OPCODES } from '../../src/db/statement-footprint.ts'
import { sqliteOpcodes } from '../support/sqlite-opcodes.ts'
import { tempDatabase } from '../support/temp-database.ts'

/**
 * Plugins are kept to their tables by what SQLite's opcodes tell, which no release of SQLite promises to keep. When this
 * fails after an upgrade, read what is new in https://sqlite.org/opcode.html before changing anything here.
 */

/** Judged to neither touch rows of a table that was not opened, nor change the file, nor tell of it. */
const HARMLESS = `
  Abortable Add AddImm Affinity AggFinal AggInverse AggStep AggStep1 AggValue And BeginSubrtn BitAnd BitNot BitOr Blob Cast
  Close ClrSubtype CollSeq Compare Concat Copy CursorHint CursorUnlock DecrJumpZero Delete Divide ElseEq EndCoroutine Eq Expire
  Explain Filter FilterAdd FkCheck FkCounter FkIfZero Function Ge GetSubtype Gosub Goto Gt Halt HaltIfNull IdxDelete
  IdxInsert If IfNoHope IfNot IfNotOpen IfNotZero IfNullRow IfPos Init InitCoroutine Insert Int64 IntCopy Integer IsNull IsTrue
  IsType Jump Le Lt MakeRecord MemMax Move Multiply MustBeInt Ne NewRowid Noop Not NotExists NotNull Null
  NullRow OffsetLimit Once OpenAutoindex OpenDup OpenEphemeral OpenPseudo Or Param Permutation Program PureFunc ReadCookie Real
  RealAffinity ReleaseReg Remainder ResetCount ResetSorter ResultRow Return RowSetAdd RowSetRead RowSetTest SCopy SeekRowid
  SequenceTest SetSubtype ShiftLeft ShiftRight SoftNull SorterCompare SorterData SorterInsert SorterNext SorterOpen SorterSort
  String String8 Subtract Trace Transaction TypeCheck Variable Yield ZeroOrNull`
  .trim()
  .split(/\s+/)

const WATCHED: ReadonlySet<string> = new Set(Object.values(OPCODES).flatMap((group) => [...group]))

test('every opcode of the bundled SQLite is judged, and every one that is judged is there', () => {
  const all = sqliteOpcodes()
  assert.ok(all.length > 150 && new Set(all).size === all.length)
  const judged = new Set([...WATCHED, ...HARMLESS])
  assert.deepEqual(
    { unknown: all.filter((name) => !judged.has(name)), gone: [...judged].filter((name) => !all.includes(name)) },
    { unknown: [], gone: [] },
  )
  assert.deepEqual(
    HARMLESS.filter((name) => WATCHED.has(name)),
    [],
  )
})

const SCHEMA = [
  'CREATE TABLE list (id INTEGER PRIMARY KEY)',
  'CREATE TABLE item (id INTEGER PRIMARY KEY AUTOINCREMENT, list INTEGER REFERENCES list(id) ON DELETE CASCADE, text TEXT)',
  'CREATE INDEX item_list ON item (list)',
  'CREATE TABLE tag (item INTEGER REFERENCES item(id) ON DELETE CASCADE, name TEXT, PRIMARY KEY (item, name)) WITHOUT ROWID',
  'CREATE TABLE past (a)',
  'CREATE VIEW texts AS SELECT text FROM item',
  'CREATE TRIGGER tag_changed AFTER UPDATE ON tag BEGIN INSERT INTO past VALUES (new.name); END',
]

/** Statement; what it touches; the opcodes by which that is known, in the order of the alphabet. */
const PINNED: readonly (readonly [sql: string, footprint: string, opcodes: string])[] = [
  ['SELECT text FROM item', 'read item', 'Column Next OpenRead Rewind'],
  ['SELECT text FROM item WHERE id = 1', 'read item', 'Column OpenRead'],
  ['SELECT text FROM item WHERE list = 1', 'read item', 'Column DeferredSeek IdxGT Next OpenRead SeekGE'],
  [
    'SELECT text FROM item WHERE list BETWEEN 1 AND 2 ORDER BY list DESC',
    'read item',
    'Column DeferredSeek IdxLT OpenRead Prev SeekLE',
  ],
  ['SELECT count(*) FROM item', 'read item', 'Count OpenRead'],
  ['SELECT max(id) FROM item', 'read item', 'Last OpenRead Prev Rowid'],
  [
    'SELECT id FROM item WHERE list IN (1, 2) OR id = 3',
    'read item',
    'Column DeferredSeek IdxGT IdxRowid Next OpenRead ReopenIdx Rewind Rowid SeekGE',
  ],
  ['SELECT sum(id) OVER (ORDER BY text) FROM item', 'read item', 'Column Next OpenRead Rewind Rowid'],
  ['SELECT 1 WHERE EXISTS (SELECT 1 FROM item WHERE id = 1)', 'probe item', 'OpenRead'],
  ['SELECT 1 WHERE 1 IN (SELECT id FROM item)', 'read item', 'Column OpenRead Rewind'],
  ["SELECT name FROM tag WHERE item = 1 AND name > 'a'", 'read tag', 'Column IdxGT Next OpenRead SeekGT'],
  [
    'SELECT text FROM item LEFT JOIN tag ON tag.item = item.id',
    'read item, read tag',
    'Column IdxGT Next OpenRead Rewind Rowid SeekGE',
  ],
  [
    'WITH RECURSIVE n(a) AS (SELECT 1 UNION SELECT id + a FROM item, n) SELECT a FROM n',
    'read item',
    'Column Found IdxRowid Next OpenRead Rewind RowData',
  ],
  ['SELECT text FROM item UNION SELECT name FROM tag', 'read item, read tag', 'Column Next OpenRead Rewind'],
  ['SELECT * FROM texts', 'read item', 'Column Next OpenRead Rewind'],
  [
    'INSERT INTO past SELECT 1 WHERE 1 IN (SELECT list FROM item)',
    'read item, write past',
    'NotFound OpenRead OpenWrite',
  ],
  [
    'INSERT INTO past SELECT 1 WHERE 1 IN (SELECT id FROM list)',
    'read list, write past',
    'Column OpenRead OpenWrite Rewind',
  ],
  ['VALUES (1), (2)', '', ''],
  [
    "INSERT INTO item (list, text) VALUES (1, 'a')",
    'probe list, write item, write sqlite_sequence',
    'Column Next OpenRead OpenWrite Rewind Rowid',
  ],
  [
    'INSERT INTO list (id) VALUES (1) ON CONFLICT (id) DO NOTHING RETURNING id',
    'read item, write list',
    'Column IdxGT Next OpenRead OpenWrite Rewind SeekGE',
  ],
  ['INSERT INTO past SELECT text FROM item', 'read item, write past', 'Column Next OpenRead OpenWrite Rewind'],
  ["REPLACE INTO tag VALUES (1, 'a')", 'probe item, write tag', 'Column NoConflict OpenRead OpenWrite'],
  ['UPDATE item SET list = 2', 'probe list, write item', 'Column Next OpenRead OpenWrite Rewind Rowid'],
  ["UPDATE item SET text = 'b' WHERE id = 1", 'write item', 'Column OpenWrite Rowid'],
  [
    'UPDATE item SET text = a FROM past',
    'read past, write item',
    'Column IdxRowid Next OpenRead OpenWrite Rewind Rowid',
  ],
  [
    "UPDATE tag SET name = 'b'",
    'write past, write tag',
    'Column Next NoConflict NotFound OpenRead OpenWrite Rewind RowData',
  ],
  ['DELETE FROM past', 'write past', 'Clear'],
  ['DELETE FROM past WHERE a = 1', 'write past', 'Column Next OpenWrite Rewind Rowid'],
  [
    'DELETE FROM list WHERE id = 1',
    'write item, write list, write tag',
    'Column IdxGT IdxRowid Next NotFound OpenRead OpenWrite Rewind RowData Rowid SeekGE',
  ],
  ["SELECT value FROM json_each('[1]')", 'virtual', 'VColumn VFilter VNext VOpen'],
  ["SELECT name FROM pragma_table_info('user')", 'virtual', 'VColumn VFilter VNext VOpen'],
  ["SELECT rowid FROM song_search WHERE song_search MATCH 'a'", 'virtual', 'Rowid VFilter VNext VOpen'],
  ["INSERT INTO song_search (song_search) VALUES ('rebuild')", 'virtual', 'VBegin VUpdate'],
  ['SELECT sql FROM sqlite_schema', 'read sqlite_schema', 'Column Next OpenRead Rewind'],
  ['SELECT name FROM sqlite_temp_schema', 'read other', 'Column Next OpenRead Rewind'],
  [
    'CREATE TABLE more (a PRIMARY KEY)',
    'write sqlite_schema, schema',
    'CreateBtree OpenWrite ParseSchema Rowid SetCookie',
  ],
  [
    'CREATE TABLE more AS SELECT a FROM past',
    'read past, write sqlite_schema, schema',
    'Column CreateBtree Next OpenRead OpenWrite ParseSchema Rewind Rowid SetCookie',
  ],
  [
    'CREATE INDEX more ON item (text)',
    'read item, write sqlite_schema, schema',
    'Column CreateBtree Next OpenRead OpenWrite ParseSchema Rewind Rowid SeekEnd SetCookie',
  ],
  ['CREATE VIEW more AS SELECT 1', 'write sqlite_schema, schema', 'OpenWrite ParseSchema Rowid SetCookie'],
  [
    'CREATE TRIGGER more AFTER INSERT ON past BEGIN SELECT 1; END',
    'write sqlite_schema, schema',
    'OpenWrite ParseSchema SetCookie',
  ],
  [
    'CREATE VIRTUAL TABLE more USING fts5(a)',
    'write sqlite_schema, virtual, schema',
    'OpenWrite ParseSchema Rowid SetCookie VBegin VCreate',
  ],
  [
    'ALTER TABLE item RENAME TO thing',
    'write other, write sqlite_schema, write sqlite_sequence, schema',
    'Column Next OpenRead OpenWrite ParseSchema Rewind Rowid SetCookie',
  ],
  [
    'ALTER TABLE item ADD COLUMN more',
    'write sqlite_schema, schema',
    'Column Next OpenRead OpenWrite ParseSchema Rewind Rowid SetCookie',
  ],
  [
    'ALTER TABLE item DROP COLUMN text',
    'write item, write other, write sqlite_schema, schema',
    'Column Next OpenRead OpenWrite ParseSchema Rewind Rowid SetCookie',
  ],
  [
    'DROP TABLE past',
    'write past, write sqlite_schema, schema',
    'Column Destroy DropTable Next OpenRead OpenWrite Rewind Rowid SetCookie',
  ],
  [
    'DROP INDEX item_list',
    'write item, write sqlite_schema, schema',
    'Column Destroy DropIndex Next OpenRead OpenWrite Rewind Rowid SetCookie',
  ],
  [
    'DROP TRIGGER tag_changed',
    'write sqlite_schema, schema',
    'Column DropTrigger Next OpenWrite Rewind Rowid SetCookie',
  ],
  [
    'DROP TABLE song_search',
    'write sqlite_schema, virtual, schema',
    'Column DropTable Next OpenWrite Rewind Rowid SetCookie VBegin VDestroy',
  ],
  ['REINDEX item', 'write item', 'Clear Column Next OpenRead OpenWrite Rewind Rowid SeekEnd'],
  ['VACUUM', 'administrative', 'Vacuum'],
  ["VACUUM INTO '/tmp/x'", 'administrative', 'Vacuum'],
  ['BEGIN', 'administrative', 'AutoCommit'],
  ['COMMIT', 'administrative', 'AutoCommit'],
  ['SAVEPOINT x', 'administrative', 'Savepoint'],
  [
    'ANALYZE item',
    'read item, write sqlite_schema, schema, administrative',
    'Column Count CreateBtree IdxRowid LoadAnalysis Next OpenRead OpenWrite ParseSchema Rewind Rowid SetCookie',
  ],
  ['PRAGMA user_version = 3', 'schema', 'SetCookie'],
  ['PRAGMA journal_mode = delete', 'administrative', 'JournalMode'],
  ['PRAGMA wal_checkpoint', 'administrative', 'Checkpoint'],
  ['PRAGMA incremental_vacuum', 'administrative', 'IncrVacuum'],
  ['PRAGMA max_page_count', 'administrative', 'MaxPgcnt'],
  ['PRAGMA page_count', 'administrative', 'Pagecount'],
]

test('what statements of each kind touch, and by which opcodes it is known, is what it was', (t) => {
  const db = tempDatabase(t)
  for (const sql of SCHEMA) db.exec(sql)
  for (const [sql, footprint, opcodes] of PINNED) {
    const { tables, ...flags } = footprintOf(db, sql)
    const touched = [...tables].map(([table, use]) => `${use} ${table}`).sort()
    const kinds = (['virtual', 'schema', 'administrative'] as const).filter((kind) => flags[kind])
    const steps = db.all<{ opcode: string }>(`EXPLAIN ${sql}`).map(({ opcode }) => opcode)
    const watched = [...new Set(steps)].filter((opcode) => WATCHED.has(opcode)).sort()
    assert.deepEqual([[...touched, ...kinds].join(', '), watched.join(' ')], [footprint, opcodes], sql)
  }
})
