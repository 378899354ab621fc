import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeIdOf, encodeId, type UserId } from '../../src/base/ids.ts'
import { createHookTable } from '../../src/hooks/hook-table.ts'
import { createTestClock } from '../support/clock.ts'
import { entry } from '../support/hooks.ts'
import { ask, askJson, at, listAt, login, type SubsonicQuery } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'
import { type Ids, idsOf, LIBRARIES, USERS } from './world.ts'

const clock = createTestClock()
let server: TestServer
let ids: Ids

before(async () => {
  server = await startTestServer({ libraries: LIBRARIES, users: USERS, clock })
  ids = idsOf(server.core.repositories)
})
after(() => server?.stop())

const asAdmin = (endpoint: string, query: SubsonicQuery = {}) =>
  askJson(server.subsonic, endpoint, { ...login(ADMIN.name, ADMIN.password), ...query })
const asAnn = (endpoint: string, query: SubsonicQuery = {}) =>
  askJson(server.subsonic, endpoint, { ...login('ann', 'ann-pass'), ...query })
const codeOf = async (answer: Promise<unknown>) => at(await answer, 'error.code')

test('pages of albums are full, have no gaps and end in an empty one, for every stable order', async () => {
  const orders = ['newest', 'alphabeticalByName', 'alphabeticalByArtist']
  for (const [endpoint, list] of [
    ['getAlbumList2', 'albumList2.album'],
    ['getAlbumList', 'albumList.album'],
  ] as const) {
    for (const type of orders) {
      const all = listAt(await asAdmin(endpoint, { type, size: 500 }), list, 'id')
      const paged: unknown[] = []
      for (let offset = 0; offset <= all.length; offset += 2) {
        paged.push(...listAt(await asAdmin(endpoint, { type, size: 2, offset }), list, 'id'))
      }
      assert.deepEqual(paged, all, `${endpoint} ${type}`)
      assert.equal(new Set(all).size, all.length)
      const beyond = await asAdmin(endpoint, { type, offset: all.length })
      assert.deepEqual([beyond.status, listAt(beyond, list)], ['ok', []])
    }
  }
})

test('an empty search pages through everything once, and a count of 0 means none', async () => {
  const seen: unknown[] = []
  for (let songOffset = 0; ; songOffset += 3) {
    const answer = await asAdmin('search3', { query: '', artistCount: 0, albumCount: 0, songCount: 3, songOffset })
    assert.deepEqual([listAt(answer, 'searchResult3.artist'), listAt(answer, 'searchResult3.album')], [[], []])
    const page = listAt(answer, 'searchResult3.song', 'id')
    if (page.length === 0) break
    seen.push(...page)
  }
  assert.equal(seen.length, 9)
  assert.equal(new Set(seen).size, 9)
  const whole = await asAdmin('search3', { query: '""', songCount: 10_000 })
  assert.deepEqual(listAt(whole, 'searchResult3.song', 'id'), seen)
})

test('decades are listed backwards when they are asked for backwards', async () => {
  const years = async (fromYear: number, toYear: number) =>
    listAt(await asAdmin('getAlbumList2', { type: 'byYear', fromYear, toYear }), 'albumList2.album', 'name')
  assert.deepEqual(await years(1980, 2009), ['Best of', 'First', 'Double'])
  assert.deepEqual(await years(2009, 1980), ['Double', 'First', 'Best of'])
})

