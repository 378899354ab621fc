import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePlugin } from 'tonearm/plugin'
import { type Answer, startReceiver, startWorld, until, type World } from './world.ts'

const USERS = [
  { name: 'ann', roles: ['stream', 'download', 'share'], libraries: ['Open', 'Closed'] },
  { name: 'ben', roles: ['stream', 'download', 'share'], libraries: ['Open'] },
]

test('new music is one note for an album, named for those who see it alone, and goes out by their channels', async () => {
  await using world = await startWorld({ users: USERS, library: 'acl' })
  await using receiver = await startReceiver()
  const { host } = world
  await world.hook('ann', receiver, 'ann')
  await world.hook('ben', receiver, 'ben')
  const added = [host.track('Open One'), host.track('Open Jazz'), host.track('Closed One')]
  await host.fire('library.changed', { added, changed: [], removed: [], truncated: false })
  const ann = await until('the notes', async () => {
    const notes = await world.notes('ann')
    return notes.length === 2 && notes
  })
  assert.deepEqual(ann.map((note: Answer) => [note.title, note.body]).sort(), [
    ['New: Closed', 'by Dee, 1 song'],
    ['New: Open', 'by Ann, 2 songs'],
  ])
  const ben = await world.call('ben', 'GET', '/api/notifications')
  assert.equal(ben.body_.length, 1)
  assert.equal(ben.headers['x-total-count'], '1')
  assert.ok(!ben.body.includes('Closed'))
  await host.clock.advance(61_000)
  await until('the messages', () => receiver.received.length === 3)
  assert.deepEqual(receiver.received.map(({ path, title }) => `${path} ${title}`).sort(), [
    '/ann New: Closed',
    '/ann New: Open',
    '/ben New: Open',
  ])
  assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 3)
})

test('a big scan is one digest; what grows is one note; what is hidden later is not named any more', async () => {
  await using world = await startWorld({ users: USERS, library: 'acl', config: { albumsApart: 1 } })
  await using receiver = await startReceiver()
  const { host } = world
  const fire = (...songs: string[]) =>
    host.fire('library.changed', {
      added: songs.map((one) => host.track(one)),
      changed: [],
      removed: [],
      truncated: false,
    })
  await fire('Open One', 'Open Secret', 'Closed One')
  const [digest] = await until('the digest', async () => (await world.notes('ann')).length === 1 && world.notes('ann'))
  assert.equal(digest.title, 'New music: 3 albums, 3 songs')
  await fire('Closed Duet')
  const two = await until('the second', async () => (await world.notes('ann')).length === 2 && world.notes('ann'))
  assert.equal(two[0].title, 'New: Closed')
  await fire('Closed One')
  const grown = await until('it to grow', async () => {
    const notes = await world.notes('ann')
    return notes[0].body === 'by Dee, 2 songs' && notes
  })
  assert.equal(grown[0].id, two[0].id)
  // Her library is taken away: neither list nor message names what was in it.
  await world.hook('ann', receiver)
  await fire('Closed One')
  await world.host.load(narrowing(host.library('Open')))
  const hidden = await until('it to be hidden', async () => {
    const notes = await world.call('ann', 'GET', '/api/notifications')
    return !notes.body.includes('Closed') && notes.body_
  })
  assert.deepEqual([hidden[0].title, hidden[0].body], ['New music', 'It is not there for you any more.'])
  assert.equal(hidden[1].title, 'New music: 2 albums, 2 songs')
  await host.clock.advance(120_000)
  assert.equal(receiver.received.length, 0)
})

function narrowing(library: number) {
  return definePlugin({
    name: 'narrowing',
    apiVersion: '1.0',
    permissions: ['access:scope', 'users:read'],
    setup({ hooks, users }) {
      hooks.on('access.scope', () => ({ libraries: [library] }))
      users.invalidateScope()
    },
  })
}

