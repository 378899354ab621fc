import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HookName } from '../../src/hooks/hooks.ts'
import { startPluginRoom } from '../support/plugin-room.ts'

const PERMISSIONS = [
  'routes',
  'routes:public',
  'request',
  'access:scope',
  'access:stream',
  'playback:read',
  'scan:tags',
  'library:read',
  'scheduler',
  'subsonic',
  'notify',
]
const PLAYBACK = { userId: 'u1', mediaId: 's1', client: 'test', sessionId: 'x', at: 1 }
const ACCESS = { userId: 'u1', purpose: 'browse' as const }

/** Of each kind: how it is asked, and what comes when the only handler fails. */
const KINDS = {
  observe: {
    hook: 'playback.started',
    ask: (hooks) => hooks.observe('playback.started', PLAYBACK),
    expected: undefined,
  },
  guard: {
    hook: 'stream.authorize',
    ask: async (hooks) => (await hooks.guard('stream.authorize', { ...ACCESS, mediaId: 's1', client: 'x' })).allow,
    expected: false,
  },
  narrow: {
    hook: 'access.scope',
    ask: async (hooks) => (await hooks.narrow('access.scope', ACCESS))?.libraries,
    expected: [],
  },
  transform: {
    hook: 'scan.tags',
    ask: (hooks) => hooks.transform('scan.tags', [{ path: 'a', tags: { title: ['a'] } }]),
    expected: [{ path: 'a', tags: { title: ['a'] } }],
  },
  provide: {
    hook: 'artist.info',
    ask: (hooks) => hooks.provide('artist.info', { artistId: 'a1', name: 'a' }),
    expected: undefined,
  },
  collect: {
    hook: 'access.grants',
    ask: (hooks) => hooks.collect('access.grants', ACCESS),
    expected: [],
  },
} as const satisfies Record<
  string,
  {
    hook: HookName
    ask: (hooks: Awaited<ReturnType<typeof startPluginRoom>>['core']['hooks']) => unknown
    expected: unknown
  }
>

describe('a handler that fails', () => {
  for (const [kind, { hook, ask, expected }] of Object.entries(KINDS))
    for (const [how, body] of [
      ['throws', `() => { throw new Error('broken handler') }`],
      ['throws a text', `() => { throw 'broken handler' }`],
      ['rejects', `async () => { throw new Error('broken handler') }`],
      ['rejects with nothing', `() => Promise.reject()`],
      ['answers nonsense', `() => 5`],
      ['answers a thenable that throws', `() => ({ then() { throw new Error('broken handler') } })`],
    ] as const) {
      if (kind === 'observe' && how === 'answers nonsense') continue
      test(`${kind}: ${how}`, async (t) => {
        const server = await startPluginRoom(t)
        await server.install('probe', { permissions: PERMISSIONS, setup: `ctx.hooks.on('${hook}', ${body})` })
        assert.deepEqual(await ask(server.core.hooks), expected)
        await server.core.hooks.settled(2000)
        const info = server.host.find('probe')
        assert.equal(info?.calls.failures, 1)
        assert.match(info?.lastError ?? '', new RegExp(hook))
        assert.equal(info?.state, 'active')
        assert.equal((await server.get('/ping')).status, 200)
      })
    }
})

describe('a handler that never answers', () => {
  for (const [kind, { hook, ask, expected }] of Object.entries(KINDS))
    test(`${kind}: the policy applies at the deadline, and the lease is given back`, async (t) => {
      const server = await startPluginRoom(t)
      await server.install('probe', {
        permissions: PERMISSIONS,
        drainMs: 0,
        setup: `ctx.hooks.on('${hook}', (_, { signal }) => new Promise(() => { signal.addEventListener('abort', () => ctx.log.info('told')) }), { timeoutMs: 100 })`,
      })
      const started = performance.now()
      assert.deepEqual(await ask(server.core.hooks), expected)
      await server.core.hooks.settled(2000)
      assert.ok(performance.now() - started < 1500, 'too late')
      const info = server.host.find('probe')
      assert.equal(info?.calls.timeouts, 1)
      const reloaded = performance.now()
      await server.host.reload('probe')
      assert.ok(performance.now() - reloaded < 1000)
    })

  test('route: 504 at its deadline, with its signal aborted', async (t) => {
    const server = await startPluginRoom(t)
    const told: string[] = []
    Reflect.set(globalThis, 'toldByProbe', told)
    await server.install('probe', {
      permissions: PERMISSIONS,
      setup: `ctx.routes.get('/hang', ({ signal }) => new Promise(() => { signal.addEventListener('abort', () => globalThis.toldByProbe.push('aborted')) }), { auth: 'public', timeoutMs: 100 })`,
    })
    assert.equal((await server.get('/plugins/probe/hang')).status, 504)
    assert.deepEqual(told, ['aborted'])
    assert.equal(server.host.find('probe')?.calls.timeouts, 1)
  })
})