test('nothing of a library shows to who may not see it, whatever is asked', async () => {
  const foreign = [ids.song('Only'), ids.album('Solo'), ids.folder('More/Dee'), ids.folder('More/Dee/Solo')]
  const endpoints = server.subsonic.endpoints().filter((one) => one.auth === 'user' && one.answers !== 'absent')
  assert.ok(endpoints.length > 60)
  for (const { name, answers } of endpoints) {
    for (const id of foreign) {
      const query = {
        ...login('ann', 'ann-pass'),
        id,
        type: 'newest',
        size: 500,
        query: '',
        genre: 'Folk',
        artist: 'Dee',
        title: 'Only',
        f: 'json',
        any: 'Only',
        songId: id,
        playlistId: 'p1',
        username: 'ann',
        password: 'ann-pass',
        rating: 3,
        position: 1,
        current: id,
        songCount: 500,
      }
      const answer = await ask(server.subsonic, name, query)
      if (answers === 'bytes' && name !== 'getAvatar') assert.equal(answer.reply.kind, 'bytes', `${name} of ${id}`)
      assert.ok(!/"(Solo|Only|Folk|More)"/.test(answer.text), `${name} of ${id}: ${answer.text}`)
    }
  }
  assert.equal(await codeOf(asAnn('getAlbumList2', { type: 'newest', musicFolderId: ids.library('More') })), 70)
})

test('a music folder that is foreign, unknown or no number is error 70 wherever one is taken; 0 and -1 are all', async () => {
  const [main, more] = [ids.library('Main'), ids.library('More')]
  const lists = ['getAlbumList', 'getAlbumList2', 'getRandomSongs', 'getSongsByGenre', 'getStarred', 'getStarred2']
  for (const endpoint of ['getIndexes', 'getArtists', ...lists, 'search2', 'search3']) {
    const code = (as: typeof asAnn, musicFolderId: SubsonicQuery[string]) =>
      codeOf(as(endpoint, { type: 'newest', genre: 'Rock', query: '', musicFolderId }))
    for (const bad of [
      more,
      [main, more],
      [more, main],
      99,
      [main, 99],
      'x',
      [main, 'x'],
      -2,
      '1 OR 1',
      '9'.repeat(30),
    ])
      assert.equal(await code(asAnn, bad), 70, `${endpoint} ${bad}`)
    for (const good of [main, [main, main], '', 0, -1, '-1', `${main}.0`])
      assert.equal(await code(asAnn, good), undefined, `${endpoint} ${good}`)
    assert.equal(await code(asAdmin, [main, more]), undefined, endpoint)
  }
})

test('clients without OpenSubsonic get none of its fields, and the tiny ones three of a song', async () => {
  const xml = async (c: string) =>
    (await ask(server.subsonic, 'getAlbum', { ...login(ADMIN.name, ADMIN.password, c), id: ids.album('First') })).text
  assert.match(await xml('other'), /<artists |<contributors /)
  for (const client of ['DSub', 'dsub']) {
    const text = await xml(client)
    assert.ok(!/<(artists|contributors|genres|replayGain|discTitles)|mediaType=|displayArtist=/.test(text), text)
    assert.match(text, /openSubsonic="true"/)
  }
  const tiny = await askJson(server.subsonic, 'getAlbum', {
    ...login(ADMIN.name, ADMIN.password, 'SubMusic'),
    id: ids.album('First'),
  })
  assert.deepEqual(Object.keys(listAt(tiny, 'album.song')[0] as object), ['id', 'isDir', 'title'])
})

test('stars resolve whatever parameter they come by, tell the plugins, and ignore what is unknown', async (t) => {
  const told: unknown[] = []
  server.core.hooks.swap(createHookTable([entry('annotation.changed', (event) => void told.push(event))]))
  t.after(() => server.core.hooks.swap(createHookTable([])))
  const [song, album, artist] = [ids.song('Two'), ids.album('Double'), ids.artist('Ann')]
  assert.equal((await asAdmin('star', { id: [album, 's9999', 'junk'], albumId: artist, artistId: song })).status, 'ok')
  const starred = await asAdmin('getStarred2')
  assert.deepEqual(
    [
      listAt(starred, 'starred2.song', 'id'),
      listAt(starred, 'starred2.album', 'id'),
      listAt(starred, 'starred2.artist', 'id'),
    ],
    [[song], [album], [artist]],
  )
  await asAdmin('unstar', { id: [song, album, artist] })
  await asAdmin('setRating', { id: album, rating: 3 })
  await server.core.hooks.settled(1000)
  assert.deepEqual(
    told.map((event) => [at(event, 'mediaId'), at(event, 'starred') ?? at(event, 'rating')]),
    [...[album, artist, song].map((id) => [id, true]), ...[song, album, artist].map((id) => [id, false]), [album, 3]],
  )
  assert.equal(await codeOf(asAdmin('star', {})), 10)
  assert.equal(await codeOf(asAdmin('star', { id: 's9999' })), 70)
  assert.equal(await codeOf(asAdmin('setRating', { id: song, rating: -1 })), 10)
})

