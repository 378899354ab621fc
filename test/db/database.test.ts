import assert from 'node:assert/strict'
import fs, { existsSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { yieldToLoop } from '../../src/base/deadline.ts'
import { isAppError } from '../../src/base/errors.ts'
import { checkIntegrity } from '../../src/db/integrity.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { tempDatabase, tempFolder } from '../support/temp-database.ts'

function open(folder: string, options: { readonly statements?: number; readonly pageCacheKiB?: number } = {}) {
  return openDatabase({ path: join(folder, 'test.db'), log: silentLogger, ...options })
}

test('runs in write-ahead mode, exclusively, with foreign keys', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  assert.deepEqual(db.get('PRAGMA journal_mode'), { journal_mode: 'wal' })
  assert.deepEqual(db.get('PRAGMA locking_mode'), { locking_mode: 'exclusive' })
  assert.deepEqual(db.get('PRAGMA synchronous'), { synchronous: 1 })
  assert.deepEqual(db.get('PRAGMA foreign_keys'), { foreign_keys: 1 })
})

test('an answered write is synced, once a commit; batches of a scan are not', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY)')
  const sync = t.mock.method(fs, 'fsyncSync')
  syncBuiltinESMExports()
  t.after(() => {
    sync.mock.restore()
    syncBuiltinESMExports()
  })
  const syncs = (work: () => void) => {
    const before = sync.mock.callCount()
    work()
    return sync.mock.callCount() - before
  }
  const insert = () => db.run('INSERT INTO item DEFAULT VALUES')
  assert.equal(syncs(insert), 1)
  const batch = () =>
    db.transaction(() => {
      for (let n = 0; n < 20; n++) db.transaction(insert)
    })
  assert.equal(syncs(batch), 1)
  assert.equal(
    syncs(() => db.all('SELECT * FROM item')),
    0,
  )
  const bulk = () => db.transaction(() => db.transaction(insert), 'bulk')
  assert.equal(syncs(bulk), 0)
  assert.equal(syncs(insert), 1, 'what is written between the batches of a scan is synced')
  assert.equal(
    syncs(() => db.settle()),
    0,
    'and the batches before it with it',
  )
  assert.equal(syncs(bulk), 0)
  assert.equal(syncs(batch), 1)
  assert.equal(syncs(bulk), 0)
  assert.equal(
    syncs(() => db.settle()),
    1,
    'the batches are synced when they end',
  )
})

test('a small commit adds one page to the log', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, n INTEGER)')
  db.run('INSERT INTO item VALUES (1, 1)')
  const before = db.stats().walBytes
  db.run('UPDATE item SET n = 2')
  assert.equal(db.stats().walBytes - before, 4096 + 24)
})

test('gives back what was stored, whatever its type', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  db.exec('CREATE TABLE kinds (a, b, c, d, e, f, g)')
  const values = [1, -2_000_000_000_000, 1.5, 'Ünïcode 東京 😀', null, new Uint8Array([0, 255, 7]), 2n ** 60n]
  db.run('INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?)', values)
  const row = db.get<Record<string, unknown>>('SELECT * FROM kinds')
  assert.deepEqual(Object.values(row ?? {}), values)
  assert.equal(typeof row?.b, 'number')
})

test('answers undefined, an empty list and the counts of a write', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)')
  assert.equal(db.get('SELECT * FROM item'), undefined)
  assert.deepEqual(db.all('SELECT * FROM item'), [])
  assert.deepEqual(db.run('INSERT INTO item (name) VALUES (?)', ['a']), { changes: 1, lastId: 1 })
  assert.deepEqual(db.run("INSERT INTO item (name) VALUES ('b'), ('c')"), { changes: 2, lastId: 3 })
  assert.equal(db.run('UPDATE item SET name = ? WHERE id > 1', ['x']).changes, 2)
})

