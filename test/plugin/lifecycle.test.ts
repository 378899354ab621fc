import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PluginContext } from '../../src/plugin/api/plugin-api.ts'
import { gate as promiseGate } from '../support/hooks.ts'
import type { PluginFiles } from '../support/plugin-folder.ts'
import { ADMIN_LOGIN, startPluginRoom } from '../support/plugin-room.ts'

const PUBLIC = ['routes', 'routes:public', 'routes:root'] as const
const answering = (version: string, rest: Partial<PluginFiles> = {}): PluginFiles => ({
  version,
  permissions: [...PUBLIC],
  setup: `ctx.routes.get('/version', () => ({ kind: 'text', body: VERSION }), { auth: 'public' })`,
  ...rest,
})
const textOf = async (answer: Promise<Response>) => (await answer).text()

describe('a broken new version leaves the old one serving', () => {
  const broken: Readonly<Record<string, PluginFiles>> = {
    'a syntax error': answering('2.0.0', { code: 'module.exports = {' }),
    'a throw at the top': answering('2.0.0', { code: 'throw new Error("no")' }),
    'an endless loop at the top': answering('2.0.0', { code: 'for (;;);' }),
    'no definition': answering('2.0.0', { code: 'module.exports = 5' }),
    'a failing set-up': answering('2.0.0', { setup: `throw new Error('not today')` }),
    'a set-up that rejects later': answering('2.0.0', { setup: `await null; throw new Error('not today')` }),
    'an endless loop in set-up': answering('2.0.0', { setup: `for (;;) ctx.log.info('again')` }),
    'a failing migration': answering('2.0.0', {
      permissions: [...PUBLIC, 'db'],
      migrations: [{ up: ['CREATE TABLE probe_a (a)', 'CREATE TABLE user (a)'] }],
    }),
    'a failing breaking migration': answering('2.0.0', {
      permissions: [...PUBLIC, 'db'],
      migrations: [{ up: ['CREATE TABLE probe_a (a)', 'NONSENSE'], breaking: true }],
    }),
    'a permission that its manifest does not tell': answering('2.0.0', {
      code: `module.exports = { name: 'probe', apiVersion: '1.0', permissions: ['db'], setup() {} }`,
    }),
    'another name in the code': answering('2.0.0', {
      code: `module.exports = { name: 'other', apiVersion: '1.0', setup() {} }`,
    }),
    'a configuration that does not fit any more': answering('2.0.0', {
      config: { type: 'object', properties: { size: { type: 'number' } }, required: ['size'] },
    }),
    'a manifest that is none': answering('2.0.0', { files: { 'plugin.json': '{"name": "probe"' } }),
    'a bundle that is missing': answering('2.0.0', { files: { 'plugin.json': manifest({ main: 'absent.js' }) } }),
  }
  for (const [what, files] of Object.entries(broken))
    test(what, async (t) => {
      const server = await startPluginRoom(t)
      await server.install('probe', answering('1.0.0'))
      const started = performance.now()
      const info = await server.install('probe', files)
      assert.ok(performance.now() - started < 8000)
      assert.equal(await textOf(server.get('/plugins/probe/version')), '1.0.0')
      assert.equal(info?.state, 'active')
      assert.notEqual(info?.lastError, '')
      const tables = server.core.db.all(`SELECT name FROM sqlite_schema WHERE name LIKE 'probe%'`)
      assert.deepEqual(tables, [])
      await server.install('probe', answering('3.0.0'))
      assert.equal(await textOf(server.get('/plugins/probe/version')), '3.0.0')
      assert.equal(server.plugins.find('probe')?.lastError, '')
    })

  test('a version for a newer API takes the old one out, since its manifest says that it can not run', async (t) => {
    const server = await startPluginRoom(t)
    await server.install('probe', answering('1.0.0'))
    const info = await server.install('probe', answering('2.0.0', { apiVersion: '9.0' }))
    assert.equal(info?.state, 'incompatible')
  })
})

function manifest(changes: object): string {
  return JSON.stringify({
    name: 'probe',
    version: '2.0.0',
    apiVersion: '1.0',
    permissions: [],
    main: 'plugin.js',
    ...changes,
  })
}

