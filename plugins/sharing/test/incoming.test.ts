import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestHost } from 'tonearm/plugin/testing'
import { type Answer, type Call, withHost } from './support.ts'

/** One song of the library Closed, which is not ben's, is shared with ben. */
async function give(host: TestHost, call: Call): Promise<string> {
  const { json } = await call('ann', 'POST', '/api/v1/shares', {
    targets: [{ kind: 'song', id: host.track('Closed One') }],
    recipient: { kind: 'user', id: host.user('ben') },
    description: 'For Ben',
  })
  return json.id
}

/** What a recipient's client may ask to come upon more of the library than was given. */
function questions(host: TestHost): readonly (readonly [string, Readonly<Record<string, string | number>>])[] {
  const [song, other] = [host.track('Closed One'), host.track('Closed Duet')]
  const [album, artist] = [host.album('Closed'), host.artist('Dee')]
  return [
    ['getSong', { id: song }],
    ['getAlbum', { id: album }],
    ['getArtist', { id: artist }],
    ['getArtist', { id: host.artist('Ann') }],
    ['getMusicDirectory', { id: album }],
    ['getMusicDirectory', { id: artist }],
    ['getSimilarSongs', { id: song }],
    ['getSimilarSongs2', { id: artist }],
    ['getSimilarSongs', { id: album }],
    ['getTopSongs', { artist: 'Dee' }],
    ['getArtists', {}],
    ['getIndexes', {}],
    ['getAlbumList2', { type: 'newest' }],
    ['getAlbumList2', { type: 'byGenre', genre: 'Folk' }],
    ['getAlbumList', { type: 'alphabeticalByName' }],
    ['getRandomSongs', { size: 100 }],
    ['getSongsByGenre', { genre: 'Folk' }],
    ['getGenres', {}],
    ['search3', { query: '', songCount: 500, albumCount: 500, artistCount: 500 }],
    ['search3', { query: 'Closed' }],
    ['search2', { query: 'Dee' }],
    ['getMusicFolders', {}],
    ['getStarred2', {}],
    ['getNowPlaying', {}],
    ['getBookmarks', {}],
    ['getPlaylists', {}],
    ['getArtistInfo2', { id: artist }],
    ['getAlbumInfo2', { id: album }],
    ['getSong', { id: other }],
    ['getLyricsBySongId', { id: other }],
  ]
}

test('of a library whose song was shared, its recipient comes upon nothing else', () =>
  withHost(async (host, call) => {
    await give(host, call)
    const other = host.track('Closed Duet')
    for (const [endpoint, params] of questions(host)) {
      const answer = await host.subsonic(endpoint, params, 'ben')
      const text = JSON.stringify(answer)
      assert.ok(!text.includes('Closed Duet') && !text.includes(`"${other}"`), `${endpoint}: ${text}`)
    }
    const counted = (await host.subsonic('getAlbum', { id: host.album('Closed') }, 'ben')) as Answer
    if (counted.album) assert.deepEqual([counted.album.songCount, counted.album.song.length], [1, 1])
    for (const id of [other, `al-${host.album('Closed')}`])
      for (const endpoint of ['stream', 'download', 'getCoverArt', 'hls.m3u8'])
        assert.notEqual(
          (await host.inject({ url: `/rest/${endpoint}?id=${id}`, user: 'ben' })).headers['content-type']?.split(
            '/',
          )[0],
          'audio',
          `${endpoint} ${id}`,
        )
  }))

/** What is kept of an answer: the ids in it, so that exactly these and no more are there. */
const idsOf = (rows: readonly Answer[] | undefined) => (rows ?? []).map(({ id }) => id).sort()

