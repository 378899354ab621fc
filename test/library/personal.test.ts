import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAppError } from '../../src/base/errors.ts'
import type { AlbumId, LibraryId, PlaylistId, RadioId, SongId, UserId } from '../../src/base/ids.ts'
import { libraryFixture } from '../support/library-fixture.ts'

const list = (...numbers: number[]) => numbers as SongId[]
const ids = (items: Iterable<{ readonly id: number }>) => Array.from(items, (item) => item.id)

test('stars and ratings are personal, only for what is visible, and average over all', (t) => {
  const { repositories, viewer } = libraryFixture(t, { songs: 60, libraries: 2 })
  const { annotations, songs, albums } = repositories
  const eyes = viewer()
  const kid = viewer({ libraries: 'all', deny: { songs: list(1), albums: [2 as AlbumId] } }, 2)
  const items = [
    { kind: 'song', key: 1 },
    { kind: 'song', key: 2 },
    { kind: 'album', key: 2 },
    { kind: 'artist', key: 999 },
  ] as const
  assert.deepEqual(annotations.setStarred(kid, items, true, 50), [items[1]])
  assert.deepEqual(annotations.setStarred(eyes, items, true, 60), items.slice(0, 3))
  annotations.setStarred(eyes, [items[0]], true, 90)
  assert.equal(songs.find(eyes, 1 as SongId)?.starredAt, 60, 'a star keeps its date')
  assert.deepEqual(annotations.setStarred(eyes, [items[0]], false, 95), [items[0]])
  assert.equal(songs.find(eyes, 1 as SongId)?.starredAt, undefined)

  assert.equal(annotations.setRating(kid, { kind: 'song', key: 1 }, 5, 1), false)
  assert.equal(annotations.setRating(eyes, { kind: 'song', key: 3 }, 5, 1), true)
  assert.equal(annotations.setRating(viewer(undefined, 2), { kind: 'song', key: 3 }, 2, 1), true)
  const rated = songs.find(eyes, 3 as SongId)
  assert.deepEqual([rated?.rating, rated?.averageRating], [5, 3.5])
  annotations.setRating(eyes, { kind: 'song', key: 3 }, 4, 2)
  assert.equal(songs.find(eyes, 3 as SongId)?.averageRating, 3)
  annotations.setRating(eyes, { kind: 'song', key: 3 }, 0, 3)
  assert.deepEqual([songs.find(eyes, 3 as SongId)?.rating, songs.find(eyes, 3 as SongId)?.averageRating], [0, 2])
  annotations.setRating(viewer(undefined, 2), { kind: 'album', key: 1 }, 3, 1)
  annotations.removeAllOf(2 as UserId)
  assert.equal(songs.find(eyes, 3 as SongId)?.averageRating, undefined)
  assert.equal(albums.find(eyes, 1 as AlbumId)?.averageRating, undefined)
})

test('bookmarks and the queue hold what is visible; the current song is found again', (t) => {
  const { db, repositories, viewer } = libraryFixture(t, { songs: 60 })
  const { bookmarks, playQueues, songs } = repositories
  const eyes = viewer()
  const narrow = viewer({ libraries: 'all', deny: { songs: list(2, 3) } })
  assert.equal(bookmarks.save(eyes, 2 as SongId, 1000, 'here', 10), true)
  assert.equal(bookmarks.save(eyes, 4 as SongId, 2000, '', 20), true)
  assert.equal(bookmarks.save(eyes, 2 as SongId, 1500.4, 'there', 30), true)
  assert.equal(bookmarks.save(narrow, 3 as SongId, 1, '', 30), false)
  assert.equal(bookmarks.save(eyes, 9999 as SongId, 1, '', 30), false)
  assert.deepEqual(
    bookmarks.list(eyes).map((mark) => [mark.song.id, mark.positionMs, mark.comment, mark.createdAt, mark.updatedAt]),
    [
      [2, 1500, 'there', 10, 30],
      [4, 2000, '', 20, 20],
    ],
  )
  assert.equal(songs.find(eyes, 2 as SongId)?.bookmarkPositionMs, 1500)
  assert.equal(songs.find(viewer(undefined, 2), 2 as SongId)?.bookmarkPositionMs, undefined)
  assert.deepEqual(
    bookmarks.list(narrow).map((mark) => mark.song.id),
    [4],
  )
  bookmarks.remove(eyes, 2 as SongId)
  assert.equal(bookmarks.list(eyes).length, 1)

  assert.equal(playQueues.find(eyes), undefined)
  const save = (currentIndex: number) =>
    playQueues.save(1 as UserId, {
      songs: list(1, 2, 3, 4, 1),
      currentIndex,
      positionMs: 700,
      changedBy: 'phone',
      changedAt: 5,
    })
  save(3)
  const queue = playQueues.find(eyes)
  assert.deepEqual(
    [ids(queue?.songs ?? []), queue?.currentIndex, queue?.positionMs, queue?.changedBy],
    [[1, 2, 3, 4, 1], 3, 700, 'phone'],
  )
  db.run('UPDATE song SET missing = 1 WHERE id = 3')
  assert.deepEqual(ids(queue?.songs ?? []), [1, 2, 4, 1], 'songs are read when the walk comes to them')
  db.run('UPDATE song SET missing = 0 WHERE id = 3')
  const seen = playQueues.find(narrow)
  assert.deepEqual([ids(seen?.songs ?? []), seen?.currentIndex, seen?.positionMs], [[1, 4, 1], 1, 700])
  save(2)
  const next = playQueues.find(narrow)
  assert.deepEqual([next?.currentIndex, next?.positionMs], [1, 0], 'the song after the hidden one, from its start')
  const nothing = playQueues.find(viewer({ libraries: [] }))
  assert.deepEqual([ids(nothing?.songs ?? []), nothing?.currentIndex], [[], 0])
  playQueues.clear(1 as UserId)
  assert.equal(playQueues.find(eyes), undefined)
})