test('the six kinds of share news reach whom they concern, by the names of the Pinakes API', async () => {
  await using world = await startWorld({ users: USERS, library: 'acl', sharing: true })
  await using receiver = await startReceiver()
  const { host, call } = world
  await world.hook('ben', receiver)
  const share = async (input: object) => (await call('ann', 'POST', '/api/v1/shares', input)).body_
  const target = { kind: 'song', id: host.track('Closed One') }
  const made = await share({
    targets: [target],
    recipient: { kind: 'user', id: host.user('ben') },
    description: 'For your birthday',
  })
  const unread = async (user: string, base = '/api/v1') =>
    (await call(user, 'GET', `${base}/notifications/shares`)).body_
  const [received] = await until('the note', async () => (await unread('ben')).length === 1 && unread('ben'))
  assert.deepEqual(
    { ...received, id: '', createdAt: '' },
    {
      id: '',
      shareId: made.id,
      type: 'share_received',
      createdAt: '',
      readAt: null,
      title: 'Somebody shares music with you',
      body: 'Closed One\nFor your birthday',
    },
  )
  await host.clock.advance(1_000)
  await until('the message', () => receiver.received.length === 1)
  assert.equal(receiver.received[0]?.body, 'Closed One\nFor your birthday')
  await call('ann', 'PATCH', `/api/v1/shares/${made.id}`, { description: 'Sorry' })
  await until('the change', async () => (await unread('ben')).length === 2)
  await call('ann', 'DELETE', `/api/v1/shares/${made.id}`)
  const all = await until('the end', async () => (await unread('ben')).length === 3 && unread('ben', '/api'))
  assert.deepEqual(
    all.map((row: Answer) => row.type),
    ['share_revoked', 'share_changed', 'share_received'],
  )
  // The song is not there for ben any more: nothing names it.
  const bodies = (await call('ben', 'GET', '/api/notifications')).body
  assert.ok(!bodies.includes('Closed One') && !bodies.includes('Sorry') && !bodies.includes('birthday'))

  const link = await share({
    targets: [target],
    maxViews: 1,
    expiresAt: new Date(host.clock.now() + 90_000_000).toISOString(),
  })
  await host.inject(`/api/v1/shared/${link.id}`)
  await until('first and last use', async () => (await unread('ann')).length === 2)
  const other = await share({ targets: [target], expiresAt: new Date(host.clock.now() + 90_000_000).toISOString() })
  await host.clock.advance(7_200_000)
  const owner = await until('the end to come', async () => (await unread('ann')).length >= 3 && unread('ann'))
  assert.ok(owner.some((row: Answer) => row.type === 'share_expiring' && row.shareId === other.id))
  assert.deepEqual(
    new Set(owner.map((row: Answer) => row.type)),
    new Set(['link_first_used', 'link_exhausted', 'share_expiring']),
  )

  const mine = owner[0].id
  assert.deepEqual((await call('ben', 'POST', `/api/v1/notifications/shares/${mine}/read`)).status, 200)
  assert.equal((await unread('ann')).length, owner.length)
  assert.equal((await call('ann', 'POST', `/api/notifications/shares/${mine}/read`)).status, 200)
  assert.equal((await unread('ann')).length, owner.length - 1)
  assert.equal((await call('ann', 'POST', '/api/v1/notifications/shares/read-all')).status, 200)
  assert.deepEqual(await unread('ann'), [])
  for (const [method, path] of [
    ['GET', ''],
    ['POST', '/read-all'],
    ['POST', '/1/read'],
  ] as const)
    for (const base of ['/api', '/api/v1'])
      assert.equal((await call('', method, `${base}/notifications/shares${path}`)).status, 401)
})

test('a library that is shared is news to those who could not see it before', async () => {
  await using world = await startWorld({ users: USERS, library: 'acl', sharing: true })
  const { host, call } = world
  await call('ann', 'POST', '/api/v1/shares', {
    targets: [{ kind: 'library', id: String(host.library('Closed')) }],
    recipient: { kind: 'everyone' },
    description: 'All of it',
  })
  const [note] = await until('the note', async () => {
    const notes = await world.notes('ben')
    return notes.length === 1 && notes
  })
  assert.deepEqual([note.title, note.body], ['Somebody shares music with you', 'All of it'])
})

