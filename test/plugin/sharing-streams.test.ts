import assert from 'node:assert/strict'
import { get } from 'node:http'
import { type TestContext, test } from 'node:test'
import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import { encodeId, type SongId } from '../../src/base/ids.ts'
import { type PluginServer, startPluginServer } from '../support/plugin-server.ts'

const SHARING = new URL('../../plugins/sharing/', import.meta.url)
/** Far more than the buffers between a server and a client that does not read. */
const SECONDS = 1_500
const PAUSE_MS = 100
const USERS = ['ann', 'ben'].map((name) => ({
  name,
  password: `${name}-pass`,
  roles: ['stream', 'download', 'share'] as const,
}))

async function start(t: TestContext, config: object = {}) {
  const server = await startPluginServer(
    {
      libraries: {
        Music: { 'Band/One.mp3': { audio: { format: 'mp3', seconds: SECONDS } } },
        Other: { 'Band/Two.mp3': { title: 'Two' } },
      },
      users: USERS,
    },
    t,
  )
  await server.load(SHARING)
  await server.host.setConfig('sharing', { rateLimit: 0, ...config })
  const found = server.core.db.get<{ id: SongId; size: number }>('SELECT id, size FROM song ORDER BY size DESC LIMIT 1')
  assert.ok(found)
  return { server, song: encodeId('song', found.id), size: found.size }
}

