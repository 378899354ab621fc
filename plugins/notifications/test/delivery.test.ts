import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePlugin } from 'tonearm/plugin'
import { type Answer, startReceiver, startWorld, until, type World } from './world.ts'

const HOUR = 3_600_000
const PREFERENCES = '/api/notifications/preferences'

/** Another plugin that tells somebody something: news that do not grow. */
async function speaker({ host }: World) {
  await host.load(
    definePlugin({
      name: 'speaker',
      apiVersion: '1.0',
      permissions: ['notify', 'routes'],
      setup({ notify, routes }) {
        routes.post('/say', async (request) => {
          const { to, title, topic = 'speaker.news', level = 'info' } = (await request.json()) as Record<string, string>
          notify.send({ topic, title: String(title), level: level as 'info', ...(to ? { userId: host.user(to) } : {}) })
          return { kind: 'empty' }
        })
      },
    }),
  )
  return async (title: string, to = 'alice', more: object = {}) => {
    await host.inject({ url: '/plugins/speaker/say', user: 'admin', body: { title, to, ...more } })
    await host.settled()
    await until(title, async () => {
      const { body } = await host.inject({ url: '/api/notifications', user: to || 'admin' })
      return body.includes(title)
    })
  }
}

test('on, off and digest by topic and channel; what was read or deleted in the meantime is not sent', async () => {
  await using world = await startWorld({ now: Date.UTC(2026, 5, 1, 12), config: { settleSeconds: 60 } })
  await using receiver = await startReceiver()
  const { host, call } = world
  const say = await speaker(world)
  await world.hook('alice', receiver)
  await call('alice', 'PUT', PREFERENCES, {
    timeZone: 'Europe/Berlin',
    digest: { every: 'day', at: '18:30' },
    topics: { other: { webhook: 'digest' }, 'music.new': { webhook: 'off' } },
  })
  await say('First of two')
  await host.clock.advance(HOUR)
  await say('Second of two')
  await say('Read before')
  const [read] = await world.notes('alice')
  await call('alice', 'POST', `/api/notifications/${read.id}/read`)
  await host.fire('library.changed', { added: [host.track('One')], changed: [], removed: [], truncated: false })
  // 18:30 in Berlin is 16:30 UTC: three and a half hours from here.
  await host.clock.advance(3.4 * HOUR)
  assert.equal(receiver.received.length, 0)
  await host.clock.advance(0.2 * HOUR)
  await until('the digest', () => receiver.received.length === 1)
  assert.deepEqual(
    [receiver.received[0]?.topic, receiver.received[0]?.title, receiver.received[0]?.body],
    ['digest', '2 notes from your music server', 'First of two\n\nSecond of two'],
  )
  await call('alice', 'PUT', PREFERENCES, { topics: { other: { webhook: 'on', app: 'off' } } })
  await host.inject({ url: '/plugins/speaker/say', user: 'admin', body: { title: 'Not in the app', to: 'alice' } })
  await host.settled()
  await host.clock.advance(1_000)
  await until('the message', () => receiver.received.length === 2)
  assert.equal(receiver.received[1]?.title, 'Not in the app')
  assert.ok(!JSON.stringify(await world.notes('alice')).includes('Not in the app'))
  await call('alice', 'PUT', PREFERENCES, {
    digest: { every: 'hour' },
    topics: { other: { webhook: 'digest', app: 'on' } },
  })
  await say('By the hour')
  await host.clock.advance(HOUR)
  await until('the hourly digest', () => receiver.received.length === 3)
  assert.equal(receiver.received[2]?.title, '1 note from your music server')
  await say('Gone before')
  await call('alice', 'DELETE', '/api/notifications')
  await host.clock.advance(2 * HOUR)
  assert.equal(receiver.received.length, 3)
})

for (const [name, from, hours] of [
  ['an ordinary night', '2026-06-01T20:30:00Z', 8.5],
  ['the night when clocks are put forward', '2026-03-28T21:30:00Z', 7.5],
  ['the night when clocks are put back', '2026-10-24T20:30:00Z', 9.5],
] as const)
  test(`quiet hours from 22:00 to 07:00 in Berlin, ${name}`, async () => {
    await using world = await startWorld({ now: Date.parse(from) - 2_000 })
    await using receiver = await startReceiver()
    const { host, call } = world
    const say = await speaker(world)
    await world.hook('alice', receiver)
    const quiet = { from: '22:00', to: '07:00', errors: true }
    await call('alice', 'PUT', PREFERENCES, { timeZone: 'Europe/Berlin', quiet })
    await say('Sleep well')
    await say('Fire', 'alice', { level: 'error' })
    await host.clock.advance(1_000)
    await until('the error', () => receiver.received.length === 1)
    assert.equal(receiver.received[0]?.title, 'Fire')
    await host.clock.advance(hours * HOUR - 30_000)
    assert.equal(receiver.received.length, 1)
    await host.clock.advance(60_000)
    await until('the morning', () => receiver.received.length === 2)
    assert.equal(receiver.received[1]?.title, 'Sleep well')
  })

