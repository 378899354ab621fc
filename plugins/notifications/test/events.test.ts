import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWorld, until, type World } from './world.ts'

const music = ({ host }: World, ...songs: string[]) =>
  host.fire('library.changed', {
    added: songs.map((one) => host.track(one)),
    changed: [],
    removed: [],
    truncated: false,
  })

interface Seen {
  readonly id: string
  readonly event: string
  readonly data: string
}
const titles = (events: readonly Seen[]) =>
  events
    .filter(({ event }) => event === 'notification')
    .map(({ data }) => (JSON.parse(data) as { title: string }).title)

test('pages hear of scans, changes, listeners and notes, by the names that Navidrome has', async () => {
  await using world = await startWorld()
  const { host } = world
  const page = await host.connect({ url: '/api/events', user: 'alice' })
  assert.equal(page.status, 200)
  await until('the welcome', () => page.events.length >= 3)
  assert.deepEqual(
    page.events.map(({ event }) => event),
    ['serverStart', 'scanStatus', 'nowPlayingCount'],
  )
  const [start, scan, playing] = page.events.map(({ data }) => JSON.parse(data) as Record<string, unknown>)
  assert.ok(!Number.isNaN(Date.parse(String(start?.startTime))) && typeof start?.version === 'string')
  assert.deepEqual(Object.keys(scan ?? {}).sort(), [
    'count',
    'elapsedTime',
    'error',
    'folderCount',
    'scanType',
    'scanning',
  ])
  assert.deepEqual(playing, { count: 0 })

  const scanning = { scanning: true, full: true, count: 7, total: null, folders: 2, elapsedMs: 1.5, failed: false }
  await host.fire('scan.progress', scanning)
  await until('the scan', () => page.events.filter(({ event }) => event === 'scanStatus').length === 2)
  const event = {
    userId: host.user('bob'),
    mediaId: host.track('One'),
    client: 'x',
    sessionId: 's1',
    at: host.clock.now(),
  }
  await host.fire('playback.started', event)
  await host.fire('playback.finished', { ...event, playedMs: 1, scrobbled: false })
  await until('the listeners', () => page.events.filter((one) => one.event === 'nowPlayingCount').length === 3)
  assert.deepEqual(
    page.events.filter((one) => one.event === 'nowPlayingCount').map(({ data }) => data),
    ['{"count":0}', '{"count":1}', '{"count":0}'],
  )
  await music(world, 'One')
  await until('the note', () => titles(page.events).length === 1)
  assert.ok(page.events.some(({ event: name, data }) => name === 'refreshResource' && data === '{"*":"*"}'))
  // A star of somebody else is nobody's business.
  await host.fire('annotation.changed', { userId: host.user('bob'), mediaId: host.track('One'), starred: true })
  await host.fire('annotation.changed', { userId: host.user('alice'), mediaId: host.track('Two'), starred: true })
  await until('the star', () => page.events.some(({ data }) => data === `{"song":["${host.track('Two')}"]}`))
  assert.ok(!page.events.some(({ data }) => data === `{"song":["${host.track('One')}"]}`))
  assert.equal((await host.connect('/api/events')).status, 401)
})

test('players are counted while they play or rest, and pages hear whose counts are others', async () => {
  await using world = await startWorld()
  const { host } = world
  const page = await host.connect({ url: '/api/events', user: 'bob' })
  const other = await host.connect({ url: '/api/events', user: 'alice' })
  await until('the welcome', () => page.events.length >= 3 && other.events.length >= 3)
  const report = async (state: string, title = 'One') => {
    const mediaId = host.track(title)
    await host.subsonic('reportPlayback', { mediaId, mediaType: 'song', positionMs: 0, state }, 'bob')
    await host.settled()
  }
  const counts = () =>
    page.events.filter(({ event }) => event === 'nowPlayingCount').map(({ data }) => JSON.parse(data).count)
  const changed = (events: readonly Seen[]) => events.filter(({ event }) => event === 'refreshResource')
  await report('starting')
  await report('playing')
  await until('the start', () => counts().length === 2)
  await host.clock.advance(150_000)
  await report('paused')
  await until('the play', () => changed(page.events).length === 1)
  assert.deepEqual(JSON.parse(changed(page.events)[0]?.data ?? ''), {
    song: [host.track('One')],
    album: [host.album('First')],
  })
  await host.clock.advance(600_000)
  await report('playing')
  await report('starting', 'Two')
  assert.deepEqual(counts(), [0, 1])
  await report('stopped', 'Two')
  await until('the end', () => counts().length === 3)
  assert.deepEqual([counts(), changed(other.events)], [[0, 1, 0], []])
})