async function call(server: PluginServer, user: string, method: string, path: string, body?: object) {
  return fetch(`${server.url}${path}`, {
    method,
    headers: user ? { authorization: `Basic ${Buffer.from(`${user}:${user}-pass`).toString('base64')}` } : {},
    redirect: 'manual',
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
}

interface Made {
  readonly id: string
  /** Of the stream. */
  readonly url: string
  /** Whether it has ended before its end is what the caller waits for. */
  readonly stream: ReturnType<typeof slowClient>
}

/** A share of the long song, and a stranger who listens to it. */
async function listening(
  { server, song, size }: Awaited<ReturnType<typeof start>>,
  more: object = {},
  user = 'ann',
): Promise<Made> {
  const made = await call(server, user, 'POST', '/api/v1/shares', {
    targets: [{ kind: 'song', id: song }],
    permissions: { download: true },
    ...more,
  })
  assert.equal(made.status, 200, await made.clone().text())
  const { id } = (await made.json()) as { id: string }
  const raw = (await (await call(server, '', 'GET', `/share/${id}?format=raw`)).json()) as { tracks: { url: string }[] }
  const url = raw.tracks[0]?.url ?? ''
  const stream = slowClient(url, size)
  await until(() => stream.received > 0, 'the first bytes')
  return { id, url, stream }
}

/** Reads a piece of its body now and then, until it is told to hurry. */
function slowClient(url: string, size: number) {
  let pause = PAUSE_MS
  let received = 0
  let over = false
  const done = new Promise<boolean>((resolve) => {
    const request = get(url, { agent: false }, (answer) => {
      answer.on('data', (chunk: Buffer) => {
        received += chunk.length
        if (pause === 0) return
        answer.pause()
        setTimeout(() => answer.resume(), pause)
      })
      answer.on('error', () => {})
      answer.on('close', () => {
        over = true
        resolve(answer.complete && received === size && answer.statusCode === 200)
      })
    })
    request.on('error', () => resolve(false))
  })
  return {
    /** Whether it came whole. */
    done,
    hurry: () => {
      pause = 0
    },
    get over() {
      return over
    },
    get received() {
      return received
    },
  }
}

/** Streams must end within seconds; the machine that tests it may be slow. */
async function until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await done())) {
    assert.ok(performance.now() < end, `${what}: not within a minute`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function assertCut(server: PluginServer, { id, url, stream }: Made, statuses: readonly number[]): Promise<void> {
  const again = await call(server, '', 'GET', new URL(url).pathname + new URL(url).search)
  const page = await call(server, '', 'GET', `/share/${id}`)
  assert.deepEqual([again.status, page.status], statuses, 'new requests, at once')
  await again.body?.cancel()
  await until(() => !leases(server).some((key) => key.endsWith(id)), 'the end of the sending')
  // What lies in the buffers between them is megabytes, by luck: a slow reader would take minutes to come to the end.
  stream.hurry()
  await until(() => stream.over, 'the end of the stream')
  assert.equal(await stream.done, false)
}

const leases = (server: PluginServer) => server.host.leases.keys('sharing')

test('a stream ends when its share is revoked; others go on, also over a reload', { timeout: 180_000 }, async (t) => {
  const at = await start(t)
  const [doomed, other] = [await listening(at), await listening(at)]
  await at.server.host.reload('sharing')
  assert.equal((await call(at.server, 'ann', 'DELETE', `/api/share/${doomed.id}`)).status, 200)
  await assertCut(at.server, doomed, [410, 410])
  assert.equal(other.stream.over, false)
  await at.server.host.reload('sharing')
  other.stream.hurry()
  assert.equal(await other.stream.done, true, 'the other came whole')
  await until(() => leases(at.server).length === 0, 'all leases given back')
})

test('a stream ends when its share expires, and when its end is moved nearer', { timeout: 180_000 }, async (t) => {
  const at = await start(t)
  const soon = new Date(Date.now() + 12_000).toISOString()
  const [expiring, shortened] = [await listening(at, { expiresAt: soon }), await listening(at)]
  const nearer = new Date(Date.now() + 3_000).toISOString()
  assert.equal(
    (await call(at.server, 'ann', 'PATCH', `/api/shares/${shortened.id}`, { expiresAt: nearer })).status,
    200,
  )
  assert.equal(shortened.stream.over, false, 'it has not ended yet')
  for (const one of [expiring, shortened])
    await until(
      async () => (await call(at.server, '', 'GET', `/share/${one.id}`)).status === 410,
      'the end of the share',
    )
  await assertCut(at.server, expiring, [410, 410])
  await assertCut(at.server, shortened, [410, 410])
})

test('a stream ends when the owner loses the library, the permission or the account', {
  timeout: 240_000,
}, async (t) => {
  const at = await start(t)
  const { accounts, repositories } = at.server.core
  const other = repositories.libraries.list(FULL_SCOPE).find(({ name }) => name === 'Other')
  assert.ok(other)
  const [ann, ben] = [accounts.find('ann'), accounts.find('ben')]
  assert.ok(ann && ben)

  const without = await listening(at)
  await call(at.server, 'ann', 'PATCH', `/api/shares/${without.id}`, { permissions: { stream: false } })
  await assertCut(at.server, without, [404, 200])

  const locked = await listening(at)
  await call(at.server, 'ann', 'PATCH', `/api/shares/${locked.id}`, { password: 'sesame' })
  await assertCut(at.server, locked, [404, 401])

  const homeless = await listening(at)
  await accounts.update(ann.id, { libraries: [other.id] })
  await assertCut(at.server, homeless, [404, 200])

  const orphaned = await listening(at, {}, 'ben')
  await accounts.remove(ben.id)
  await assertCut(at.server, orphaned, [404, 404])
})

test('what is passed on ends with the share that it came from', { timeout: 180_000 }, async (t) => {
  const at = await start(t)
  const { accounts, repositories } = at.server.core
  const other = repositories.libraries.list(FULL_SCOPE).find(({ name }) => name === 'Other')
  const ben = accounts.find('ben')
  assert.ok(ben && other)
  await accounts.update(ben.id, { libraries: [other.id] })
  const given = await call(at.server, 'ann', 'POST', '/api/v1/shares', {
    targets: [{ kind: 'song', id: at.song }],
    recipient: { kind: 'user', id: encodeId('user', ben.id) },
    permissions: { reshare: true },
  })
  const { id } = (await given.json()) as { id: string }
  const first = await listening(at, {}, 'ben')
  await call(at.server, 'ann', 'PATCH', `/api/shares/${id}`, { permissions: { reshare: false } })
  await assertCut(at.server, first, [410, 410])
  await call(at.server, 'ann', 'PATCH', `/api/shares/${id}`, { permissions: { reshare: true } })
  const second = await listening(at, {}, 'ben')
  await call(at.server, 'ann', 'DELETE', `/api/shares/${id}`)
  await assertCut(at.server, second, [410, 410])
  const third = await call(at.server, 'ben', 'POST', '/api/share', { songs: [at.song] })
  assert.equal(third.status, 404)
})

test('without the plugin, and with sharing off, links are 404 at once and nothing more is sent', {
  timeout: 180_000,
}, async (t) => {
  const at = await start(t)
  const first = await listening(at)
  const disabled = at.server.host.setEnabled('sharing', false)
  assert.equal((await call(at.server, '', 'GET', `/share/${first.id}`)).status, 404)
  await disabled
  await assertCut(at.server, first, [404, 404])
  await at.server.host.setEnabled('sharing', true)
  assert.equal((await call(at.server, '', 'GET', `/share/${first.id}`)).status, 200)

  const second = await listening(at)
  await at.server.host.setConfig('sharing', { enabled: false })
  await assertCut(at.server, second, [404, 404])
})

test('a ZIP that is being sent ends when downloads are not allowed any more', { timeout: 180_000 }, async (t) => {
  const at = await start(t)
  const zip = await call(at.server, 'ann', 'POST', '/api/v1/shares', {
    targets: at.server.core.db
      .all<{ id: SongId }>('SELECT id FROM song')
      .map(({ id }) => ({ kind: 'song', id: encodeId('song', id) })),
    permissions: { download: true },
  })
  const { id } = (await zip.json()) as { id: string }
  const client = slowClient(`${at.server.url}/share/${id}?download`, Number.NaN)
  await until(() => client.received > 0, 'the first bytes')
  assert.equal(leases(at.server).length, 1)
  await call(at.server, 'ann', 'PATCH', `/api/shares/${id}`, { permissions: { download: false } })
  assert.equal((await call(at.server, '', 'GET', `/share/${id}?download`)).status, 403)
  await until(() => leases(at.server).length === 0, 'the end of the sending')
  client.hurry()
  await until(() => client.over, 'the end of the ZIP')
  assert.ok(client.received < at.size, 'it ended half-way')
})
