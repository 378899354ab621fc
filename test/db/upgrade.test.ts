import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isAppError } from '../../src/base/errors.ts'
import { checkBackup } from '../../src/db/backup-files.ts'
import { DATABASE_FILE } from '../../src/db/data-lock.ts'
import { type Migration, schemaVersion } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { upgradeDatabase } from '../../src/db/upgrade.ts'
import { silentLogger as log } from '../../src/log/logger.ts'
import { tempFolder } from '../support/temp-database.ts'

const FIRST: Migration = ['CREATE TABLE song (title TEXT)', `INSERT INTO song VALUES ('Blue')`]
const SECOND: Migration = ['ALTER TABLE song ADD COLUMN year INTEGER']
const BROKEN: Migration = ['CREATE TABLE artist (name TEXT)', 'CREATE TABLE song (title TEXT)']

function dataFolder(t: Parameters<typeof tempFolder>[0]) {
  const data = tempFolder(t)
  const db = openDatabase({ path: join(data, DATABASE_FILE), log })
  t.after(() => db.close())
  let now = Date.UTC(2026, 0, 1)
  return {
    data,
    db,
    upgrade(migrations: readonly Migration[]) {
      now += 60_000
      return upgradeDatabase({ db, data, now }, { log, migrations })
    },
    setClock: (time: number) => {
      now = time
    },
    copies: () => readdirSync(data).filter((name) => name.startsWith('before-upgrade-')),
  }
}

test('a new database is made without a copy, one with data is copied before it changes', async (t) => {
  const { data, db, upgrade, copies } = dataFolder(t)
  await upgrade([FIRST])
  await upgrade([FIRST])
  assert.deepEqual(copies(), [])
  await upgrade([FIRST, SECOND])
  assert.equal(schemaVersion(db), 2)
  const [folder = ''] = copies()
  const { schema } = await checkBackup(join(data, folder))
  assert.equal(schema, 1)
  const copy = openDatabase({ path: join(data, folder, DATABASE_FILE), log })
  t.after(() => copy.close())
  assert.deepEqual(copy.all('SELECT * FROM song'), [{ title: 'Blue' }])
})

test('a step that fails leaves the old state, names the copy, and pushes out no other', async (t) => {
  const { data, db, upgrade, copies } = dataFolder(t)
  await upgrade([FIRST])
  await upgrade([FIRST, SECOND])
  for (let attempt = 0; attempt < 3; attempt++) {
    await assert.rejects(upgrade([FIRST, SECOND, ['CREATE TABLE album (name TEXT)'], BROKEN]), (error) => {
      assert.ok(isAppError(error) && error.code === 'DATA_DAMAGED')
      assert.match(error.message, /Nothing was changed: install the former version/)
      assert.ok(existsSync(String(error.details.backup)) && error.message.includes(String(error.details.backup)))
      return true
    })
    assert.equal(schemaVersion(db), 2)
    assert.deepEqual(db.all(`SELECT name FROM sqlite_schema WHERE type = 'table'`), [{ name: 'song' }])
  }
  assert.deepEqual(
    copies().map((name) => name.split('-')[2]),
    ['1', '2'],
  )
  assert.equal((await checkBackup(join(data, copies()[1] as string))).schema, 2)
})

test('the copies of the last two versions stay', async (t) => {
  const { upgrade, copies } = dataFolder(t)
  const steps = ['a', 'b', 'c', 'd', 'e'].map((name) => [`CREATE TABLE ${name} (x)`])
  for (let count = 1; count <= steps.length; count++) await upgrade(steps.slice(0, count))
  assert.deepEqual(
    copies().map((name) => name.split('-')[2]),
    ['3', '4'],
  )
})

test('what a killed copy left behind goes with the next one', async (t) => {
  const { data, upgrade, copies } = dataFolder(t)
  await upgrade([FIRST])
  mkdirSync(join(data, 'before-upgrade-1-2026-01-01T00-00-00Z.part-aBcDeF', 'keys'), { recursive: true })
  await upgrade([FIRST, SECOND])
  assert.deepEqual(
    copies().map((name) => name.includes('.part-')),
    [false],
  )
})

test('a downgrade goes back to the newest schema that it reads, also where the clock was wrong at an upgrade', async (t) => {
  const { data, upgrade, copies, setClock } = dataFolder(t)
  const third: Migration = ['CREATE TABLE x (y)']
  await upgrade([FIRST])
  await upgrade([FIRST, SECOND])
  setClock(0)
  await upgrade([FIRST, SECOND, third])
  const copy = copies().find((name) => name.startsWith('before-upgrade-2-1970-')) ?? assert.fail()
  await assert.rejects(upgrade([FIRST, SECOND]), (error) => {
    assert.ok(isAppError(error) && error.message.includes(`tonearm restore ${join(data, copy)}`))
    return true
  })
})

test('a downgrade is refused and names the copy that this version reads', async (t) => {
  const { data, upgrade, copies } = dataFolder(t)
  await upgrade([FIRST])
  const refused = (words: string) =>
    assert.rejects(upgrade([FIRST]), (error) => {
      assert.ok(isAppError(error) && error.code === 'DATA_TOO_NEW')
      assert.ok(error.message.includes(words), error.message)
      return true
    })
  await upgrade([FIRST, SECOND])
  await refused(`tonearm restore ${join(data, copies()[0] as string)}`)
  await upgrade([FIRST, SECOND, ['CREATE TABLE x (y)']])
  await refused(`tonearm restore ${join(data, copies()[0] as string)}`)
})