test('libraries, scans, missing files, the disk, logins and other plugins: told to whom they concern', async () => {
  await using world = await startWorld({
    users: [...USERS, { name: 'root', isAdmin: true }],
    library: 'acl',
    config: { failedLogins: 3 },
  })
  await using receiver = await startReceiver()
  const { host } = world
  await world.hook('root', receiver, 'root')
  await world.hook('ben', receiver, 'ben')
  const titles = async (user: string) => (await world.notes(user)).map((note: Answer) => note.title)
  const closed = host.library('Closed')
  const server = await serverOf(world)
  await server('library.lost', { libraryId: closed, name: 'Closed', reason: 'its folder is empty' })
  await server('library.back', { libraryId: closed, name: 'Closed' })
  await server('scan.problems', { scanId: 'one', problems: 2 })
  // The same files fail again: that is no news. One more is.
  await server('scan.problems', { scanId: 'two', problems: 2 })
  await until('the notes', async () => (await titles('root')).length === 3)
  assert.deepEqual(await titles('root'), [
    '2 files could not be read',
    'The library Closed is back',
    'The library Closed can not be reached',
  ])
  assert.deepEqual((await world.notes('root'))[2].body.split('\n')[0], 'its folder is empty')
  assert.deepEqual(await titles('ann'), ['The library Closed is back', 'The library Closed can not be reached'])
  assert.ok(!(await world.notes('ann'))[1].body.includes('folder'))
  assert.deepEqual(await titles('ben'), [])
  await server('scan.problems', { scanId: 'three', problems: 3 })
  await until('one more', async () => (await titles('root'))[0] === '3 files could not be read')
  assert.equal((await titles('root')).length, 3)
  await server('files.missing', { scanId: 'three', missing: 1 })
  await server('disk.low', { folder: 'database', freeBytes: 4e8, totalBytes: 5e11 })
  await server('backup.failed', { code: 'DISK_FULL' })
  await server('plugin.needs-grant', { plugin: 'x', permissions: ['db'] })
  await until('the rest', async () => (await titles('root')).length === 7)
  assert.deepEqual((await titles('root')).slice(0, 4).sort(), [
    '1 file is missing',
    'The disk is nearly full',
    'backup.failed happened',
    'plugin.needs-grant happened',
  ])
  assert.deepEqual(await titles('ben'), [])
  assert.equal((await titles('ann')).length, 2)

  for (let n = 0; n < 3; n++) {
    await host.inject({ url: '/auth/login', method: 'POST', body: { username: 'ben', password: `wrong ${n}` } })
    await host.inject({ url: '/auth/login', method: 'POST', body: { username: 'a password typed', password: 'no' } })
  }
  await until('the logins', async () => (await titles('root')).length === 9 && (await titles('ben')).length === 1)
  assert.deepEqual((await titles('root')).slice(0, 2).sort(), [
    'Failed logins as ben',
    'Failed logins with unknown names',
  ])
  const everything = JSON.stringify([await world.notes('root'), receiver.received])
  assert.ok(!everything.includes('a password typed') && !everything.includes('wrong 0'))
  const login = { userId: host.user('ben'), name: 'ben', ok: true, client: 'Phone' }
  await host.fire('user.login', { ...login, address: '192.168.1.5' })
  await host.fire('user.login', { ...login, address: '10.0.0.7' })
  await host.fire('user.login', { ...login, address: '203.0.113.9' })
  await host.fire('user.login', { ...login, address: '203.0.113.77' })
  await until('the address', async () => (await titles('ben')).length === 2)
  const [from] = await world.notes('ben')
  assert.equal(
    from.body,
    'Somebody logged in as you from 203.0.113.9 by Phone. If that was not you, change your password.',
  )

  await host.load(
    definePlugin({
      name: 'speaker',
      apiVersion: '1.0',
      permissions: ['notify'],
      setup({ notify }) {
        notify.send({
          topic: 'plugin.failed',
          title: 'The plugin x has failed',
          body: 'It is tried again.',
          level: 'error',
        })
        notify.send({ topic: 'speaker.hello', title: 'Hello Ben', userId: host.user('ben') })
      },
    }),
  )
  await until('its notes', async () => (await titles('ben'))[0] === 'Hello Ben')
  assert.ok((await titles('root')).includes('The plugin x has failed'))
  assert.ok(!(await titles('ben')).includes('The plugin x has failed'))
  await host.clock.advance(120_000)
  await until('the messages', () => receiver.received.some(({ title }) => title === 'The plugin x has failed'))
  for (const { path, title } of receiver.received)
    assert.ok(path === '/root' || /your account|new address|Hello Ben/.test(title), `${path} heard of ${title}`)
})

/** The server's own notes, as it sends them. */
async function serverOf({ host }: World) {
  await host.load(
    definePlugin({
      name: 'server-voice',
      apiVersion: '1.0',
      permissions: ['notify', 'routes'],
      setup({ notify, routes }) {
        routes.post('/', async (request) => {
          const { topic, data } = (await request.json()) as { topic: string; data: Record<string, unknown> }
          notify.send({ topic, title: `${topic} happened`, body: 'See the log.', data })
          return { kind: 'empty' }
        })
      },
    }),
  )
  return async (topic: string, data: object) => {
    await host.inject({ url: '/plugins/server-voice', user: 'admin', body: { topic, data } })
    await host.settled()
  }
}
