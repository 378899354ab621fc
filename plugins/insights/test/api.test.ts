import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createTestHost, type TestHost } from 'tonearm/plugin/testing'
import { listen } from './history.ts'

const INSIGHTS = new URL('..', import.meta.url)
const NOW = Date.UTC(2024, 0, 1, 12)
const DAY = 86_400_000

const get = async (host: TestHost, url: string, user?: string) => {
  const reply = await host.inject({ url, ...(user ? { user } : {}) })
  return {
    status: reply.status,
    body: reply.headers['content-type']?.includes('json') ? reply.json() : reply.body,
    reply,
  }
}

/** What a schedule begins may wait for a socket: real time passes too. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 10_000; !(await isSo()); await new Promise((resolve) => setTimeout(resolve, 5)))
    assert.ok(Date.now() < deadline, 'it did not happen')
}

/** Lets hours pass until something has happened. */
async function hoursUntil(host: TestHost, isSo: () => Promise<boolean>): Promise<void> {
  await until(async () => {
    await host.clock.advance(3_660_000)
    return isSo()
  })
}

test('the status is as clients know it, from before the first run on, and when collection is off', async () => {
  await using host = await createTestHost({ now: NOW })
  const disabled = { id: 'insights_status', lastRun: 'disabled', success: false }
  assert.deepEqual((await get(host, '/api/insights/', 'alice')).body, disabled)
  const plugin = await host.load(INSIGHTS)
  assert.equal((await get(host, '/api/insights/')).status, 401)
  const collected = await host.inject({ method: 'POST', url: '/api/insights/collect', user: 'admin' })
  assert.equal(collected.status, 200, collected.body)
  const done = { id: 'insights_status', lastRun: '2024-01-01 12:00:00', success: true }
  assert.deepEqual((await get(host, '/api/insights/', 'alice')).body, done)
  assert.deepEqual((await get(host, '/api/insights', 'alice')).body, done)
  assert.equal((await host.inject({ method: 'POST', url: '/api/insights/collect', user: 'alice' })).status, 403)
  await plugin.configure({ collect: false })
  assert.deepEqual((await get(host, '/api/insights/', 'alice')).body, disabled)
})

test('collection comes once a day by itself and is kept', async () => {
  await using host = await createTestHost({ now: NOW })
  await host.load(INSIGHTS)
  type Row = { readonly at: string; readonly songs: number; readonly id?: string }
  const kept = async () => (await get(host, '/api/insights/history', 'admin')).body as Row[]
  await hoursUntil(host, async () => (await kept()).length === 4)
  const rows = await kept()
  const days = rows.map(({ at }) => Date.parse(at) / DAY)
  for (const [index, day] of days.entries()) if (index > 0) assert.ok((days[index - 1] as number) - day >= 1)
  assert.ok(rows.every(({ songs, id }) => songs === 5 && id === undefined))
})

test('users see their own listening and their own libraries, administrators everybody’s', async () => {
  await using host = await createTestHost({
    library: 'acl',
    now: NOW,
    users: ['alice', { name: 'bob', libraries: ['Open'] }],
  })
  await listen(host, [
    { user: 'alice', title: 'Closed One', at: NOW - 3_600_000 },
    { user: 'alice', title: 'Open One', at: NOW - 3_000_000 },
    { user: 'bob', title: 'Open One', at: NOW - 2_000_000 },
  ])
  await host.load(INSIGHTS)
  type Body = {
    readonly library: { readonly songs: number }
    readonly server?: object
    readonly listening: {
      readonly plays: number
      readonly neverPlayed: number
      readonly topSongs: { readonly name: string }[]
    }
  }
  const of = async (user: string, query = '') =>
    (await get(host, `/api/insights/report?period=7d${query}`, user)).body as Body
  const alice = await of('alice')
  assert.equal(alice.listening.plays, 2)
  assert.equal(alice.server, undefined)
  const bob = await of('bob')
  assert.deepEqual(
    bob.listening.topSongs.map(({ name }) => name),
    ['Open One'],
  )
  assert.equal(bob.library.songs, 4)
  assert.equal(bob.listening.neverPlayed, 3)
  const all = await of('admin', '&user=all')
  assert.equal(all.listening.plays, 3)
  assert.ok(all.server)
  assert.equal((await of('admin', `&user=${host.user('alice')}`)).listening.plays, 2)
  const narrowed = await of('admin', `&user=all&library=${host.library('Closed')}`)
  assert.deepEqual([narrowed.listening.plays, narrowed.library.songs], [1, 2])
  for (const [query, status] of [
    ['user=all', 403],
    [`user=${host.user('alice')}`, 403],
    [`library=${host.library('Closed')}`, 404],
    ['period=2024-13', 400],
    ['tz=Nowhere/City', 400],
    ['limit=0', 400],
  ] as const)
    assert.equal((await get(host, `/api/insights/report?${query}`, 'bob')).status, status, query)
})