describe('an endless loop', () => {
  const loops: Readonly<Record<string, { setup: string; trigger?: string }>> = {
    'in an observer': { setup: `ctx.hooks.on('playback.started', () => { for (;;); })` },
    'in an observer that catches everything': {
      setup: `ctx.hooks.on('playback.started', () => { for (;;) { try { for (;;); } catch {} finally { continue } } })`,
    },
    'in a schedule': { setup: `ctx.scheduler.after(100, () => { for (;;); })` },
  }
  for (const [where, { setup }] of Object.entries(loops))
    test(`${where} is stopped, its plugin fails, and the others go on`, async (t) => {
      const server = await startPluginRoom(t)
      await server.install('other', {
        permissions: PERMISSIONS,
        setup: `ctx.routes.get('/x', () => ({ kind: 'empty' }), { auth: 'public' })`,
      })
      await server.install('probe', { permissions: PERMISSIONS, setup })
      const started = performance.now()
      server.core.hooks.observe('playback.started', PLAYBACK)
      await until(() => server.host.find('probe')?.state === 'failed')
      assert.ok(performance.now() - started < 3000)
      assert.match(server.host.find('probe')?.lastError ?? '', /timed out/)
      assert.equal((await server.get('/plugins/other/x')).status, 204)
    })

  test('in a disposer is stopped, and the new version runs', async (t) => {
    const server = await startPluginRoom(t)
    await server.install('probe', { version: '1.0.0', setup: `ctx.effect(() => () => { for (;;); }, 'stubborn')` })
    const started = performance.now()
    const info = await server.install('probe', { version: '2.0.0' })
    assert.ok(performance.now() - started < 3000)
    assert.equal(info?.state, 'active')
    assert.equal(info?.version, '2.0.0')
  })

  test('in a set-up that uses the database and the log leaves both in order', async (t) => {
    const server = await startPluginRoom(t)
    const permissions = ['db']
    const migrations = [{ up: ['CREATE TABLE probe_a (a)'] }]
    const info = await server.install('probe', {
      permissions,
      migrations,
      setup: `for (let n = 0; ; n++) { void ctx.db.run('INSERT INTO probe_a VALUES (?)', [n]).catch(() => {}); if (n % 1000 === 0) ctx.log.info('line'); if (n > 20000) for (;;); }`,
    })
    assert.equal(info?.state, 'failed')
    const { db } = server.core
    assert.equal(db.get<{ ok: string }>('PRAGMA integrity_check')?.ok ?? 'ok', 'ok')
    db.transaction(() => db.run(`INSERT INTO probe_a VALUES ('after')`))
    assert.equal(db.get<{ n: number }>(`SELECT count(*) AS n FROM probe_a WHERE a = 'after'`)?.n, 1)
  })
})

test('clean-ups that throw, reject or never end keep no other from running, nor the new version from serving', async (t) => {
  const server = await startPluginRoom(t)
  const undone: string[] = []
  Reflect.set(globalThis, 'undoneByProbe', undone)
  const undo = (label: string, body: string) =>
    `ctx.effect(() => () => { globalThis.undoneByProbe.push('${label}'); ${body} }, '${label}')`
  await server.install('probe', {
    version: '1.0.0',
    permissions: PERMISSIONS,
    setup: [
      undo('first', ''),
      undo('throws', `throw new Error('broken clean-up')`),
      undo('rejects', `return Promise.reject('broken clean-up')`),
      undo('never ends', 'return new Promise(() => {})'),
      undo('last', ''),
    ].join('\n'),
  })
  const info = await server.install('probe', {
    version: '2.0.0',
    permissions: PERMISSIONS,
    setup: `ctx.routes.get('/x', () => ({ kind: 'text', body: VERSION }), { auth: 'public' })`,
  })
  assert.equal(info?.state, 'active')
  assert.equal(await (await server.get('/plugins/probe/x')).text(), '2.0.0')
  await until(() => undone.length === 5)
  assert.deepEqual(undone, ['last', 'never ends', 'rejects', 'throws', 'first'])
})

