import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import { isAppError } from '../../src/base/errors.ts'
import type { AlbumId, ArtistId, LibraryId, SongId, UserId } from '../../src/base/ids.ts'
import { checkIntegrity } from '../../src/db/integrity.ts'
import { libraryFixture } from '../support/library-fixture.ts'

const conflict = (error: unknown) => isAppError(error) && error.code === 'CONFLICT'
const USER = { isAdmin: false, roles: ['stream', 'download'], passwordHash: 'hash', passwordSealed: null } as const
const LIBRARY = { recursive: true, followSymlinks: true, excludePatterns: [] }

test('names of users are one whatever their case and accents', (t) => {
  const { users } = libraryFixture(t, { songs: 0 }).repositories
  const id = users.create({ ...USER, name: 'Zoë', email: 'z@x', passwordSealed: new Uint8Array([1, 2, 250]) }, 5)
  assert.equal(users.findByName('ZOE')?.id, id)
  assert.throws(() => users.create({ ...USER, name: 'zoe' }, 6), conflict)
  assert.throws(() => users.update(2 as UserId, { name: 'zoé' }, 6), conflict)
  assert.equal(users.find(2 as UserId)?.name, 'kid')
  const user = users.find(id)
  assert.deepEqual(
    [user?.name, user?.email, user?.roles, user?.tokenLogin, user?.isAdmin],
    ['Zoë', 'z@x', ['stream', 'download'], true, false],
  )
  assert.deepEqual(users.credentials(id), {
    userId: id,
    passwordHash: 'hash',
    passwordSealed: new Uint8Array([1, 2, 250]),
  })
  assert.deepEqual(
    users.list().map((one) => one.name),
    ['admin', 'kid', 'Zoë'],
  )
  assert.equal(users.count(), 3)
})

test('only given fields change, and a new password ends old sessions', (t) => {
  const { users } = libraryFixture(t, { songs: 0 }).repositories
  const id = users.create({ ...USER, name: 'u', fullName: 'Full', maxBitRate: 128 }, 5)
  users.update(id, { email: 'a@b', roles: [] }, 7)
  const changed = users.find(id)
  assert.deepEqual(
    [
      changed?.fullName,
      changed?.email,
      changed?.roles,
      changed?.maxBitRate,
      changed?.credentialsVersion,
      changed?.updatedAt,
    ],
    ['Full', 'a@b', [], 128, 1, 7],
  )
  users.update(id, { passwordHash: 'new', passwordSealed: null }, 8)
  assert.equal(users.find(id)?.credentialsVersion, 2)
  assert.equal(users.credentials(id)?.passwordHash, 'new')
  assert.throws(
    () => users.update(99 as UserId, { email: 'x' }, 1),
    (error) => isAppError(error) && error.code === 'NOT_FOUND',
  )
  users.touch([
    { id, loginAt: 50 },
    { id: 1 as UserId, accessAt: 60 },
  ])
  users.touch([{ id, accessAt: 55 }])
  assert.deepEqual(
    [users.find(id)?.lastLoginAt, users.find(id)?.lastAccessAt, users.find(1 as UserId)?.lastAccessAt],
    [50, 55, 60],
  )
})

test('the last administrator stays one', (t) => {
  const { users } = libraryFixture(t, { songs: 0 }).repositories
  const admin = 1 as UserId
  assert.throws(() => users.update(admin, { isAdmin: false }, 1), conflict)
  assert.throws(() => users.remove(admin), conflict)
  assert.equal(users.find(admin)?.isAdmin, true)
  users.update(2 as UserId, { isAdmin: true }, 1)
  users.remove(admin)
  assert.throws(() => users.update(2 as UserId, { isAdmin: false }, 1), conflict)
})

test('new users get the libraries for new users, or those that are named', (t) => {
  const { users, libraries } = libraryFixture(t, { songs: 0, libraries: 3 }).repositories
  libraries.update(2 as LibraryId, { defaultNewUsers: false }, 9)
  assert.deepEqual(users.libraries(users.create({ ...USER, name: 'a' }, 1)), [1, 3])
  const some = users.create({ ...USER, name: 'b', libraries: [2, 77, 2] as LibraryId[] }, 1)
  assert.deepEqual(users.libraries(some), [2])
  users.update(some, { libraries: [] }, 1)
  assert.deepEqual(users.libraries(some), [])
})

test('a user goes with everything that was theirs, and averages forget them', async (t) => {
  const { repositories, viewer, db } = libraryFixture(t, { songs: 60 })
  const { users, annotations, plays, playlists, bookmarks, playQueues, apiKeys, songs } = repositories
  const kid = viewer(undefined, 2)
  annotations.setRating(kid, { kind: 'song', key: 1 }, 5, 1)
  annotations.setStarred(kid, [{ kind: 'album', key: 1 }], true, 1)
  plays.record(kid, [{ songId: 1 as SongId, at: 1 }], 'x')
  playlists.create(kid, 'theirs', [1 as SongId], 1)
  bookmarks.save(kid, 1 as SongId, 5, '', 1)
  playQueues.save(2 as UserId, { songs: [1 as SongId], currentIndex: 0, positionMs: 0, changedBy: 'x', changedAt: 1 })
  const key = apiKeys.create({ userId: 2 as UserId, name: 'phone', hash: 'h', hint: 'abc' }, 1)
  apiKeys.touch([key], 77)
  assert.deepEqual(apiKeys.findByHash('h'), {
    id: key,
    userId: 2,
    name: 'phone',
    hint: 'abc',
    lastUsedAt: 77,
    createdAt: 1,
  })
  assert.equal(apiKeys.remove(1 as UserId, key), false, 'not the key of somebody else')
  users.remove(2 as UserId)
  for (const table of ['annotation', 'playlist', 'playlist_song', 'bookmark', 'play_queue', 'api_key'])
    assert.deepEqual(db.get(`SELECT count(*) AS n FROM ${table}`), { n: 0 }, table)
  assert.deepEqual(plays.journal(0, 10), [])
  assert.equal(songs.find(viewer(), 1 as SongId)?.averageRating, undefined)
  assert.deepEqual(checkIntegrity(db), { ok: true, problems: [] })
})

