import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import SubsonicAPI, { type Child } from 'subsonic-api'
import { type AdapterName, onBothAdapters as onBoth } from '../support/adapters.ts'
import { ADMIN, startTestServer } from '../support/test-server.ts'
import { LIBRARIES, USERS } from './world.ts'

async function connect(t: TestContext, adapter: AdapterName) {
  const server = await startTestServer({ libraries: LIBRARIES, users: USERS, adapter }, t)
  return new SubsonicAPI({ url: server.url, auth: { username: ADMIN.name, password: ADMIN.password } })
}

/** What old clients show of a folder, all the way down. @returns the songs below it. */
async function walk(api: SubsonicAPI, id: string, depth = 0): Promise<readonly Child[]> {
  assert.ok(depth < 10, 'folders in a circle')
  const { directory } = await api.getMusicDirectory({ id })
  assert.equal(directory.id, id)
  assert.ok(directory.name)
  const songs: Child[] = []
  for (const child of directory.child ?? []) {
    // What stands at the top of a library has none above it, as in the indexes.
    if (!child.isDir || child.parent !== undefined) assert.equal(child.parent, id, child.title)
    if (child.isDir) songs.push(...(await walk(api, child.id, depth + 1)))
    else songs.push(child)
  }
  return songs
}

onBoth('a client walks from the libraries through the folders to each song, and plays it', async (t, adapter) => {
  const api = await connect(t, adapter)
  const { musicFolders } = await api.getMusicFolders()
  const titles = new Map<string, string[]>()
  for (const { id, name } of musicFolders.musicFolder ?? []) {
    const { indexes } = await api.getIndexes({ musicFolderId: id })
    const folders = (indexes.index ?? []).flatMap(({ artist }) => artist ?? [])
    const below = (await Promise.all(folders.map((folder) => walk(api, folder.id)))).flat()
    const songs = [...(indexes.child ?? []), ...below]
    titles.set(String(name), songs.map(({ title }) => title).sort())
    for (const song of songs) {
      const played = await api.stream({ id: song.id, format: 'raw' })
      assert.equal(played.status, 200)
      assert.equal((await played.arrayBuffer()).byteLength, song.size, song.title)
    }
  }
  const { searchResult3 } = await api.search3({ query: '', songCount: 500 })
  const all = (searchResult3.song ?? []).map(({ title }) => title).sort()
  assert.deepEqual([...titles.values()].flat().sort(), all)
  assert.ok(titles.get('Main')?.includes('One'))
})

onBoth('albums of lists and searches open as folders, with their songs and covers', async (t, adapter) => {
  const api = await connect(t, adapter)
  const { albumList } = await api.getAlbumList({ type: 'alphabeticalByName', size: 500 })
  const { searchResult2 } = await api.search2({ query: 'first' })
  const albums = [...(albumList.album ?? []), ...(searchResult2.album ?? [])]
  assert.ok(albums.length > 3)
  assert.ok(searchResult2.album?.some(({ title }) => title === 'First'))
  for (const album of albums) {
    assert.equal(album.isDir, true)
    assert.ok((await walk(api, album.id)).length > 0, album.title)
    if (album.coverArt === undefined) continue
    const cover = await api.getCoverArt({ id: album.coverArt, size: 64 })
    assert.equal(cover.status, 200)
    assert.match(String(cover.headers.get('content-type')), /^image\//)
    await cover.arrayBuffer()
  }
})

onBoth('stars and ratings of a folder are found in both ways of browsing', async (t, adapter) => {
  const api = await connect(t, adapter)
  const { searchResult2 } = await api.search2({ query: 'first' })
  const folder = searchResult2.album?.find(({ title }) => title === 'First')
  assert.ok(folder)
  await api.star({ id: folder.id })
  await api.setRating({ id: folder.id, rating: 4 })
  const found = async () => ({
    folders: ((await api.getStarred()).starred.album ?? []).map(({ id }) => id),
    listed: ((await api.getAlbumList({ type: 'starred' })).albumList.album ?? []).map(({ id }) => id),
    albums: ((await api.getStarred2()).starred2.album ?? []).map(({ name }) => name),
  })
  assert.deepEqual(await found(), { folders: [folder.id], listed: [folder.id], albums: ['First'] })
  const { directory } = await api.getMusicDirectory({ id: folder.id })
  assert.ok(directory.starred)
  assert.equal(directory.userRating, 4)
  await api.unstar({ id: folder.id })
  assert.deepEqual(await found(), { folders: [], listed: [], albums: [] })
})

onBoth('a client that knows what it has asks whether anything changed since', async (t, adapter) => {
  const api = await connect(t, adapter)
  const { indexes } = await api.getIndexes()
  assert.ok((indexes.index ?? []).length > 0)
  const again = await api.getIndexes({ ifModifiedSince: Number(indexes.lastModified) })
  assert.deepEqual(again.indexes.index ?? [], [])
})
