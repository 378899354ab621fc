import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { LibrarySpec } from '../support/music-library.ts'
import { askJson, at, listAt, login, type SubsonicQuery } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'
import { type Ids, idsOf, LIBRARIES, USERS } from './world.ts'

const song = (title: string, artist: string, album: string, more: Record<string, string | number> = {}) => ({
  title,
  artist,
  albumartist: artist,
  album,
  ...more,
})

/** Folders that are no single album or artist. */
const MIXED: LibrarySpec = {
  'Singles/1.mp3': song('Uno', 'Xan', 'Single One', { date: 1990, genre: 'Pop' }),
  'Singles/2.mp3': song('Due', 'Yva', 'Single Two', { date: 1991, genre: 'Pop' }),
  'Singles/3.mp3': song('Tre', 'Zoe', 'Single Three', { date: 1992, genre: 'Ska' }),
  'Best/1.mp3': song('Big', 'The Xan', 'Greatest'),
  'Best/2.mp3': song('Bigger', 'The Xan', 'Greatest'),
  'Best/3.mp3': song('Bonus', 'Yva', 'Extra'),
  'Twins/1.mp3': song('Ba', 'Yva', 'Bravo'),
  'Twins/2.mp3': song('Al', 'Yva', 'An Alpha'),
  'Genre/Zed/Deep/1.mp3': song('Deep', 'Zed', 'Deep'),
  'Genre/Zed/Down/1.mp3': song('Down', 'Zed', 'Down'),
}

let server: TestServer
let ids: Ids

before(async () => {
  server = await startTestServer({ libraries: { ...LIBRARIES, Mixed: MIXED }, users: USERS })
  ids = idsOf(server.core.repositories)
})
after(() => server?.stop())

const ask = (endpoint: string, query: SubsonicQuery = {}) =>
  askJson(server.subsonic, endpoint, { ...login(ADMIN.name, ADMIN.password), ...query })
const asAnn = (endpoint: string, query: SubsonicQuery = {}) =>
  askJson(server.subsonic, endpoint, { ...login('ann', 'ann-pass'), ...query })
const titles = (answer: unknown, path: string) => listAt(answer, path, 'title')

for (const [folder, name, songs] of [
  ['Main/Ann/First', 'First', ['One', 'Two']],
  ['Main/Ann/Double', 'Double', ['Left', 'Right']],
  ['Main/Ann/Double/CD1', 'Double', ['Left', 'Right']],
  ['Main/Various/Best of', 'Best of', ['Eins', 'Zwei']],
  ['More/Dee', 'Solo', ['Only']],
  ['Mixed/Best', 'Greatest', ['Big', 'Bigger']],
  ['Mixed/Twins', 'An Alpha', ['Al']],
  ['Mixed/Singles', 'Singles', ['Uno', 'Due', 'Tre']],
  ['Mixed/Genre/Zed', 'Deep', ['Deep']],
] as const) {
  test(`getAlbum of the folder ${folder} answers as ${name}`, async () => {
    const answer = await ask('getAlbum', { id: ids.folder(folder) })
    assert.equal(at(answer, 'album.name'), name)
    assert.deepEqual(titles(answer, 'album.song'), songs)
    for (const field of ['artist', 'duration', 'created', 'songCount', 'sortName'])
      assert.ok(at(answer, `album.${field}`) !== undefined, field)
    const isFolder = folder === 'Mixed/Singles'
    assert.equal(at(answer, 'album.id'), isFolder ? ids.folder(folder) : ids.album(name))
  })
}

for (const [folder, name, albums] of [
  ['Main/Ann', 'Ann', ['First', 'Double']],
  ['Main/Ann/First', 'Ann', ['First', 'Double']],
  ['Main/Various', 'Various Artists', ['Best of']],
  ['More/Dee', 'Dee', ['Solo']],
  ['Main/山下', '山下', ['夏']],
  ['Mixed/Best', 'The Xan', ['Greatest']],
  ['Mixed/Genre', 'Zed', ['Deep', 'Down']],
  ['Mixed/Singles', 'Singles', ['Single One', 'Single Two', 'Single Three']],
] as const) {
  test(`getArtist of the folder ${folder} answers as ${name}`, async () => {
    const answer = await ask('getArtist', { id: ids.folder(folder) })
    assert.equal(at(answer, 'artist.name'), name)
    assert.deepEqual([...listAt(answer, 'artist.album', 'name')].sort(), [...albums].sort())
    assert.equal(at(answer, 'artist.albumCount'), albums.length)
  })
}

