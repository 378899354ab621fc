import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { ADMIN_LOGIN, startPluginRoom } from '../support/plugin-room.ts'

const FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'plugins', 'api-1.1')
const DEADLINE_MS = 30_000

test('a plugin of the API 1.1 loads and works, whatever was added since', async (t) => {
  const server = await startPluginRoom(t, {
    libraries: { Music: { 'A/B/1.mp3': { title: 'One', artist: 'A', album: 'B' } } },
    before: (folder) => cpSync(FIXTURE, join(folder, 'frozen-live'), { recursive: true }),
  })
  const info = server.host.find('frozen-live')
  assert.equal(info?.state, 'active', info?.lastError)
  const { get } = server
  const at = '/plugins/frozen-live'
  const json = async (path: string, init?: RequestInit) => (await get(path, init)).json() as Promise<unknown>

  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${at}/socket?q=y`, { headers: ADMIN_LOGIN })
  t.after(() => socket.terminate())
  const texts: string[] = []
  socket.on('message', (data) => {
    texts.push(String(data))
    socket.send(texts.length === 1 ? 'hello' : 'bye')
  })
  const code = await new Promise<number>((resolve, reject) => socket.on('close', resolve).on('error', reject))
  assert.deepEqual([code, texts], [3001, ['admin y true true false', 'said hello']])
  assert.equal((await get(`${at}/socket`)).status, 426)

  const events = await get('/frozen/events', { headers: { accept: 'text/event-stream', 'last-event-id': '9' } })
  assert.equal(events.headers.get('content-type')?.split(';')[0], 'text/event-stream')
  const sent = await events.text()
  for (const line of ['id: 1', 'event: hello', 'data: {"last":"9","user":true}', 'retry: 3000'])
    assert.ok(sent.split('\n').includes(line), `${line} in ${sent}`)
  assert.equal((await get('/frozen/events?refuse=1')).status, 410)

  const echo = createServer((peer) => peer.on('data', (bytes) => peer.end(`got ${bytes}`)).on('error', () => {}))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  t.after(() => void echo.close())
  const { port } = echo.address() as { port: number }
  assert.deepEqual(await json(`${at}/connect`, { method: 'POST', body: JSON.stringify({ port }) }), {
    answer: 'got ping',
    foreign: 'PERMISSION_DENIED',
  })

  assert.equal(await (await get('/frozen/mine')).text(), 'yielding')
  assert.deepEqual(await json(`${at}/list?_start=1&_end=2`), { items: [{ n: 2 }], total: 2 })
  const leased = await get(`${at}/leased`)
  assert.deepEqual([leased.status, leased.headers.get('x-a')], [200, 'b'])
  assert.ok((await leased.arrayBuffer()).byteLength > 100)
  const zip = await get(`${at}/zip`)
  assert.match(zip.headers.get('content-disposition') ?? '', /frozen\.zip/)
  assert.equal(Buffer.from(await zip.arrayBuffer()).toString('latin1', 0, 2), 'PK')

  assert.deepEqual(await json(`${at}/work`, { method: 'POST' }), {
    last: true,
    at: 'number',
    library: true,
    own: 1,
    album: 'B',
    figures: 'object',
    named: 'B',
    unplayed: 1,
    credits: 1,
    server: 'object',
    admin: 1,
    running: [],
    ended: 0,
    row: true,
  })
  const lists = await json('/rest/getPlaylists?u=admin&p=admin-pass&v=1.16.1&c=kit&f=json')
  assert.match(JSON.stringify(lists), /"Frozen list"/)

  await server.install('other', {})
  await get('/rest/startScan?u=admin&p=admin-pass&v=1.16.1&c=kit&f=json')
  const seen = await until(async () => {
    const now = (await json(`${at}/seen`)) as { [key: string]: unknown[][] }
    return now.delivered?.length && now.states?.length && now.progress?.some(([scanning]) => !scanning) && now
  })
  assert.deepEqual(seen.delivered, [['string', 'number', 'frozen.done', 'Done', { a: [1] }]])
  assert.deepEqual(seen.closed, [3001])
  assert.equal(seen.peers, 0)
  assert.ok(seen.states?.some(([plugin, , to]) => plugin === 'other' && to === 'active'))
  assert.deepEqual(seen.progress?.at(-1), [false, false, 'number', true, 'number', 'number', false])
  assert.equal(server.host.find('frozen-live')?.calls.failures, 0, server.host.find('frozen-live')?.lastError)
})

async function until<T>(ask: () => Promise<T | false | 0 | undefined>): Promise<T> {
  const end = Date.now() + DEADLINE_MS
  for (;;) {
    const found = await ask()
    if (found) return found
    assert.ok(Date.now() < end, 'it did not come about in time')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