test('libraries are seen through the scope and have names and folders of their own', (t) => {
  const { libraries } = libraryFixture(t, { songs: 0, libraries: 2 }).repositories
  assert.deepEqual(
    libraries.list({ libraries: [2 as LibraryId] }).map((library) => library.id),
    [2],
  )
  assert.equal(libraries.find({ libraries: [2 as LibraryId] }, 1 as LibraryId), undefined)
  assert.throws(() => libraries.create({ ...LIBRARY, name: 'Library 1', path: '/x' }, 1), conflict)
  assert.throws(() => libraries.update(1 as LibraryId, { path: '/music/library-2' }, 1), conflict)
  libraries.setState(1 as LibraryId, 'lost', 'the folder is empty')
  const lost = libraries.find(FULL_SCOPE, 1 as LibraryId)
  assert.deepEqual([lost?.state, lost?.stateReason], ['lost', 'the folder is empty'])
  assert.ok(libraries.changedAt(FULL_SCOPE) > 0)
  assert.equal(libraries.changedAt({ libraries: [] }), 0)
})

test('the configuration makes, matches and lets go of libraries', (t) => {
  const { libraries } = libraryFixture(t, { songs: 0, libraries: 0 }).repositories
  const a = { ...LIBRARY, name: 'A', path: '/a' }
  const b = { ...LIBRARY, name: 'B', path: '/b' }
  const names = (list: readonly { id: number; name: string; path: string; fromConfig: boolean }[]) =>
    list.map((one) => [one.id, one.name, one.path, one.fromConfig])
  assert.deepEqual(names(libraries.syncWithConfig([a, b], 1)), [
    [1, 'A', '/a', true],
    [2, 'B', '/b', true],
  ])
  const moved = libraries.syncWithConfig(
    [
      { ...a, path: '/moved' },
      { ...b, name: 'Bee', excludePatterns: ['x'] },
    ],
    2,
  )
  assert.deepEqual(names(moved), [
    [1, 'A', '/moved', true],
    [2, 'Bee', '/b', true],
  ])
  assert.deepEqual(moved[1]?.excludePatterns, ['x'])
  const swapped = libraries.syncWithConfig(
    [
      { ...a, path: '/b' },
      { ...b, name: 'Bee', path: '/moved' },
    ],
    3,
  )
  assert.deepEqual(
    names(swapped),
    [
      [1, 'Bee', '/moved', true],
      [2, 'A', '/b', true],
    ],
    'the folder decides, names follow',
  )
  assert.deepEqual(names(libraries.syncWithConfig([{ ...a, path: '/b' }], 4)), [
    [1, 'Bee', '/moved', false],
    [2, 'A', '/b', true],
  ])
  const before = libraries.list(FULL_SCOPE)
  assert.deepEqual(libraries.syncWithConfig([{ ...a, path: '/b' }], 99), before, 'nothing new, nothing written')
})

test('a library is removed with all that hangs on it, and the other one is whole', async (t) => {
  const { repositories, viewer, db } = libraryFixture(t, { songs: 900, libraries: 2, seed: 5 })
  const { libraries, search, annotations, albums, artists, playlists, songs } = repositories
  const eyes = viewer()
  const other = viewer({ libraries: [2 as LibraryId] })
  const kept = [...search.songs(other, '', { limit: 1000, offset: 0 })]
  const keptArtists = [...artists.albumArtists(other)].map((artist) => artist.id)
  const gone = [...songs.random(viewer({ libraries: [1 as LibraryId] }), {}, 5)]
  annotations.setStarred(
    eyes,
    [
      { kind: 'song', key: gone[0]?.id ?? 0 },
      { kind: 'album', key: gone[0]?.albumId ?? 0 },
    ],
    true,
    1,
  )
  const list = playlists.create(eyes, 'mixed', [gone[0]?.id as SongId, kept[0]?.id as SongId], 1)
  for (const _ of libraries.removal(1 as LibraryId));
  assert.deepEqual(
    Array.from(search.songs(eyes, '', { limit: 1000, offset: 0 }), (song) => song.id),
    kept.map((song) => song.id),
  )
  assert.deepEqual(
    [...artists.albumArtists(eyes)].map((artist) => artist.id),
    keptArtists,
  )
  assert.equal(albums.find(eyes, gone[0]?.albumId as AlbumId), undefined)
  assert.deepEqual(
    Array.from(playlists.songs(eyes, list), (song) => song.id),
    [kept[0]?.id],
  )
  for (const [table, index] of [
    ['song', 'song_search'],
    ['album', 'album_search'],
    ['artist', 'artist_search'],
  ])
    assert.deepEqual(db.get(`SELECT count(*) AS n FROM ${index}`), db.get(`SELECT count(*) AS n FROM ${table}`), table)
  assert.deepEqual(db.all('SELECT * FROM annotation'), [])
  assert.equal(artists.find(eyes, 999_999 as ArtistId), undefined)
  assert.deepEqual(checkIntegrity(db), { ok: true, problems: [] })
})