test("a playlist is seen by its owner and, when public, by all; its sums are the viewer's", (t) => {
  const { repositories, viewer } = libraryFixture(t, { songs: 60 })
  const { playlists, songs } = repositories
  const eyes = viewer()
  const kid = viewer({ libraries: 'all', deny: { songs: list(2, 3) } }, 2)
  const mine = playlists.create(eyes, 'Mine', list(1, 2, 3, 2, 9999), 10)
  assert.deepEqual(ids(playlists.songs(eyes, mine)), [1, 2, 3, 2])
  assert.deepEqual(playlists.list(kid), [])
  assert.equal(playlists.find(kid, mine), undefined)
  assert.throws(
    () => playlists.songs(kid, mine),
    (error) => isAppError(error) && error.code === 'NOT_FOUND',
  )
  assert.throws(
    () => playlists.edit(kid, mine, [], list(1), {}, 1),
    (error) => isAppError(error) && error.code === 'NOT_FOUND',
  )
  playlists.edit(eyes, mine, [], [], { public: true, comment: 'c' }, 20)
  const shared = playlists.find(kid, mine)
  assert.deepEqual(
    [shared?.songCount, shared?.durationMs, shared?.comment, shared?.ownerName, shared?.updatedAt],
    [1, songs.find(eyes, 1 as SongId)?.durationMs, 'c', 'admin', 20],
  )
  assert.deepEqual(ids(playlists.songs(kid, mine)), [1])
  assert.equal(playlists.find(eyes, mine)?.songCount, 4)
  const kids = playlists.create(kid, "a kid's", list(1, 2, 3), 10)
  assert.deepEqual(ids(playlists.songs(viewer(undefined, 2), kids)), [1], 'songs outside the scope are not taken in')
  assert.deepEqual(
    playlists.list(kid).map((one) => one.name),
    ["a kid's", 'Mine'],
  )
  assert.deepEqual(ids(playlists.listOf(eyes, 2 as UserId)), [])
  assert.deepEqual(ids(playlists.listOf(kid, 1 as UserId)), [mine])
})

test('entries are removed by the index that the viewer saw, then songs are appended', (t) => {
  const { repositories, viewer } = libraryFixture(t, { songs: 60 })
  const { playlists } = repositories
  const eyes = viewer()
  const id = playlists.create(eyes, 'Mine', list(1, 2, 3, 4, 5, 6), 10)
  const narrow = viewer({ libraries: 'all', deny: { songs: list(2, 4) } })
  assert.deepEqual(ids(playlists.songs(narrow, id)), [1, 3, 5, 6])
  playlists.edit(narrow, id, [1, 2, 2, 77, -1], list(7, 2), { name: 'New' }, 30)
  assert.deepEqual(ids(playlists.songs(eyes, id)), [1, 2, 4, 6, 7], 'hidden entries stay where they were')
  assert.equal(playlists.find(eyes, id)?.name, 'New')
  playlists.edit(eyes, id, [0], list(8), {}, 40)
  assert.deepEqual(ids(playlists.songs(eyes, id)), [2, 4, 6, 7, 8])
  playlists.replaceSongs(eyes, id, list(9, 9, 1), 50)
  assert.deepEqual(ids(playlists.songs(eyes, id)), [9, 9, 1])
  playlists.remove(id)
  assert.equal(playlists.find(eyes, id), undefined)
})