test('each folder that a folder client is shown opens as album and artist, and tells of both', async () => {
  const indexes = listAt(await ask('getIndexes'), 'indexes.index').flatMap((one) => listAt(one, 'artist', 'id'))
  const albums = listAt(await ask('getAlbumList', { type: 'alphabeticalByName', size: 500 }), 'albumList.album', 'id')
  const parents = listAt(await ask('search3', { query: '', songCount: 500 }), 'searchResult3.song', 'parent')
  const shown = [...new Set([...indexes, ...albums, ...parents])].map(String)
  assert.ok(shown.length > 12)
  for (const id of shown) {
    const album = await ask('getAlbum', { id })
    assert.ok(listAt(album, 'album.song').length > 0, id)
    assert.ok(listAt(await ask('getArtist', { id }), 'artist.album').length > 0, id)
    for (const endpoint of ['getAlbumInfo2', 'getArtistInfo2', 'getSimilarSongs2', 'getTopSongs'])
      assert.ok(['ok', 'failed'].includes(String(at(await ask(endpoint, { id }), 'status'))), endpoint)
    assert.equal(at(await ask('getAlbumInfo2', { id }), 'status'), 'ok')
    assert.equal(at(await ask('getSimilarSongs2', { id }), 'status'), 'ok')
  }
})

test('a folder that a user does not see is no album and no artist', async () => {
  for (const endpoint of ['getAlbum', 'getArtist'])
    for (const id of [ids.folder('More/Dee'), 'dzzzz', 's1', 'p1'])
      assert.equal(at(await asAnn(endpoint, { id }), 'error.code'), 70, `${endpoint} ${id}`)
})

test('albums of folder clients have the fields that strict ones ask for', async () => {
  const lists = [
    listAt(await ask('getAlbumList', { type: 'alphabeticalByName', size: 500 }), 'albumList.album'),
    listAt(await ask('search2', { query: '', albumCount: 500 }), 'searchResult2.album'),
    listAt(await ask('getMusicDirectory', { id: ids.folder('Main/Ann') }), 'directory.child'),
    listAt(await ask('getMusicDirectory', { id: ids.artist('Ann') }), 'directory.child'),
    listAt(await ask('getMusicDirectory', { id: ids.folder('Mixed/Genre/Zed') }), 'directory.child'),
  ]
  for (const album of lists.flat()) {
    const has = (field: string) => assert.ok(at(album, field) !== undefined, `${field} of ${JSON.stringify(album)}`)
    for (const field of ['id', 'title', 'name', 'album', 'artist', 'artistId', 'isDir', 'created', 'duration'])
      has(field)
    for (const field of ['songCount', 'playCount', 'sortName', 'mediaType', 'musicBrainzId', 'genres', 'artists'])
      has(field)
    for (const field of ['displayArtist', 'explicitStatus', 'moods']) has(field)
    assert.equal(at(album, 'isDir'), true)
    assert.notEqual(at(album, 'sortName'), '')
    assert.ok(Number(at(album, 'duration')) > 0)
    assert.equal(at(await ask('getArtist', { id: String(at(album, 'artistId')) }), 'status'), 'ok')
  }
  const singles = lists[0]?.find((album) => at(album, 'title') === 'Singles')
  assert.deepEqual([at(singles, 'year'), at(singles, 'genre'), at(singles, 'songCount')], [1992, 'Pop', 3])
  const first = lists[0]?.find((album) => at(album, 'title') === 'First')
  assert.deepEqual([at(first, 'year'), at(first, 'genre'), at(first, 'albumId')], [1998, 'Rock', ids.album('First')])
})

/** The ids of what shows a star, list by list. */
async function starredIn(as: typeof ask): Promise<Record<string, readonly unknown[]>> {
  const marked = (answer: unknown, path: string) =>
    listAt(answer, path)
      .filter((item) => at(item, 'starred') !== undefined)
      .map((item) => at(item, 'title') ?? at(item, 'name'))
  const page = { size: 500, albumCount: 500, artistCount: 500, query: '', type: 'alphabeticalByName' }
  const indexes = listAt(await as('getIndexes'), 'indexes.index').flatMap((one) => marked(one, 'artist'))
  const artists = listAt(await as('getArtists'), 'artists.index').flatMap((one) => marked(one, 'artist'))
  return {
    getStarred: marked(await as('getStarred'), 'starred.album'),
    getStarred2: marked(await as('getStarred2'), 'starred2.album'),
    getAlbumList: marked(await as('getAlbumList', page), 'albumList.album'),
    'getAlbumList starred': marked(await as('getAlbumList', { ...page, type: 'starred' }), 'albumList.album'),
    getAlbumList2: marked(await as('getAlbumList2', page), 'albumList2.album'),
    'getAlbumList2 starred': marked(await as('getAlbumList2', { ...page, type: 'starred' }), 'albumList2.album'),
    search2: marked(await as('search2', page), 'searchResult2.album'),
    search3: marked(await as('search3', page), 'searchResult3.album'),
    'children of Ann': marked(await as('getMusicDirectory', { id: ids.folder('Main/Ann') }), 'directory.child'),
    'getStarred artists': marked(await as('getStarred'), 'starred.artist'),
    'getStarred2 artists': marked(await as('getStarred2'), 'starred2.artist'),
    getIndexes: indexes,
    getArtists: artists,
  }
}