describe('answers that can not be sent', () => {
  const replies: Readonly<Record<string, string>> = {
    nothing: 'undefined',
    'another kind': `({ kind: 'picture' })`,
    'a circle as JSON': `(() => { const a = {}; a.a = a; return { kind: 'json', body: a } })()`,
    'a header of two lines': `({ kind: 'text', body: '', headers: { 'x-a': 'b\\r\\nset-cookie: c' } })`,
    'a framing header': `({ kind: 'text', body: '', headers: { 'Content-Length': '5' } })`,
    'a wrong status': `({ kind: 'empty', status: 99 })`,
    'a body that is no stream': `({ kind: 'stream', type: 'text/plain', body: 5 })`,
    'bytes that are none': `({ kind: 'bytes', type: 'image/png', body: 'x' })`,
  }
  for (const [what, reply] of Object.entries(replies))
    test(`${what} is the plugin's fault`, async (t) => {
      const server = await startPluginRoom(t)
      await server.install('probe', {
        permissions: PERMISSIONS,
        setup: `ctx.routes.get('/x', () => ${reply}, { auth: 'public' })`,
      })
      assert.equal((await server.get('/plugins/probe/x')).status, 502)
      assert.equal(server.host.find('probe')?.calls.failures, 1)
    })
})

test('paths of others can not be taken', async (t) => {
  const server = await startPluginRoom(t)
  const paths = [
    '/',
    '/*',
    '/:a',
    '/:a/b',
    '/rest/ping',
    '/REST/x',
    '/Rest/*',
    '/auth/login',
    '/api/plugin/x',
    '/api/:x',
    '/API/x',
    '/plugins/other/x',
    '/a//b',
    '/a/../b',
    '/a/:b(.*)',
    'a',
    '/robots.txt',
  ]
  const permissions = [...PERMISSIONS, 'routes:root']
  for (const path of paths) {
    const info = await server.install('probe', {
      version: `1.0.${paths.indexOf(path)}`,
      permissions,
      setup: `ctx.routes.get('${path}', () => ({ kind: 'empty' }), { auth: 'public', root: true })`,
    })
    assert.equal(info?.state, 'failed', path)
  }
  await server.install('first', {
    permissions,
    setup: `ctx.routes.get('/mine/:a', () => ({ kind: 'text', body: 'first' }), { auth: 'public', root: true })`,
  })
  await server.install('second', {
    permissions,
    setup: `ctx.routes.get('/mine/:b', () => ({ kind: 'text', body: 'second' }), { auth: 'public', root: true })`,
  })
  assert.equal(await (await server.get('/mine/1')).text(), 'first')
  await server.host.setEnabled('first', false)
  assert.equal(await (await server.get('/mine/1')).text(), 'second')
})

test('members without their permission refuse, and say which it is', async (t) => {
  const server = await startPluginRoom(t)
  const uses: Readonly<Record<string, string>> = {
    db: `await ctx.db.get('SELECT 1')`,
    routes: `ctx.routes.get('/x', () => ({ kind: 'empty' }), { auth: 'public' })`,
    'library:read': 'await ctx.library.libraries("u1")',
    'users:read': 'await ctx.users.list()',
    storage: 'await ctx.storage.dir()',
    scheduler: 'ctx.scheduler.every(1000, () => {})',
    subsonic: `ctx.subsonic.endpoint('getProbe', () => ({}))`,
    'access:scope': `ctx.hooks.on('access.scope', () => ({ libraries: 'all' }))`,
    'net:example.org': `await ctx.fetch('https://example.org/')`,
    'node:fs': `require('node:fs')`,
    'node:child_process': `require('child_process')`,
  }
  let n = 0
  for (const [permission, setup] of Object.entries(uses)) {
    const info = await server.install('probe', { version: `1.0.${n++}`, setup })
    assert.equal(info?.state, 'failed', permission)
    assert.match(info?.lastError ?? '', new RegExp(permission.replace('.', '\\.')), permission)
  }
  const process = await server.install('probe', { version: '2.0.0', setup: 'process.exit(3)' })
  assert.match(process?.lastError ?? '', /process\.exit/)
})

test('failures in timers, microtasks and effects open the breaker, by the name of their own generation', async (t) => {
  const server = await startPluginRoom(t)
  await server.install('probe', {
    permissions: PERMISSIONS,
    setup: `ctx.routes.post('/go', () => {
      setTimeout(() => { throw new Error('timer') }, 1)
      setImmediate(() => { throw 'immediate' })
      queueMicrotask(() => { throw new Error('microtask') })
      process.nextTick(() => { throw null })
      setTimeout(async () => { throw new Error('async timer') }, 1)
      ctx.effect(async () => { throw new Error('effect') })
      return { kind: 'empty' } }, { auth: 'public' })`,
  })
  assert.equal((await server.get('/plugins/probe/go', { method: 'POST' })).status, 204)
  await until(() => server.host.find('probe')?.state === 'failed')
  const info = server.host.find('probe')
  assert.ok((info?.calls.failures ?? 0) >= 5)
  assert.notEqual(info?.retryAt, null)
  await server.host.reload('probe')
  assert.equal(server.host.find('probe')?.state, 'active')
})

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 8000
  while (!condition()) {
    if (performance.now() > end) throw new Error('it never came true')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
