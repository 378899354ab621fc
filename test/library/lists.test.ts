import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlbumId, ArtistId, LibraryId, SongId } from '../../src/base/ids.ts'
import type { AlbumOrder } from '../../src/library/album-repository.ts'
import { libraryFixture } from '../support/library-fixture.ts'

const fixture = libraryFixture({ after: (cleanup) => test.after(cleanup as () => void) }, { songs: 1200, libraries: 2 })
const { albums, songs, artists, folders, genres, annotations } = fixture.repositories
const eyes = fixture.viewer()
const ids = (items: Iterable<{ readonly id: number }>) => [...items].map((item) => item.id)
const all = (order: AlbumOrder, more: object = {}) => albums.list(eyes, { order, limit: 1000, offset: 0, ...more })
const isAscending = (list: readonly (string | number)[]) =>
  list.every((value, index) => index === 0 || (list[index - 1] ?? value) <= value)

test('pages of every order are full, fit together and end empty', () => {
  for (const order of ['newest', 'byName', 'byArtist', 'byYear', 'byGenre'] as AlbumOrder[]) {
    const query = { order, genre: 'Rock', fromYear: 1960, toYear: 2030 }
    const whole = ids(albums.list(eyes, { ...query, limit: 1000, offset: 0 }))
    assert.ok(whole.length > 15, order)
    const pages: number[] = []
    for (let offset = 0; offset < whole.length + 7; offset += 7)
      pages.push(...ids(albums.list(eyes, { ...query, limit: 7, offset })))
    assert.deepEqual(pages, whole, order)
    assert.deepEqual(albums.list(eyes, { ...query, limit: 7, offset: whole.length }), [])
    assert.deepEqual(albums.list(eyes, { ...query, limit: 0, offset: 0 }), [])
  }
})

test('albums are ordered by name, by artist, by age', () => {
  const order = new Map(
    fixture.db
      .all<{ id: number; order_name: string; order_artist: string }>('SELECT * FROM album')
      .map((row) => [row.id, row]),
  )
  assert.ok(isAscending(all('byName').map((album) => order.get(album.id)?.order_name ?? '')))
  assert.ok(isAscending(all('byArtist').map((album) => order.get(album.id)?.order_artist ?? '')))
  assert.ok(isAscending(all('newest').map((album) => -album.createdAt)))
})

test('years: an album lies in the range with all its years, backwards when the first year is the later one', () => {
  const [wide] = all('byYear', { fromYear: 1990, toYear: 1999 })
  assert.ok(wide)
  fixture.db.run('UPDATE album SET min_year = 1950 WHERE id = ?', [wide.id])
  const forwards = all('byYear', { fromYear: 1990, toYear: 1999 })
  assert.ok(!ids(forwards).includes(wide.id))
  assert.ok(forwards.every((album) => album.minYear >= 1990 && album.maxYear <= 1999))
  assert.ok(isAscending(forwards.map((album) => album.maxYear)))
  assert.deepEqual(ids(all('byYear', { fromYear: 1999, toYear: 1990 })), ids(forwards).reverse())
  fixture.db.run('UPDATE album SET min_year = max_year WHERE id = ?', [wide.id])
})

test('a kept page is not served after the library changed, nor kept marks after a star', () => {
  const before = all('byName')
  const [first] = before
  assert.ok(first)
  fixture.db.run('UPDATE album SET name = ?, song_count = 77 WHERE id = ?', ['Changed', first.id])
  assert.equal(all('byName')[0]?.name, 'Changed')
  annotations.setStarred(eyes, [{ kind: 'album', key: first.id }], true, 42)
  assert.equal(all('byName')[0]?.starredAt, 42)
  assert.equal(
    albums.list(fixture.viewer(undefined, 2), { order: 'byName', limit: 1, offset: 0 })[0]?.starredAt,
    undefined,
  )
  fixture.db.run('UPDATE album SET name = ?, song_count = ? WHERE id = ?', [first.name, first.songCount, first.id])
  annotations.setStarred(eyes, [{ kind: 'album', key: first.id }], false, 43)
  assert.deepEqual(all('byName'), before)
})

test('a random draw is fresh, without repeats, and reaches everything', () => {
  const draw = () => ids(albums.list(eyes, { order: 'random', limit: 20, offset: 0 }))
  const draws = Array.from({ length: 60 }, draw)
  for (const drawn of draws) assert.equal(new Set(drawn).size, 20)
  assert.ok(new Set(draws.map((drawn) => drawn.join())).size > 50)
  const seen = new Set(Array.from({ length: 400 }, () => ids(songs.random(eyes, {}, 50))).flat())
  assert.ok(seen.size > 1150, `${seen.size} of 1200 songs came up in 20,000 draws`)
})

