import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTestHost, type InjectRequest, type TestHost } from 'tonearm/plugin/testing'
import plugin from '../plugin.ts'

type Json = Readonly<Record<string, unknown>>

async function startHost() {
  const host = await createTestHost({
    library: 'acl',
    users: ['alice', { name: 'bob', libraries: ['Open'] }],
  })
  await host.load(plugin)
  return host
}

const ask = async (host: TestHost, request: InjectRequest | string) => {
  const reply = await host.inject(typeof request === 'string' ? { url: request, user: 'admin' } : request)
  return { status: reply.status, headers: reply.headers, body: (reply.body === '' ? undefined : reply.json()) as never }
}

test('libraries are listed with the names of both worlds, to administrators only', async () => {
  await using host = await startHost()
  const { status, headers, body } = await ask(host, '/api/library')
  assert.equal(status, 200)
  assert.equal(headers['x-total-count'], '2')
  const [open] = body as Json[]
  assert.equal(open?.name, 'Open')
  assert.equal(open?.songCount, 4)
  assert.equal(open?.totalSongs, 4)
  assert.equal(Math.floor(Number(open?.duration)), 720)
  assert.equal(open?.scanActive, false)
  assert.equal(open?.lastScanTime, open?.lastScanAt)
  assert.ok(!Number.isNaN(Date.parse(String(open?.createdAt))))
  assert.deepEqual(open?.scanOptions, { recursive: true, followSymlinks: true, excludePatterns: [] })
  assert.equal((await ask(host, { url: '/api/library', user: 'alice' })).status, 403)
  assert.equal((await ask(host, { url: '/api/library' })).status, 401)
  assert.equal((await ask(host, '/api/library/99')).status, 404)
  assert.equal(((await ask(host, `/api/library/${host.library('Closed')}`)).body as Json).name, 'Closed')
})

test('lists follow the conventions of the native API', async () => {
  await using host = await startHost()
  const names = async (query: string) => {
    const { headers, body } = await ask(host, `/api/library?${query}`)
    return [(body as Json[]).map(({ name }) => name), headers['x-total-count']]
  }
  assert.deepEqual(await names('_sort=name&_order=ASC&_start=0&_end=1'), [['Closed'], '2'])
  assert.deepEqual(await names('_sort=song_count&_order=DESC'), [['Open', 'Closed'], '2'])
  assert.deepEqual(await names('_start=1&_end=1'), [[], '2'])
  assert.deepEqual(await names('name=clo'), [['Closed'], '1'])
  assert.deepEqual(await names(`_filters=${encodeURIComponent('{"name":"op","nonsense":1}')}`), [['Open'], '1'])
  assert.deepEqual(await names(`id=${host.library('Open')}&id=${host.library('Closed')}`), [['Open', 'Closed'], '2'])
  assert.deepEqual(await names('_sort=nonsense&_filters=broken&_end=x'), [['Open', 'Closed'], '2'])
  for (const list of ['library', 'user', 'missing', `user/${host.user('bob')}/library`])
    for (const sort of ['constructor', '__proto__', 'id;--']) {
      const { status, headers } = await ask(host, `/api/${list}?_sort=${sort}&_start=-1&_end=${'9'.repeat(25)}`)
      assert.deepEqual([status, typeof headers['x-total-count']], [200, 'string'], `${list} by ${sort}`)
    }
})