test('who comes back gets what was missed, once, by events and by WebSocket, over a reload too', async () => {
  await using world = await startWorld()
  const { host, plugin } = world
  const first = await host.connect({ url: '/api/events', user: 'alice' })
  await music(world, 'One')
  await until('the first', () => titles(first.events).length === 1)
  const last = first.events.findLast(({ event }) => event === 'notification')?.id ?? ''
  assert.match(last, /^\d+$/)
  await plugin.reload()
  await until('the end of the old life', () => first.closed !== undefined)
  await music(world, 'Long')
  await until('the second', async () => (await world.notes('alice')).length === 2)
  const back = await host.connect({ url: '/api/events', user: 'alice', headers: { 'last-event-id': last } })
  await until('what was missed', () => titles(back.events).length === 1)
  assert.deepEqual(titles(back.events), ['New: Second'])
  const socket = await host.connect({
    url: `/api/events/socket?lastEventId=${last}`,
    user: 'alice',
    headers: { upgrade: 'websocket' },
  })
  assert.equal(socket.status, 101)
  const heard = () =>
    socket.messages
      .map((text) => JSON.parse(text) as { id?: number; event: string; data: { title?: string } })
      .filter(({ event }) => event === 'notification')
  await until('the same by WebSocket', () => heard().length === 1)
  assert.equal(heard()[0]?.data.title, 'New: Second')
  // A new client starts with what comes; a number that this server never gave silences nobody.
  const fresh = await host.connect({ url: '/api/events', user: 'alice' })
  const lost = await host.connect({ url: '/api/events', user: 'alice', headers: { 'last-event-id': '999999' } })
  const other = await host.connect({ url: '/api/events', user: 'bob' })
  await world.call('alice', 'POST', '/api/notifications/read-all')
  await music(world, 'Two')
  await until('all', () => [back, fresh, lost].every(({ events }) => titles(events).includes('New: First')))
  assert.equal(titles(fresh.events).length, 1)
  assert.equal(titles(lost.events).length, 1)
  await until('bob', () => titles(other.events).length === 1)
  assert.ok(fresh.events.every(({ data }) => !data.includes('"Second"')))
})

/** Two libraries, of which Ben sees one. */
const startDivided = () =>
  startWorld({
    library: 'acl',
    users: [
      { name: 'ann', libraries: ['Open', 'Closed'] },
      { name: 'ben', libraries: ['Open'] },
    ],
  })

async function listeners({ host }: Awaited<ReturnType<typeof startDivided>>) {
  const ann = await host.connect({ url: '/api/events', user: 'ann' })
  return { ann, ben: await host.connect({ url: '/api/events', user: 'ben' }) }
}

test('notes of others never come, and who may not see an album hears no name of it', async () => {
  await using world = await startDivided()
  const { host } = world
  const { ann, ben } = await listeners(world)
  await music(world, 'Closed One')
  await until('ann', () => titles(ann.events).length === 1)
  await music(world, 'Open One')
  await until('both', () => titles(ann.events).length === 2 && titles(ben.events).length === 1)
  assert.deepEqual(titles(ben.events), ['New: Open'])
  assert.ok(ben.events.every(({ data }) => !data.includes('Closed') && !data.includes(host.track('Closed One'))))
})