test('selects by column index, null as zero and empty text', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  const rows = db.select('SELECT 7, ?, NULL UNION ALL SELECT 8, NULL, 1', ['seven'], (row) => [
    row.number(0),
    row.text(1),
    row.isNull(2),
    row.number(2),
  ])
  assert.deepEqual(rows, [
    [7, 'seven', true, 0],
    [8, '', false, 1],
  ])
})

test('iterates while the same query runs inside, and lets go when left early', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  db.exec('CREATE TABLE n (n INTEGER); INSERT INTO n VALUES (1), (2), (3)')
  const sql = 'SELECT n FROM n ORDER BY n'
  const seen: string[] = []
  for (const outer of db.iterate<{ n: number }>(sql))
    for (const inner of db.iterate<{ n: number }>(sql)) {
      seen.push(`${outer.n}${inner.n}`)
      if (inner.n === 2) break
    }
  assert.deepEqual(seen, ['11', '12', '21', '22', '31', '32'])
  // A statement that was not reset would hold the table against DROP.
  db.exec('DROP TABLE n')
  assert.equal(db.stats().statements, 1)
})

test('keeps no more statements than asked and finalizes the unused', (t) => {
  const db = open(tempFolder(t), { statements: 4 })
  t.after(() => db.close())
  for (let i = 0; i < 50; i++) assert.deepEqual(db.get(`SELECT ${i} AS n`), { n: i })
  assert.equal(db.stats().statements, 4)
  const held = db.iterate<{ n: number }>('SELECT 1 AS n UNION ALL SELECT 2')
  held.next()
  for (let i = 0; i < 50; i++) db.get(`SELECT ${i} AS n`)
  assert.deepEqual(held.next().value, { n: 2 })
})

test('a transaction is all or nothing, also when nested', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY)')
  const ids = () => db.all<{ id: number }>('SELECT id FROM item ORDER BY id').map((row) => row.id)
  assert.throws(() =>
    db.transaction(() => {
      db.run('INSERT INTO item VALUES (1)')
      throw new Error('no')
    }),
  )
  assert.deepEqual(ids(), [])
  db.transaction(() => {
    db.run('INSERT INTO item VALUES (1)')
    assert.throws(() =>
      db.transaction(() => {
        db.run('INSERT INTO item VALUES (2)')
        db.run('INSERT INTO item VALUES (1)')
      }),
    )
    db.transaction(() => db.run('INSERT INTO item VALUES (3)'))
  })
  assert.deepEqual(ids(), [1, 3])
  assert.throws(() => db.transaction(() => Promise.resolve()), /synchronous/)
  db.transaction(() => db.run('INSERT INTO item VALUES (4)'))
  assert.deepEqual(ids(), [1, 3, 4])
})

test('a statement works again after its constraint failed', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY)')
  const sql = 'INSERT INTO item VALUES (?)'
  db.run(sql, [1])
  assert.throws(() => db.run(sql, [1]), /UNIQUE/)
  assert.equal(db.run(sql, [2]).changes, 1)
})

test('tells watchers of the tables that were written, and of nothing else', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  db.exec('CREATE TABLE a (id INTEGER PRIMARY KEY, n); CREATE TABLE b (id INTEGER PRIMARY KEY)')
  const watch = db.watch(['a'])
  const moved = (work: () => void) => {
    const before = watch.version
    work()
    return watch.version !== before
  }
  assert.equal(
    moved(() => db.run('INSERT INTO a VALUES (1, 1)')),
    true,
  )
  assert.equal(
    moved(() => db.run('INSERT OR REPLACE INTO a VALUES (1, 2)')),
    true,
  )
  assert.equal(
    moved(() => db.run('UPDATE a SET n = 3')),
    true,
  )
  assert.equal(
    moved(() => db.run('WITH x AS (SELECT 1 AS id) DELETE FROM a WHERE id IN (SELECT id FROM x)')),
    true,
  )
  assert.equal(
    moved(() => db.run('INSERT INTO b VALUES (1)')),
    false,
  )
  assert.equal(
    moved(() => db.run('UPDATE a SET n = 4 WHERE id = 99')),
    false,
  )
  assert.equal(
    moved(() => db.all('SELECT * FROM a')),
    false,
  )
  assert.equal(
    moved(() => db.exec('INSERT INTO a VALUES (5, 5)')),
    true,
  )
  assert.equal(
    moved(() => {
      assert.throws(() =>
        db.transaction(() => {
          throw new Error('undone')
        }),
      )
    }),
    true,
  )
})

