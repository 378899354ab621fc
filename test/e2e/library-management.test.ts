import assert from 'node:assert/strict'
import { appendFile, mkdir, readdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import { makeMusicLibrary } from '../support/music-library.ts'
import { type PluginServer, startPluginServer } from '../support/plugin-server.ts'
import { ADMIN } from '../support/test-server.ts'

type Json = Readonly<Record<string, unknown>>

const song = (title: string, album = 'Album') => ({ title, album, artist: 'Artist', albumartist: 'Artist' })
const bulk = Object.fromEntries(
  Array.from({ length: 6 }, (_, index) => [`Bulk/0${index} - Bulk ${index}.mp3`, song(`Bulk ${index}`, 'Bulk')]),
)

let server: PluginServer
let tokens: Readonly<Record<'admin' | 'ann', string>>
before(async () => {
  server = await startPluginServer({
    libraries: { Music: { 'A/01 - Kept.mp3': song('Kept'), 'A/02 - Going.mp3': song('Going'), ...bulk } },
    users: [{ name: 'ann', password: 'ann-pass' }],
  })
  await server.load(new URL('../../plugins/library-acl/', import.meta.url))
  tokens = { admin: await login(ADMIN.name, ADMIN.password), ann: await login('ann', 'ann-pass') }
})
after(() => server.stop())

async function login(username: string, password: string): Promise<string> {
  const response = await fetch(`${server.url}/auth/login`, {
    method: 'POST',
    body: JSON.stringify({ username, password }),
  })
  return ((await response.json()) as { token: string }).token
}

/** As in a page of the server's own: relative addresses, and the session is there. */
function fetchAs(user: keyof typeof tokens) {
  return (path: string, init: RequestInit = {}) =>
    globalThis.fetch(server.url + path, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${tokens[user]}` },
    })
}

async function json(path: string, init?: RequestInit): Promise<never> {
  return (await fetchAs('admin')(path, init)).json() as Promise<never>
}

function send(method: string, path: string, body?: unknown) {
  return fetchAs('admin')(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
}

const settled = async () => {
  while (server.core.scanner.status().scanning) await new Promise((resolve) => setTimeout(resolve, 10))
}
const titles = () =>
  server.core.db
    .all<{ title: string }>('SELECT title FROM song WHERE missing = 0 ORDER BY title')
    .map((row) => row.title)

test('the example of a library dashboard runs as it is written', async () => {
  const fetch = fetchAs('admin')
  const formatBytes = (bytes: number) => `${bytes} B`
  const getLibraryStats = async () => {
    const libraries = (await fetch('/api/library').then((r) => r.json())) as {
      name: string
      songCount: number
      size: number
      lastScanTime: string | null
      scanActive: boolean
    }[]
    return libraries.map((lib) => ({
      name: lib.name,
      songCount: lib.songCount,
      size: formatBytes(lib.size),
      lastScan: lib.lastScanTime ? new Date(lib.lastScanTime) : null,
      isScanning: lib.scanActive,
    }))
  }
  const [music] = await getLibraryStats()
  assert.deepEqual([music?.name, music?.songCount, music?.isScanning], ['Music', 8, false])
  assert.ok(music?.lastScan instanceof Date && !Number.isNaN(music.lastScan.getTime()))
  assert.match(music.size, /^[1-9]\d+ B$/)
})

test('the example of assigning libraries runs as it is written', async () => {
  const fetch = fetchAs('admin')
  const assignUserToLibrary = async (userId: string, libraryIds: number[]) => {
    const response = await fetch(`/api/user/${userId}/library`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ libraryIds }),
    })
    return response.json()
  }
  const users = (await json('/api/user')) as { id: string; userName: string }[]
  const ann = users.find(({ userName }) => userName === 'ann') ?? assert.fail()
  const answer = (await assignUserToLibrary(ann.id, [1])) as Json[]
  assert.deepEqual(
    answer.map(({ id, name, hasAccess }) => ({ id, name, hasAccess })),
    [{ id: 1, name: 'Music', hasAccess: true }],
  )
  const own = await fetchAs('ann')(`/api/user/${ann.id}/library`)
  assert.equal(own.status, 403)
})

test('the example of cleaning up missing files runs as it is written, after a look at what would go', async () => {
  await rm(join(server.musicDir, 'Music/A/02 - Going.mp3'))
  await server.core.scanner.scan({ kind: 'quick' })
  const [file] = (await json('/api/missing')) as Json[]
  assert.deepEqual(
    [file?.title, file?.path, file?.album, file?.artist, file?.missingFileCount, file?.libraryName],
    ['Going', 'A/02 - Going.mp3', 'Album', 'Artist', 1, 'Music'],
  )
  assert.ok(!Number.isNaN(Date.parse(String(file?.lastSeen))))
  for (const [filter, found] of [
    ['title=go', 1],
    ['title=Go%25', 0],
    [`_filters=${encodeURIComponent(JSON.stringify({ path: 'a/02', artist: ['x', 'ART'] }))}`, 1],
    ['album=Other', 0],
    ['unknown=7', 1],
  ] as const)
    assert.equal(((await json(`/api/missing?${filter}`)) as Json[]).length, found, filter)
  assert.equal((await fetchAs('ann')('/api/missing')).status, 403)
  assert.equal((await fetchAs('ann')('/api/missing', { method: 'DELETE' })).status, 403)
  const dry = (await json('/api/missing?dryRun=true', { method: 'DELETE' })) as Json
  assert.deepEqual([dry.removed, dry.dryRun], [1, true])
  assert.equal(((await json('/api/missing')) as Json[]).length, 1)
  // Whoever narrows the list must not lose what it left out.
  for (const filter of ['libraryId=99', 'library_id=99', 'title=zzz', '_filters=%7B%22album%22%3A%22zzz%22%7D'])
    assert.equal((await send('DELETE', `/api/missing?${filter}`)).status, 400, filter)
  assert.equal(((await json('/api/missing')) as Json[]).length, 1)
  const nothing = await send('DELETE', '/api/missing?id=')
  assert.equal(nothing.status, 400)

  const fetch = fetchAs('admin')
  const said: string[] = []
  const console = { log: (line: string) => said.push(line) }
  const cleanupMissingFiles = async () => {
    const missing = (await fetch('/api/missing').then((r) => r.json())) as unknown[]
    if (missing.length > 0) {
      console.log(`Found ${missing.length} missing files`)
      const result = (await fetch('/api/missing', { method: 'DELETE' }).then((r) => r.json())) as { removed: number }
      console.log(`Removed ${result.removed} entries`)
    }
  }
  await cleanupMissingFiles()
  assert.deepEqual(said, ['Found 1 missing files', 'Removed 1 entries'])
  assert.deepEqual(await json('/api/missing'), [])
  assert.equal(((await json('/api/library/1')) as Json).totalMissingFiles, 0)
})

test('single missing files are given up by id, and what came back stays', async () => {
  const at = (index: number) => join(server.musicDir, `Music/Bulk/0${index} - Bulk ${index}.mp3`)
  await rename(at(0), `${at(0)}.away`)
  await rm(at(1))
  await rm(at(2))
  await server.core.scanner.scan({ kind: 'quick' })
  const response = await fetchAs('admin')('/api/missing?_sort=title&_order=DESC&_start=0&_end=2')
  const page = (await response.json()) as Json[]
  assert.equal(response.headers.get('x-total-count'), '3')
  assert.deepEqual(
    page.map(({ title }) => title),
    ['Bulk 2', 'Bulk 1'],
  )
  const [second] = page
  const one = (await json(`/api/missing?id=${second?.id}`, { method: 'DELETE' })) as Json
  assert.deepEqual(one, { removed: 1, ids: [second?.id], id: second?.id })
  await rename(`${at(0)}.away`, at(0))
  const rest = (await json('/api/missing', { method: 'DELETE' })) as Json
  assert.equal(rest.removed, 1)
  await server.core.scanner.scan({ kind: 'quick' })
  assert.deepEqual(titles(), ['Bulk 0', 'Bulk 3', 'Bulk 4', 'Bulk 5', 'Kept'])
})

test('nothing is given up while a library looks lost', async () => {
  await rm(join(server.musicDir, 'Music/Bulk/05 - Bulk 5.mp3'))
  await server.core.scanner.scan({ kind: 'quick' })
  await rename(join(server.musicDir, 'Music'), join(server.musicDir, 'Away'))
  await mkdir(join(server.musicDir, 'Music'))
  for (const path of ['/api/missing', '/api/missing?dryRun=1']) {
    const refused = await send('DELETE', path)
    assert.equal(refused.status, 409)
    assert.ok(!(await refused.text()).includes(server.musicDir))
  }
  assert.equal(((await json('/api/missing')) as Json[]).length, 1)
  await rm(join(server.musicDir, 'Music'), { recursive: true })
  await rename(join(server.musicDir, 'Away'), join(server.musicDir, 'Music'))
  assert.equal(((await json('/api/missing', { method: 'DELETE' })) as Json).removed, 1)
})

test('a new library is scanned as its options say, also after a change of them; removing it touches no file', async () => {
  const path = join(server.musicDir, 'More')
  await makeMusicLibrary(path, {
    'Top.mp3': song('Top'),
    'Skip.tmp.mp3': song('Skip'),
    'Deep/Below.mp3': song('Below'),
  })
  const made = await send('POST', '/api/library', {
    name: 'More',
    path,
    scanOptions: { recursive: false, followSymlinks: false, excludePatterns: ['*.tmp.mp3'] },
  })
  const library = (await made.json()) as { id: number; name: string }
  assert.deepEqual([made.status, library.name], [200, 'More'])
  await settled()
  const found = () => titles().filter((title) => ['Top', 'Skip', 'Below'].includes(title))
  assert.deepEqual(found(), ['Top'])
  const changed = await send('PUT', `/api/library/${library.id}`, {
    scanOptions: { recursive: true, excludePatterns: [] },
  })
  assert.equal(changed.status, 200)
  await settled()
  assert.deepEqual(found(), ['Below', 'Skip', 'Top'])
  assert.equal(((await json(`/api/library/${library.id}`)) as Json).songCount, 3)
  // What new options leave out is gone on purpose, even if it is all: no lost disk that somebody has to confirm.
  for (const [excludePatterns, left] of [
    [['*.mp3'], []],
    [[], ['Below', 'Skip', 'Top']],
  ] as const) {
    await send('PUT', `/api/library/${library.id}`, { scanOptions: { excludePatterns } })
    await settled()
    assert.deepEqual(found(), left)
  }
  server.core.scanner.scan({ kind: 'full' }).catch(() => {})
  assert.deepEqual(await (await send('DELETE', `/api/library/${library.id}`)).json(), {})
  await settled()
  assert.deepEqual(found(), [])
  assert.equal(server.core.repositories.libraries.list(FULL_SCOPE).length, 1)
  assert.ok((await stat(join(path, 'Deep/Below.mp3'))).isFile())
})

test('links are followed or not as a library says, loops and all, and what comes back has its rating', async () => {
  const path = join(server.musicDir, 'Linked')
  const outside = join(server.musicDir, 'Outside')
  await makeMusicLibrary(path, { 'Own/Own.mp3': song('Own') })
  await makeMusicLibrary(outside, { 'Far.mp3': song('Far away from all others', 'Elsewhere') })
  await symlink(path, join(path, 'loop'))
  await symlink('..', join(path, 'Own/up'))
  await symlink(outside, join(path, 'far'))
  await symlink('/nowhere', join(path, 'broken'))
  const files = async () => [await readdir(path), await readdir(join(path, 'Own')), await readdir(outside)]
  const before = await files()
  const scanOptions = { recursive: true, followSymlinks: false, excludePatterns: ['Own/'] }
  // With a slash at the end, and a detour.
  await symlink(server.dataDir, join(outside, 'data'))
  for (const path of [server.dataDir, join(outside, 'data'), join(server.dataDir, 'cache')]) {
    await mkdir(path, { recursive: true })
    const refused = (await (await send('POST', '/api/library', { name: 'Data', path })).json()) as Json
    assert.match(JSON.stringify(refused), /pathInDataFolder/, path)
  }
  await rm(join(outside, 'data'))
  const made = await send('POST', '/api/library', { name: 'Linked', path: `${outside}/../Linked/`, scanOptions })
  const library = (await made.json()) as { id: number; path: string; scanOptions: object }
  assert.deepEqual([library.path, library.scanOptions], [path, scanOptions])
  const songs = async (): Promise<readonly [string, number | undefined][]> => {
    await settled()
    const login = `u=${ADMIN.name}&p=${ADMIN.password}&v=1.16.1&c=test&f=json`
    const answer = await fetch(`${server.url}/rest/search3?query=&songCount=500&musicFolderId=${library.id}&${login}`)
    const { searchResult3 } = ((await answer.json()) as { 'subsonic-response': never })['subsonic-response'] as {
      searchResult3: { song: readonly { id: string; title: string; userRating?: number }[] }
    }
    for (const { id } of searchResult3.song) await fetch(`${server.url}/rest/setRating?id=${id}&rating=4&${login}`)
    return searchResult3.song.map(({ title, userRating }) => [title, userRating] as const).sort() as never
  }
  const change = async (options: object) => {
    assert.equal((await send('PUT', `/api/library/${library.id}`, { scanOptions: options })).status, 200)
    return songs()
  }
  assert.deepEqual(await songs(), [])
  assert.deepEqual(await change({ followSymlinks: true }), [['Far away from all others', undefined]])
  assert.deepEqual(await change({ followSymlinks: false }), [])
  assert.deepEqual(await change({ excludePatterns: [] }), [['Own', undefined]])
  assert.deepEqual(await change({ recursive: false, followSymlinks: true }), [])
  assert.deepEqual(await change({ recursive: true }), [
    ['Far away from all others', 4],
    ['Own', 4],
  ])
  assert.equal((await send('DELETE', `/api/library/${library.id}`)).status, 200)
  assert.deepEqual(await files(), before)
})

test('with a user goes all that was the user’s, and nothing of it comes to a namesake', async () => {
  await server.load(
    ...['library-acl', 'sharing', 'notifications'].map((name) => new URL(`../../plugins/${name}/`, import.meta.url)),
  )
  const account = { userName: 'cas', password: 'cas-pass', roles: ['stream', 'download', 'playlist', 'share'] }
  const made = (await (await send('POST', '/api/user', account)).json()) as Json
  const subsonic = async (call: string) =>
    ((await (await fetch(`${server.url}/rest/${call}&u=cas&p=cas-pass&v=1.16.1&c=test&f=json`)).json()) as never)[
      'subsonic-response'
    ] as { status: string } & Readonly<Record<string, never>>
  const kept = server.core.db.get<{ id: number }>(`SELECT id FROM song WHERE title = 'Kept'`)?.id ?? assert.fail()
  const id = `s${kept.toString(36)}`
  for (const call of [
    `star?id=${id}`,
    `setRating?id=${id}&rating=5`,
    `scrobble?id=${id}&submission=true`,
    `createBookmark?id=${id}&position=5`,
    `savePlayQueue?id=${id}&current=${id}`,
    `createPlaylist?name=Mine&songId=${id}`,
  ])
    assert.equal((await subsonic(call)).status, 'ok', call)
  const { shares } = (await subsonic(`createShare?id=${id}`)) as unknown as { shares: { share: { id: string }[] } }
  const link = `${server.url}/share/${shares.share[0]?.id}`
  assert.equal((await fetch(link)).status, 200)
  const token = await login('cas', 'cas-pass')
  const as = (key: string, path: string, init = {}) =>
    fetch(server.url + path, { ...init, headers: { authorization: `Bearer ${key}` } })
  const apiKey = (await (await as(token, '/api/apikey', { method: 'POST', body: '{"name":"k"}' })).json()) as Json
  const target = { channel: 'ntfy', name: 'n', target: { server: 'https://ntfy.sh', topic: 'cas' } }
  const told = await as(token, '/api/notifications/targets', { method: 'POST', body: JSON.stringify(target) })
  assert.equal(told.status, 200)

  assert.deepEqual(await (await send('DELETE', `/api/user/${made.id}`)).json(), {})
  assert.equal((await send('DELETE', `/api/user/${made.id}`)).status, 404)
  for (const key of [token, String(apiKey.key)]) assert.equal((await as(key, '/api/v1/auth/me')).status, 401)
  assert.equal((await subsonic('ping?')).status, 'failed')
  assert.equal((await fetch(link)).status, 404)

  assert.equal((await send('POST', '/api/user', account)).status, 200)
  const again = await login('cas', 'cas-pass')
  for (const path of ['/api/apikey', '/api/share', '/api/notifications', '/api/notifications/targets'])
    assert.deepEqual(await (await as(again, path)).json(), [], path)
  const left = JSON.stringify([
    await subsonic('getStarred2?'),
    await subsonic('getBookmarks?'),
    await subsonic('getPlayQueue?'),
    await subsonic('getPlaylists?'),
    await subsonic('getShares?'),
    await subsonic(`getSong?id=${id}`),
  ])
  assert.ok(!/"(starred|userRating)":|"playCount":[1-9]|"Mine"|"position":5|"share":\[\{|"entry":\[\{/.test(left), left)
  await server.load(new URL('../../plugins/library-acl/', import.meta.url))
})

/** More than fits between server and client, so that a stream of it goes on until somebody ends it. */
async function longSong(): Promise<string> {
  await makeMusicLibrary(join(server.musicDir, 'Music'), { 'Long/Long.mp3': song('Long') })
  await appendFile(join(server.musicDir, 'Music/Long/Long.mp3'), Buffer.alloc(64 * 1024 * 1024))
  await server.core.scanner.scan({ kind: 'quick' })
  const row = server.core.db.get<{ id: number }>(`SELECT id FROM song WHERE title = 'Long'`) ?? assert.fail()
  return `s${row.id.toString(36)}`
}

/** Listens by this login until `act` has had its effect; checks that the stream breaks off. */
async function endedBy(path: string, act: () => Promise<Response>, others = 0): Promise<void> {
  const response = await fetch(`${server.url}/rest/${path}&v=1.16.1&c=test`)
  assert.equal(response.status, 200)
  const reader = response.body?.getReader() ?? assert.fail()
  await reader.read()
  assert.equal(server.core.streamer.status().streams, others + 1)
  assert.equal((await act()).status, 200)
  const refused = (await (await fetch(`${server.url}/rest/${path}&f=json&v=1.16.1&c=test`)).json()) as {
    'subsonic-response': { status: string }
  }
  assert.equal(refused['subsonic-response'].status, 'failed')
  // At a player's pace: too slow to have it all before, and whoever does not read at all is not sent anything either.
  await assert.rejects(async () => {
    while (!(await reader.read()).done) await new Promise((resolve) => setTimeout(resolve, 10))
  })
  assert.equal(server.core.streamer.status().streams, others)
}

test('a stream ends within seconds after its right is gone', async () => {
  const id = await longSong()
  const ann = `u${(server.core.accounts.find('ann') ?? assert.fail()).id.toString(36)}`
  await endedBy(`stream?id=${id}&format=raw&u=ann&p=ann-pass`, () =>
    send('PUT', `/api/user/${ann}/access`, { denyFolders: [{ libraryId: 1, path: 'Long' }] }),
  )
})

test('a stream or download ends when the password or the key that let it in counts no more, and only then', async () => {
  const id = await longSong()
  const made = (await (await send('POST', '/api/user', { userName: 'bea', password: 'the-first-one' })).json()) as Json
  const bea = (method: string, path: string, password: string, body?: Json) =>
    fetch(server.url + path, {
      method,
      headers: { authorization: `Basic ${Buffer.from(`bea:${password}`).toString('base64')}` },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const key = async () => (await (await bea('POST', '/api/apikey', 'the-second-one', { name: 'car' })).json()) as Json
  const self = `/api/user/${made.id}`
  await endedBy(`stream?id=${id}&format=raw&u=bea&p=the-first-one`, () =>
    bea('PUT', self, 'the-first-one', { password: 'the-second-one', currentPassword: 'the-first-one' }),
  )
  const [car, phone] = [await key(), await key()]
  const other = await fetch(`${server.url}/rest/stream?id=${id}&format=raw&apiKey=${phone.key}&v=1.16.1&c=test`)
  const reader = other.body?.getReader() ?? assert.fail()
  await reader.read()
  // One that stays, by another key: neither the deleted key nor the new password is its own.
  await endedBy(
    `download?id=${id}&apiKey=${car.key}`,
    () => bea('DELETE', `/api/apikey/${car.id}`, 'the-second-one'),
    1,
  )
  await endedBy(
    `stream?id=${id}&format=raw&u=bea&p=the-second-one`,
    () => send('PUT', self, { password: 'the-third-one' }),
    1,
  )
  let read = 0
  for (let part = await reader.read(); part.value; part = await reader.read()) read += part.value.length
  assert.ok(read > 60 * 1024 * 1024)
})

test('an API key, even of an administrator, changes no accounts, rights or keys', async () => {
  const admin = server.core.accounts.find(ADMIN.name)
  const ann = server.core.accounts.find('ann')
  assert.ok(admin && ann)
  const id = `u${ann.id}`
  const { key } = server.core.accounts.createApiKey(admin.id, 'phone')
  const accounts = () =>
    server.core.accounts.list().map(({ name, roles, isAdmin, updatedAt }) => [name, roles, isAdmin, updatedAt])
  const before = accounts()
  const native = async (method: string, path: string, body?: Json) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
    const headers = { authorization: `Bearer ${key}` }
    return (await fetch(server.url + path, { ...init, headers })).status
  }
  const subsonic = async (name: string, query: Readonly<Record<string, string>>) => {
    const asked = new URLSearchParams({ apiKey: key, v: '1.16.1', c: 'test', f: 'json', ...query })
    const { 'subsonic-response': answer } = (await (await fetch(`${server.url}/rest/${name}?${asked}`)).json()) as {
      'subsonic-response': { status: string; error?: { code: number } }
    }
    return answer.error?.code ?? answer.status
  }
  assert.deepEqual(
    [
      await native('GET', '/api/user'),
      await native('GET', `/api/user/${id}/access`),
      await native('POST', '/api/user', { userName: 'eve', password: 'evening-star' }),
      await native('PUT', `/api/user/${id}`, { isAdmin: true }),
      await native('PUT', `/api/user/${id}`, { password: 'evening-star' }),
      await native('PUT', `/api/user/${id}/library`, { libraryIds: [1] }),
      await native('PUT', `/api/user/${id}/access`, { share: true }),
      await native('DELETE', `/api/user/${id}`),
      await native('POST', '/api/apikey', { name: 'another' }),
      await native('DELETE', '/api/apikey/k1'),
      await native('DELETE', '/api/access-guard/library-acl'),
    ],
    [200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403],
  )
  assert.deepEqual(
    [
      await subsonic('getUsers', {}),
      await subsonic('createUser', { username: 'eve', password: 'evening-star', email: 'e@example.org' }),
      await subsonic('updateUser', { username: 'ann', adminRole: 'true' }),
      await subsonic('deleteUser', { username: 'ann' }),
      await subsonic('changePassword', { username: 'admin', password: 'evening-star' }),
      await subsonic('changePassword.view', { username: 'ann', password: 'evening-star' }),
    ],
    ['ok', 50, 50, 50, 50, 50],
  )
  assert.deepEqual(accounts(), before)
  assert.equal(server.core.accounts.listApiKeys(admin.id).length, 1)
})