test('wrong preferences and targets are refused in words; secrets are never shown again', async () => {
  await using world = await startWorld({ config: { userChannels: ['webhook'] } })
  const { call } = world
  for (const [body, words] of [
    [{ timeZone: 'Berlin' }, /time zone/],
    [{ quiet: { from: '25:00', to: '07:00' } }, /quiet.from/],
    [{ topics: { nonsense: { app: 'on' } } }, /no topic 'nonsense'/],
    [{ topics: { other: { pigeon: 'on' } } }, /place/],
    [{ topics: { other: { app: 'digest' } } }, /on or off/],
    [{ colour: 'red' }, /no preference 'colour'/],
    [[], /object/],
  ] as const) {
    const { status, body: text } = await call('alice', 'PUT', PREFERENCES, body)
    assert.deepEqual([status, words.test(text)], [400, true], text)
  }
  const add = (target: object, channel = 'webhook', user = 'alice') =>
    call(user, 'POST', '/api/notifications/targets', { channel, name: 'x', target })
  assert.equal((await add({ url: 'ftp://x', secret: 'a secret of enough bytes' })).status, 400)
  assert.equal((await add({ url: 'https://hooks.example.org/x' })).status, 400)
  assert.equal((await add({ url: 'https://hooks.example.org/x', secret: 'short' })).status, 400)
  assert.equal((await add({ topic: 'x' }, 'ntfy')).status, 403)
  assert.equal((await add({}, 'pigeon')).status, 400)
  const made = await add({ url: 'https://hooks.example.org/x', secret: 'a secret of enough bytes' })
  assert.equal(made.status, 200)
  const id = made.body_.id
  const changed = await call('alice', 'PUT', `/api/notifications/targets/${id}`, {
    target: { url: 'https://hooks.example.org/y' },
  })
  assert.deepEqual([changed.status, changed.body_.target.url], [200, 'https://hooks.example.org/y'])
  const listed = await call('alice', 'GET', '/api/notifications/targets')
  for (const { body } of [made, changed, listed]) assert.ok(!body.includes('a secret of enough'))
  assert.equal((await call('bob', 'GET', '/api/notifications/targets')).body, '[]')
  assert.equal((await call('bob', 'DELETE', `/api/notifications/targets/${id}`)).status, 404)
  assert.equal((await call('bob', 'PUT', `/api/notifications/targets/${id}`, { enabled: false })).status, 404)
  assert.equal((await call('bob', 'POST', '/api/notifications/test', { target: Number(id) })).status, 404)
})

test('a user reads, counts, marks and deletes own notes, and nobody else’s', async () => {
  await using world = await startWorld()
  const { call } = world
  const say = await speaker(world)
  for (let n = 0; n < 5; n++) await say(`Note ${n} for alice`)
  await say('For bob', 'bob')
  const page = await call('alice', 'GET', '/api/notifications?_start=1&_end=3')
  assert.deepEqual(
    page.body_.map((note: Answer) => note.title),
    ['Note 3 for alice', 'Note 2 for alice'],
  )
  assert.equal(page.headers['x-total-count'], '5')
  const [{ id }] = page.body_
  assert.equal((await call('bob', 'GET', `/api/notifications/${id}`)).status, 404)
  assert.equal((await call('bob', 'POST', `/api/notifications/${id}/read`)).status, 404)
  assert.equal((await call('bob', 'DELETE', `/api/notifications/${id}`)).status, 404)
  assert.equal((await call('bob', 'POST', `/api/notifications/read-all`)).body, '{"read":1}')
  assert.equal((await call('alice', 'GET', '/api/notifications/unread')).body, '{"count":5}')
  assert.equal((await call('alice', 'POST', `/api/notifications/${id}/read`)).body, '{"read":1}')
  assert.equal((await call('alice', 'GET', '/api/notifications?unread=true')).body_.length, 4)
  assert.equal((await call('alice', 'DELETE', `/api/notifications/${id}`)).status, 200)
  assert.equal((await call('alice', 'GET', `/api/notifications/${id}`)).status, 404)
  assert.equal((await call('alice', 'DELETE', '/api/notifications')).body, '{"deleted":4}')
  assert.equal((await world.notes('bob')).length, 1)
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/unread'],
    ['POST', '/read-all'],
    ['GET', '/preferences'],
    ['GET', '/targets'],
    ['POST', '/test'],
    ['GET', '/dead'],
  ] as const)
    assert.equal((await call('', method, `/api/notifications${path}`)).status, 401, path)
})