test('the write-ahead log stays small under many small commits and after a big one', (t) => {
  const db = open(tempFolder(t))
  t.after(() => db.close())
  db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, body BLOB)')
  db.transaction(() => {
    for (let i = 0; i < 6000; i++) db.run('INSERT INTO item (body) VALUES (?)', [new Uint8Array(4000)])
  }, 'bulk')
  for (let i = 0; i < 2500; i++) db.run('UPDATE item SET body = ? WHERE id = ?', [new Uint8Array(3990), i + 1])
  assert.ok(db.stats().walBytes <= 16 * 1024 * 1024, `${db.stats().walBytes} bytes of log`)
})

test('a backup is a whole database of its own, and others write while it is made', async (t) => {
  const folder = tempFolder(t)
  const db = open(folder)
  t.after(() => db.close())
  db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, body BLOB)')
  db.transaction(() => {
    for (let n = 0; n < 3000; n++) db.run('INSERT INTO item (body) VALUES (?)', [new Uint8Array(4000)])
  })
  let copied = false
  const copying = Promise.all(['one.db', 'two.db'].map((name) => db.backup(join(folder, name)))).then(() => {
    copied = true
  })
  let written = 0
  for (; !copied || written < 100; written++) {
    db.run('INSERT INTO item (body) VALUES (?)', [new Uint8Array(4000)])
    db.run('UPDATE item SET body = ? WHERE id = ?', [new Uint8Array(3990), written + 1])
    await yieldToLoop()
  }
  await copying
  for (const name of ['one.db', 'two.db']) {
    const copy = openDatabase({ path: join(folder, name), log: silentLogger })
    t.after(() => copy.close())
    assert.deepEqual(checkIntegrity(copy), { ok: true, problems: [] })
    const { n } = copy.get<{ n: number }>('SELECT count(*) AS n FROM item') ?? { n: 0 }
    assert.ok(n >= 3000 && n <= 3000 + written)
  }
  assert.deepEqual(db.get('SELECT count(*) AS n FROM item'), { n: 3000 + written })
  assert.deepEqual(checkIntegrity(db), { ok: true, problems: [] })
  await assert.rejects(db.backup(join(folder, 'one.db')), { code: 'EEXIST' })
})

test('statistics that are taken index by index are those of the whole', (t) => {
  const db = tempDatabase(t)
  fillLibrary(db, { songs: 500 })
  const taken = () => db.all('SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY 1, 2')
  Array.from(db.analyze())
  const inSteps = taken()
  db.exec('DELETE FROM sqlite_stat1; ANALYZE')
  assert.deepEqual(inSteps, taken())
  assert.ok(inSteps.length > 40)
})

test('closes cleanly: no log and no lock stay behind', (t) => {
  const folder = tempFolder(t)
  const db = open(folder)
  db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY)')
  const left = db.iterate('SELECT 1 UNION ALL SELECT 2')
  left.next()
  db.close()
  db.close()
  assert.equal(existsSync(join(folder, 'test.db-wal')), false)
  assert.equal(existsSync(join(folder, 'test.db.lock')), false)
})

test('says in a sentence that the folder is missing or the file is no database', (t) => {
  const folder = tempFolder(t)
  assert.throws(
    () => open(join(folder, 'absent')),
    (error) => isAppError(error) && error.code === 'DATA_UNWRITABLE',
  )
  writeFileSync(join(folder, 'test.db'), 'this is no database, only words '.repeat(200))
  assert.throws(
    () => open(folder),
    (error) => isAppError(error) && error.code === 'DATA_DAMAGED',
  )
})
