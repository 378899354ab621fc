import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlbumId, LibraryId, PlaylistId, SongId } from '../../src/base/ids.ts'
import type { Database, SqlParams } from '../../src/db/database.ts'
import { createArtworkRepository } from '../../src/library/artwork-repository.ts'
import { createStoredArtworkRepository } from '../../src/library/stored-artwork-repository.ts'
import { libraryFixture } from '../support/library-fixture.ts'

const fixture = libraryFixture(
  { after: (cleanup) => test.after(cleanup as () => void) },
  { songs: 5_000, libraries: 2 },
)
fixture.db.run("UPDATE song SET cover_version = printf('%016x', album_id)")
fixture.db.run("UPDATE album SET cover_version = printf('%016x', id)")
Array.from(fixture.db.analyze(1000))

const heard = new Map<string, SqlParams>()
const { db } = fixture
const noted = (sql: string, params: SqlParams = []) => {
  if (/^\s*(SELECT|DELETE)/.test(sql)) heard.set(sql, params)
  return db
}
const listening: Database = Object.assign(Object.create(db) as Database, {
  get: (sql: string, params?: SqlParams) => noted(sql, params).get(sql, params),
  select: (sql: string, params: SqlParams, read: never) => noted(sql, params).select(sql, params, read),
  iterate: (sql: string, params?: SqlParams) => noted(sql, params).iterate(sql, params),
  run: (sql: string, params?: SqlParams) => noted(sql, params).run(sql, params),
  transaction: <T>(work: () => T) => db.transaction(work),
})
const repository = createArtworkRepository(listening, {
  album: ['cover.*', 'embedded'],
  disc: ['cd*.*', 'embedded'],
  artist: ['artist.*', 'album/artist.*'],
})
const store = createStoredArtworkRepository(listening)

test('no question about covers reads a whole table of songs, albums or folders', () => {
  const viewers = [
    fixture.viewer(),
    fixture.viewer({ libraries: [1 as LibraryId] }),
    fixture.viewer({
      libraries: [1 as LibraryId],
      deny: { paths: ['1:x'], albums: [2 as AlbumId], explicit: true },
      grants: [5 as SongId],
    }),
  ]
  for (const viewer of viewers) {
    for (const kind of ['song', 'album', 'artist', 'folder'] as const) {
      const item = { kind, key: 3 }
      repository.version(viewer, item)
      repository.candidates(viewer, item)
      repository.albumFor(viewer, item)
      repository.label(viewer, item)
    }
    repository.albumsOfPlaylist(viewer, 1 as PlaylistId, 4)
    repository.discCandidates(viewer, 3 as SongId)
    for (const version of ['0000000000000003', 'ff']) repository.pictureIn(viewer, 3 as AlbumId, version)
  }
  for (const kind of ['song', 'album', 'artist', 'folder'] as const) store.versions(kind, '0', 0)
  store.save([{ version: 'a', content: 'b', reason: '', choice: 0, width: 1, height: 1, original: true, madeAt: 0 }])
  store.find('a')
  store.dropGone('', 0)
  store.isUsed('b')

  assert.ok(heard.size > 30, `${heard.size} queries`)
  const wrong = [...heard].flatMap(([sql, params]) =>
    db
      .plan(sql, params)
      .filter((step) => /^SCAN (?!json_each|d VIRTUAL|dp\b|page\b|\(|CONSTANT)/.test(step))
      .map((step) => `${step}: ${sql}`),
  )
  assert.deepEqual(wrong, [])
})

test('all versions are met page by page, once each', () => {
  const seen: string[] = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = store.versions('song', after, 0)
    seen.push(...page.unmade.map(({ version }) => version))
    after = page.next
  }
  const expected = db.all<{ version: string }>(
    'SELECT DISTINCT cover_version AS version FROM song WHERE missing = 0 ORDER BY cover_version',
  )
  assert.deepEqual(
    seen,
    expected.map(({ version }) => version),
  )
})