test('what fails is tried again later and later, then lies with the dead letters until an administrator decides', async () => {
  await using world = await startWorld()
  await using receiver = await startReceiver()
  const { host, call } = world
  const say = await speaker(world)
  await world.hook('alice', receiver)
  receiver.answers.push(500, 0, 503)
  await say('Stubborn')
  await host.clock.advance(1_000)
  await until('the first attempt', () => receiver.received.length === 1)
  await host.clock.advance(29_000)
  assert.equal(receiver.received.length, 1)
  await host.clock.advance(10_000)
  await until('the second', () => receiver.received.length === 2)
  await host.clock.advance(48_000)
  assert.equal(receiver.received.length, 2)
  // 60 to 72 seconds after the second, which was 30 to 36 after the first.
  await host.clock.advance(25_000)
  await until('the third', () => receiver.received.length === 3)
  await host.clock.advance(200_000)
  await until('the fourth', () => receiver.received.length === 4)
  assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 1)
  await host.clock.advance(24 * HOUR)
  assert.equal(receiver.received.length, 4)

  receiver.answers.push(400)
  await say('Refused')
  await host.clock.advance(1_000)
  const dead = await until('the dead letter', async () => {
    const { body_: rows } = await call('admin', 'GET', '/api/notifications/dead')
    return rows.length === 1 && rows
  })
  assert.deepEqual([dead[0].userName, dead[0].channel, dead[0].attempts], ['alice', 'webhook', 1])
  assert.ok(!JSON.stringify(dead).includes('Refused'))
  assert.equal((await call('alice', 'GET', '/api/notifications/dead')).status, 403)
  assert.equal((await call('alice', 'POST', `/api/notifications/dead/${dead[0].id}/retry`)).status, 403)
  assert.equal((await call('admin', 'POST', `/api/notifications/dead/${dead[0].id}/retry`)).body, '{"retried":1}')
  await host.clock.advance(1_000)
  await until('the retry', () => receiver.received.length === 6)
  receiver.answers.push(400)
  await say('Refused again')
  await host.clock.advance(1_000)
  await until('another', async () => (await call('admin', 'GET', '/api/notifications/dead')).body_.length === 1)
  assert.equal((await call('admin', 'DELETE', '/api/notifications/dead')).body, '{"deleted":1}')
})

test('no channel is faster than its limit, and what is too much waits in order', async () => {
  await using world = await startWorld({ config: { ratePerMinute: 3, concurrency: 2 } })
  await using receiver = await startReceiver()
  const { host } = world
  const say = await speaker(world)
  await world.hook('alice', receiver)
  for (let n = 0; n < 8; n++) await say(`Number ${n}`)
  await host.clock.advance(2_000)
  await until('the first three', () => receiver.received.length === 3)
  await host.clock.advance(30_000)
  assert.equal(receiver.received.length, 3)
  await host.clock.advance(40_000)
  await until('three more', () => receiver.received.length === 6)
  await host.clock.advance(70_000)
  await until('the rest', () => receiver.received.length === 8)
  assert.deepEqual(
    receiver.received.map(({ title }) => title).sort(),
    Array.from({ length: 8 }, (_, n) => `Number ${n}`),
  )
})

test('reloads while news come in and messages go out lose nothing and double nothing, and leave nothing behind', async () => {
  // Ahead of the plugin, whose handles are counted at the end.
  await using receiver = await startReceiver()
  await using world = await startWorld({ config: { ratePerMinute: 10_000 } })
  const { host, plugin } = world
  const say = await speaker(world)
  await world.hook('alice', receiver)
  const total = 40
  const work = (async () => {
    for (let n = 0; n < total; n++) {
      await host.inject({ url: '/plugins/speaker/say', user: 'admin', body: { title: `Number ${n}`, to: 'alice' } })
      await host.clock.advance(100)
    }
  })()
  for (let round = 0; round < 4; round++) await plugin.reload()
  await work
  await say('The last')
  await until(
    'all',
    async () => {
      await host.clock.advance(5_000)
      return receiver.received.length > total
    },
    60_000,
  )
  await host.clock.advance(120_000)
  const titles = receiver.received.map(({ title }) => title)
  assert.deepEqual([...new Set(titles)].sort(), [...titles].sort())
  assert.equal(titles.length, total + 1)
  const { headers } = await world.call('alice', 'GET', '/api/notifications')
  assert.equal(headers['x-total-count'], String(total + 1))
  await host.assertNoLeaks('notifications')
})
