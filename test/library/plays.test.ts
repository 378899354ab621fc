import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlbumId, ArtistId, FolderId, LibraryId, SongId, UserId } from '../../src/base/ids.ts'
import { libraryFixture } from '../support/library-fixture.ts'

const song = (id: number) => id as SongId
const ids = (items: Iterable<{ readonly id: number }>) => Array.from(items, (item) => item.id)

function counts(fixture: ReturnType<typeof libraryFixture>, repositories = fixture.repositories, userId = 1) {
  const eyes = fixture.viewer(undefined, userId)
  const one = repositories.songs.find(eyes, song(1))
  assert.ok(one)
  const artist = one.credits.find((credit) => credit.role === 'artist')?.id as ArtistId
  return {
    song: [one.playCount, one.playedAt],
    album: playsOf(repositories.albums.find(eyes, one.albumId)),
    artist: playsOf(repositories.artists.find(eyes, artist)),
    folder: playsOf(repositories.folders.find(eyes, one.folderId)),
  }
}

function playsOf(item: { readonly playCount: number; readonly playedAt: number | undefined } | undefined) {
  return [item?.playCount, item?.playedAt]
}

test('a play is seen at once by its song, album, artist and folder, and after flush, restart and both', (t) => {
  const fixture = libraryFixture(t, { songs: 40 })
  const { plays } = fixture.repositories
  const eyes = fixture.viewer()
  const expected = { song: [3, 700], album: [3, 700], artist: [3, 700], folder: [3, 700] }
  plays.record(
    eyes,
    [
      { songId: song(1), at: 500 },
      { songId: song(1), at: 700 },
    ],
    'phone',
  )
  plays.record(eyes, [{ songId: song(1), at: 600 }], 'phone')
  assert.deepEqual(counts(fixture), expected)
  assert.deepEqual(counts(fixture, fixture.restart()), expected, 'the journal is read again')
  plays.flush()
  assert.deepEqual(counts(fixture), expected)
  assert.deepEqual(counts(fixture, fixture.restart()), expected, 'nothing is counted twice')
  plays.record(eyes, [{ songId: song(1), at: 900 }], 'phone')
  const after = { song: [4, 900], album: [4, 900], artist: [4, 900], folder: [4, 900] }
  assert.deepEqual(counts(fixture), after)
  assert.deepEqual(counts(fixture, fixture.restart()), after)
  assert.deepEqual(counts(fixture, fixture.repositories, 2).song, [0, undefined], 'plays are personal')
})

test('waiting plays are written when enough gathered, and the replay after a crash is as bounded', (t) => {
  const fixture = libraryFixture(t, { songs: 200, flushPlaysAt: 50 })
  const written = () =>
    fixture.db.get<{ n: number }>('SELECT sum(play_count) AS n FROM annotation WHERE kind = 1')?.n ?? 0
  const { plays } = fixture.repositories
  for (let n = 0; n < 49; n++) plays.record(fixture.viewer(), [{ songId: song(1 + n), at: n }], 'x')
  assert.equal(written(), 0)
  plays.record(fixture.viewer(), [{ songId: song(50), at: 50 }], 'x')
  assert.equal(written(), 50)
  plays.record(
    fixture.viewer(),
    Array.from({ length: 30 }, (_, n) => ({ songId: song(100 + n), at: n })),
    'x',
  )
  assert.equal(written(), 50)
  const again = fixture.restart()
  again.plays.flush()
  assert.equal(written(), 80)
  assert.deepEqual(playsOf(again.songs.find(fixture.viewer(), song(100))), [1, 0])
})

test('only visible songs count, and the answer names them', (t) => {
  const fixture = libraryFixture(t, { songs: 60, libraries: 2 })
  const eyes = fixture.viewer({ libraries: [1 as LibraryId], deny: { songs: [song(3)] } })
  const visible = ids(fixture.repositories.search.songs(eyes, '', { limit: 100, offset: 0 }))
  const played = Array.from({ length: 61 }, (_, index) => ({ songId: song(index + 1), at: index }))
  assert.deepEqual(fixture.repositories.plays.record(eyes, played, 'x'), visible)
  assert.equal(fixture.db.get<{ n: number }>('SELECT count(*) AS n FROM play')?.n, visible.length)
})

test('a scrobble writes one page of the log', (t) => {
  const fixture = libraryFixture(t, { songs: 300 })
  const { plays } = fixture.repositories
  plays.record(fixture.viewer(), [{ songId: song(1), at: 1 }], 'phone')
  fixture.db.get('PRAGMA wal_checkpoint(TRUNCATE)')
  const growth: number[] = []
  for (let n = 0; n < 100; n++) {
    const before = fixture.db.stats().walBytes
    plays.record(fixture.viewer(), [{ songId: song(1 + n), at: n }], 'phone')
    growth.push(fixture.db.stats().walBytes - before)
  }
  assert.ok(growth.slice(1).filter((bytes) => bytes > 8192).length <= 1, `one new page of the table at most: ${growth}`)
  assert.ok(growth.reduce((total, bytes) => total + bytes, 0) / growth.length < 5000)
})

test('history is newest first, in the scope, by pages', (t) => {
  const fixture = libraryFixture(t, { songs: 60, libraries: 2 })
  const { plays } = fixture.repositories
  for (let n = 1; n <= 60; n++) plays.record(fixture.viewer(), [{ songId: song(n), at: n * 10 }], 'desk')
  plays.record(fixture.viewer(undefined, 2), [{ songId: song(5), at: 5 }], 'other')
  const all = plays.history(fixture.viewer(), { limit: 100, offset: 0 })
  assert.deepEqual(all[0], { songId: 60, at: 600, client: 'desk' })
  assert.equal(all.length, 60)
  assert.deepEqual(plays.history(fixture.viewer(), { limit: 3, offset: 10 }), all.slice(10, 13))
  const scoped = fixture.viewer({ libraries: [2 as LibraryId] })
  const second = new Set(ids(fixture.repositories.search.songs(scoped, '', { limit: 100, offset: 0 })))
  assert.deepEqual(
    plays.history(scoped, { limit: 100, offset: 0 }),
    all.filter((play) => second.has(play.songId)),
  )
})