test('what was heard in a library that is taken away is no longer shown', async () => {
  await using host = await createTestHost({
    library: 'acl',
    now: NOW,
    users: [{ name: 'bob', libraries: ['Open', 'Closed'] }],
  })
  await listen(host, [
    { user: 'bob', title: 'Closed One', at: NOW - 3_600_000 },
    { user: 'bob', title: 'Open One', at: NOW - 3_000_000 },
  ])
  await host.load(INSIGHTS)
  const acl = new URL('../../library-acl', import.meta.url)
  await host.load(acl)
  const taken = await host.inject({
    method: 'PUT',
    url: `/api/user/${host.user('bob')}/library`,
    user: 'admin',
    body: { libraryIds: [host.library('Open')] },
  })
  assert.equal(taken.status, 200, taken.body)
  const { reply } = await get(host, '/api/insights/report', 'bob')
  assert.ok(!reply.body.includes('Closed'))
  assert.equal((reply.json() as { listening: { plays: number } }).listening.plays, 1)
})

test('tables come as CSV without formulas', async () => {
  await using host = await createTestHost({ now: NOW })
  await listen(host, [{ user: 'alice', title: 'Two', at: NOW - DAY }])
  await host.load(INSIGHTS)
  const { reply } = await get(host, '/api/insights/report?format=csv&table=byDay', 'alice')
  assert.match(reply.headers['content-type'] ?? '', /^text\/csv/)
  assert.equal(reply.body, 'day,plays,minutes\r\n2023-12-31,1,4\r\n')
  const never = await get(host, '/api/insights/report?format=csv&table=neverPlayed', 'alice')
  assert.equal(String(never.body).trim().split('\r\n').length, 5)
  assert.equal((await get(host, '/api/insights/report?format=csv&table=user', 'alice')).status, 400)
})

test('exactly the previewed figures are posted, later again when the receiver fails, and nothing without an address', async (t) => {
  const received: string[] = []
  let status = 503
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    received.push(Buffer.concat(chunks).toString())
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  t.after(() => receiver.close())
  const { port } = receiver.address() as AddressInfo
  await using host = await createTestHost({ now: NOW })
  const silent = await host.load(INSIGHTS)
  await host.clock.advance(2 * DAY)
  assert.equal(received.length, 0)
  const { permissions } = (await import('../plugin.ts')).default
  await silent.unload()
  await host.load(
    INSIGHTS,
    { sendTo: `http://127.0.0.1:${port}/` },
    { granted: [...(permissions ?? []), 'net:127.0.0.1'] },
  )
  await host.clock.advance(10_000)
  await until(async () => received.length === 1)
  status = 204
  await hoursUntil(host, async () => received.length === 2)
  await host.clock.advance(3_600_000)
  assert.equal(received.length, 2)
  const preview = (await get(host, '/api/insights/preview', 'admin')).body as Readonly<Record<string, unknown>>
  const sent = JSON.parse(received[1] ?? '') as Readonly<Record<string, unknown>>
  assert.deepEqual(Object.keys(sent), Object.keys(preview))
  assert.equal(sent.id, preview.id)
  for (const secret of ['alice', 'Ann', 'One', 'Music', '/tmp']) assert.ok(!received[1]?.includes(`"${secret}`), secret)
  assert.ok(!host.logged.some(({ level }) => level === 'error' || level === 'warn'))
})

test('metrics are there with their password alone, and only when there is one', async () => {
  await using host = await createTestHost({ now: NOW })
  const plugin = await host.load(INSIGHTS)
  assert.equal((await get(host, '/metrics')).status, 404)
  await plugin.configure({ metricsPassword: 'sesame' })
  const ask = (password: string) =>
    host.inject({
      url: '/metrics',
      headers: { authorization: `Basic ${Buffer.from(`prometheus:${password}`).toString('base64')}` },
    })
  assert.equal((await get(host, '/metrics')).status, 401)
  assert.equal((await ask('sesamf')).status, 401)
  assert.equal((await ask('sesame2')).status, 401)
  const reply = await ask('sesame')
  assert.equal(reply.status, 200)
  assert.match(reply.body, /^tonearm_library_items\{kind="song"\} 5$/m)
  for (const line of reply.body.split('\n').filter(Boolean))
    assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+]+)$/)
})

test('who goes takes the listening along', async () => {
  await using host = await createTestHost({ now: NOW })
  await listen(host, [{ user: 'alice', title: 'Two', at: NOW - DAY }])
  await host.load(INSIGHTS)
  const report = `/api/insights/report?parts=listening&user=${host.user('alice')}`
  assert.equal((await get(host, report, 'admin')).status, 200)
  await host.subsonic('deleteUser', { username: 'alice' })
  await host.settled()
  assert.equal((await get(host, report, 'admin')).status, 404)
})