describe('a plugin that should run and does not', () => {
  test('answers 503 with Retry-After at all its addresses, and 404 when it is switched off', async (t) => {
    const server = await startPluginRoom(t)
    const setup = `
      ctx.routes.get('/version', () => ({ kind: 'text', body: VERSION }), { auth: 'public' })
      ctx.routes.get('/shared/:id', () => ({ kind: 'text', body: VERSION }), { auth: 'public', root: true })
      ctx.subsonic.endpoint('getProbe', () => ({ probe: { version: VERSION } }))`
    const files = answering('1.0.0', { setup, permissions: [...PUBLIC, 'subsonic'] })
    await server.install('probe', files)
    const { host } = server
    const paths = ['/plugins/probe/version', '/plugins/probe/anything/else', '/plugins/probe', '/shared/5']
    assert.equal(await textOf(server.get('/shared/5')), '1.0.0')
    const endpoint = () => textOf(server.get('/rest/getProbe?u=admin&p=admin-pass&v=1.16.1&c=test&f=json'))
    assert.match(await endpoint(), /"version":"1.0.0"/)

    // Five failures open its breaker.
    for (let n = 0; n < 5; n++) host.attribute(await stackOf('probe'))
    await until(() => host.find('probe')?.state === 'failed')
    for (const path of paths) {
      const answer = await server.get(path)
      assert.equal(answer.status, 503, path)
      assert.equal(answer.headers.get('retry-after'), '2')
    }
    assert.match(await endpoint(), /not running now/)
    assert.notEqual(host.find('probe')?.retryAt, null)

    await host.reload('probe')
    assert.equal(await textOf(server.get('/shared/5')), '1.0.0')
    await host.setEnabled('probe', false)
    for (const path of paths) assert.equal((await server.get(path)).status, 404, path)
    await host.setEnabled('probe', true)
    assert.equal(await textOf(server.get('/shared/5')), '1.0.0')
  })

  test('keeps its addresses over a restart until it runs', async (t) => {
    const server = await startPluginRoom(t)
    const setup = `ctx.routes.get('/shared', () => ({ kind: 'text', body: VERSION }), { auth: 'public', root: true })`
    await server.install('probe', answering('1.0.0', { setup }))
    await server.room.stop()
    const { core } = server
    const { createPluginRoom } = await import('../../src/plugin/host/plugin-room.ts')
    const room = createPluginRoom(core, {
      coreRoutes: [],
      swapRoutes: (routes) => server.server.swapRoutes(routes),
      folders: [{ path: server.folder, origin: 'installed', watch: false }],
    })
    const started = room.start()
    assert.equal((await server.get('/shared')).status, 503)
    await started
    assert.equal(await textOf(server.get('/shared')), '1.0.0')
    await room.stop()
  })
})