test('the journal is read on from a row, of all users', (t) => {
  const fixture = libraryFixture(t, { songs: 20 })
  const { plays, users } = fixture.repositories
  plays.record(fixture.viewer(), [{ songId: song(1), at: 10 }], 'a')
  plays.record(fixture.viewer(undefined, 2), [{ songId: song(2), at: 20 }], 'b')
  const [first, second] = plays.journal(0, 10)
  assert.deepEqual([first?.userId, first?.at, second?.userId, second?.songId, second?.client], [1, 10, 2, 2, 'b'])
  assert.deepEqual(plays.journal(first?.id ?? 0, 10), [second])
  users.remove(2 as UserId)
  assert.deepEqual(plays.journal(0, 10), [first])
  plays.record(fixture.viewer(), [{ songId: song(3), at: 30 }], 'a')
  const last = plays.journal(0, 10).at(-1)
  assert.ok((last?.id ?? 0) > (second?.id ?? 0), 'numbers of rows that were read are never given again')
  assert.deepEqual(playsOf(fixture.restart().songs.find(fixture.viewer(), song(3))), [1, 30])
})

test('lists by plays hold waiting plays in their true place, on every page', (t) => {
  const fixture = libraryFixture(t, { songs: 400, seed: 3 })
  const { plays, albums, songs, folders } = fixture.repositories
  const eyes = fixture.viewer()
  const total = albums.count(eyes)
  const songOf = (album: number) => songs.ofAlbum(eyes, album as AlbumId)[0]?.id as SongId
  const everyAlbum = ids(albums.list(eyes, { order: 'byName', limit: 1000, offset: 0 }))
  const tally = new Map<number, { count: number; at: number }>()
  let clock = 0
  const play = (album: number, times: number) => {
    for (let n = 0; n < times; n++) plays.record(eyes, [{ songId: songOf(album), at: ++clock }], 'x')
    tally.set(album, { count: (tally.get(album)?.count ?? 0) + times, at: clock })
  }
  everyAlbum.slice(0, total - 5).forEach((album, index) => {
    play(album, 1 + (index % 7))
  })
  plays.flush()
  everyAlbum
    .filter((_, index) => index % 4 === 0)
    .forEach((album, index) => {
      play(album, 1 + (index % 3))
    })
  play(everyAlbum.at(-1) as number, 2)
  for (const [order, mark] of [
    ['frequent', (id: number) => tally.get(id)?.count ?? 0],
    ['recent', (id: number) => tally.get(id)?.at ?? 0],
  ] as const) {
    const expected = [...tally.keys()].sort((a, b) => mark(b) - mark(a) || b - a)
    assert.deepEqual(ids(albums.list(eyes, { order, limit: 1000, offset: 0 })), expected, order)
    for (const size of [3, 7]) {
      const pages: number[] = []
      for (let offset = 0; offset < expected.length; offset += size)
        pages.push(...ids(albums.list(eyes, { order, limit: size, offset })))
      assert.deepEqual(pages, expected, `${order} by ${size}`)
    }
    assert.ok(folders.listAlbums(eyes, { order, limit: 1000, offset: 0 }).length > 0)
  }
  const narrow = fixture.viewer({
    libraries: 'all',
    deny: { albums: [everyAlbum[0] as AlbumId, everyAlbum[4] as AlbumId] },
  })
  assert.deepEqual(
    ids(albums.list(narrow, { order: 'recent', limit: 5, offset: 0 })),
    ids(albums.list(eyes, { order: 'recent', limit: 7, offset: 0 }))
      .filter((id) => id !== everyAlbum[0] && id !== everyAlbum[4])
      .slice(0, 5),
  )
})

test('top songs of an artist count what waits', (t) => {
  const fixture = libraryFixture(t, { songs: 300 })
  const { plays, songs } = fixture.repositories
  const eyes = fixture.viewer()
  const artist = (songs.find(eyes, song(1))?.artistId ?? 0) as ArtistId
  const own = songs.topOfArtist(eyes, artist, 1000)
  assert.ok(own.length >= 3)
  const [a, b, c] = [own[2], own[1], own[0]].map((one) => one?.id as SongId)
  const at = 1
  plays.record(eyes, [{ songId: b as SongId, at }], 'x')
  plays.flush()
  plays.record(
    fixture.viewer(undefined, 2),
    [
      { songId: a as SongId, at },
      { songId: a as SongId, at },
    ],
    'x',
  )
  fixture.repositories.annotations.setRating(eyes, { kind: 'song', key: c as SongId }, 5, 1)
  assert.deepEqual(ids(songs.topOfArtist(eyes, artist, 3)), [a, b, c])
})

test('a folder keeps its plays apart from the folders above', (t) => {
  const fixture = libraryFixture(t, { songs: 30 })
  const eyes = fixture.viewer()
  const folder = fixture.repositories.songs.find(eyes, song(1))?.folderId as FolderId
  fixture.repositories.plays.record(eyes, [{ songId: song(1), at: 4 }], 'x')
  assert.equal(fixture.repositories.folders.find(eyes, folder)?.playCount, 1)
  const [root] = fixture.repositories.folders.roots(eyes)
  assert.equal(root?.playCount, 0)
})