test('lists, searches, counts, covers and the native faces show exactly what was shared of a foreign library', () =>
  withHost(async (host, call) => {
    const ask = async (endpoint: string, params: Readonly<Record<string, string | number>> = {}, user = 'ben') =>
      (await host.subsonic(endpoint, params, user)) as Answer
    const openSongs = ['Open One', 'Open Jazz', 'Open Explicit', 'Open Secret'].map((title) => host.track(title))
    const all = { query: '', songCount: 500, albumCount: 500, artistCount: 500 }
    const seen = async (user = 'ben') => {
      const { searchResult3: found } = await ask('search3', all, user)
      const { albumList2 } = await ask('getAlbumList2', { type: 'alphabeticalByName', size: 500 }, user)
      const { artists } = await ask('getArtists', {}, user)
      const { randomSongs } = await ask('getRandomSongs', { size: 500 }, user)
      const { genres } = await ask('getGenres', {}, user)
      return {
        songs: idsOf(found.song),
        random: idsOf(randomSongs.song),
        albums: idsOf(albumList2.album),
        foundAlbums: idsOf(found.album),
        albumArtists: idsOf((artists.index ?? []).flatMap((index: Answer) => index.artist)),
        genres: Object.fromEntries((genres.genre ?? []).map((genre: Answer) => [genre.value, genre.songCount])),
      }
    }
    const before = await seen()
    assert.deepEqual(before.songs, [...openSongs].sort())
    const id = await give(host, call)
    const after = await seen()
    const song = host.track('Closed One')
    const [closed, dee] = [host.album('Closed'), host.artist('Dee')]
    assert.deepEqual(after, {
      songs: [...openSongs, song].sort(),
      random: [...openSongs, song].sort(),
      albums: [...before.albums, closed].sort(),
      foundAlbums: [...before.foundAlbums, closed].sort(),
      albumArtists: [...new Set([...before.albumArtists, dee])].sort(),
      genres: { ...before.genres, Folk: (before.genres.Folk ?? 0) + 1 },
    })
    const { album } = await ask('getAlbum', { id: closed })
    assert.deepEqual([album.songCount, album.duration, idsOf(album.song)], [1, album.song[0].duration, [song]])
    const { artist } = await ask('getArtist', { id: dee })
    assert.deepEqual([artist.albumCount, idsOf(artist.album)], [1, [closed]])
    const { playlists } = await ask('getPlaylists')
    const [list] = playlists.playlist
    assert.deepEqual([playlists.playlist.length, list.songCount, list.readonly], [1, 1, true])
    assert.equal((await ask('getPlaylist', { id: list.id })).playlist.entry[0].id, song)
    // By another name, or by another user, there is no such list.
    assert.equal((await ask('getPlaylist', { id: `v-share-${'A'.repeat(10)}` })).error.code, 70)
    assert.equal((await ask('getPlaylist', { id: list.id }, 'cat')).error.code, 70)
    for (const [path, total] of [
      ['/api/v1/shares/incoming', 1],
      ['/api/v1/shares/outgoing', 0],
    ] as const) {
      const { json } = await call('ben', 'GET', path)
      assert.deepEqual([json.total, idsOf(json.items)], [total, total === 1 ? [id] : []], path)
    }
    const native = async (path: string) => (await call('ben', 'GET', `/api/${path}`)).json as Answer[]
    const genreCounts = (await native('genre')).map(({ name, songCount }) => [name, songCount])
    assert.deepEqual(
      {
        songs: idsOf(await native('song')),
        random: idsOf(await native('song?_sort=random')),
        albums: idsOf(await native('album')),
        foundAlbums: idsOf(await native('album?_sort=name&_order=DESC')),
        albumArtists: idsOf(await native('artist?role=albumartist')),
        genres: Object.fromEntries(genreCounts),
      },
      after,
    )
    const hidden = host.track('Closed Duet')
    assert.equal((await call('ben', 'GET', `/api/song/${hidden}`)).status, 404)
    assert.deepEqual(idsOf(await native(`song?id=${hidden}&id=${song}`)), [song])
    assert.deepEqual(idsOf(await native(`song?album_id=${closed}`)), [song])
    const [part] = await native(`album?id=${closed}`)
    assert.deepEqual([part?.songCount, JSON.stringify(part).includes('Closed Duet')], [1, false])
    assert.deepEqual((await call('ben', 'GET', '/api/share')).json, [], 'an own list holds own shares alone')
    assert.equal((await call('ben', 'GET', `/api/share/${id}`)).status, 404)

    const cover = async (item: string, user = 'ben') =>
      (await host.inject({ url: `/rest/getCoverArt?id=${item}&f=json`, user })).body
    const nothing = await cover('al-zzzzzz')
    const code = (body: string) => (JSON.parse(body) as Answer)['subsonic-response'].error?.code
    for (const item of [host.track('Closed Duet'), `mf-${host.track('Closed Duet')}`])
      assert.equal(code(await cover(item)), code(nothing), item)

    assert.equal((await call('ann', 'DELETE', `/api/share/${id}`)).status, 200)
    assert.deepEqual(await seen(), before)
    assert.equal((await ask('getAlbum', { id: closed })).error.code, 70)
    assert.equal((await ask('getArtist', { id: dee })).error.code, 70)
  }))