test('a playlist of thousands is written and read whole', (t) => {
  const { repositories, viewer } = libraryFixture(t, { songs: 300 })
  const many = Array.from({ length: 6000 }, (_, index) => ((index * 7) % 300) + 1) as SongId[]
  const id = repositories.playlists.create(viewer(), 'Long', many, 1)
  assert.deepEqual(ids(repositories.playlists.songs(viewer(), id)), many)
})

test('the picture of a playlist changes with the covers of its first albums', (t) => {
  const { repositories, viewer, db } = libraryFixture(t, { songs: 200 })
  const { playlists } = repositories
  const eyes = viewer()
  const id = playlists.create(eyes, 'Mine', list(1, 50, 100, 150, 199), 1)
  const version = () => playlists.find(eyes, id)?.coverVersion
  const first = version()
  assert.match(first ?? '', /^[0-9a-f]{8}$/)
  playlists.edit(eyes, id, [], list(2), {}, 2)
  assert.equal(version(), first)
  db.run(`UPDATE song SET cover_version = 'abc' WHERE album_id = (SELECT album_id FROM song WHERE id = 1)`)
  assert.notEqual(version(), first)
  assert.equal(playlists.find(viewer({ libraries: [] }), id)?.coverVersion, '')
})

test('playlists that mirror files are found by them, keep what their owner changed, and are let go', (t) => {
  const { repositories, viewer } = libraryFixture(t, { songs: 60 })
  const { playlists } = repositories
  const eyes = viewer()
  const file = {
    libraryId: 1 as LibraryId,
    path: 'lists/a.m3u',
    name: 'a',
    fileSignature: 's1',
    owner: 1 as UserId,
    public: true,
    songs: list(1, 2),
    at: 5,
  }
  const id = playlists.importFile(file)
  assert.deepEqual(playlists.findByFile(1 as LibraryId, 'lists/a.m3u'), { id, sync: true, fileSignature: 's1' })
  playlists.edit(eyes, id, [], [], { name: 'My name' }, 6)
  assert.equal(playlists.importFile({ ...file, fileSignature: 's2', songs: list(3) }), id)
  const found = playlists.find(eyes, id)
  assert.deepEqual(
    [found?.name, found?.path, found?.sync, found?.public, found?.songCount],
    ['My name', 'lists/a.m3u', true, true, 1],
  )
  assert.deepEqual(playlists.importedPaths(1 as LibraryId), ['lists/a.m3u'])
  playlists.detachFile(id)
  assert.deepEqual(playlists.importedPaths(1 as LibraryId), [])
  assert.deepEqual([playlists.find(eyes, id)?.path, playlists.find(eyes, id)?.sync], [undefined, false])
  assert.notEqual(playlists.importFile(file), id)
})

test('playlists are starred and rated by those who see them', (t) => {
  const { repositories, viewer, db } = libraryFixture(t, { songs: 20 })
  const { playlists, annotations } = repositories
  const id = playlists.create(viewer(), 'Mine', [], 1) as PlaylistId
  const item = { kind: 'playlist', key: id } as const
  assert.deepEqual(annotations.setStarred(viewer(undefined, 2), [item], true, 1), [])
  assert.deepEqual(annotations.setStarred(viewer(), [item], true, 1), [item])
  assert.equal(annotations.setRating(viewer(), item, 3, 1), true)
  playlists.remove(id)
  assert.deepEqual(db.all('SELECT * FROM annotation'), [])
})

test('radio stations are listed by name, changed and removed', (t) => {
  const { radios } = libraryFixture(t, { songs: 0 }).repositories
  const b = radios.create({ name: 'beta', streamUrl: 'http://b', homePageUrl: '' }, 1)
  const a = radios.create({ name: 'Alpha', streamUrl: 'http://a', homePageUrl: 'http://h' }, 2)
  assert.deepEqual(ids(radios.list()), [a, b])
  assert.equal(radios.update(b, { name: 'aa', streamUrl: 'http://c', homePageUrl: '' }, 9), true)
  assert.deepEqual(
    radios.list().find(({ id }) => id === b),
    {
      id: b,
      name: 'aa',
      streamUrl: 'http://c',
      homePageUrl: '',
      createdAt: 1,
      updatedAt: 9,
    },
  )
  assert.equal(radios.remove(b), true)
  assert.equal(radios.remove(b), false)
  assert.equal(radios.update(77 as RadioId, { name: 'x', streamUrl: 'y', homePageUrl: '' }, 1), false)
})
