import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { AppError } from '../../src/base/errors.ts'
import { CLOSE, type Line, type LineListener } from '../../src/http/line.ts'
import { errorReply, text } from '../../src/http/reply.ts'
import type { HttpHandler } from '../../src/http/types.ts'
import { onBoth, raw, serve, until } from './harness.ts'

interface Held {
  line: Line | undefined
  readonly heard: string[]
  readonly codes: number[]
}

function held(more: Partial<LineListener> = {}): Held & LineListener {
  const listener: Held & LineListener = {
    line: undefined,
    heard: [],
    codes: [],
    maxBuffered: 64 * 1024,
    maxMessage: 16 * 1024,
    opened: (line) => {
      listener.line = line
    },
    message: (message) => void listener.heard.push(message),
    closed: (code) => void listener.codes.push(code),
    ...more,
  }
  return listener
}

const accepting =
  (listener: LineListener, kind: 'socket' | 'live' = 'socket'): HttpHandler =>
  async () => ({ kind, headers: {}, listener })

interface Client {
  readonly socket: WebSocket
  readonly got: string[]
  readonly closed: Promise<number>
}

function client(url: string, t: { after(cleanup: () => void): void }, protocols: string[] = []): Client {
  const socket = new WebSocket(url.replace('http', 'ws'), protocols)
  t.after(() => socket.terminate())
  socket.on('error', () => {})
  const got: string[] = []
  socket.on('message', (data) => void got.push(String(data)))
  return { socket, got, closed: new Promise((resolve) => socket.on('close', resolve)) }
}

onBoth('a WebSocket carries texts both ways and tells its end', async (t, name) => {
  const listener = held()
  const { url, finished } = await serve(t, name, accepting(listener))
  const { socket, got } = client(`${url}/live?x=1`, t, ['first', 'second'])
  const line = await until(() => listener.line)
  assert.equal(line.send('from the server'), true)
  line.send('Ünïcode 🎵')
  socket.on('open', () => socket.send('from the client'))
  if (socket.readyState === WebSocket.OPEN) socket.send('from the client')
  await until(() => got.length === 2 && listener.heard.length === 1)
  assert.deepEqual(got, ['from the server', 'Ünïcode 🎵'])
  assert.deepEqual(listener.heard, ['from the client'])
  assert.equal(socket.protocol, 'first')
  socket.close(4001)
  await until(() => listener.codes.length > 0)
  assert.deepEqual(listener.codes, [4001])
  assert.equal(line.open, false)
  assert.equal(line.send('too late'), false)
  assert.equal(finished[0]?.status, 101)
})

onBoth('a request for a WebSocket that is not agreed to gets an ordinary answer', async (t, name) => {
  const refused: HttpHandler = async () => errorReply(new AppError('BAD_CREDENTIALS', 'Who are you?'))
  const { url } = await serve(t, name, refused)
  const socket = new WebSocket(url.replace('http', 'ws'))
  const status = await new Promise((resolve) =>
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode)),
  )
  assert.equal(status, 401)
  socket.on('error', () => {})
  socket.terminate()
})

onBoth('an ordinary request to where a WebSocket is spoken gets 426', async (t, name) => {
  const listener = held()
  const { url } = await serve(t, name, accepting(listener))
  const reply = await fetch(url)
  assert.equal(reply.status, 426)
  assert.deepEqual(listener.codes, [CLOSE.LOST])
})

onBoth('a request that would rather speak another protocol is answered in this one', async (t, name) => {
  const { port } = await serve(t, name, () => text(200, 'plain'))
  const head =
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n'
  const client = raw(t, port, head)
  await until(() => client.text().includes('plain'))
  assert.match(client.text(), /^HTTP\/1\.1 200/)
})

onBoth('the server closes with a code, and all with 1001 when it stops', async (t, name) => {
  const listener = held()
  const { url, adapter } = await serve(t, name, accepting(listener))
  const first = client(url, t)
  const line = await until(() => listener.line)
  line.close(CLOSE.RESTART, 'again')
  assert.equal(await first.closed, CLOSE.RESTART)
  assert.deepEqual(listener.codes, [CLOSE.RESTART])
  listener.line = undefined
  const second = client(url, t)
  await until(() => listener.line)
  await until(() => second.socket.readyState === WebSocket.OPEN)
  await adapter.close(1000)
  assert.equal(await second.closed, CLOSE.GOING_AWAY)
})

onBoth('bytes and long messages close a WebSocket', async (t, name) => {
  const listener = held({ maxMessage: 10 })
  const { url } = await serve(t, name, accepting(listener))
  const binary = client(url, t)
  binary.socket.on('open', () => binary.socket.send(new Uint8Array(4)))
  assert.equal(await binary.closed, CLOSE.UNSUPPORTED)
  const long = client(url, t)
  long.socket.on('open', () => long.socket.send('12345678901'))
  assert.equal(await long.closed, CLOSE.TOO_BIG)
  assert.deepEqual(listener.heard, [])
  const huge = client(url, t)
  huge.socket.on('open', () => huge.socket.send('x'.repeat(1 << 20)))
  assert.ok([CLOSE.TOO_BIG, CLOSE.LOST].includes((await huge.closed) as never))
})