const NOWHERE = {
  getStarred: [],
  getStarred2: [],
  getAlbumList: [],
  'getAlbumList starred': [],
  getAlbumList2: [],
  'getAlbumList2 starred': [],
  search2: [],
  search3: [],
  'children of Ann': [],
  'getStarred artists': [],
  'getStarred2 artists': [],
  getIndexes: [],
  getArtists: [],
}
const everywhere = (folder: string, units: readonly string[] = [folder], child: readonly string[] = [folder]) => ({
  ...NOWHERE,
  getStarred: [folder],
  getStarred2: [folder],
  getAlbumList: units,
  'getAlbumList starred': units,
  getAlbumList2: [folder],
  'getAlbumList2 starred': [folder],
  search2: units,
  search3: [folder],
  'children of Ann': child,
})
const ANN = {
  ...NOWHERE,
  'getStarred artists': ['Ann'],
  'getStarred2 artists': ['Ann'],
  getIndexes: ['Ann'],
  getArtists: ['Ann'],
}

for (const [what, star, shows] of [
  ['an album', () => ({ albumId: ids.album('First') }), everywhere('First')],
  ['an album by id', () => ({ id: ids.album('First') }), everywhere('First')],
  ['an album as folder', () => ({ id: ids.folder('Main/Ann/First') }), everywhere('First')],
  ['an album as folder by albumId', () => ({ albumId: ids.folder('Main/Ann/First') }), everywhere('First')],
  ['an album of two discs', () => ({ albumId: ids.album('Double') }), everywhere('Double', ['CD1', 'CD2'])],
  ['its folder', () => ({ id: ids.folder('Main/Ann/Double') }), everywhere('Double', ['CD1', 'CD2'])],
  ['a disc', () => ({ id: ids.folder('Main/Ann/Double/CD2') }), everywhere('Double', ['CD1', 'CD2'])],
  ['an artist', () => ({ artistId: ids.artist('Ann') }), ANN],
  ['an artist as folder', () => ({ id: ids.folder('Main/Ann') }), ANN],
  [
    'a folder of singles',
    () => ({ id: ids.folder('Mixed/Singles') }),
    {
      ...NOWHERE,
      getStarred: ['Singles'],
      getAlbumList: ['Singles'],
      'getAlbumList starred': ['Singles'],
      search2: ['Singles'],
      getIndexes: ['Singles'],
    },
  ],
] as const) {
  test(`a star on ${what} shows in both ways of browsing, and goes from both`, async () => {
    assert.deepEqual(await starredIn(ask), NOWHERE)
    assert.equal(at(await ask('star', star()), 'status'), 'ok')
    const shown = await starredIn(ask)
    const sorted = Object.fromEntries(Object.entries(shown).map(([list, names]) => [list, [...names].sort()]))
    assert.deepEqual(sorted, shows)
    assert.deepEqual(await starredIn(asAnn), NOWHERE)
    assert.equal(at(await ask('unstar', star()), 'status'), 'ok')
    assert.deepEqual(await starredIn(ask), NOWHERE)
  })
}

test('a star set on a folder goes with the one of its album, and the head of a directory shows it', async () => {
  await ask('star', { id: ids.folder('Main/Ann/First') })
  assert.ok(at(await ask('getMusicDirectory', { id: ids.folder('Main/Ann/First') }), 'directory.starred'))
  assert.ok(at(await ask('getMusicDirectory', { id: ids.album('First') }), 'directory.starred'))
  assert.ok(at(await ask('getAlbum', { id: ids.album('First') }), 'album.starred'))
  await ask('unstar', { albumId: ids.album('First') })
  assert.deepEqual(await starredIn(ask), NOWHERE)
})

test('a rating of a folder is that of its album', async () => {
  await ask('setRating', { id: ids.folder('Main/Ann/First'), rating: 4 })
  assert.equal(at(await ask('getAlbum', { id: ids.album('First') }), 'album.userRating'), 4)
  const best = await ask('getAlbumList', { type: 'highest' })
  assert.deepEqual(
    listAt(best, 'albumList.album').map((album) => [at(album, 'title'), at(album, 'userRating')]),
    [['First', 4]],
  )
  await ask('setRating', { id: ids.album('First'), rating: 0 })
  assert.deepEqual(listAt(await ask('getAlbumList', { type: 'highest' }), 'albumList.album'), [])
})

test('everything has a name to sort by: its tag, else the name as the server sorts it', async () => {
  const artists = listAt(await ask('getArtists'), 'artists.index').flatMap((one) => listAt(one, 'artist'))
  const sortNameOf = (name: string) =>
    at(
      artists.find((artist) => at(artist, 'name') === name),
      'sortName',
    )
  assert.deepEqual([sortNameOf('The Xan'), sortNameOf('Ann'), sortNameOf('山下')], ['xan, the', 'ann', '山下'])
  const album = await ask('getAlbum', { id: ids.album('An Alpha') })
  assert.equal(at(album, 'album.sortName'), 'an alpha')
  assert.equal(at(await ask('getSong', { id: ids.song('One') }), 'song.sortName'), 'One, The')
  assert.equal(at(await ask('getSong', { id: ids.song('Two') }), 'song.sortName'), 'two')
  assert.ok(artists.every((artist) => at(artist, 'sortName') !== ''))
})
