import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ADMIN_LOGIN, startPluginRoom } from '../support/plugin-room.ts'

const FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'plugins', 'api-1.0')

test('a plugin of the API 1.0 loads and works, whatever was added since', async (t) => {
  const server = await startPluginRoom(t, {
    libraries: { Music: { 'A/B/1.mp3': { title: 'One', artist: 'A', album: 'B' } } },
    before: (folder) => cpSync(FIXTURE, join(folder, 'frozen'), { recursive: true }),
  })
  const info = server.host.find('frozen')
  assert.equal(info?.state, 'active', info?.lastError)
  const { get } = server
  const text = async (path: string, init?: RequestInit) => (await get(path, init)).text()
  const at = '/plugins/frozen'

  const named = await get(`${at}/text/x?q=y`, { headers: { 'x-b': 'z' } })
  assert.equal(named.status, 201)
  assert.equal(named.headers.get('x-a'), 'b')
  assert.equal(named.headers.get('x-frozen'), '1')
  assert.equal(await named.text(), 'x y z string true')
  const body = { a: 1 }
  assert.deepEqual(await (await get(`${at}/body`, { method: 'POST', body: JSON.stringify(body) })).json(), {
    json: body,
    length: 7,
  })
  assert.equal((await get(`${at}/body`, { method: 'POST', body: 'x'.repeat(101) })).status, 413)
  assert.equal((await get(`${at}/empty`, { method: 'PUT' })).status, 204)
  const bytes = await get(`${at}/bytes`, { method: 'PATCH' })
  assert.equal(bytes.headers.get('content-type'), 'application/x-frozen')
  assert.equal((await bytes.arrayBuffer()).byteLength, 2)
  const moved = await get(`${at}/redirect`, { method: 'DELETE', redirect: 'manual' })
  assert.equal(moved.headers.get('location'), '/frozen/root')
  assert.equal(await text('/frozen/root'), 'root')
  assert.equal(await text(`${at}/stream`), 'ab')
  assert.equal((await get(`${at}/mine`)).status, 401)
  assert.equal(await text(`${at}/mine`, { headers: ADMIN_LOGIN }), 'admin true true')
  assert.equal((await get(`${at}/admin`, { headers: ADMIN_LOGIN })).status, 204)
  const file = await get(`${at}/file`, { headers: { range: 'bytes=1-2' } })
  assert.equal(file.status, 206)
  assert.match(file.headers.get('content-disposition') ?? '', /note\.txt/)
  assert.equal(await file.text(), 'ep')
  const media = await get(`${at}/media`)
  assert.equal(media.status, 200)
  assert.ok((await media.arrayBuffer()).byteLength > 100)
  assert.equal(await text(`${at}/web/`), '<p>frozen\n')
  assert.equal((await get('/refused')).status, 429)

  const work = (await (await get(`${at}/work`, { method: 'POST' })).json()) as Record<string, unknown>
  assert.deepEqual(work, {
    name: 'frozen',
    found: 'admin',
    scope: 'all',
    one: true,
    libraries: 1,
    tracks: 1,
    plays: 0,
    changes: 1,
    batch: [1, 0],
    row: { text: 'hello' },
    rows: 1,
    colour: { red: 1 },
    now: 'number',
    aborted: false,
    refused: 'UNAVAILABLE',
    hash: 32,
  })

  const rest = (query: string) =>
    text(`/rest/getFrozen?u=admin&p=admin-pass&v=1.16.1&c=kit&f=json&${query}`).then(
      (answer) => (JSON.parse(answer) as { 'subsonic-response': Record<string, unknown> })['subsonic-response'],
    )
  const { frozen } = (await rest('word=hey&many=1&many=2')) as { frozen: Record<string, unknown> }
  assert.deepEqual(frozen, { user: 'admin', word: 'hey', many: 2, number: 5, none: 'none', client: 'kit', songs: [] })
  assert.equal(((await rest('word=a&fail=true')) as { error: { code: number } }).error.code, 70)
  assert.equal(((await rest('')) as { error: { code: number } }).error.code, 10)

  await server.core.hooks.settled(2000)
  type Seen = { [key: string]: unknown; hooks: string[]; delivered: unknown[]; tasks: number }
  const look = async () => (await (await get(`${at}/seen`)).json()) as Seen
  let seen = await look()
  for (const end = performance.now() + 30_000; performance.now() < end; seen = await look())
    if (seen.delivered.length > 0 && seen.tasks > 0 && seen.hooks.includes('request.finished')) break
  assert.deepEqual(seen.events, ['hello'])
  assert.deepEqual(seen.settings, [{ red: 1 }])
  assert.deepEqual(seen.delivered, ['Done'])
  assert.equal(seen.tasks, 1)
  assert.equal(seen.hooks.includes('request.finished'), true)
  assert.equal(seen.hooks.includes('never'), false)
  assert.equal(server.host.find('frozen')?.calls.failures, 0, server.host.find('frozen')?.lastError)
  await server.host.setConfig('frozen', { word: 'changed', key: 'secret' })
  assert.equal(((await (await get(`${at}/work`, { method: 'POST' })).json()) as { rows: number }).rows, 2)
})