onBoth('a peer that does not read is closed before more than its bound waits for it', async (t, name) => {
  const listener = held({ maxBuffered: 128 * 1024 })
  const { port, url } = await serve(t, name, accepting(listener))
  void url
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  socket.pause()
  socket.write(HANDSHAKE)
  const line = await until(() => listener.line)
  let most = 0
  const text = 'x'.repeat(8 * 1024)
  for (let sent = 0; line.send(text); sent++) {
    most = Math.max(most, line.bufferedAmount)
    assert.ok(sent < 20_000, 'it never ended')
    if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(most <= 128 * 1024 + 16, `${most} bytes waited`)
  assert.deepEqual(listener.codes, [CLOSE.TRY_LATER])
})

onBoth('a peer that has gone silently is noticed by pings', async (t, name) => {
  const listener = held()
  const { port } = await serve(t, name, accepting(listener), { limits: { socketIdleMs: 1_000 } })
  const client = raw(t, port, HANDSHAKE)
  await until(() => listener.line)
  await client.closed
  await until(() => listener.codes.length > 0)
  assert.deepEqual(listener.codes, [CLOSE.LOST])
})

onBoth('pushed events arrive at once, with headers that keep proxies from gathering them', async (t, name) => {
  const listener = held()
  const { url } = await serve(t, name, accepting(listener, 'live'))
  const reply = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(reply.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(reply.headers.get('x-accel-buffering'), 'no')
  assert.equal(reply.headers.get('cache-control'), 'no-cache, no-transform')
  assert.equal(reply.headers.get('content-encoding'), null)
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader()
  const line = await until(() => listener.line)
  line.send('data: one\n\n')
  let got = ''
  while (!got.includes('one')) got += (await reader?.read())?.value ?? ''
  line.send('data: two\n\n')
  while (!got.includes('two')) got += (await reader?.read())?.value ?? ''
  assert.equal(got, ':\n\ndata: one\n\ndata: two\n\n')
  line.close(CLOSE.RESTART)
  assert.equal((await reader?.read())?.done, true)
  assert.deepEqual(listener.codes, [CLOSE.RESTART])
})

onBoth('HEAD of a stream of events has its headers and no stream', async (t, name) => {
  const listener = held()
  const { url } = await serve(t, name, accepting(listener, 'live'))
  const reply = await fetch(url, { method: 'HEAD' })
  assert.equal(reply.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(listener.line, undefined)
  assert.equal(listener.codes.length, 1)
})

onBoth('a listener that leaves, or does not read, ends its stream of events', async (t, name) => {
  const listener = held({ maxBuffered: 128 * 1024 })
  const { url, port } = await serve(t, name, accepting(listener, 'live'))
  const abort = new AbortController()
  await fetch(url, { signal: abort.signal })
  await until(() => listener.line)
  abort.abort()
  await until(() => listener.codes.length > 0)
  assert.deepEqual(listener.codes, [CLOSE.LOST])

  listener.codes.length = 0
  listener.line = undefined
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const line = await until(() => listener.line)
  const event = `data: ${'x'.repeat(8 * 1024)}\n\n`
  let most = 0
  for (let sent = 0; line.send(event); sent++) {
    most = Math.max(most, line.bufferedAmount)
    assert.ok(sent < 20_000, 'it never ended')
    if (sent % 5 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(most <= 128 * 1024, `${most} bytes waited`)
  assert.deepEqual(listener.codes, [CLOSE.TRY_LATER])
})

onBoth('a stopping server ends streams of events at once', async (t, name) => {
  const listener = held()
  const { url, adapter } = await serve(t, name, accepting(listener, 'live'))
  const reply = await fetch(url)
  await until(() => listener.line)
  await adapter.close(30_000)
  assert.equal(await reply.text(), ':\n\n')
  assert.deepEqual(listener.codes, [CLOSE.GOING_AWAY])
})

test('an upgrade below a base path sees the path without it', async (t) => {
  for (const name of ['uws', 'node'] as const) {
    const listener = held()
    let path = ''
    const handler: HttpHandler = async (request) => {
      path = `${request.path} ${request.wantsSocket}`
      return { kind: 'socket', headers: {}, listener }
    }
    const { url } = await serve(t, name, handler, { basePath: '/music' })
    client(`${url}/music/live`, t)
    await until(() => listener.line)
    assert.equal(path, '/live true')
  }
})

const HANDSHAKE = [
  'GET / HTTP/1.1',
  'Host: a',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n')