describe('a breaking migration', () => {
  const first = answering('1.0.0', {
    permissions: [...PUBLIC, 'db', 'access:stream'],
    migrations: [{ up: ['CREATE TABLE probe_item (a)'] }],
    setup: `ctx.routes.get('/version', () => ({ kind: 'text', body: VERSION }), { auth: 'public' })
      ctx.hooks.on('stream.authorize', () => ({ allow: true }))`,
  })
  const breaking = { up: ['DROP TABLE probe_item', 'CREATE TABLE probe_thing (b)'], breaking: true }

  test('takes the old version out first, with its gates shut, and lets its calls end', async (t) => {
    const server = await startPluginRoom(t)
    const { db } = server.core
    await server.install('probe', {
      ...first,
      drainMs: 60_000,
      setup: `${first.setup}
      ctx.routes.get('/slow', async () => {
        await ctx.db.run("INSERT INTO probe_item VALUES ('begun')")
        while (!(await ctx.db.get("SELECT a FROM probe_item WHERE a = 'go on'"))) await new Promise((r) => setTimeout(r, 10))
        return { kind: 'text', body: VERSION }
      }, { auth: 'public', timeoutMs: 60_000 })`,
    })
    const slow = textOf(server.get('/plugins/probe/slow'))
    await until(() => db.get('SELECT a FROM probe_item') !== undefined)
    const installing = server.install('probe', {
      ...first,
      version: '2.0.0',
      migrations: [...(first.migrations ?? []), breaking],
    })
    await until(() => server.host.tables.unavailable.length > 0)
    assert.equal((await server.get('/plugins/probe/version')).status, 503)
    const verdict = await server.core.hooks.guard('stream.authorize', {
      userId: 'u1',
      mediaId: 's1',
      purpose: 'stream',
      client: 'test',
    })
    assert.equal(verdict.allow, false)
    db.run("INSERT INTO probe_item VALUES ('go on')")
    assert.equal(await slow, '1.0.0')
    await installing
    assert.equal(await textOf(server.get('/plugins/probe/version')), '2.0.0')
  })

  test('that is followed by a failing set-up leaves nothing serving, and the gates shut', async (t) => {
    const server = await startPluginRoom(t)
    await server.install('probe', first)
    const info = await server.install('probe', {
      ...first,
      version: '2.0.0',
      migrations: [...(first.migrations ?? []), breaking],
      setup: `throw new Error('no')`,
    })
    assert.equal(info?.state, 'failed')
    assert.equal((await server.get('/plugins/probe/version')).status, 503)
    assert.equal(server.core.hooks.table.closed.has('stream.authorize'), true)
  })

  test('can not be undone: an older version is refused', async (t) => {
    const server = await startPluginRoom(t)
    await server.install('probe', {
      ...first,
      migrations: [...(first.migrations ?? []), { up: ['CREATE TABLE probe_b (b)'] }],
    })
    const info = await server.install('probe', { ...first, version: '0.9.0' })
    assert.match(info?.lastError ?? '', /newer version/)
    assert.equal(await textOf(server.get('/plugins/probe/version')), '1.0.0')
  })
})

describe('configuration', () => {
  const config = {
    type: 'object',
    properties: { word: { type: 'string', default: 'hello' } },
    additionalProperties: false,
  }
  const files = answering('1.0.0', {
    config,
    setup: `if (ctx.config.word === 'bad') throw new Error('a bad word')
      ctx.routes.get('/word', () => ({ kind: 'text', body: ctx.config.word }), { auth: 'public' })`,
  })

  test('has its defaults, is a reload when it changes, and stays as it was when the plugin does not start with it', async (t) => {
    const server = await startPluginRoom(t)
    await server.install('probe', files)
    assert.equal(await textOf(server.get('/plugins/probe/word')), 'hello')
    await server.host.setConfig('probe', { word: 'good' })
    assert.equal(await textOf(server.get('/plugins/probe/word')), 'good')
    await assert.rejects(server.host.setConfig('probe', { word: 5 }), { code: 'CONFIG_INVALID' })
    await assert.rejects(server.host.setConfig('probe', { wrod: 'x' }), { code: 'CONFIG_INVALID' })
    await assert.rejects(server.host.setConfig('probe', { word: 'bad' }), /a bad word/)
    assert.equal(await textOf(server.get('/plugins/probe/word')), 'good')
    assert.deepEqual(server.host.storedConfig('probe'), { word: 'good' })
    const both = [server.host.setConfig('probe', { word: 'bad' }), server.host.setConfig('probe', { word: 'better' })]
    assert.deepEqual(
      (await Promise.allSettled(both)).map(({ status }) => status),
      ['rejected', 'fulfilled'],
    )
    assert.deepEqual(server.host.storedConfig('probe'), { word: 'better' })
  })
})

