import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { isAppError } from '../../src/base/errors.ts'
import { explainSqlError, isUniqueError } from '../../src/db/sql-error.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { tempFolder } from '../support/temp-database.ts'

const codeOf = (error: unknown) => (isAppError(error) ? error.code : undefined)

test('a full disk ends a transaction whole, says so, and the database goes on', (t) => {
  const db = openDatabase({ path: join(tempFolder(t), 'full.db'), log: silentLogger })
  t.after(() => db.close())
  db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, body BLOB)')
  db.run('INSERT INTO item VALUES (1, NULL)')
  db.get('PRAGMA max_page_count = 40')
  const fill = () =>
    db.transaction(() => {
      for (let n = 0; n < 200; n++) db.run('INSERT INTO item (body) VALUES (?)', [new Uint8Array(4000)])
    })
  assert.throws(fill, (error) => codeOf(error) === 'DISK_FULL')
  assert.deepEqual(db.get('SELECT count(*) AS n FROM item'), { n: 1 })
  db.get('PRAGMA max_page_count = 4000')
  fill()
  assert.deepEqual(db.get('SELECT count(*) AS n FROM item'), { n: 201 })
})

test('what the engine says is put into sentences without paths', (t) => {
  const path = join(tempFolder(t), 'x.db')
  const explain = (message: string, at = path) => explainSqlError(new Error(message), at)
  const cases = {
    'attempt to write a readonly database': 'DATA_UNWRITABLE',
    'database or disk is full': 'DISK_FULL',
    'database is locked': 'DATA_LOCKED',
    'database disk image is malformed': 'DATA_DAMAGED',
  }
  for (const [message, code] of Object.entries(cases)) {
    const error = explain(message)
    assert.equal(codeOf(error), code)
    assert.ok(isAppError(error) && !error.message.includes(path) && error.message.endsWith('.'))
  }
  assert.equal(codeOf(explain('disk I/O error', join(path, 'absent', 'x.db'))), 'DATA_UNWRITABLE')
})

test('errors of the statement itself stay what they are', (t) => {
  const db = openDatabase({ path: join(tempFolder(t), 'x.db'), log: silentLogger })
  t.after(() => db.close())
  db.exec('CREATE TABLE item (id INTEGER PRIMARY KEY)')
  db.run('INSERT INTO item VALUES (1)')
  assert.throws(
    () => db.run('INSERT INTO item VALUES (1)'),
    (error) => !isAppError(error) && isUniqueError(error),
  )
  assert.throws(
    () => db.all('SELECT * FROM absent'),
    (error) => !isAppError(error) && !isUniqueError(error) && /no such table/.test(String(error)),
  )
})