test('players of songs that a user may not see are not counted for them', async () => {
  await using world = await startDivided()
  const { host } = world
  const { ann, ben } = await listeners(world)
  await until('the welcome', () => ann.events.length >= 3 && ben.events.length >= 3)
  const play = async (client: string, title: string, state = 'playing') => {
    const query = { mediaId: host.track(title), mediaType: 'song', positionMs: 0, state, c: client }
    await host.subsonic('reportPlayback', query, 'ann')
    await host.settled()
  }
  const counts = ({ events }: { readonly events: readonly Seen[] }) =>
    events.filter(({ event }) => event === 'nowPlayingCount').map(({ data }) => JSON.parse(data).count)
  await play('tv', 'Closed One')
  await until('ann', () => counts(ann).length === 2)
  await play('car', 'Open One')
  await until('both', () => counts(ann).length === 3 && counts(ben).length === 2)
  await play('tv', 'Closed One', 'stopped')
  await until('the end', () => counts(ann).length === 4)
  assert.deepEqual(
    [counts(ann), counts(ben)],
    [
      [0, 1, 2, 1],
      [0, 1],
    ],
  )
  const late = await host.connect({ url: '/api/events', user: 'ben' })
  await until('the welcome', () => late.events.length >= 3)
  assert.deepEqual(counts(late), [1])
})

test('how much was scanned is told as each user sees the library, on connecting and at the turns of a scan', async () => {
  await using world = await startWorld({
    library: 'acl',
    users: ['alice', { name: 'bob', libraries: ['Open'] }],
  })
  const { host } = world
  const acl = new URL('../../library-acl/', import.meta.url)
  await host.load(acl)
  const put = async (url: string, body: unknown) => {
    const reply = await host.inject({ method: 'PUT', url, user: 'admin', body })
    assert.equal(reply.status, 200, reply.body)
  }
  type Status = { readonly scanning: boolean; readonly count: number; readonly folderCount: number }
  const open = async (user: string) => {
    const page = await host.connect({ url: '/api/events', user })
    await until('the welcome', () => page.events.length >= 3)
    const statuses = () =>
      page.events
        .filter(({ event }) => event === 'scanStatus')
        .map(({ data }) => {
          const { scanning, count, folderCount } = JSON.parse(data) as Status
          return [scanning, count, folderCount]
        })
    return { page, statuses }
  }
  // The library that was scanned last is one of two: the other counts as well.
  const scanned = await host.subsonic('getScanStatus', {}, 'admin')
  assert.equal(scanned.status, 'ok')
  const admin = await open('admin')
  const bob = await open('bob')
  const [first] = admin.statuses()
  assert.deepEqual([first?.[0], first?.[1]], [false, 6])
  const [ofBob] = bob.statuses()
  assert.deepEqual([ofBob?.[0], ofBob?.[1]], [false, 4])
  assert.ok(Number(ofBob?.[2]) > 0 && Number(ofBob?.[2]) < Number(first?.[2]), 'folders of the other are not counted')

  const progress = { scanning: true, full: false, total: null, folders: 40, elapsedMs: 1, failed: false }
  for (const count of [1_000, 2_000]) await host.fire('scan.progress', { ...progress, count })
  await host.fire('scan.progress', { ...progress, scanning: false, count: 2_000 })
  await until('the end', () => admin.statuses().length === 4 && bob.statuses().length === 3)
  assert.deepEqual(admin.statuses().slice(1), [[true, 1_000, 40], [true, 2_000, 40], first])
  assert.deepEqual(bob.statuses(), [ofBob, [true, ...(ofBob ?? []).slice(1)], ofBob])

  await put(`/api/user/${host.user('bob')}/access`, {
    denyFolders: [{ libraryId: host.library('Open'), path: 'Secret' }],
    denyGenres: ['Jazz'],
  })
  const narrowed = await open('bob')
  const [less] = narrowed.statuses()
  assert.equal(less?.[1], 2)
  assert.ok(Number(less?.[2]) < Number(ofBob?.[2]), 'nor are hidden ones')
  for (const { page } of [admin, narrowed]) page.close()
})