describe('rights', () => {
  test('are asked for first, again when there are more, and end the plugin at once when they are taken away', async (t) => {
    const server = await startPluginRoom(t, { origin: 'data' })
    assert.equal((await server.install('probe', answering('1.0.0')))?.state, 'needs-grant')
    assert.equal((await server.get('/plugins/probe/version')).status, 503)
    await server.host.grant('probe', [...PUBLIC])
    assert.equal(await textOf(server.get('/plugins/probe/version')), '1.0.0')
    const more = answering('2.0.0', { permissions: [...PUBLIC, 'db'] })
    const info = await server.install('probe', more)
    assert.equal(info?.state, 'needs-grant')
    assert.match(info?.lastError ?? '', /db/)
    await server.host.grant('probe', [...PUBLIC, 'db'])
    assert.equal(await textOf(server.get('/plugins/probe/version')), '2.0.0')
    const taken = server.host.grant('probe', [])
    assert.equal(server.host.tables.routes.length, 0)
    await taken
    assert.equal(server.host.find('probe')?.state, 'needs-grant')
  })

  test('taken away while a new version is being made are taken from that too', async (t) => {
    const server = await startPluginRoom(t, { origin: 'data' })
    await server.install('probe', answering('1.0.0'))
    await server.host.grant('probe', [...PUBLIC])
    const slow = answering('2.0.0', { setup: `await new Promise((r) => setTimeout(r, 200)); ${answering('').setup}` })
    const installing = server.install('probe', slow)
    await new Promise((resolve) => setTimeout(resolve, 60))
    await Promise.all([server.host.grant('probe', []), installing])
    assert.equal(server.host.find('probe')?.state, 'needs-grant')
    assert.equal(server.host.tables.routes.length, 0)
  })
})

test('requests to reload that come while one runs are one further reload', async (t) => {
  const server = await startPluginRoom(t)
  await server.install('probe', answering('1.0.0', { setup: `await new Promise((r) => setTimeout(r, 50))` }))
  const before = server.host.find('probe')?.generation ?? 0
  await Promise.all(Array.from({ length: 20 }, () => server.host.reload('probe')))
  const made = (server.host.find('probe')?.generation ?? 0) - before
  assert.ok(made <= 2, `${made} generations`)
})

test('plugins stop in the order opposite to their start', async (t) => {
  const server = await startPluginRoom(t)
  const order: string[] = []
  Reflect.set(globalThis, 'stopped', order)
  for (const name of ['first', 'second', 'third'])
    await server.install(name, { setup: `ctx.effect(() => () => { globalThis.stopped.push('${name}') })` })
  await server.room.stop()
  assert.deepEqual(order, ['third', 'second', 'first'])
})

test('nothing is left behind: handlers, routes, endpoints, timers, statements, listeners, handles', async (t) => {
  const server = await startPluginRoom(t)
  const setup = `
    const order = globalThis.order
    ctx.hooks.on('playback.started', () => {})
    ctx.hooks.on('stream.authorize', () => ({ allow: true }))
    ctx.routes.get('/a', () => ({ kind: 'empty' }))
    ctx.routes.get('/a/root', () => ({ kind: 'empty' }), { root: true })
    ctx.assets.serve('/files', '.')
    ctx.subsonic.endpoint('getProbe', () => ({}))
    ctx.subsonic.extension('probe', [1])
    ctx.scheduler.every(100, () => {})
    ctx.scheduler.cron('0 3 * * *', () => {})
    ctx.scheduler.after(10, () => {})
    ctx.notify.channel('paper', async () => {})
    ctx.settings.onChange('x', () => {})
    ctx.events.on('probe.x', () => {})
    setInterval(() => {}, 5)
    setTimeout(() => {}, 100000)
    await ctx.db.run('INSERT INTO probe_a VALUES (1)')
    const events = require('node:events')
    ctx.effect(() => { order.push('a'); return () => { order.push('-a') } }, 'a')
    ctx.effect(() => { order.push('b'); return () => { order.push('-b') } }, 'b')`
  const permissions = [
    'playback:read',
    'access:stream',
    'routes',
    'routes:root',
    'assets',
    'subsonic',
    'scheduler',
    'notify',
    'settings',
    'db',
  ]
  const order: string[] = []
  Reflect.set(globalThis, 'order', order)
  const files = { permissions, migrations: [{ up: ['CREATE TABLE probe_a (a)'] }], setup }
  const before = snapshot()
  await server.install('probe', files)
  await server.host.reload('probe')
  const { registered } = server.host.find('probe') ?? {}
  assert.deepEqual(registered, {
    hook: 2,
    route: 2,
    socket: 0,
    events: 0,
    endpoint: 1,
    extension: 1,
    listener: 1,
    task: 3,
    channel: 1,
    asset: 1,
    setting: 1,
  })
  await server.host.setEnabled('probe', false)
  assert.deepEqual(order.slice(0, 4), ['a', 'b', 'a', 'b'])
  assert.deepEqual(order.slice(4), ['-b', '-a', '-b', '-a'])
  const { tables } = server.host
  for (const [kind, entries] of Object.entries(tables)) assert.equal(entries.length, 0, kind)
  assert.deepEqual(Object.keys(server.core.hooks.table.entries), [])
  assert.equal(server.core.hooks.table.closed.size, 0)
  assert.equal(
    server.subsonic.endpoints().some(({ name }) => name === 'getProbe'),
    false,
  )
  // The server has timers of its own that come and go; what each life leaves would add up.
  for (let n = 0; n < 20; n++) {
    await server.host.setEnabled('probe', true)
    await server.host.setEnabled('probe', false)
  }
  const after = snapshot()
  assert.ok(after.timers < before.timers + 20, `${before.timers} timers before, ${after.timers} after`)
  assert.equal(after.listeners, before.listeners)

  function snapshot() {
    const kinds = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'Immediate')
    return { timers: kinds.length, listeners: process.eventNames().length }
  }
})

