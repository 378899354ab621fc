import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlbumId, FolderId, LibraryId, SongId } from '../../src/base/ids.ts'
import type { Database, SqlParams } from '../../src/db/database.ts'
import { retireLibrary } from '../../src/library/retire-library.ts'
import { createScanCovers } from '../../src/library/scan-covers.ts'
import { createScanIdentity } from '../../src/library/scan-identity.ts'
import { createScanNames } from '../../src/library/scan-names.ts'
import { createScanSongs } from '../../src/library/scan-songs.ts'
import { createScanStrays } from '../../src/library/scan-strays.ts'
import { libraryFixture } from '../support/library-fixture.ts'

test('what a scan asks and writes for single songs, albums and folders reads no whole table', (t) => {
  const { db } = libraryFixture(t, { songs: 2_000, libraries: 2 })
  Array.from(db.analyze(1000))
  const heard = new Map<string, SqlParams>()
  const noted = (sql: string, params: SqlParams = []) => {
    heard.set(sql, params)
    return db
  }
  const listening: Database = Object.assign(Object.create(db) as Database, {
    get: (sql: string, params?: SqlParams) => noted(sql, params).get(sql, params),
    select: (sql: string, params: SqlParams, read: never) => noted(sql, params).select(sql, params, read),
    run: (sql: string, params?: SqlParams) => noted(sql, params).run(sql, params),
    exec: (sql: string) => db.exec(sql),
    transaction: <T>(work: () => T) => db.transaction(work),
  })
  const [one, two] = [1, 2] as LibraryId[]
  const pid = db.get<{ pid: string }>('SELECT pid FROM song WHERE id = 7')?.pid ?? ''
  const strays = createScanStrays(listening)
  strays.byPid([one as LibraryId, two as LibraryId], pid)
  strays.heirOf(7 as SongId, [two as LibraryId], 0)
  strays.left(5 as FolderId)
  strays.hasSongs(5 as FolderId)
  db.transaction(() => strays.adoptFolder(5 as FolderId, 6 as FolderId))
  db.transaction(() => strays.handOver(7 as SongId, 8 as SongId))
  createScanSongs(
    listening,
    createScanNames(listening, (name) => name),
  ).albumsIn(4 as FolderId)
  const covers = createScanCovers(listening)
  covers.titledDiscs(3 as AlbumId)
  covers.setDiscs(3 as AlbumId, new Map([[1, 'ab']]))
  createScanIdentity(listening).songsOf(3 as AlbumId)
  for (const _ of retireLibrary(listening, one as LibraryId, 1));
  // Bookmarks are few and have no index by song; the genres are gone through once.
  for (const [sql, params] of heard) {
    if (/^\s*(PRAGMA|INSERT)/.test(sql)) continue
    const plan = db.select(`EXPLAIN QUERY PLAN ${sql}`, params, (row) => row.text(3))
    for (const step of plan)
      assert.doesNotMatch(
        step,
        /^SCAN (?!bookmark|genre_stats|l\b|w\b|d\b|json_each|up\b|CONSTANT|\w+_search)/,
        `${sql}\n${plan.join('\n')}`,
      )
  }
  assert.deepEqual(db.all('PRAGMA foreign_key_check'), [])
})
