import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { isAppError } from '../../src/base/errors.ts'
import { checkIntegrity } from '../../src/db/integrity.ts'
import { MIGRATIONS, migrate, schemaVersion } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { tempDatabase, tempFolder } from '../support/temp-database.ts'

const log = silentLogger

test('makes the schema once and leaves a current one alone', async (t) => {
  const db = tempDatabase(t)
  assert.equal(schemaVersion(db), MIGRATIONS.length)
  assert.deepEqual(migrate(db, { log }), { from: MIGRATIONS.length, to: MIGRATIONS.length })
  assert.deepEqual(checkIntegrity(db), { ok: true, problems: [] })
})

test('a step that fails leaves the version before it whole', (t) => {
  const db = openDatabase({ path: join(tempFolder(t), 'm.db'), log })
  t.after(() => db.close())
  const first = ['CREATE TABLE a (id INTEGER PRIMARY KEY)']
  const broken = ['CREATE TABLE b (id INTEGER PRIMARY KEY)', 'CREATE TABLE a (id INTEGER)']
  assert.throws(() => migrate(db, { log, migrations: [first, broken] }), /already exists/)
  assert.equal(schemaVersion(db), 1)
  assert.deepEqual(db.all(`SELECT name FROM sqlite_schema`), [{ name: 'a' }])
  migrate(db, { log, migrations: [first, ['CREATE TABLE b (id INTEGER PRIMARY KEY)']] })
  assert.equal(schemaVersion(db), 2)
})

test('refuses a database of a newer program', (t) => {
  const db = openDatabase({ path: join(tempFolder(t), 'm.db'), log })
  t.after(() => db.close())
  db.exec('PRAGMA user_version = 9999')
  assert.throws(
    () => migrate(db, { log }),
    (error) => isAppError(error) && error.code === 'DATA_TOO_NEW',
  )
})

test('the check names rows that point nowhere', async (t) => {
  const db = tempDatabase(t)
  db.exec('PRAGMA foreign_keys = OFF')
  db.run(`INSERT INTO api_key (user_id, name, hash, hint, created_at) VALUES (77, 'x', 'y', 'z', 0)`)
  const report = checkIntegrity(db)
  assert.equal(report.ok, false)
  assert.match(report.problems.join(), /1 rows of api_key .* user/)
})
