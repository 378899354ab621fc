import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DATABASE_FILE } from '../../src/db/data-lock.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import type { ScanSummary } from '../../src/scanner/scanner.ts'
import { generateLibrary } from '../support/music-library.ts'
import { childEntry } from '../support/scanned-library.ts'
import { tempFolder } from '../support/temp-database.ts'

const SONGS = 400

function start(data: string, music: string, kind: string): ChildProcessWithoutNullStreams {
  const { execArgv = [] } = childEntry()
  const script = fileURLToPath(new URL('../fixtures/scan-until-killed.ts', import.meta.url))
  return spawn(process.execPath, [...execArgv, script, data, music, kind])
}

/** Kills the scan with SIGKILL when it has read so many files. @returns false when it was over before. */
async function killAt(data: string, music: string, kind: string, files: number): Promise<boolean> {
  const child = start(data, music, kind)
  const ended = new Promise((resolve) => child.on('close', resolve))
  for await (const line of createInterface(child.stdout))
    if (Number(line) >= files && Number(line) < SONGS) child.kill('SIGKILL')
  await ended
  // The dead process leaves the lock of the file layer; the server's own lock does this at its start.
  const lock = join(data, `${DATABASE_FILE}.lock`)
  if (existsSync(lock)) rmSync(lock, { recursive: true })
  return child.signalCode === 'SIGKILL'
}

async function finish(data: string, music: string, kind: string): Promise<ScanSummary> {
  const child = start(data, music, kind)
  let last = ''
  for await (const line of createInterface(child.stdout)) last = line
  return JSON.parse(last) as ScanSummary
}

function look(data: string) {
  const db = openDatabase({ path: join(data, DATABASE_FILE), log: silentLogger })
  try {
    const [check] = db.all<{ integrity_check: string }>('PRAGMA integrity_check')
    const count = (sql: string) => db.get<{ n: number }>(sql)?.n ?? -1
    return {
      check: check?.integrity_check,
      songs: count('SELECT count(*) AS n FROM song WHERE missing = 0'),
      counted: count('SELECT sum(song_count) AS n FROM album WHERE missing = 0'),
      indexed: count('SELECT count(*) AS n FROM song_search'),
      pending: db.get<{ scan_pending: string }>('SELECT scan_pending FROM library')?.scan_pending,
      oldest: count('SELECT count(DISTINCT created_at) AS n FROM song'),
    }
  } finally {
    db.close()
  }
}

test('a scan that is killed goes on where it was and loses nothing', async (t) => {
  const data = tempFolder(t)
  const music = tempFolder(t)
  await generateLibrary(music, SONGS)
  assert.equal(await killAt(data, music, 'quick', 100), true)
  const after = look(data)
  assert.equal(after.check, 'ok')
  assert.equal(after.pending, 'quick')
  assert.ok(after.songs >= 48 && after.songs < SONGS, `${after.songs} songs`)
  const summary = await finish(data, music, 'quick')
  assert.equal(summary.added, SONGS - after.songs)
  const whole = look(data)
  assert.deepEqual(
    [whole.check, whole.songs, whole.counted, whole.indexed, whole.pending],
    ['ok', SONGS, SONGS, SONGS, ''],
  )
})

test('a full scan that is killed is taken up as one', async (t) => {
  const data = tempFolder(t)
  const music = tempFolder(t)
  await generateLibrary(music, SONGS)
  await finish(data, music, 'quick')
  const mark = (db: ReturnType<typeof openDatabase>) => db.run(`UPDATE song SET comment = 'stale'`).changes
  const db = openDatabase({ path: join(data, DATABASE_FILE), log: silentLogger })
  assert.equal(mark(db), SONGS)
  db.close()
  assert.equal(await killAt(data, music, 'full', 100), true)
  assert.equal(look(data).pending, 'full')
  const summary = await finish(data, music, 'quick')
  assert.ok(summary.changed > 0 && summary.changed < SONGS, `${summary.changed} changed`)
  const rest = openDatabase({ path: join(data, DATABASE_FILE), log: silentLogger })
  t.after(() => rest.close())
  assert.equal(rest.get<{ n: number }>(`SELECT count(*) AS n FROM song WHERE comment = 'stale'`)?.n, 0)
})
