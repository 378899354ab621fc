import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeId } from '../../src/base/ids.ts'
import { createPluginRoom } from '../../src/plugin/host/plugin-room.ts'
import { type PluginFiles, writePlugin } from '../support/plugin-folder.ts'
import { type PluginTestOptions, type PluginTestServer, startPluginRoom } from '../support/plugin-room.ts'

const PERMISSIONS = ['access:scope', 'access:stream', 'routes', 'routes:public']
const LOGIN = { u: 'anna', p: 'anna-pass', v: '1.16.1', c: 'test' }

/** Hides every library but the first, and lets nobody hear what is hidden. */
const GATE: PluginFiles = {
  permissions: PERMISSIONS,
  setup: `ctx.hooks.on('access.scope', async () => { await null; return { libraries: [1] } })
    ctx.hooks.on('stream.authorize', () => ({ allow: true }))`,
}
const gate = (answer: string): PluginFiles => ({
  permissions: PERMISSIONS,
  version: '2.0.0',
  setup: `ctx.hooks.on('access.scope', ${answer}, { timeoutMs: 60 }); ctx.hooks.on('stream.authorize', ${answer}, { timeoutMs: 60 })`,
})

const song = (title: string, artist: string) => ({ title, artist, album: `${artist} Album`, genre: `${artist} Genre` })
const OPTIONS: PluginTestOptions = {
  libraries: {
    Open: { 'Seen/Album/01.mp3': song('Seen Song', 'Seen'), 'Seen/Album/02.mp3': song('Seen Other', 'Seen') },
    Closed: {
      'Hidden/Album/01.mp3': song('Hidden Song', 'Hidden'),
      'Hidden/Album/02.mp3': song('Hidden Other', 'Hidden'),
    },
  },
  users: [{ name: 'anna', password: 'anna-pass', libraries: ['Open', 'Closed'] }],
}

/** What ends a session, or changes what is asked for. */
const NOT_ASKED = new Set(['startscan', 'createuser', 'updateuser', 'deleteuser', 'changepassword'])

/** Asks everything of everything hidden, in both forms. @returns the bodies in which anything hidden stands. */
async function leaks(server: PluginTestServer): Promise<readonly string[]> {
  const { db } = server.core
  const keys = (table: 'song' | 'album' | 'artist') =>
    db
      .all<{ id: number }>(
        table === 'song'
          ? 'SELECT id FROM song WHERE library_id = 2'
          : `SELECT DISTINCT ${table}_id AS id FROM song WHERE library_id = 2`,
      )
      .map(({ id }) => encodeId(table, id as never))
  const hidden = [...keys('song'), ...keys('album'), ...keys('artist')]
  const found: string[] = []
  const targets = [...hidden, '']
  const endpoints = server.subsonic.endpoints().filter(({ name }) => !NOT_ASKED.has(name.toLowerCase()))
  for (const { name } of endpoints) {
    for (const id of targets) {
      for (const f of ['json', 'xml']) {
        const query = new URLSearchParams({
          ...LOGIN,
          f,
          query: 'Hidden',
          artist: 'Hidden',
          title: 'Hidden Song',
          genre: 'Hidden Genre',
          type: 'newest',
          size: '50',
          count: '50',
          ...(id === '' ? {} : { id, albumId: id, artistId: id, songId: id }),
        })
        const answer = await server.get(`/rest/${name}?${query}`)
        const body = await answer.text()
        // What was asked for may be named in a refusal.
        const without = id === '' ? body : body.replaceAll(id, '')
        const shown =
          hidden.some((one) => new RegExp(`"${one}"`).test(without)) || /Hidden (Song|Other|Album)/.test(without)
        const bytes = !/json|xml/.test(answer.headers.get('content-type') ?? '') && answer.status === 200 && id !== ''
        if (shown || bytes)
          found.push(`${name} ${id} ${f}: ${answer.headers.get('content-type')} ${body.slice(0, 200)}`)
      }
    }
  }
  return found
}

async function albums(server: PluginTestServer): Promise<readonly string[]> {
  const query = new URLSearchParams({ ...LOGIN, f: 'json', type: 'alphabeticalByName', size: '50' })
  const body = (await (await server.get(`/rest/getAlbumList2?${query}`)).json()) as {
    'subsonic-response': { albumList2?: { album?: readonly { name: string }[] } }
  }
  return (body['subsonic-response'].albumList2?.album ?? []).map(({ name }) => name)
}

test('without the plugin all is seen, with it nothing hidden is, at any endpoint', async (t) => {
  const server = await startPluginRoom(t, OPTIONS)
  assert.deepEqual(await albums(server), ['Hidden Album', 'Seen Album'])
  assert.notEqual((await leaks(server)).length, 0)
  await server.install('acl', GATE)
  assert.deepEqual(await albums(server), ['Seen Album'])
  assert.deepEqual(await leaks(server), [])
})

