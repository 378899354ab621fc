import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { decodeIdOf, encodeId } from '../../src/base/ids.ts'
import { ADMIN_LOGIN, type PluginTestOptions, type PluginTestServer, startPluginRoom } from '../support/plugin-room.ts'
import { ADMIN } from '../support/test-server.ts'

const ANN = { name: 'ann', password: 'ann-pass' }

const LIVE = {
  apiVersion: '1.1',
  permissions: ['routes', 'routes:public', 'routes:root'],
  setup: `
    const peers = new Set()
    const ends = []
    const take = (peer, { query, headers }) => {
      peers.add(peer)
      peer.onClose((code) => { peers.delete(peer); ends.push(code) })
      return { user: peer.user?.name ?? null, jwt: query.get('jwt'), login: headers.authorization ?? null, version: VERSION }
    }
    ctx.routes.socket('/socket', (peer, request) => {
      peer.send(JSON.stringify(take(peer, request)))
      peer.onMessage((text) => {
        if (text === 'fail') throw new Error('asked to')
        if (text === 'flood') { while (peer.send('x'.repeat(8192))) {} return }
        peer.send('echo ' + text)
      })
    })
    ctx.routes.socket('/admin', (peer) => peer.send('hello'), { auth: 'admin' })
    ctx.routes.socket('/public', (peer, request) => peer.send(JSON.stringify(take(peer, request))), { auth: 'public' })
    ctx.routes.events('/api/live', (peer, request) => {
      if (request.query.get('refuse')) return { kind: 'json', status: 410, body: { gone: true } }
      if (request.query.get('fail')) throw new Error('asked to')
      peer.send({ id: '1', event: 'hello', data: { ...take(peer, request), last: request.headers['last-event-id'] ?? null } })
    }, { root: true })
    ctx.routes.post('/tell', async (request) => {
      const text = await request.text()
      for (const peer of peers) peer.send({ id: '2', data: text })
      return { kind: 'json', body: { peers: peers.size, ends } }
    }, { auth: 'public' })`,
}