test('plugins say who is similar, and what the caller may not see is dropped', async (t) => {
  const askedFor: unknown[] = []
  server.core.hooks.swap(
    createHookTable([
      entry('artist.info', () => ({ biography: 'Sings.', similar: ['Nobody', 'die ÄRZTE'], images: ['http://x/1'] })),
      entry('album.info', () => ({ notes: 'Good.' })),
      entry('similar.songs', ({ userId, count }) => {
        askedFor.push([userId, count])
        return [ids.song('Only'), ids.song('Two'), 'junk', ids.song('One')]
      }),
    ]),
  )
  t.after(() => server.core.hooks.swap(createHookTable([])))
  const info = at(await asAdmin('getArtistInfo2', { id: ids.artist('Ann') }), 'artistInfo2')
  assert.deepEqual(
    [at(info, 'biography'), at(info, 'largeImageUrl'), listAt(info, 'similarArtist', 'name')],
    ['Sings.', 'http://x/1', ['Die Ärzte']],
  )
  const all = await asAdmin('getArtistInfo', { id: ids.folder('Main/Ann'), includeNotPresent: true, count: 1 })
  assert.deepEqual(listAt(all, 'artistInfo.similarArtist'), [{ id: '-1', name: 'Nobody', albumCount: 0 }])
  assert.equal(at(await asAdmin('getAlbumInfo', { id: ids.song('One') }), 'albumInfo.notes'), 'Good.')
  const similar = async (ask: typeof asAdmin) =>
    listAt(await ask('getSimilarSongs2', { id: ids.artist('Ann') }), 'similarSongs2.song', 'title')
  assert.deepEqual(await similar(asAdmin), ['Only', 'Two', 'One'])
  assert.deepEqual(await similar(asAnn), ['Two', 'One'])
  const idOf = (name: string) => encodeId('user', server.core.accounts.find(name)?.id as UserId)
  assert.deepEqual(askedFor, [
    [idOf(ADMIN.name), 50],
    [idOf('ann'), 50],
  ])
})

test('removing by index counts as the list was, several at once, before anything is added', async () => {
  const [one, two, left] = [ids.song('One'), ids.song('Two'), ids.song('Left')]
  const made = await asAdmin('createPlaylist', { name: 'Order', songId: [one, two, left, one] })
  const playlistId = String(at(made, 'playlist.id'))
  await asAdmin('updatePlaylist', { playlistId, songIndexToRemove: [3, 0, 99], songIdToAdd: [two, 'junk'] })
  const titles = async () => listAt(await asAdmin('getPlaylist', { id: playlistId }), 'playlist.entry', 'title')
  assert.deepEqual(await titles(), ['Two', 'Left', 'Two'])
  await asAdmin('updatePlaylist', { playlistId, comment: 'words', public: false })
  await asAdmin('updatePlaylist', { playlistId, comment: '' })
  assert.equal(at(await asAdmin('getPlaylist', { id: playlistId }), 'playlist.comment'), '')
  assert.equal(await codeOf(asAnn('getPlaylist', { id: playlistId })), 70)
  assert.equal(await codeOf(asAnn('deletePlaylist', { id: playlistId })), 70)
  assert.equal(await codeOf(asAnn('getPlaylists', { username: ADMIN.name })), 50)
  assert.equal(await codeOf(asAdmin('getPlaylists', { username: 'nobody' })), 70)
  assert.equal(await codeOf(asAdmin('createPlaylist', {})), 10)
  await asAdmin('deletePlaylist', { id: playlistId })
})