test('what an old generation still does is heard by nobody', async (t) => {
  const server = await startPluginRoom(t)
  const late: { ctx?: PluginContext } = {}
  Reflect.set(globalThis, 'late', late)
  await server.install('probe', {
    permissions: ['routes', 'routes:public', 'db'],
    setup: `globalThis.late.ctx ??= ctx`,
  })
  const ctx = late.ctx as PluginContext
  await server.host.reload('probe')
  assert.throws(() => ctx.routes.get('/late', () => ({ kind: 'empty' }), { auth: 'public' }), { code: 'CANCELLED' })
  assert.throws(() => ctx.hooks.on('server.ready', () => {}), { code: 'CANCELLED' })
  await assert.rejects(ctx.db.get('SELECT 1'), { code: 'CANCELLED' })
  assert.equal(ctx.signal.aborted, true)
  assert.equal(server.host.tables.routes.length, 0)
})

test('events reach the listeners of other plugins, copied, and end with their plugin', async (t) => {
  const server = await startPluginRoom(t)
  const heard: unknown[] = []
  Reflect.set(globalThis, 'heard', heard)
  await server.install('sender', {
    permissions: ['routes', 'routes:public'],
    setup: `ctx.routes.post('/say', async (request) => { const payload = await request.json(); ctx.events.emit('sender.said', payload); payload.changed = true; return { kind: 'empty' } }, { auth: 'public' })
      try { ctx.events.emit('other.said', {}) } catch (error) { globalThis.heard.push(error.code) }`,
  })
  await server.install('hearer', {
    setup: `ctx.events.on('sender.said', (payload) => { globalThis.heard.push(payload) })`,
  })
  const say = () => server.get('/plugins/sender/say', { method: 'POST', body: '{"word":"hello"}' })
  await say()
  await until(() => heard.length === 2)
  assert.deepEqual(heard, ['PERMISSION_DENIED', { word: 'hello' }])
  await server.host.setEnabled('hearer', false)
  await say()
  assert.equal(heard.length, 2)
})