for (const adapter of ['uws', 'node'] as const) {
  const start = async (t: TestContext, more: PluginTestOptions = {}) => {
    const server = await startPluginRoom(t, { adapter, users: [ANN], ...more })
    const info = await server.install('live', LIVE)
    assert.equal(info?.state, 'active', info?.lastError)
    return server
  }

  test(`${adapter}: clients show who they are by token in the address, header, key or Basic`, async (t) => {
    const server = await start(t)
    const token = await login(server)
    const key = server.core.accounts.createApiKey(userOf(server, 'ann'), 'tv').key
    for (const [query, headers] of [
      [`?jwt=${token}`, {}],
      [`?jwt=${key}`, {}],
      ['', { 'x-nd-authorization': `Bearer ${token}` }],
      ['', { authorization: `Bearer ${key}` }],
      ['', { authorization: `Basic ${Buffer.from('ann:ann-pass').toString('base64')}` }],
    ] as const) {
      const socket = open(t, server, `/plugins/live/socket${query}`, headers)
      const hello = { user: 'ann', jwt: null, login: null, version: '1.0.0' }
      assert.deepEqual(JSON.parse(await socket.next()), hello)
      const events = await listen(t, server, `/api/live${query}`, headers)
      assert.deepEqual((await events.next()).data, { ...hello, last: null })
    }
    assert.equal(server.host.find('live')?.connected, 10)
    assert.equal(server.host.find('live')?.registered?.socket, 3)
  })

  test(`${adapter}: who may not connect gets an ordinary answer`, async (t) => {
    const server = await start(t)
    const token = await login(server)
    assert.equal(await refusal(server, '/plugins/live/socket'), 401)
    assert.equal(await refusal(server, '/plugins/live/socket?jwt=a.b.c'), 401)
    assert.equal(await refusal(server, `/plugins/live/admin?jwt=${token}`), 403)
    assert.equal(await refusal(server, `/plugins/live/nowhere?jwt=${token}`), 404)
    assert.equal((await server.get('/api/live')).status, 401)
    assert.equal((await server.get(`/api/live?jwt=${token}&refuse=1`)).status, 410)
    assert.equal((await server.get(`/api/live?jwt=${token}&fail=1`)).status, 502)
    assert.equal((await server.get(`/plugins/live/socket?jwt=${token}`)).status, 426)
    // An address is no place for a token anywhere else.
    assert.equal((await server.get(`/api/auth/me?jwt=${token}`)).status, 401)
    const head = await server.get(`/api/live?jwt=${token}`, { method: 'HEAD' })
    assert.equal(head.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    assert.equal(server.host.find('live')?.connected, 0)
  })

  test(`${adapter}: pages of other sites open no WebSocket`, async (t) => {
    const server = await start(t, { settings: { 'server.allowedOrigins': 'https://player.example.org' } })
    const path = `/plugins/live/socket?jwt=${await login(server)}`
    assert.equal(await refusal(server, path, { origin: 'https://evil.example.org' }), 403)
    assert.equal(await refusal(server, path, { origin: 'null' }), 403)
    for (const origin of ['https://player.example.org', server.url, server.url.replace('http:', 'https:')])
      assert.equal(JSON.parse(await open(t, server, path, { origin }).next()).user, 'ann')
    const guest = open(t, server, path.replace('/socket', '/public'), { origin: 'https://evil.example.org' })
    assert.equal(JSON.parse(await guest.next()).user, null)
  })

  test(`${adapter}: behind a trusted proxy and below a base path the outer host counts`, async (t) => {
    const server = await start(t, {
      settings: { 'server.baseUrl': '/music', 'server.trustedProxies': '127.0.0.1' },
    })
    const path = `/plugins/live/socket?jwt=${await login(server)}`
    const proxy = { 'x-forwarded-host': 'music.example.org', 'x-forwarded-proto': 'https' }
    const socket = open(t, server, path, { ...proxy, origin: 'https://music.example.org' })
    assert.equal(JSON.parse(await socket.next()).user, 'ann')
    assert.equal(await refusal(server, path, { ...proxy, origin: server.url }), 403)
  })

  test(`${adapter}: a reload sends clients on at once, a disabled plugin has none`, async (t) => {
    const server = await start(t)
    const token = await login(server)
    const socket = open(t, server, `/plugins/live/socket?jwt=${token}`)
    await socket.next()
    const events = await listen(t, server, `/api/live?jwt=${token}`)
    await events.next()
    await server.install('live', { ...LIVE, version: '2.0.0' })
    assert.equal(await socket.closed, 1012)
    assert.equal(await events.next().then(({ event }) => event), 'end')
    const again = open(t, server, `/plugins/live/socket?jwt=${token}`)
    assert.equal(JSON.parse(await again.next()).version, '2.0.0')
    const resumed = await listen(t, server, `/api/live?jwt=${token}`, { 'last-event-id': '1' })
    assert.equal((await resumed.next()).data.last, '1')
    assert.equal(server.host.find('live')?.connected, 2)
    await server.host.setEnabled('live', false)
    assert.equal(await again.closed, 1012)
    assert.equal((await resumed.next()).event, 'end')
    assert.equal(server.host.peers.size, 0)
    assert.equal(await refusal(server, `/plugins/live/socket?jwt=${token}`), 404)
  })

  test(`${adapter}: whoever loses the login loses the connection`, async (t) => {
    const server = await start(t, { users: [ANN, { name: 'bob', password: 'bob-pass' }] })
    const { sessions, accounts } = server.core
    const ann = userOf(server, 'ann')
    const connect = async (token: string) => {
      const socket = open(t, server, `/plugins/live/socket?jwt=${token}`)
      await socket.next()
      const events = await listen(t, server, `/api/live?jwt=${token}`)
      await events.next()
      return { socket, events }
    }
    const ends = async ({ socket, events }: Awaited<ReturnType<typeof connect>>) => {
      assert.equal(await socket.closed, 1008)
      assert.equal((await events.next()).event, 'end')
    }
    const stays = await connect(await login(server, 'bob'))
    const revoked = await connect(await login(server))
    const [session] = sessions.listOf(ann)
    sessions.end(ann, session?.id ?? '')
    await ends(revoked)
    const { key, record } = accounts.createApiKey(ann, 'tv')
    const keyed = await connect(key)
    accounts.revokeApiKey(ann, record.id)
    await ends(keyed)
    const before = await connect(await login(server))
    await accounts.update(ann, { password: 'another-pass' })
    await ends(before)
    const last = await connect(await login(server, 'ann', 'another-pass'))
    accounts.remove(ann)
    await ends(last)
    assert.equal(stays.socket.socket.readyState, WebSocket.OPEN)
    assert.equal(server.host.find('live')?.connected, 2)
  })

  test(`${adapter}: the number of listeners is bounded, for each user and in all`, async (t) => {
    const settings = { 'server.maxListeners': '4', 'server.maxListenersPerUser': '3' }
    const server = await start(t, { settings })
    const path = `/plugins/live/socket?jwt=${await login(server)}`
    const sockets = [open(t, server, path), open(t, server, path), open(t, server, path)]
    for (const one of sockets) await one.next()
    assert.equal(await refusal(server, path), 429)
    const other = await listen(t, server, '/api/live', ADMIN_LOGIN)
    await other.next()
    const full = await server.get('/api/live', { headers: ADMIN_LOGIN })
    assert.equal(full.status, 429)
    assert.equal(full.headers.get('retry-after'), '30')
    sockets[0]?.socket.close()
    await sockets[0]?.closed
    await until(() => server.host.peers.size === 3)
    await open(t, server, path).next()
  })

  test(`${adapter}: messages go both ways; failures and floods end the one who makes them`, async (t) => {
    const server = await start(t)
    const path = `/plugins/live/socket?jwt=${await login(server)}`
    const socket = open(t, server, path)
    await socket.next()
    for (let n = 0; n < 50; n++) socket.socket.send(`message ${n}`)
    for (let n = 0; n < 50; n++) assert.equal(await socket.next(), `echo message ${n}`)
    socket.socket.send('fail')
    assert.equal(await socket.closed, 1011)
    const slow = open(t, server, path)
    await slow.next()
    slow.socket.pause()
    slow.socket.send('flood')
    await until(() => server.host.peers.size === 0)
    slow.socket.resume()
    assert.equal(await slow.closed, 1013)
    const tell = await server.get('/plugins/live/tell', { method: 'POST', body: 'news' })
    assert.deepEqual(await tell.json(), { peers: 0, ends: [1011, 1013] })
  })

  test(`${adapter}: a plugin's end is told to its clients and leaves nothing behind`, async (t) => {
    const server = await start(t)
    const token = await login(server)
    const events = await listen(t, server, `/api/live?jwt=${token}`)
    await events.next()
    await server.get('/plugins/live/tell', { method: 'POST', body: 'one\ntwo\r\nthree' })
    assert.deepEqual(await events.next(), { event: 'message', id: '2', data: 'one\ntwo\nthree' })
    await server.room.stop()
    assert.equal((await events.next()).event, 'end')
    assert.equal(server.host.peers.size, 0)
  })
}

function userOf(server: PluginTestServer, name: string) {
  const user = server.core.accounts.find(name)
  assert.ok(user)
  assert.equal(decodeIdOf('user', encodeId('user', user.id)), user.id)
  return user.id
}

async function login(server: PluginTestServer, name = 'ann', password = `${name}-pass`): Promise<string> {
  const reply = await server.get('/auth/login', {
    method: 'POST',
    body: JSON.stringify({ username: name, password: name === ADMIN.name ? ADMIN.password : password }),
  })
  const { token } = (await reply.json()) as { token: string }
  assert.equal(typeof token, 'string')
  return token
}

function open(t: TestContext, server: PluginTestServer, path: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`, { headers })
  t.after(() => socket.terminate())
  const got: string[] = []
  const errors: Error[] = []
  socket.on('message', (data) => void got.push(String(data)))
  socket.on('error', (error) => void errors.push(error))
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  const next = async () => {
    await until(() => got.length > 0 || errors.length > 0)
    if (errors[0]) throw errors[0]
    return got.shift() as string
  }
  return { socket, next, closed }
}

function refusal(server: PluginTestServer, path: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`, { headers })
  socket.on('error', () => {})
  return new Promise((resolve) => {
    socket.on('open', () => resolve(101))
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0)
      socket.terminate()
    })
  })
}

// biome-ignore lint/suspicious/noExplicitAny: what a test's own plugin sends
type Event = { readonly event: string; readonly id: string; readonly data: any }

async function listen(t: TestContext, server: PluginTestServer, path: string, headers: Record<string, string> = {}) {
  const abort = new AbortController()
  t.after(() => abort.abort())
  const reply = await server.get(path, { headers, signal: abort.signal })
  assert.equal(reply.status, 200)
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const next = async (): Promise<Event> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const all = (name: string) =>
          lines.flatMap((line) => (line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : []))
        const data = all('data').join('\n')
        if (data === '') continue
        return {
          event: all('event')[0] ?? 'message',
          id: all('id')[0] ?? '',
          data: data.startsWith('{') ? JSON.parse(data) : data,
        }
      }
      const step = await reader?.read().catch(() => undefined)
      if (!step || step.done) return { event: 'end', id: '', data: undefined }
      text += step.value
    }
  }
  return { next }
}

async function until(check: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!check()) {
    if (performance.now() > deadline) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