test('a queue of another pair of calls, duplicates and songs out of sight keeps its place', async () => {
  const [one, two, only] = [ids.song('One'), ids.song('Two'), ids.song('Only')]
  await asAnn('savePlayQueueByIndex', { id: [only, one, two, one], currentIndex: 3, position: 5 })
  const byIndex = await asAnn('getPlayQueueByIndex')
  assert.deepEqual(listAt(byIndex, 'playQueueByIndex.entry', 'id'), [one, two, one])
  assert.equal(at(byIndex, 'playQueueByIndex.currentIndex'), 2)
  assert.equal(at(await asAnn('getPlayQueue'), 'playQueue.current'), one)
  await asAnn('savePlayQueue', { id: [one, two], current: 'gone' })
  assert.equal(at(await asAnn('getPlayQueue'), 'playQueue.current'), one)
  assert.equal(await codeOf(asAnn('savePlayQueueByIndex', { id: [one] })), 10)
  await asAnn('savePlayQueue')
  assert.equal(at(await asAnn('getPlayQueue'), 'playQueue.current'), undefined)
})

test('users are made, changed in what is named only, and removed', async () => {
  const account = { username: 'zoe', email: 'z@example.org', password: 'enc:c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9' }
  assert.equal(await codeOf(asAnn('createUser', account)), 50)
  assert.equal(await codeOf(asAdmin('createUser', { username: 'zoe', password: 'x' })), 10)
  assert.equal(await codeOf(asAdmin('createUser', { ...account, musicFolderId: 99 })), 70)
  await asAdmin('createUser', { ...account, downloadRole: true, musicFolderId: ids.library('More') })
  assert.equal(await codeOf(asAdmin('createUser', account)), 0)
  const zoe = () => asAdmin('getUser', { username: 'zoe' })
  const roles = async () =>
    Object.entries(at(await zoe(), 'user') as object).flatMap(([key, value]) =>
      key.endsWith('Role') && value ? [key] : [],
    )
  assert.deepEqual(await roles(), ['settingsRole', 'downloadRole', 'streamRole'])
  assert.deepEqual(at(await zoe(), 'user.folder'), [Number(ids.library('More'))])
  assert.equal(at(await askJson(server.subsonic, 'ping', login('zoe', 'é'.repeat(8))), 'status'), 'ok')
  await asAdmin('updateUser', { username: 'zoe', downloadRole: false, shareRole: true, maxBitRate: 128 })
  assert.deepEqual(await roles(), ['settingsRole', 'streamRole', 'shareRole'])
  assert.deepEqual([at(await zoe(), 'user.email'), at(await zoe(), 'user.maxBitRate')], ['z@example.org', 128])
  assert.equal(await codeOf(asAdmin('updateUser', { username: 'zoe', maxBitRate: 100 })), 10)
  await askJson(server.subsonic, 'changePassword', {
    ...login('zoe', 'é'.repeat(8)),
    username: 'ZOE',
    password: 'enc:6162636465666768',
  })
  assert.equal(at(await askJson(server.subsonic, 'ping', login('zoe', 'abcdefgh')), 'status'), 'ok')
  assert.equal(
    await codeOf(askJson(server.subsonic, 'getUser', { ...login('zoe', 'abcdefgh'), username: 'nobody' })),
    50,
  )
  assert.equal(await codeOf(asAdmin('getUser', { username: 'nobody' })), 70)
  await asAdmin('deleteUser', { username: 'zoe' })
  assert.equal(await codeOf(zoe()), 70)
  assert.equal(await codeOf(asAdmin('deleteUser', { username: 'Admin' })), 50)
})

