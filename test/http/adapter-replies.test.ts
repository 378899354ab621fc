import assert from 'node:assert/strict'
import { AppError } from '../../src/base/errors.ts'
import { json, noContent, text } from '../../src/http/reply.ts'
import type { HttpReply } from '../../src/http/types.ts'
import { onBoth, raw, rawExchange, serve, until } from './harness.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

function partsOf(pieces: Iterable<string>, headers: Record<string, string> = {}): HttpReply {
  return { kind: 'parts', status: 200, headers, parts: pieces }
}

onBoth('a reply of bytes has its length, and HEAD the same head without the body', async (t, name) => {
  const { port } = await serve(t, name, () => json(200, { größe: 1 }))
  const got = await rawExchange(t, port, GET)
  assert.equal(got.status, 200)
  assert.match(got.head, /content-length: 13/)
  assert.match(got.head, /^date: /m)
  assert.equal(Buffer.from(got.body, 'latin1').toString(), '{"größe":1}')
  const head = await rawExchange(t, port, GET.replace('GET', 'HEAD'))
  assert.equal(head.status, 200)
  assert.match(head.head, /content-length: 13/)
  assert.equal(head.body, '')
})

onBoth('a connection serves on after HEAD, 204 and 304', async (t, name) => {
  const { port } = await serve(t, name, (request) => {
    if (request.path === '/none') return noContent()
    return text(200, 'body', { etag: '"1"' })
  })
  const client = raw(t, port, 'HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => client.text().endsWith('\r\n\r\n'))
  client.socket.write('GET /none HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => /204[\s\S]*\r\n\r\n$/.test(client.text()))
  client.socket.write('GET /same HTTP/1.1\r\nHost: a\r\nIf-None-Match: "1"\r\n\r\n')
  await until(() => /304[\s\S]*\r\n\r\n$/.test(client.text()))
  client.socket.write('GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const received = await client.closed
  assert.deepEqual(received.match(/HTTP\/1.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 204', 'HTTP/1.1 304', 'HTTP/1.1 200'])
  assert.ok(received.endsWith('\r\n\r\nbody'))
})

onBoth('short parts become one piece with a length', async (t, name) => {
  const { port } = await serve(t, name, () => partsOf(['<a>', 'é', '</a>']))
  const { head, body } = await rawExchange(t, port, GET)
  assert.match(head, /content-length: 9/)
  assert.equal(Buffer.from(body, 'latin1').toString(), '<a>é</a>')
})

onBoth('long parts arrive whole and in order, made as the client takes them', async (t, name) => {
  let made = 0
  function* lines(): Generator<string> {
    for (; made < 200_000; made++) yield `line ${made} ünï\n`
  }
  const { url, finished } = await serve(t, name, () => partsOf(lines()))
  const received = await (await fetch(url)).text()
  const lineList = received.split('\n')
  assert.equal(lineList.length, 200_001)
  assert.equal(lineList[199_999], 'line 199999 ünï')
  assert.equal(finished[0]?.bytes, Buffer.byteLength(received))
})

onBoth('parts are not made faster than the client reads, and are let go when it leaves', async (t, name) => {
  let made = 0
  let returned = 0
  function* lines(): Generator<string> {
    try {
      for (; made < 100_000; made++) yield 'x'.repeat(1000)
    } finally {
      returned++
    }
  }
  const { port, finished } = await serve(t, name, () => partsOf(lines()))
  const client = raw(t, port, GET)
  client.socket.pause()
  let before = -1
  await until(() => {
    const still = made > 0 && made === before
    before = made
    return still
  })
  assert.ok(made < 20_000, `${made} of 100000 parts were made for a client that reads nothing`)
  client.socket.destroy()
  await until(() => finished.length > 0)
  assert.equal(finished[0]?.outcome, 'aborted')
  assert.equal(returned, 1)
})

onBoth('a body of 3 MB in one piece arrives unchanged', async (t, name) => {
  const body = Buffer.alloc(3_000_000, 'tonearm ')
  const { url } = await serve(t, name, () => ({ kind: 'bytes', status: 200, headers: {}, body }))
  assert.ok(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(body))
})

onBoth('failures of a handler answer 500 without detail and are logged with the request', async (t, name) => {
  const secret = new Error('/srv/music/secret.flac: password sesame')
  const { url, errors } = await serve(t, name, (request) => {
    if (request.path === '/sync') throw secret
    return Promise.reject(secret)
  })
  for (const path of ['/sync', '/async']) {
    const reply = await fetch(url + path)
    assert.equal(reply.status, 500)
    assert.doesNotMatch(await reply.text(), /secret|sesame/)
  }
  assert.deepEqual(
    errors.map(({ path, error }) => [path, error]),
    [
      ['/sync', secret],
      ['/async', secret],
    ],
  )
  assert.ok(errors.every((entry) => typeof entry.request === 'string'))
})

onBoth('an AppError answers with its own status and sentence', async (t, name) => {
  const { url, errors } = await serve(t, name, () => {
    throw new AppError('BUSY', 'Too many conversions run: try again', { retryAfter: 2.5 })
  })
  const reply = await fetch(url)
  assert.equal(reply.status, 429)
  assert.equal(reply.headers.get('retry-after'), '3')
  assert.deepEqual(await reply.json(), { error: 'Too many conversions run: try again' })
  assert.deepEqual(errors, [])
})

onBoth('parts that fail at once answer 500, later they cut the connection', async (t, name) => {
  function* failing(after: number): Generator<string> {
    for (let index = 0; index < after; index++) yield 'x'.repeat(1000)
    throw new Error('broken')
  }
  const { url, finished } = await serve(t, name, (request) => partsOf(failing(request.path === '/late' ? 500 : 0)))
  assert.equal((await fetch(`${url}/early`)).status, 500)
  await assert.rejects(async () => (await fetch(`${url}/late`)).text())
  assert.deepEqual(
    finished.map((event) => event.outcome),
    ['complete', 'failed'],
  )
})

onBoth('header values can not break out of their line', async (t, name) => {
  const { port } = await serve(t, name, (request) =>
    text(200, 'x', { 'x-name': decodeURIComponent(request.query), location: '/' }),
  )
  for (const value of ['a%0d%0aset-cookie:b', 'a%0ab', 'a%00b']) {
    const { status, head } = await rawExchange(t, port, `GET /?${value} HTTP/1.1\r\nHost: a\r\n\r\n`)
    assert.equal(status, 500)
    assert.doesNotMatch(head, /set-cookie/)
  }
  const good = await rawExchange(t, port, 'GET /?Bj%C3%B6rk HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(good.status, 200)
  assert.ok(good.head.includes(Buffer.from('x-name: Björk').toString('latin1').toLowerCase()))
})

onBoth('a handler can not frame a reply by itself', async (t, name) => {
  const { url } = await serve(t, name, () => text(200, 'x', { 'content-length': '5' }))
  assert.equal((await fetch(url)).status, 500)
})

onBoth('conditions on a reply with validators answer 304', async (t, name) => {
  const modified = new Date('2026-01-02T03:04:05Z').toUTCString()
  const { url } = await serve(t, name, () => text(200, 'x', { etag: 'W/"7"', 'last-modified': modified }))
  const ask = async (headers: Record<string, string>) => (await fetch(url, { headers })).status
  assert.equal(await ask({ 'if-none-match': '"6", "7"' }), 304)
  assert.equal(await ask({ 'if-none-match': '"6"', 'if-modified-since': modified }), 200)
  assert.equal(await ask({ 'if-modified-since': modified }), 304)
  assert.equal(await ask({ 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' }), 200)
})

onBoth('events reach the client one by one, before the stream ends', async (t, name) => {
  let next = () => {}
  const step = () => new Promise<void>((resolve) => (next = resolve))
  async function* events(): AsyncGenerator<string> {
    yield 'data: 1\n\n'
    await step()
    yield 'data: 2\n\n'
  }
  const { port } = await serve(t, name, () => ({
    kind: 'events',
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    events: events(),
  }))
  const client = raw(t, port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  await until(() => client.text().includes('data: 1'))
  assert.doesNotMatch(client.text(), /data: 2/)
  assert.match(client.text(), /x-accel-buffering: no/i)
  next()
  assert.match(await client.closed, /data: 2\n\n\r\n0\r\n\r\n$/)
})

onBoth('the signal aborts and events end when their client leaves', async (t, name) => {
  let ended = 0
  const { port, finished } = await serve(t, name, (request) => ({
    kind: 'events',
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    events: (async function* () {
      try {
        yield 'data: 1\n\n'
        await new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve(), { once: true }))
      } finally {
        ended++
      }
    })(),
  }))
  const client = raw(t, port, GET)
  await until(() => client.text().includes('data: 1'))
  client.socket.destroy()
  await until(() => ended === 1 && finished.length === 1)
  assert.equal(finished[0]?.outcome, 'aborted')
})

onBoth('every request is reported once with its status and bytes', async (t, name) => {
  const { url, finished } = await serve(t, name, (request) =>
    request.path === '/missing' ? text(404, 'nothing') : text(200, 'four'),
  )
  await (await fetch(`${url}/there`)).text()
  await (await fetch(`${url}/missing`)).text()
  assert.deepEqual(
    finished.map(({ request, status, bytes, outcome }) => [request.path, status, bytes, outcome]),
    [
      ['/there', 200, 4, 'complete'],
      ['/missing', 404, 7, 'complete'],
    ],
  )
  assert.ok(finished.every((event) => event.durationMs >= 0))
})