test('a song that was shared can be played, starred, rated, bookmarked and counted, until it is taken back', () =>
  withHost(async (host, call) => {
    const id = await give(host, call)
    const song = host.track('Closed One')
    const ask = async (endpoint: string, params: Readonly<Record<string, string | number>> = {}) =>
      (await host.subsonic(endpoint, params, 'ben')) as Answer
    const [list] = (await ask('getPlaylists')).playlists.playlist
    const works: readonly (readonly [string, Readonly<Record<string, string | number>>])[] = [
      ['star', { id: song }],
      ['setRating', { id: song, rating: 4 }],
      ['scrobble', { id: song, submission: 'true' }],
      ['createBookmark', { id: song, position: 1000 }],
      ['savePlayQueue', { id: song, current: song }],
      ['createPlaylist', { name: 'Mine', songId: song }],
    ]
    for (const [endpoint, params] of works) assert.equal((await ask(endpoint, params)).status, 'ok', endpoint)
    assert.equal((await host.inject({ url: `/rest/stream?id=${song}`, user: 'ben' })).status, 200)
    assert.equal((await ask('getStarred2')).starred2.song[0].id, song)
    assert.equal((await ask('getBookmarks')).bookmarks.bookmark[0].entry.id, song)
    assert.equal((await ask('getPlayQueue')).playQueue.entry[0].id, song)
    for (const [endpoint, params] of [
      ['updatePlaylist', { playlistId: list.id, name: 'Other' }],
      ['updatePlaylist', { playlistId: list.id, songIndexToRemove: 0 }],
      ['deletePlaylist', { id: list.id }],
      ['createPlaylist', { playlistId: list.id, songId: host.track('Open One') }],
    ] as const)
      assert.equal((await ask(endpoint, params)).status, 'failed', `${endpoint}: the list is read-only`)

    assert.equal((await call('ann', 'DELETE', `/api/share/${id}`)).status, 200)
    const names = ((await ask('getPlaylists')).playlists.playlist ?? []).map((one: Answer) => one.name)
    assert.deepEqual(names, ['Mine'])
    assert.equal((await ask('getPlaylist', { id: list.id })).error.code, 70)
    assert.equal((await ask('getSong', { id: song })).error.code, 70)
    for (const [endpoint] of works.slice(0, 2))
      assert.equal((await ask(endpoint, { id: song, rating: 4 })).error.code, 70, endpoint)
    const seen = [await ask('getStarred2'), await ask('getBookmarks'), await ask('getPlayQueue')]
    assert.ok(!JSON.stringify(seen).includes('Closed One'), 'marks of what is gone are not listed')
    const stream = await host.inject({ url: `/rest/stream?id=${song}&f=json`, user: 'ben' })
    assert.equal((stream.json() as Answer)['subsonic-response'].error.code, 70)
  }))

test('a share ends for its recipient with its time, without anybody asking', () =>
  withHost(async (host, call) => {
    const song = host.track('Closed One')
    await call('ann', 'POST', '/api/v1/shares', {
      targets: [{ kind: 'song', id: song }],
      recipient: { kind: 'everyone' },
      expiresAt: new Date(host.clock.now() + 60_000).toISOString(),
    })
    for (const user of ['ben', 'cat'])
      assert.equal(((await host.subsonic('getSong', { id: song }, user)) as Answer).song.id, song)
    await host.clock.advance(60_000)
    assert.deepEqual(((await host.subsonic('getPlaylists', {}, 'ben')) as Answer).playlists.playlist ?? [], [])
    await host.clock.advance(5_000)
    for (const user of ['ben', 'cat'])
      assert.equal(((await host.subsonic('getSong', { id: song }, user)) as Answer).error.code, 70)
  }))