test('the admin API lists, changes and reloads, for administrators alone', async (t) => {
  const server = await startPluginRoom(t, { origin: 'data', users: [{ name: 'anna', password: 'anna-pass' }] })
  const key = { type: 'string', secret: true }
  const doors = { type: 'array', items: { type: 'object', properties: { name: { type: 'string' }, code: key } } }
  const schema = { type: 'object', properties: { word: { type: 'string' }, key, doors } }
  await server.install('probe', answering('1.0.0', { config: schema }))
  const ask = async (path: string, method = 'GET', body?: object) => {
    const answer = await server.get(path, {
      method,
      headers: ADMIN_LOGIN,
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  assert.equal((await server.get('/api/plugin')).status, 401)
  const anna = { authorization: `Basic ${Buffer.from('anna:anna-pass').toString('base64')}` }
  assert.equal((await server.get('/api/plugin', { headers: anna })).status, 403)
  assert.equal((await ask('/api/plugin/absent')).status, 404)
  const none = await server.get('/api/plugin?_start=5&_end=6&_sort=name&_order=DESC', { headers: ADMIN_LOGIN })
  const all = await server.get('/api/plugin?name=probe', { headers: ADMIN_LOGIN })
  assert.deepEqual(
    [await none.json(), none.headers.get('x-total-count'), all.headers.get('x-total-count')],
    [[], '1', '1'],
  )
  const { body } = await ask('/api/plugin/probe')
  assert.equal(body.state, 'needs-grant')
  assert.deepEqual(
    (body.permissions as { name: string }[]).map(({ name }) => name),
    [...PUBLIC],
  )
  const changed = await ask('/api/plugin/probe', 'PUT', { granted: PUBLIC, config: { word: 'a', key: 'secret' } })
  assert.equal(changed.body.state, 'active')
  assert.deepEqual(changed.body.config, { word: 'a', key: '****' })
  await ask('/api/plugin/probe', 'PUT', { config: { word: 'b', key: '****' } })
  assert.deepEqual(server.host.storedConfig('probe'), { word: 'b', key: 'secret' })
  // Also in a list, and where an address has a login in it.
  const word = 'smtps://me:secret@mail.example.org/?a=b@c'
  const own = [
    { name: 'front', code: 'secret 1' },
    { name: 'back', code: 'secret 2' },
  ]
  const deep = await ask('/api/plugin/probe', 'PUT', { config: { word, key: '****', doors: own } })
  const shown = deep.body.config as { doors: object[] }
  assert.deepEqual(shown, {
    word: 'smtps://****@mail.example.org/?a=b@c',
    key: '****',
    doors: own.map(({ name }) => ({ name, code: '****' })),
  })
  assert.ok(!(await (await server.get('/api/plugin', { headers: ADMIN_LOGIN })).text()).includes('secret@'))
  await ask('/api/plugin/probe', 'PUT', { config: { ...shown, doors: [shown.doors[1], shown.doors[0]] } })
  assert.deepEqual(server.host.storedConfig('probe'), { word, key: 'secret', doors: [own[1], own[0]] })
  // A mask with nothing behind it is no secret.
  await ask('/api/plugin/probe', 'PUT', { config: { key: '****', doors: [{ name: 'side', code: '****' }] } })
  assert.deepEqual(server.host.storedConfig('probe'), { key: 'secret', doors: [{ name: 'side' }] })
  assert.equal((await ask('/api/plugin/probe', 'PUT', { colour: 1 })).status, 400)
  assert.equal((await ask('/api/plugin/probe', 'PUT', { config: { word: 1 } })).status, 422)
  const generation = Number(changed.body.generation)
  const reloaded = await ask('/api/plugin/probe/reload', 'POST')
  assert.ok(Number(reloaded.body.generation) > generation)
  assert.equal((await ask('/api/plugin/probe', 'PUT', { enabled: false })).body.state, 'stopped')
  assert.equal((await ask('/api/plugin/probe/reload', 'POST')).status, 409)
  assert.equal((await ask('/api/plugin/rescan', 'POST')).status, 200)
})

test('the server stops in time while a plugin is being made', async (t) => {
  const server = await startPluginRoom(t)
  const hanging = promiseGate<void>()
  Reflect.set(globalThis, 'hanging', hanging.promise)
  const installing = server.install('probe', { setup: 'await globalThis.hanging' })
  await until(() => server.host.find('probe')?.state === 'starting')
  const started = performance.now()
  await server.room.stop()
  assert.ok(performance.now() - started < 3000)
  await installing
  hanging.open()
})

/** An error that a plugin's code threw. */
async function stackOf(plugin: string): Promise<Error> {
  const error = new Error('stray')
  error.stack = `Error: stray\n    at here (plugin:${plugin}@1.0.0:3:4)`
  return error
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > end) throw new Error('it never came true')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
