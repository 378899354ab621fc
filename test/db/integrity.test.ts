import assert from 'node:assert/strict'
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { yieldToLoop } from '../../src/base/deadline.ts'
import type { Database } from '../../src/db/database.ts'
import { checkIntegrity } from '../../src/db/integrity.ts'
import { checkApart, type IntegrityProcessOptions } from '../../src/db/integrity-process.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { tempFolder } from '../support/temp-database.ts'

const options: IntegrityProcessOptions = {
  entry: {
    path: fileURLToPath(new URL('../../src/db/integrity-child.ts', import.meta.url)),
    execArgv: ['--import', import.meta.resolve('tsx')],
  },
  log: silentLogger,
  signal: new AbortController().signal,
}

function filled(t: TestContext, songs = 200): { readonly db: Database; readonly path: string } {
  const path = join(tempFolder(t), 'library.db')
  const db = openDatabase({ path, log: silentLogger })
  t.after(() => db.close())
  migrate(db, { log: silentLogger })
  fillLibrary(db, { songs })
  return { db, path }
}

/** What is wrong, and the word that tells it. */
const DAMAGE: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a row without its parent': [
    `PRAGMA foreign_keys = OFF; DELETE FROM album WHERE id = 1; PRAGMA foreign_keys = ON`,
    /rows of song point at rows of album that do not exist/,
  ],
  'a search index without its words': ['DELETE FROM song_search_data WHERE id > 10', /song_search/],
  'an index without its rows': [
    `PRAGMA writable_schema = ON;
     UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'artist')
       WHERE name = (SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'album' AND sql IS NOT NULL LIMIT 1);
     PRAGMA writable_schema = RESET`,
    /./,
  ],
}

function temporary(t: TestContext, folder: string): void {
  const usual = process.env.TMPDIR
  process.env.TMPDIR = folder
  t.after(() => {
    if (usual === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = usual
  })
}

test('a sound database is sound in a process of its own, and others write meanwhile', async (t) => {
  const { db } = filled(t)
  const folder = tempFolder(t)
  temporary(t, folder)
  let ended = false
  const check = checkApart(db, options).finally(() => {
    ended = true
  })
  let written = 0
  while (!ended) {
    db.run('UPDATE song SET updated_at = updated_at + 1 WHERE id = ?', [1 + (written++ % 200)])
    await yieldToLoop()
  }
  assert.deepEqual(await check, { ok: true, problems: [] })
  assert.ok(written > 10)
  assert.deepEqual(checkIntegrity(db), { ok: true, problems: [] })
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('tonearm-')),
    [],
  )
})

for (const [what, [sql, expected]] of Object.entries(DAMAGE)) {
  test(`${what} is found in a process of its own and in this one`, async (t) => {
    const { db } = filled(t)
    db.exec(sql)
    for (const report of [await checkApart(db, options), checkIntegrity(db)]) {
      assert.ok('ok' in report && !report.ok)
      assert.match(report.problems.join('\n'), expected)
    }
  })
}

test('a file that is overwritten with noise is told as damaged', async (t) => {
  const { db, path } = filled(t)
  db.get('PRAGMA wal_checkpoint(TRUNCATE)')
  const file = openSync(path, 'r+')
  for (let page = 20; page < 60; page++) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096)
  closeSync(file)
  const report = await checkApart(db, options)
  assert.ok('ok' in report && !report.ok)
  assert.ok(report.problems.length > 0 && report.problems.length <= 100)
})

test('without a temporary folder it is checked through the data folder, which holds no more than before', async (t) => {
  const { db, path } = filled(t)
  temporary(t, join(dirname(path), 'nowhere'))
  // What a check left there that was killed together with its server.
  mkdirSync(join(dirname(path), 'check.part', 'library.db.lock'), { recursive: true })
  assert.deepEqual(await checkApart(db, options), { ok: true, problems: [] })
  assert.deepEqual(
    readdirSync(dirname(path)).filter((name) => !name.startsWith('library.db')),
    [],
  )
})

/** Children that tell no report, and the reason that is given. */
const FAILING: Readonly<Record<string, readonly [string | undefined, RegExp]>> = {
  'can not be started': [undefined, /exit code 1/],
  'ends at once': ['process.exit(0)', /told no report/],
  'tells half a report': [`process.stdout.write('{"ok":tr')`, /told no report/],
  'tells something else': [`process.stdout.write('[1]')`, /told no report/],
  'is killed': [`process.kill(process.pid, 'SIGKILL')`, /SIGKILL/],
}

for (const [what, [script, expected]] of Object.entries(FAILING))
  test(`a check whose process ${what} tells nothing of damage`, async (t) => {
    const { db } = filled(t, 1)
    const path = join(tempFolder(t), 'child.mjs')
    if (script !== undefined) writeFileSync(path, script)
    const outcome = await checkApart(db, { ...options, entry: { path, execArgv: [] } })
    assert.ok('unchecked' in outcome && outcome.unchecked === 'failed')
    assert.match(outcome.reason, expected)
  })

test('a check that does not end is ended, and one that nobody needs any more', async (t) => {
  const { db } = filled(t, 1)
  const path = join(tempFolder(t), 'child.mjs')
  writeFileSync(path, 'setInterval(() => {}, 1000)')
  const endless = { ...options, entry: { path, execArgv: [] } }
  assert.deepEqual(await checkApart(db, { ...endless, deadlineMs: 1000 }), { unchecked: 'late', seconds: 1 })
  const stopping = new AbortController()
  const check = checkApart(db, { ...endless, signal: stopping.signal })
  stopping.abort()
  await assert.rejects(check, { code: 'UNAVAILABLE' })
})

test('who writes much waits while the file stands still and its log has grown', async (t) => {
  const { db } = filled(t)
  db.exec('CREATE TABLE heap (body BLOB)')
  let release = () => {}
  const still = db.still(() => new Promise<void>((resolve) => (release = resolve)))
  await yieldToLoop()
  await db.room()
  db.transaction(() => {
    for (let n = 0; n < 5000; n++) db.run('INSERT INTO heap (body) VALUES (?)', [new Uint8Array(4000)])
  })
  let went = false
  const room = db.room().then(() => {
    went = true
  })
  await yieldToLoop()
  assert.equal(went, false)
  release()
  await Promise.all([still, room])
  // The first brings the log home, the second begins it anew.
  for (let n = 0; n < 2; n++) db.run('INSERT INTO heap (body) VALUES (?)', [new Uint8Array(10)])
  assert.ok(db.stats().walBytes <= 8 << 20)
})
