import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { definePlugin, Type } from 'tonearm/plugin'
import { createTestHost, type TestHost } from 'tonearm/plugin/testing'

declare module 'tonearm/plugin' {
  interface PluginEvents {
    'probe.ping': { readonly n: number }
  }
}

let host: TestHost
before(async () => {
  host = await createTestHost({ users: ['alice', { name: 'guest', roles: [] }] })
})
after(() => host.dispose())

const probe = definePlugin({
  name: 'probe',
  apiVersion: '1.0',
  permissions: [
    'access:stream',
    'routes',
    'routes:public',
    'subsonic',
    'scheduler',
    'notify',
    'db',
    'playback:read',
    'library:read',
  ],
  config: Type.Object({ greeting: Type.String({ default: 'hello' }) }),
  migrations: [{ up: ['CREATE TABLE probe_event (id INTEGER PRIMARY KEY, what TEXT NOT NULL)'] }],
  setup(ctx) {
    const note = (what: string) => ctx.db.run('INSERT INTO probe_event (what) VALUES (?)', [what])
    ctx.routes.get('/hello/:name', ({ params, user }) => ({
      kind: 'json',
      body: { text: `${ctx.config.greeting}, ${params.name}`, user: user?.name },
    }))
    ctx.routes.post('/echo', async (request) => ({ kind: 'json', body: await request.json() }), { auth: 'public' })
    ctx.routes.get('/events', async () => ({
      kind: 'json',
      body: (await ctx.db.all<{ what: string }>('SELECT what FROM probe_event ORDER BY id')).map(({ what }) => what),
    }))
    ctx.routes.get('/song/:id', ({ params, user }) => ({
      kind: 'media',
      mediaId: params.id ?? '',
      actAs: user?.id ?? '',
      as: 'download',
    }))
    ctx.subsonic.endpoint('getProbe', ({ user, params }) => ({ probe: { user: user.name, n: params.integer('n', 7) } }))
    ctx.hooks.on('stream.authorize', ({ client }) =>
      client === 'banned' ? { allow: false, reason: 'banned client' } : { allow: true },
    )
    ctx.hooks.on('playback.finished', async ({ mediaId }) => {
      const track = await ctx.library.track(mediaId, host.user('alice'))
      await note(`heard ${track?.title}`)
      ctx.events.emit('probe.ping', { n: 1 })
    })
    ctx.events.on('probe.ping', ({ n }) => void note(`ping ${n}`))
    ctx.scheduler.every(60_000, async () => {
      await note(`tick ${new Date(ctx.now()).toISOString()}`)
      ctx.notify.send({ topic: 'probe.tick', title: 'tick' })
    })
    ctx.scheduler.cron('30 4 * * *', () => void note('half past four'))
  },
})

test('a plugin answers routes with its configuration, for those who may', async () => {
  const plugin = await host.load(probe, { greeting: 'hi' })
  const reply = await host.inject({ url: '/plugins/probe/hello/you', user: 'alice' })
  assert.equal(reply.status, 200)
  assert.deepEqual(reply.json(), { text: 'hi, you', user: 'alice' })
  assert.equal((await host.inject('/plugins/probe/hello/you')).status, 401)
  const echo = await host.inject({ url: '/plugins/probe/echo', body: { a: 1 } })
  assert.deepEqual(echo.json(), { a: 1 })
  await plugin.configure({ greeting: 'good day' })
  assert.match((await host.inject({ url: '/plugins/probe/hello/you', user: 'alice' })).body, /good day, you/)
})

test('the core plays real files through it, with ranges', async () => {
  const url = `/plugins/probe/song/${host.track('One')}`
  const whole = await host.inject({ url, user: 'alice' })
  assert.equal(whole.status, 200)
  assert.equal(Buffer.from(whole.bytes.subarray(0, 4)).toString(), 'fLaC')
  const part = await host.inject({ url, user: 'alice', headers: { range: 'bytes=0-3' } })
  assert.equal(part.status, 206)
  assert.equal(part.body, 'fLaC')
})

test('hooks, endpoints, events and the database work together', async () => {
  assert.deepEqual(await host.subsonic('getProbe', { n: 3 }, 'alice'), {
    ...(await host.subsonic('ping')),
    probe: { user: 'alice', n: 3 },
  })
  const verdict = await host.fire('stream.authorize', {
    userId: host.user('alice'),
    mediaId: host.track('One'),
    purpose: 'stream',
    client: 'banned',
  })
  assert.deepEqual(verdict, { allow: false, reason: 'banned client' })
  await host.subsonic('scrobble', { id: host.track('Two') }, 'alice')
  await host.settled()
  const events = await host.inject({ url: '/plugins/probe/events', user: 'alice' })
  assert.deepEqual(events.json(), ['heard Two', 'ping 1'])
})

test('time moves only when it is told to', async () => {
  const before = host.clock.now()
  await host.clock.advance(150_000)
  assert.equal(host.clock.now() - before, 150_000)
  assert.deepEqual(
    host.sent.map(({ topic }) => topic),
    ['probe.tick', 'probe.tick'],
  )
  await host.clock.advance(24 * 3_600_000)
  const events = (await host.inject({ url: '/plugins/probe/events', user: 'alice' })).json() as string[]
  assert.equal(events.filter((what) => what === 'half past four').length, 1)
})

test('nothing is left of a plugin that was unloaded', async () => {
  await host.assertNoLeaks('probe')
  assert.equal((await host.inject({ url: '/plugins/probe/hello/you', user: 'alice' })).status, 404)
})

test("a plugin's globals are its own", async () => {
  const { process, fetch, setTimeout, console } = globalThis
  await host.load(new URL('./fixtures/globals', import.meta.url))
  assert.deepEqual(
    [globalThis.process, globalThis.fetch, globalThis.setTimeout, globalThis.console],
    [process, fetch, setTimeout, console],
  )
  assert.deepEqual((await host.inject({ url: '/plugins/globals', user: 'alice' })).json(), {
    exit: 'PERMISSION_DENIED',
    sameGlobal: false,
  })
  await host.assertNoLeaks('globals')
})

test('a plugin that fails again and again is stopped, and tried again when the time has come', async () => {
  let works = false
  const moody = definePlugin({
    name: 'moody',
    apiVersion: '1.0',
    permissions: ['access:stream'],
    setup({ hooks }) {
      hooks.on('stream.authorize', () => {
        if (!works) throw new Error('not today')
        return { allow: true }
      })
    },
  })
  const plugin = await host.load(moody)
  const listen = { userId: host.user('alice'), mediaId: host.track('One'), purpose: 'stream', client: 'c' } as const
  for (let tries = 0; tries < 5; tries++) assert.equal((await host.fire('stream.authorize', listen)).allow, false)
  assert.equal(plugin.state, 'failed')
  assert.match(plugin.lastError, /not today \(.*test-host\.test\.ts:\d+:\d+\)$/)
  assert.equal((await host.fire('stream.authorize', listen)).allow, false, 'its gate stays shut')
  works = true
  await host.clock.advance(10_000)
  assert.equal(plugin.state, 'active')
  assert.deepEqual(await host.fire('stream.authorize', listen), { allow: true })
  await host.assertNoLeaks('moody')
})
