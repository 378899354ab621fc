import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { acceptsGzip, withCompression } from '../../src/http/compression.ts'
import { withCors } from '../../src/http/cors.ts'
import { json, text } from '../../src/http/reply.ts'
import type { HttpHandler, HttpReply } from '../../src/http/types.ts'
import { SECURITY_HEADERS, withHeaders } from '../../src/http/with-headers.ts'
import { onBoth, rawExchange, serve, until, watchedSource } from './harness.ts'

const LONG = JSON.stringify(Array.from({ length: 2000 }, (_, index) => ({ id: `s${index}`, title: 'Title' })))
const GZIP = { headers: { 'accept-encoding': 'gzip' } }

function* halves(whole: string): Generator<string> {
  for (let at = 0; at < whole.length; at += 3000) yield whole.slice(at, at + 3000)
}

onBoth('web players of any origin are let in, without credentials', async (t, name) => {
  const { url } = await serve(
    t,
    name,
    withCors(() => text(200, 'x')),
  )
  const got = await fetch(url, { headers: { origin: 'https://player.example.org' } })
  assert.equal(got.headers.get('access-control-allow-origin'), '*')
  assert.equal(got.headers.get('access-control-allow-credentials'), null)
  for (const header of ['x-content-duration', 'content-range', 'accept-ranges', 'content-length', 'x-total-count']) {
    assert.match(got.headers.get('access-control-expose-headers') ?? '', new RegExp(header))
  }
})

onBoth('a preflight is answered for any header, and echoes no line breaks', async (t, name) => {
  let calls = 0
  const handler: HttpHandler = () => {
    calls++
    return text(200, 'x')
  }
  const { port } = await serve(t, name, withCors(handler))
  const ask = (header: string) =>
    rawExchange(
      t,
      port,
      `OPTIONS /rest/ping HTTP/1.1\r\nHost: a\r\nOrigin: https://b\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: ${header}\r\n\r\n`,
    )
  const { status, head } = await ask('content-type,x-nd-authorization')
  assert.equal(status, 204)
  assert.match(head, /access-control-allow-headers: content-type,x-nd-authorization\r\n/)
  assert.match(head, /access-control-allow-methods: get, head, post/)
  assert.match(head, /access-control-max-age: \d+/)
  assert.doesNotMatch((await ask('<script>')).head, /allow-headers/)
  assert.equal(calls, 0)
})

test('laid headers give way to the handler’s own', async () => {
  const handler = withHeaders(() => text(200, 'x', { 'x-frame-options': 'SAMEORIGIN' }), SECURITY_HEADERS)
  const reply = (await handler(undefined as never)) as HttpReply
  assert.equal(reply.headers['x-frame-options'], 'SAMEORIGIN')
  assert.equal(reply.headers['x-content-type-options'], 'nosniff')
})

onBoth('long texts are gzipped for those who take it, as bytes and as parts', async (t, name) => {
  const headers = { 'content-type': 'application/json', etag: '"1"' }
  const { url, port } = await serve(
    t,
    name,
    withCompression(({ path }) =>
      path === '/parts'
        ? { kind: 'parts', status: 200, headers, parts: halves(LONG) }
        : { kind: 'bytes', status: 200, headers, body: LONG },
    ),
  )
  for (const path of ['/bytes', '/parts']) {
    const got = await fetch(url + path, GZIP)
    assert.equal(got.headers.get('content-encoding'), 'gzip')
    assert.equal(got.headers.get('vary'), 'accept-encoding')
    assert.equal(got.headers.get('etag'), 'W/"1"')
    assert.equal(await got.text(), LONG)
    const raw = await rawExchange(t, port, `GET ${path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n`)
    assert.ok(raw.body.length < LONG.length / 4)
    assert.equal(gunzipSync(Buffer.from(raw.body, 'latin1')).toString(), LONG)
    const plain = await rawExchange(t, port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    assert.equal(plain.body, LONG)
  }
})

onBoth('short texts, media and event streams are never gzipped', async (t, name) => {
  const { url } = await serve(
    t,
    name,
    withCompression(({ path }): HttpReply => {
      if (path === '/short') return json(200, { ok: true })
      if (path === '/parts')
        return { kind: 'parts', status: 200, headers: { 'content-type': 'text/xml' }, parts: ['<a/>'] }
      if (path === '/jpeg') return { kind: 'bytes', status: 200, headers: { 'content-type': 'image/jpeg' }, body: LONG }
      return { kind: 'source', headers: {}, source: watchedSource(100_000, { length: 100_000 }) }
    }),
  )
  for (const path of ['/short', '/parts', '/jpeg', '/source']) {
    const got = await fetch(url + path, GZIP)
    assert.equal(got.headers.get('content-encoding'), null, path)
    assert.ok((await got.arrayBuffer()).byteLength > 0)
  }
})

onBoth('a client that leaves in the middle of gzipped parts lets them go', async (t, name) => {
  let returned = 0
  let made = 0
  function* endless(): Generator<string> {
    try {
      for (;;) yield `${Math.random()}`.repeat(100) + made++
    } finally {
      returned++
    }
  }
  const { url, finished } = await serve(
    t,
    name,
    withCompression(() => ({ kind: 'parts', status: 200, headers: { 'content-type': 'text/xml' }, parts: endless() })),
  )
  const leave = new AbortController()
  const got = await fetch(url, { ...GZIP, signal: leave.signal })
  await got.body?.getReader().read()
  leave.abort()
  await until(() => finished.length === 1 && returned === 1)
  assert.equal(finished[0]?.outcome, 'aborted')
})

onBoth('gzipped parts that fail at once answer 500, later they cut the connection', async (t, name) => {
  function* failing(count: number): Generator<string> {
    for (let index = 0; index < count; index++) yield `${Math.random()}`.repeat(100)
    throw new Error('broken')
  }
  const { url } = await serve(
    t,
    name,
    withCompression(({ path }) => {
      const parts = failing(path === '/late' ? 5000 : 1)
      return { kind: 'parts', status: 200, headers: { 'content-type': 'text/xml' }, parts }
    }),
  )
  assert.equal((await fetch(`${url}/early`, GZIP)).status, 500)
  await assert.rejects(async () => (await fetch(`${url}/late`, GZIP)).text())
})

test('gzip is taken only from those who want it', () => {
  const accepts = (value: string, method = 'GET') => acceptsGzip({ method, headers: { 'accept-encoding': value } })
  for (const value of ['gzip', 'deflate, gzip;q=0.5', '*', 'br, GZIP']) assert.equal(accepts(value), true, value)
  for (const value of ['', 'br', 'gzip;q=0', 'gzip; q=0.0', 'xgzip', 'identity']) {
    assert.equal(accepts(value), false, value)
  }
  assert.equal(accepts('gzip', 'HEAD'), false)
  assert.equal(acceptsGzip({ method: 'GET', headers: {} }), false)
})