test('pages of a random draw end when as many were shown as there are', () => {
  for (const draw of [albums.list, folders.listAlbums]) {
    const total = draw(eyes, { order: 'newest', limit: 5000, offset: 0 }).length
    const list = (offset: number) => draw(eyes, { order: 'random', limit: 20, offset })
    assert.equal(list(total - 21).length, 20)
    assert.equal(list(total - 3).length, 3)
    assert.deepEqual(list(total), [])
    assert.deepEqual(list(100_000), [])
  }
})

test('a random draw finds the few visible among many', () => {
  const few = [5, 700, 1100] as SongId[]
  const scope = fixture.viewer({ libraries: [], grants: few })
  assert.deepEqual(
    ids(songs.random(scope, {}, 50)).sort((a, b) => a - b),
    few,
  )
  assert.deepEqual(ids(songs.random(fixture.viewer({ libraries: [] }), {}, 50)), [])
  assert.deepEqual(ids(songs.random(eyes, { genre: 'no such genre' }, 5)), [])
})

test('starred and best rated things come with the latest and best first', () => {
  for (const [index, id] of [4, 9, 2].entries()) {
    annotations.setStarred(
      eyes,
      [
        { kind: 'song', key: id },
        { kind: 'album', key: id },
        { kind: 'artist', key: id },
        { kind: 'folder', key: id + 2 },
      ],
      true,
      100 + index,
    )
    annotations.setRating(eyes, { kind: 'album', key: id }, index + 2, 1)
  }
  assert.deepEqual(ids(songs.starred(eyes)), [2, 9, 4])
  assert.deepEqual(ids(albums.starred(eyes)), [2, 9, 4])
  assert.deepEqual(ids(artists.starred(eyes, 2)), [2, 9])
  assert.deepEqual(ids(folders.starred(eyes)), [4, 11, 6])
  assert.deepEqual(ids(all('starred')), [2, 9, 4])
  assert.deepEqual(ids(all('highest')), [2, 9, 4])
  const hidden = fixture.viewer({ libraries: 'all', deny: { albums: [9 as AlbumId] } })
  assert.deepEqual(ids(albums.list(hidden, { order: 'starred', limit: 1, offset: 1 })), [4])
  assert.deepEqual(ids(albums.starred(fixture.viewer(undefined, 2))), [])
})

test('songs of an album and of a folder stand by disc, track and title', () => {
  const [double] = fixture.db.all<{ id: AlbumId }>('SELECT DISTINCT album_id AS id FROM song WHERE disc_number = 2')
  assert.ok(double)
  const own = songs.ofAlbum(eyes, double.id)
  assert.ok(isAscending(own.map((song) => song.discNumber * 1000 + song.trackNumber)))
  const [first] = own
  assert.ok(first)
  const beside = songs.ofFolder(eyes, first.folderId)
  assert.ok(beside.length < own.length && isAscending(beside.map((song) => song.trackNumber)))
  assert.equal(folders.find(eyes, first.folderId)?.id, first.folderId)
  const inside = { folder: first.folderId }
  assert.deepEqual(songs.idsOf(eyes, inside, 1000), ids(beside))
  assert.deepEqual(songs.idsOf(eyes, inside, 1), ids(beside.slice(0, 1)))
})

test('lists of ids keep the order and the repeats that were asked for', () => {
  assert.deepEqual(ids(songs.findMany(eyes, [9, 3, 9, 99_999, 1] as SongId[])), [9, 3, 9, 1])
  assert.deepEqual(ids(albums.findMany(eyes, [9, 3, 9, 99_999, 1] as AlbumId[])), [9, 3, 9, 1])
  assert.deepEqual(songs.findMany(eyes, []), [])
})

test('an artist has own albums, and those that it appears on when asked', () => {
  const guest = fixture.db.get<{ artist_id: ArtistId; album_id: AlbumId }>(
    `SELECT c.artist_id, s.album_id FROM song_artist c JOIN song s ON s.id = c.song_id
     WHERE c.role = 'artist' AND c.artist_id <> s.album_artist_id LIMIT 1`,
  )
  assert.ok(guest)
  assert.ok(!ids(albums.ofArtist(eyes, guest.artist_id)).includes(guest.album_id))
  assert.ok(ids(albums.ofArtist(eyes, guest.artist_id, { appearsOn: true })).includes(guest.album_id))
  const own = albums.ofArtist(eyes, 3 as ArtistId)
  assert.ok(own.length > 1 && own.every((album) => album.artists.some((artist) => artist.id === 3)))
  assert.ok(isAscending(own.map((album) => album.maxYear)))
})