test('plays count by their own times, unknown songs are passed over, and what plays shows', async () => {
  const [one, two] = [ids.song('One'), ids.song('Two')]
  clock.advance(3_600_000)
  const times = [clock.now() - 1_000_000, clock.now() - 500_000, clock.now() - 100_000]
  await asAdmin('scrobble', { id: [one, 'junk', two], time: times })
  const played = async (id: string) => at(await asAdmin('getSong', { id }), 'song.played')
  assert.deepEqual(
    [await played(one), await played(two)],
    [times[0], times[2]].map((ms) => new Date(Number(ms)).toISOString()),
  )
  await asAdmin('scrobble', { id: two, submission: false })
  const playing = listAt(await asAdmin('getNowPlaying'), 'nowPlaying.entry')
  assert.deepEqual(
    [at(playing[0], 'id'), at(playing[0], 'username'), at(playing[0], 'playerName')],
    [two, 'admin', 'test'],
  )
  assert.equal(await codeOf(asAdmin('scrobble', {})), 10)
  assert.equal(await codeOf(asAdmin('scrobble', { id: one, time: 'noon' })), undefined)
  assert.equal(await played(one), new Date(clock.now()).toISOString())
})

test('songs for plugins look as the core shows them, within the sight of the user', async () => {
  const ann = server.core.accounts.find('ann')
  assert.ok(ann)
  const children = await server.subsonic.children(ann, [ids.song('Two'), ids.song('Only'), 'junk'])
  assert.deepEqual(
    children.map((child) => [child.id, child.type]),
    [[ids.song('Two'), 'music']],
  )
  assert.ok(decodeIdOf('song', String(children[0]?.id)))
})

test('createPlaylist with an empty playlistId makes a playlist', async () => {
  const made = await asAdmin('createPlaylist', { playlistId: '', name: 'New one', songId: ids.song('One') })
  assert.deepEqual([at(made, 'playlist.name'), at(made, 'playlist.songCount')], ['New one', 1])
  await asAdmin('deletePlaylist', { id: String(at(made, 'playlist.id')) })
})

test('an asterisk finds everything, as an empty query does', async () => {
  for (const [endpoint, result] of [
    ['search2', 'searchResult2'],
    ['search3', 'searchResult3'],
  ] as const) {
    const all = at(await asAdmin(endpoint, { query: '' }), result)
    for (const query of ['*', '"*"', ' * ', '""', "''"])
      assert.deepEqual(at(await asAdmin(endpoint, { query }), result), all, `${endpoint} ${query}`)
  }
  assert.equal(at(await asAdmin('search', { any: '*' }), 'searchResult.totalHits'), 9)
  assert.equal(at(await asAdmin('search', { title: '*' }), 'searchResult.totalHits'), 9)
})

for (const [endpoint, query, path] of [
  ['getAlbumList2', { type: 'alphabeticalByName', size: '2.0' }, 'albumList2.album'],
  ['getAlbumList', { type: 'alphabeticalByName', size: '2.0', offset: '0.0' }, 'albumList.album'],
  ['search3', { query: '', albumCount: '2.0', albumOffset: '1.0' }, 'searchResult3.album'],
  ['getRandomSongs', { size: '2.0', fromYear: 'x' }, 'randomSongs.song'],
  ['getSongsByGenre', { genre: 'Rock', count: '2.0' }, 'songsByGenre.song'],
] as const) {
  test(`${endpoint} rounds numbers that clients send with a fraction`, async () => {
    assert.equal(listAt(await asAdmin(endpoint, query), path).length, 2)
  })
}

test('numbers that make no sense count as not sent, and are refused where they must be sent', async () => {
  assert.equal(await codeOf(asAdmin('getIndexes', { ifModifiedSince: 'yesterday' })), undefined)
  assert.equal(await codeOf(asAdmin('getAlbumList2', { type: 'newest', size: 'many' })), undefined)
  const image = await ask(server.subsonic, 'getCoverArt', {
    ...login(ADMIN.name, ADMIN.password),
    id: ids.album('First'),
    size: '64.0',
  })
  assert.equal(image.text, '')
  for (const [endpoint, query] of [
    ['setRating', { id: ids.song('One'), rating: '3.0' }],
    ['createBookmark', { id: ids.song('One'), position: '10.0' }],
    ['getAlbumList2', { type: 'byYear', fromYear: 'x', toYear: 2000 }],
  ] as const)
    assert.equal(await codeOf(asAdmin(endpoint, query)), 10, endpoint)
})