test('nothing hidden is seen while it reloads', async (t) => {
  const server = await startPluginRoom(t, OPTIONS)
  await server.install('acl', GATE)
  let asking = true
  let reloads = 0
  const reloading = (async () => {
    while (asking) {
      await server.host.reload('acl')
      reloads++
    }
  })()
  assert.deepEqual(await leaks(server), [])
  asking = false
  await reloading
  assert.ok(reloads > 10, `${reloads} reloads`)
})

const FAILURES: Readonly<Record<string, PluginFiles>> = {
  throws: gate(`() => { throw new Error('broken') }`),
  rejects: gate(`async () => { throw new Error('broken') }`),
  'does not answer': gate(`() => new Promise(() => {})`),
  'answers nonsense': gate(`() => ({ libraries: 'all', deny: { genre: ['misspelt'] } })`),
  'denies by a wrong id': gate(`() => ({ libraries: 'all', deny: { ids: ['nothing'] } })`),
}
for (const [how, files] of Object.entries(FAILURES))
  test(`nothing at all is seen or heard while it ${how}`, async (t) => {
    const server = await startPluginRoom(t, OPTIONS)
    await server.install('acl', files)
    assert.deepEqual(await albums(server), [])
    assert.deepEqual(await leaks(server), [])
  })

test('nothing at all is seen when it has failed, and as before when an administrator switches it off', async (t) => {
  const server = await startPluginRoom(t, OPTIONS)
  await server.install('acl', GATE)
  for (let n = 0; n < 5; n++) {
    const error = new Error('stray')
    error.stack = 'Error: stray\n    at here (plugin:acl@1.0.0:3:4)'
    server.host.attribute(error)
  }
  const end = performance.now() + 3000
  while (server.host.find('acl')?.state !== 'failed' && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(server.host.find('acl')?.state, 'failed')
  assert.deepEqual(await albums(server), [])
  assert.deepEqual(await leaks(server), [])
  await server.host.setEnabled('acl', false)
  assert.deepEqual(await albums(server), ['Hidden Album', 'Seen Album'])
})

test('nothing is seen when it is required and missing, broken from the start, or waits for its rights', async (t) => {
  const settings = { 'plugins.required': '["acl"]' }
  const server = await startPluginRoom(t, { ...OPTIONS, settings, origin: 'data' })
  assert.deepEqual(await albums(server), [])
  assert.deepEqual(await leaks(server), [])
  await server.install('acl', { ...GATE, setup: `throw new Error('no')` })
  assert.deepEqual(await albums(server), [])
  await server.host.grant('acl', PERMISSIONS)
  assert.equal(server.host.find('acl')?.state, 'failed')
  assert.deepEqual(await albums(server), [])
  await server.install('acl', { ...GATE, version: '1.0.1' })
  assert.deepEqual(await albums(server), ['Seen Album'])
})

test('nothing is seen after a restart until it runs, nor when its folder can not be read', async (t) => {
  const server = await startPluginRoom(t, OPTIONS)
  await server.install('acl', GATE)
  await server.room.stop()
  assert.deepEqual(await albums(server), [], 'while the server stops')
  writePlugin(server.folder, 'acl', { ...GATE, setup: `await new Promise((r) => setTimeout(r, 300)); ${GATE.setup}` })
  const room = createPluginRoom(server.core, {
    coreRoutes: [],
    swapRoutes: (routes) => server.server.swapRoutes(routes),
    folders: [{ path: server.folder, origin: 'installed', watch: false }],
  })
  const started = room.start()
  assert.deepEqual(await albums(server), [], 'before it has started')
  await started
  assert.deepEqual(await albums(server), ['Seen Album'])
  await room.stop()

  writePlugin(server.folder, 'acl', { ...GATE, files: { 'plugin.json': 'broken' } })
  const again = createPluginRoom(server.core, {
    coreRoutes: [],
    swapRoutes: (routes) => server.server.swapRoutes(routes),
    folders: [{ path: server.folder, origin: 'installed', watch: false }],
  })
  await again.start()
  assert.deepEqual(await albums(server), [], 'with a broken folder')
  await again.stop()
})

test('nothing is seen while the folder of a gate is replaced, however slowly', async (t) => {
  const server = await startPluginRoom(t, OPTIONS)
  await server.install('acl', GATE)
  const { renameSync } = await import('node:fs')
  renameSync(`${server.folder}/acl`, `${server.folder}/.away`)
  const looking = server.plugins.rescan()
  // Before anybody has looked the gate serves on, after that nothing is seen; never more than it shows.
  assert.ok((await albums(server)).every((name) => name === 'Seen Album'))
  await looking
  assert.deepEqual(await albums(server), [], 'while it is away')
  renameSync(`${server.folder}/.away`, `${server.folder}/acl`)
  await server.plugins.rescan()
  assert.deepEqual(await albums(server), ['Seen Album'])
})