test('similar songs share an artist or a genre, never are the seed, and obey the scope', () => {
  const seed = [1, 2] as SongId[]
  const near = songs.similarTo(eyes, { songs: seed, artists: [] }, 40)
  assert.ok(near.length > 10)
  const facts = songs.findMany(eyes, seed)
  const shared = new Set<string | number>(facts.flatMap((song) => song.credits.map((credit) => credit.id as number)))
  const genreNames = new Set(
    fixture.db
      .all<{ name: string }>(
        `SELECT DISTINCT g.name FROM song_genre sg JOIN genre g ON g.id = sg.genre_id JOIN song_artist c ON c.song_id = sg.song_id
         WHERE c.artist_id IN (SELECT artist_id FROM song_artist WHERE song_id IN (1, 2))`,
      )
      .map((row) => row.name),
  )
  for (const song of near) {
    assert.ok(!seed.includes(song.id))
    assert.ok(
      song.credits.some((credit) => shared.has(credit.id)) || song.genres.some((genre) => genreNames.has(genre)),
    )
  }
  const narrow = fixture.viewer({ libraries: [2 as LibraryId] })
  assert.ok(songs.similarTo(narrow, { songs: seed, artists: [] }, 40).every((song) => song.libraryId === 2))
  assert.deepEqual(songs.similarTo(eyes, { songs: [], artists: [] }, 40), [])
})

test('songs are found by artist and title however they are written', () => {
  const [song] = songs.findMany(eyes, [100 as SongId])
  assert.ok(song)
  const found = songs.byArtistAndTitle(eyes, song.artist.toUpperCase(), ` ${song.title.toLowerCase()} `)
  assert.equal(found?.title, song.title)
  assert.equal(songs.byArtistAndTitle(eyes, '', song.title)?.title, song.title)
  assert.equal(songs.byArtistAndTitle(eyes, 'somebody else', song.title), undefined)
  assert.equal(songs.byArtistAndTitle(eyes, '', '???'), undefined)
  const hidden = fixture.viewer({ libraries: 'all', deny: { songs: [found?.id as SongId] } })
  assert.notEqual(songs.byArtistAndTitle(hidden, song.artist, song.title)?.id, found?.id)
})

test('artists are found by name, folded, in the order asked', () => {
  const some = ids(artists.albumArtists(eyes)).slice(0, 3)
  const names = some.map((id) => artists.find(eyes, id as ArtistId)?.name ?? '')
  assert.deepEqual(
    ids(
      artists.findByNames(
        eyes,
        [...names].reverse().map((name) => name.toUpperCase()),
      ),
    ),
    [...some].reverse(),
  )
  assert.equal(artists.findByName(eyes, names[1]?.toLowerCase() ?? '')?.id, some[1])
  assert.deepEqual(artists.findByNames(fixture.viewer({ libraries: [] }), names), [])
})

test('lyrics and further tags of a hidden song are as absent as the song', () => {
  const lyrics = [{ lang: 'eng', synced: true, offsetMs: 0, lines: [{ ms: 10, text: 'la' }] }]
  fixture.db.run('INSERT INTO song_lyrics VALUES (5, ?)', [JSON.stringify(lyrics)])
  fixture.db.run('INSERT INTO song_tags VALUES (5, ?)', ['{"mood":["happy"]}'])
  const hidden = fixture.viewer({ libraries: 'all', deny: { songs: [5 as SongId] } })
  assert.deepEqual(songs.embeddedLyrics(eyes, 5 as SongId), lyrics)
  assert.deepEqual(songs.tags(eyes, 5 as SongId), { mood: ['happy'] })
  assert.deepEqual(songs.embeddedLyrics(hidden, 5 as SongId), [])
  assert.deepEqual(songs.tags(hidden, 5 as SongId), {})
  assert.deepEqual(songs.tags(eyes, 6 as SongId), {})
})

test('loose songs lie in the root of their library', () => {
  const root = fixture.db.get<{ id: number }>(`SELECT id FROM folder WHERE library_id = 2 AND path = ''`)
  const stray = fixture.db.get<{ id: SongId }>('SELECT id FROM song WHERE library_id = 2 LIMIT 1')
  assert.ok(root && stray)
  fixture.db.run('UPDATE song SET folder_id = ?, path = ? WHERE id = ?', [root.id, 'stray.mp3', stray.id])
  assert.deepEqual(ids(folders.looseSongs(eyes, 2 as LibraryId)), [stray.id])
  assert.deepEqual(ids(folders.looseSongs(eyes, 1 as LibraryId)), [])
  assert.deepEqual(ids(folders.looseSongs(fixture.viewer({ libraries: [1 as LibraryId] }), 2 as LibraryId)), [])
})

test('a library without a song has empty answers everywhere', (t) => {
  const empty = libraryFixture(t, { songs: 0 })
  const viewer = empty.viewer()
  const { repositories } = empty
  assert.deepEqual(repositories.albums.list(viewer, { order: 'random', limit: 5, offset: 0 }), [])
  assert.equal(repositories.search.songs(viewer, '', { limit: 5, offset: 9 }).length, 0)
  assert.deepEqual([...repositories.artists.albumArtists(viewer)], [])
  assert.deepEqual(repositories.genres.list(viewer), [])
  assert.deepEqual(repositories.folders.roots(viewer), [])
  assert.deepEqual(repositories.songs.totals(viewer), { songs: 0, durationMs: 0, size: 0 })
  assert.ok(genres.list(eyes).length > 5)
})