test('a library is made, scanned, changed and removed, and its files stay', async (t) => {
  await using host = await startHost()
  const folder = mkdtempSync(join(tmpdir(), 'tonearm-more-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'note.txt'), 'stays')
  const made = await ask(host, {
    url: '/api/library',
    user: 'admin',
    body: { name: 'More', path: folder, scanOptions: { recursive: false, excludePatterns: ['*.tmp', ' '] } },
  })
  assert.equal(made.status, 200, JSON.stringify(made.body))
  const { id, scanOptions } = made.body as Json
  assert.deepEqual(scanOptions, { recursive: false, followSymlinks: true, excludePatterns: ['*.tmp'] })
  const changed = await ask(host, { method: 'PUT', url: `/api/library/${id}`, user: 'admin', body: { name: 'Less' } })
  assert.equal((changed.body as Json).name, 'Less')
  assert.deepEqual((changed.body as Json).scanOptions, scanOptions)
  assert.deepEqual((await ask(host, { method: 'DELETE', url: `/api/library/${id}`, user: 'admin' })).body, {})
  assert.equal((await ask(host, `/api/library/${id}`)).status, 404)
  assert.ok(existsSync(join(folder, 'note.txt')))
})

test('a library that makes no sense is refused with the field that is wrong', async (t) => {
  await using host = await startHost()
  const folder = mkdtempSync(join(tmpdir(), 'tonearm-more-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const { path: open } = (await ask(host, `/api/library/${host.library('Open')}`)).body as { path: string }
  writeFileSync(join(folder, 'file'), '')
  symlinkSync(open, join(folder, 'link'))
  const refused = async (input: Json) => {
    const { status, body } = await ask(host, { url: '/api/library', user: 'admin', body: input })
    const { errors, error } = body as { errors: Json; error: string }
    assert.ok(!error.includes(folder) && !error.includes(open), 'a path in the message')
    return [status, errors]
  }
  const path = (code: string) => [400, { path: `resources.library.validation.${code}` }]
  assert.deepEqual(await refused({ name: 'A' }), [400, { path: 'ra.validation.required' }])
  assert.deepEqual(await refused({ path: folder }), [400, { name: 'ra.validation.required' }])
  assert.deepEqual(await refused({ name: 'A', path: join(folder, 'none') }), path('pathNotFound'))
  assert.deepEqual(await refused({ name: 'A', path: 'relative' }), path('pathInvalid'))
  assert.deepEqual(await refused({ name: 'A', path: join(folder, 'file') }), path('pathNotDirectory'))
  assert.deepEqual(await refused({ name: 'A', path: join(open, 'Ann') }), path('pathInOtherLibrary'))
  for (const taken of [`${open}/`, `${open}/Ann/..`, join(open, '..'), '/', `${folder}/link/`])
    assert.deepEqual(await refused({ name: 'A', path: taken }), path('pathInOtherLibrary'), taken)
  if (process.getuid?.() !== 0) {
    mkdirSync(join(folder, 'shut'), { mode: 0o000 })
    assert.deepEqual(await refused({ name: 'A', path: join(folder, 'shut') }), path('pathNotAccessible'))
  }
  const scanOptions = (options: object) => refused({ name: 'A', path: folder, scanOptions: options })
  assert.deepEqual(await scanOptions([]), [400, { scanOptions: 'ra.validation.invalid' }])
  assert.deepEqual(await scanOptions({ recursive: 1 }), [400, { recursive: 'ra.validation.invalid' }])
  assert.deepEqual(await scanOptions({ excludePatterns: 'x' }), [400, { excludePatterns: 'ra.validation.invalid' }])
  assert.deepEqual(await scanOptions({ excludePatterns: ['a\nb'] }), [400, { scanOptions: 'ra.validation.invalid' }])
  assert.deepEqual(await refused({ name: 'A', path: join(folder, 'link') }), path('pathInOtherLibrary'))
  assert.deepEqual(await refused({ name: 'Open', path: folder }), [400, { name: 'ra.validation.unique' }])
  assert.deepEqual(await refused({ name: 1, path: folder }), [400, { name: 'ra.validation.invalid' }])
  assert.equal((await ask(host, { url: '/api/library', user: 'admin', body: '[]' })).status, 422)
  assert.equal((await ask(host, { url: '/api/library', user: 'admin', body: '{' })).status, 422)
})

test('what the configuration says of a library is not changed here, what it does not say is', async () => {
  await using host = await startHost()
  const url = `/api/library/${host.library('Open')}`
  const before = (await ask(host, url)).body as Json
  assert.equal((await ask(host, { method: 'DELETE', url, user: 'admin' })).status, 409)
  assert.equal((await ask(host, { method: 'PUT', url, user: 'admin', body: { ...before, name: 'Other' } })).status, 409)
  const changed = await ask(host, { method: 'PUT', url, user: 'admin', body: { ...before, defaultNewUsers: false } })
  assert.equal((changed.body as Json).defaultNewUsers, false)
  await ask(host, { url: '/api/user', user: 'admin', body: { userName: 'new', password: 'p' } })
  const { libraries } = (await ask(host, { url: `/api/user/${host.user('new')}`, user: 'new' })).body as {
    libraries: Json[]
  }
  assert.deepEqual(
    libraries.map(({ name }) => name),
    ['Closed'],
  )
})

test('a user reads and edits self and nobody else, never names and rights', async () => {
  await using host = await startHost()
  const self = `/api/user/${host.user('bob')}`
  const me = (await ask(host, { url: self, user: 'bob' })).body as Json
  assert.deepEqual([me.userName, me.scrobbleFilter], ['bob', ''])
  assert.deepEqual(me.libraries, [{ id: host.library('Open'), name: 'Open', path: '' }])
  assert.equal((await ask(host, { url: `/api/user/${host.user('alice')}`, user: 'bob' })).status, 403)
  assert.equal((await ask(host, { url: '/api/user', user: 'bob' })).status, 403)
  assert.equal((await ask(host, { method: 'DELETE', url: self, user: 'bob' })).status, 403)
  const put = (body: Json) => ask(host, { method: 'PUT', url: self, user: 'bob', body })
  assert.equal((await put({ ...me, isAdmin: true })).status, 403)
  assert.equal((await put({ ...me, roles: ['share'] })).status, 403)
  assert.equal((await put({ ...me, userName: 'robert' })).status, 403)
  assert.equal((await put({ libraryIds: [host.library('Closed')] })).status, 403)
  const renamed = await put({ ...me, name: 'Robert', email: 'bob@example.org' })
  assert.deepEqual(
    [renamed.status, (renamed.body as Json).name, (renamed.body as Json).email],
    [200, 'Robert', 'bob@example.org'],
  )
  assert.deepEqual((await put({ password: 'new' })).body, {
    error: 'Give the current password.',
    errors: { currentPassword: 'ra.validation.required' },
  })
  assert.equal((await put({ password: 'new', currentPassword: 'wrong' })).status, 400)
  assert.equal((await put({ password: 'new', currentPassword: 'bob-pass' })).status, 200)
  const login = (password: string) => ask(host, { url: '/auth/login', body: { username: 'bob', password } })
  assert.deepEqual([(await login('bob-pass')).status, (await login('new')).status], [401, 200])
  // A new password ends all sessions, this one too: then no token goes with the answer that is worth nothing.
  const bearer = async () => ({ authorization: `Bearer ${((await login('new')).body as Json).token}` })
  const [here, there] = [await bearer(), await bearer()]
  const body = { password: 'newer', currentPassword: 'new' }
  const named = await ask(host, { method: 'PUT', url: self, headers: here, body: { name: 'Bobby' } })
  assert.ok(named.headers['x-nd-authorization'])
  const last = await ask(host, { method: 'PUT', url: self, headers: here, body })
  assert.deepEqual([last.status, last.headers['x-nd-authorization']], [200, undefined])
  for (const headers of [here, there]) assert.equal((await ask(host, { url: self, headers })).status, 401)
})

test('administrators make, change and delete users; the last administrator stays', async () => {
  await using host = await startHost()
  const made = await ask(host, {
    url: '/api/user',
    user: 'admin',
    body: { userName: 'Carol', name: 'Carol C', password: 'pass', isAdmin: false },
  })
  assert.equal(made.status, 200)
  const { id } = made.body as { id: string }
  assert.ok(!JSON.stringify(made.body).includes('pass'))
  const taken = await ask(host, { url: '/api/user', user: 'admin', body: { userName: 'carol', password: 'x' } })
  assert.deepEqual([taken.status, (taken.body as Json).errors], [400, { userName: 'ra.validation.unique' }])
  const admin = { method: 'PUT', url: `/api/user/${host.user('admin')}`, user: 'admin', body: { isAdmin: false } }
  assert.equal((await ask(host, admin)).status, 409)
  assert.equal((await ask(host, { method: 'DELETE', url: admin.url, user: 'admin' })).status, 409)
  assert.equal((await ask(host, { method: 'DELETE', url: `/api/user/${id}`, user: 'admin' })).status, 200)
  assert.equal((await ask(host, `/api/user/${id}`)).status, 404)
  assert.equal((await ask(host, '/api/user')).headers['x-total-count'], '3')
})

test('an account that makes no sense is refused with the field that is wrong', async () => {
  await using host = await startHost()
  const good = { userName: 'carol', password: 'pass' }
  const errors = async (body: Json, request: object = { url: '/api/user' }) => {
    const { status, body: answer } = await ask(host, { ...request, user: 'admin', body } as InjectRequest)
    assert.equal(status, 400, JSON.stringify(body))
    return (answer as { errors?: Json }).errors
  }
  const invalid = 'ra.validation.invalid'
  assert.deepEqual(await errors({ ...good, userName: 'x'.repeat(65) }), { userName: invalid })
  assert.deepEqual(await errors({ ...good, userName: 'car\u200bol' }), { userName: invalid })
  assert.deepEqual(await errors({ ...good, userName: 'ALICE' }), { userName: 'ra.validation.unique' })
  assert.deepEqual(await errors({ ...good, password: 'x'.repeat(1025) }), { password: invalid })
  assert.deepEqual(await errors({ ...good, name: 'two\nlines' }), { name: invalid })
  assert.deepEqual(await errors({ ...good, email: 'e'.repeat(300) }), { email: invalid })
  assert.deepEqual(await errors({ ...good, roles: ['king'] }), { roles: invalid })
  assert.deepEqual(await errors({ ...good, maxBitRate: -1 }), { maxBitRate: invalid })
  assert.deepEqual(await errors({ ...good, libraryIds: [99] }), { libraryIds: invalid })
  assert.deepEqual(await errors({ ...good, libraryIds: [] }), { libraryIds: 'ra.validation.required' })
  const bob = { method: 'PUT', url: `/api/user/${host.user('bob')}` }
  assert.deepEqual(await errors({ userName: 'Alice' }, bob), { userName: 'ra.validation.unique' })
  assert.deepEqual(await errors({ libraryIds: [99] }, bob), { libraryIds: invalid })
  assert.deepEqual(await errors({ libraryIds: [] }, bob), { libraryIds: 'ra.validation.required' })
  assert.equal((await ask(host, '/api/user')).headers['x-total-count'], '3')
})

test('names of every script log in, and look like themselves', async () => {
  await using host = await startHost()
  for (const name of [
    'Ünïcødé',
    'Жанна',
    '太郎',
    'مريم',
    'ไทย',
    'हिन्दी',
    '😀',
    'a b',
    "o'neil; --",
    'a/"<b>',
    '..',
    '%41',
  ]) {
    const made = await ask(host, { url: '/api/user', user: 'admin', body: { userName: name, password: 'pässwörd' } })
    assert.equal((made.body as Json).userName, name)
    const login = await ask(host, { url: '/auth/login', body: { username: name, password: 'pässwörd' } })
    assert.deepEqual([login.status, (login.body as Json).username], [200, name])
  }
})

test('library grants are read and set by administrators only, and count from the next request on', async () => {
  await using host = await startHost()
  const [open, closed] = [host.library('Open'), host.library('Closed')]
  const url = `/api/user/${host.user('bob')}/library`
  const rows = async () => ((await ask(host, url)).body as Json[]).map(({ id, hasAccess }) => [id, hasAccess])
  assert.deepEqual(await rows(), [
    [open, true],
    [closed, false],
  ])
  assert.equal((await ask(host, { url })).status, 401)
  assert.equal((await ask(host, { url, user: 'bob' })).status, 403)
  const put = (libraryIds: unknown, user = 'bob') =>
    ask(host, {
      method: 'PUT',
      url: `/api/user/${host.user(user)}/library`,
      user: 'admin',
      body: { libraryIds },
    })
  assert.equal((await put([])).status, 400)
  assert.equal((await put([open, 99])).status, 400)
  assert.equal((await put([open], 'admin')).status, 400)
  assert.equal((await ask(host, { method: 'PUT', url: '/api/user/uzz/library', user: 'admin', body: {} })).status, 404)
  assert.equal(((await host.subsonic('getSong', { id: host.track('Closed One') }, 'bob')).error as Json).code, 70)
  const set = await put([String(closed)])
  assert.deepEqual(
    (set.body as Json[]).map(({ hasAccess }) => hasAccess),
    [false, true],
  )
  assert.equal((await host.subsonic('getSong', { id: host.track('Closed One') }, 'bob')).status, 'ok')
  assert.equal(((await host.subsonic('getSong', { id: host.track('Open One') }, 'bob')).error as Json).code, 70)
})

test('rules hide folders, genres and explicit songs from the next request on', async () => {
  await using host = await startHost()
  const url = `/api/user/${host.user('alice')}/access`
  const put = (body: Json) => ask(host, { method: 'PUT', url, user: 'admin', body })
  const titles = async () => {
    const { searchResult3 } = await host.subsonic('search3', { query: '', artistCount: 0, albumCount: 0 }, 'alice')
    return ((searchResult3 as { song?: Json[] }).song ?? []).map(({ title }) => title).sort()
  }
  const all = ['Closed Duet', 'Closed One', 'Open Explicit', 'Open Jazz', 'Open One', 'Open Secret']
  const without = (...hidden: string[]) => all.filter((title) => !hidden.includes(title))
  assert.deepEqual(await titles(), all)
  const libraryId = host.library('Open')
  await put({ denyFolders: [{ libraryId, path: 'Secret/' }] })
  assert.deepEqual(await titles(), without('Open Secret'))
  await put({ denyGenres: ['jazz'] })
  assert.deepEqual(await titles(), without('Open Secret', 'Open Jazz'))
  const set = await put({ denyExplicit: true, denyFolders: [], download: false, share: true })
  assert.deepEqual(set.body, {
    id: host.user('alice'),
    denyFolders: [],
    denyGenres: ['jazz'],
    denyExplicit: true,
    download: false,
    share: true,
    jukebox: false,
  })
  assert.deepEqual(await titles(), without('Open Explicit', 'Open Jazz'))
  assert.equal(((await host.subsonic('download', { id: host.track('Open One') }, 'alice')).error as Json).code, 50)
  await put({ denyFolders: [{ libraryId, path: '' }] })
  assert.deepEqual(await titles(), ['Closed Duet', 'Closed One'])
  await put({ denyFolders: [], denyGenres: [], denyExplicit: false })
  assert.deepEqual(await titles(), all)
  assert.equal((await put({ denyFolders: [{ libraryId, path: '../x' }] })).status, 400)
  assert.equal((await put({ denyFolders: [{ libraryId: 99, path: 'x' }] })).status, 400)
  assert.equal((await put({ denyGenres: 'Jazz' })).status, 400)
  assert.equal((await ask(host, { url, user: 'alice' })).status, 403)
  const ofAdmin = { method: 'PUT', url: `/api/user/${host.user('admin')}/access`, user: 'admin', body: {} }
  assert.equal((await ask(host, ofAdmin)).status, 400)
})

test('without the plugin users with rules see nothing, others as before, until it is back or its rules are lifted', async () => {
  await using host = await createTestHost({ library: 'acl', users: ['alice', 'bob'] })
  const loaded = await host.load(plugin)
  const songs = async (user: string) => {
    const { searchResult3 } = await host.subsonic('search3', { query: '', artistCount: 0, albumCount: 0 }, user)
    return ((searchResult3 as { song?: Json[] }).song ?? []).length
  }
  const url = `/api/user/${host.user('alice')}/access`
  await ask(host, { method: 'PUT', url, user: 'admin', body: { denyExplicit: true } })
  assert.deepEqual([await songs('alice'), await songs('bob')], [5, 6])
  await loaded.reload()
  assert.deepEqual([await songs('alice'), await songs('bob')], [5, 6])
  await loaded.unload()
  assert.deepEqual([await songs('alice'), await songs('bob'), await songs('admin')], [0, 6, 6])
  assert.ok(host.logged.some(({ level, fields }) => level === 'warn' && fields.plugin === 'library-acl'))
  await host.load(plugin)
  assert.equal(await songs('alice'), 5)
  assert.equal((await ask(host, { method: 'DELETE', url: '/api/access-guard/library-acl', user: 'admin' })).status, 409)
  await host.assertNoLeaks('library-acl')
  assert.equal(await songs('alice'), 0)
  assert.equal((await ask(host, { method: 'DELETE', url: '/api/access-guard/library-acl', user: 'alice' })).status, 403)
  assert.equal((await ask(host, { method: 'DELETE', url: '/api/access-guard/library-acl', user: 'admin' })).status, 200)
  assert.equal(await songs('alice'), 6)
})

test('the settings are shown to administrators, and the tags of a file as they are', async () => {
  await using host = await startHost()
  assert.equal(((await ask(host, '/api/config/config')).body as Json).id, 'config')
  assert.equal((await ask(host, { url: '/api/config/config', user: 'alice' })).status, 403)
  const inspected = (await ask(host, `/api/inspect?id=${host.track('Open One')}`)).body as Json
  assert.match(String(inspected.file), /Open One\.flac$/)
  assert.deepEqual((inspected.rawTags as Json).title, ['Open One'])
  assert.equal((await ask(host, '/api/inspect')).status, 400)
  assert.equal((await ask(host, '/api/inspect?id=s9999')).status, 404)
  assert.equal((await ask(host, { url: '/api/inspect?id=s1', user: 'alice' })).status, 403)
})

test('files are inspected one at a time while ten wait, and no more', async () => {
  await using host = await startHost()
  const url = `/api/inspect?id=${host.track('Open One')}`
  const replies = await Promise.all(Array.from({ length: 30 }, () => ask(host, url)))
  const busy = replies.filter(({ status }) => status === 429)
  assert.ok(busy.length > 0)
  for (const { headers } of busy) assert.equal(headers['retry-after'], '2')
  const read = replies.filter(({ status }) => status === 200)
  // One more for each that was done before the last had come.
  assert.ok(read.length >= 11, `${read.length} were read`)
  assert.equal(read.length + busy.length, 30)
  assert.equal((await ask(host, url)).status, 200)
})
