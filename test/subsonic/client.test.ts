import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import SubsonicAPI from 'subsonic-api'
import { type AdapterName, onBothAdapters as onBoth } from '../support/adapters.ts'
import { login, queryString } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer } from '../support/test-server.ts'
import { idsOf, LIBRARIES, USERS } from './world.ts'

async function connect(t: TestContext, adapter: AdapterName) {
  const server = await startTestServer({ libraries: LIBRARIES, users: USERS, adapter }, t)
  const clientOf = (username: string, password: string, post = false) =>
    new SubsonicAPI({ url: server.url, auth: { username, password }, post })
  return { server, ids: idsOf(server.core.repositories), clientOf, api: clientOf(ADMIN.name, ADMIN.password) }
}

onBoth('a client browses from the artists down to a song and plays it', async (t, adapter) => {
  const { api, server } = await connect(t, adapter)
  assert.equal((await api.ping()).status, 'ok')
  const { artists } = await api.getArtists()
  const ann = artists.index?.flatMap((index) => index.artist ?? []).find((artist) => artist.name === 'Ann')
  assert.ok(ann)
  const { artist } = await api.getArtist({ id: ann.id })
  assert.deepEqual(
    artist.album?.map((album) => album.name),
    ['First', 'Double'],
  )
  const { album } = await api.getAlbum({ id: String(artist.album?.[0]?.id) })
  const song = album.song?.[0]
  assert.ok(song)
  assert.equal(song.title, 'One')
  const played = await api.stream({ id: song.id })
  assert.equal(played.status, 200)
  assert.equal(played.headers.get('content-type'), 'audio/mpeg')
  assert.equal((await played.arrayBuffer()).byteLength, song.size)
  const part = await fetch(
    `${server.url}/rest/stream.view?${queryString({ ...login(ADMIN.name, ADMIN.password), id: song.id })}`,
    {
      headers: { range: 'bytes=10-19' },
    },
  )
  assert.deepEqual([part.status, (await part.arrayBuffer()).byteLength], [206, 10])
  const cover = await api.getCoverArt({ id: String(album.coverArt), size: 48 })
  assert.equal(cover.status, 200)
  assert.match(String(cover.headers.get('content-type')), /^image\//)
  assert.ok((await cover.arrayBuffer()).byteLength > 100)
})

onBoth(
  'a cover asked for by its version may be kept, one asked for by its album is asked for again',
  async (t, adapter) => {
    const { api, ids } = await connect(t, adapter)
    const { album } = await api.getAlbum({ id: ids.album('First') })
    const keptFor = async (id: string) => {
      const cover = await api.getCoverArt({ id })
      await cover.arrayBuffer()
      return cover.headers.get('cache-control')
    }
    assert.match(String(album.coverArt), /^a\w+_[0-9a-f]+$/)
    assert.match(String(await keptFor(String(album.coverArt))), /immutable/)
    assert.doesNotMatch(String(await keptFor(ids.album('First'))), /immutable/)
    assert.doesNotMatch(String(await keptFor(`${ids.album('First')}_0123abc`)), /immutable/)
  },
)

onBoth('a client searches, stars, rates, scrobbles and finds it all again', async (t, adapter) => {
  const { api, ids } = await connect(t, adapter)
  const { searchResult3 } = await api.search3({ query: 'one' })
  assert.deepEqual(
    searchResult3.song?.map((song) => song.id),
    [ids.song('One')],
  )
  await api.star({ id: ids.song('One'), albumId: ids.album('First') })
  await api.setRating({ id: ids.song('One'), rating: 4 })
  await api.scrobble({ id: ids.song('One'), submission: true })
  const { starred2 } = await api.getStarred2()
  assert.deepEqual(
    [starred2.song?.map((song) => song.title), starred2.album?.map((album) => album.name)],
    [['One'], ['First']],
  )
  const { song } = await api.getSong({ id: ids.song('One') })
  assert.deepEqual([song.userRating, song.playCount], [4, 1])
  assert.ok(song.starred)
})

onBoth('a client keeps playlists, bookmarks and its queue, by GET and by form', async (t, adapter) => {
  const { ids, clientOf } = await connect(t, adapter)
  const songs = [ids.song('One'), ids.song('Two'), ids.song('Left')]
  for (const post of [false, true]) {
    const api = clientOf(ADMIN.name, ADMIN.password, post)
    const { playlist } = await api.createPlaylist({ name: `Mix ${post}`, songId: songs })
    await api.updatePlaylist({ playlistId: playlist.id, songIndexToRemove: [0], songIdToAdd: [ids.song('Only')] })
    const changed = (await api.getPlaylist({ id: playlist.id })).playlist
    assert.deepEqual(
      changed.entry?.map((entry) => entry.title),
      ['Two', 'Left', 'Only'],
    )
    await api.savePlayQueue({ id: songs, current: ids.song('Two'), position: 1234 })
    const { playQueue } = await api.getPlayQueue()
    assert.deepEqual(
      [playQueue?.entry?.length, String(playQueue?.current), playQueue?.position],
      [3, ids.song('Two'), 1234],
    )
    await api.createBookmark({ id: ids.song('One'), position: 99 })
    assert.equal((await api.getBookmarks()).bookmarks.bookmark?.[0]?.position, 99)
    await api.deletePlaylist({ id: playlist.id })
  }
})

onBoth('playlists of thousands of songs are made by one long GET', async (t, adapter) => {
  const { server, ids } = await connect(t, adapter)
  const songId = Array.from({ length: 12_000 }, () => ids.song('One'))
  const query = queryString({ ...login(ADMIN.name, ADMIN.password), f: 'json', name: 'Long', songId })
  assert.ok(query.length > 100_000 && query.length < 250_000)
  const answer = await fetch(`${server.url}/rest/createPlaylist.view?${query}`)
  const body = (await answer.json()) as { 'subsonic-response': { playlist: { songCount: number; entry: unknown[] } } }
  assert.equal(body['subsonic-response'].playlist.songCount, 12_000)
  assert.equal(body['subsonic-response'].playlist.entry.length, 12_000)
})

onBoth('what fails is an envelope in the format asked for, also where data was expected', async (t, adapter) => {
  const { server, ids } = await connect(t, adapter)
  const url = (f: string, endpoint: string, id: string) =>
    `${server.url}/rest/${endpoint}?${queryString({ ...login('ann', 'ann-pass'), f, id })}`
  const xml = await fetch(url('xml', 'stream', ids.song('Only')))
  assert.deepEqual([xml.status, xml.headers.get('content-type')], [200, 'text/xml; charset=utf-8'])
  assert.match(await xml.text(), /<error code="70"/)
  const json = await fetch(url('json', 'getCoverArt', 'nothing'))
  assert.match(String(json.headers.get('content-type')), /^application\/json/)
  assert.equal(
    ((await json.json()) as { 'subsonic-response': { error: { code: number } } })['subsonic-response'].error.code,
    70,
  )
  const head = await fetch(url('json', 'download', ids.song('One')), { method: 'HEAD' })
  assert.deepEqual([head.status, (await head.arrayBuffer()).byteLength], [200, 0])
  assert.ok(Number(head.headers.get('content-length')) > 1000)
})
