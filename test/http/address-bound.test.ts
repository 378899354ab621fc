import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { createAddressBound } from '../../src/http/address-bound.ts'
import { text } from '../../src/http/reply.ts'
import { startHttp } from '../../src/http/start-http.ts'
import type { HttpHandler } from '../../src/http/types.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { quietHooks } from '../support/hooks.ts'
import { tempFolder } from '../support/temp-database.ts'
import { onBoth, raw, rawExchange, serve, until, watchedSource } from './harness.ts'

const SIZE = 64 * 1024 * 1024

/** `/media` is a long stream; the client's address is the one that the request's header tells. */
const media: HttpHandler = ({ path }) =>
  path === '/media'
    ? { kind: 'source', headers: {}, source: watchedSource(SIZE, { length: SIZE }) }
    : text(200, 'hello')

const asked = (path: string, address: string) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${address}\r\n\r\n`

onBoth('one address has so many requests under way, others are not touched by it', async (t, name) => {
  const warnings: unknown[] = []
  const bound = createAddressBound(2, { ...silentLogger, warn: (_message, fields) => void warnings.push(fields) })
  const { port } = await serve(t, name, bound.wrap(media), {
    trustedProxies: ['127.0.0.1'],
    onFinished: ({ request }) => bound.finished(request),
  })
  const streams = [raw(t, port, asked('/media', '203.0.113.7')), raw(t, port, asked('/media', '203.0.113.7'))]
  for (const { socket } of streams) socket.once('data', () => socket.pause())
  await until(() => streams.every((stream) => stream.text() !== ''))
  const refused = await rawExchange(t, port, asked('/', '203.0.113.7'))
  assert.equal(refused.status, 429)
  assert.match(refused.head, /retry-after: 5/)
  assert.match(refused.body, /Wait until some have ended.*server\.maxPerAddress/)
  assert.equal((await rawExchange(t, port, asked('/', '203.0.113.8'))).status, 200)
  assert.equal((await rawExchange(t, port, asked('/', '127.0.0.1'))).status, 200)
  assert.deepEqual(warnings, [{ address: '203.0.113.7', most: 2 }])
  streams[0]?.socket.destroy()
  const again = async (): Promise<number> => {
    const { status } = await rawExchange(t, port, asked('/', '203.0.113.7'))
    return status === 429 ? again() : status
  }
  assert.equal(await again(), 200)
})

onBoth('an IPv6 /64 is one address', async (t, name) => {
  const bound = createAddressBound(1, silentLogger)
  const { port } = await serve(t, name, bound.wrap(media), {
    trustedProxies: ['127.0.0.1'],
    onFinished: ({ request }) => bound.finished(request),
  })
  const stream = raw(t, port, asked('/media', '2001:db8:1:2::1'))
  stream.socket.once('data', () => stream.socket.pause())
  await until(() => stream.text() !== '')
  assert.equal((await rawExchange(t, port, asked('/', '2001:db8:1:2:ffff::9'))).status, 429)
  assert.equal((await rawExchange(t, port, asked('/', '2001:db8:1:3::1'))).status, 200)
})

onBoth('connections of one address that only wait are bounded too', async (t, name) => {
  if (process.platform !== 'linux') return t.skip('only Linux tells')
  const options = { limits: { connectionsPerAddress: 5 } }
  const { port } = await serve(t, name, () => text(200, 'hello'), options)
  const held = Array.from({ length: 5 }, () => raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
  await until(() => held.every((client) => client.text().endsWith('hello')))
  // The first ones beyond may be let in until the system was asked.
  const closed = async (): Promise<string> => {
    const next = raw(t, port, '')
    const outcome = await Promise.race([
      next.closed.then(() => 'closed'),
      until(() => next.socket.readyState === 'open')
        .then(() => pause(300))
        .then(() => 'open'),
    ])
    return outcome === 'closed' ? outcome : closed()
  }
  assert.equal(await closed(), 'closed')
  for (const { socket } of held) socket.destroy()
  const answered = async (): Promise<string> => {
    const reply = await raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').closed
    return reply || answered()
  }
  assert.match(await answered(), /^HTTP\/1.1 200 /)
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

onBoth('connections of an address that is exempt are not', async (t, name) => {
  const options = { limits: { connectionsPerAddress: 3 }, unbounded: ['127.0.0.0/8'] }
  const { port } = await serve(t, name, () => text(200, 'hello'), options)
  const held = Array.from({ length: 12 }, () => raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
  await until(() => held.every((client) => client.text().endsWith('hello')))
})

test('a bound of 0 is none', () => {
  const handler: HttpHandler = () => text(200, 'hello')
  assert.equal(createAddressBound(0, silentLogger).wrap(handler), handler)
})

test('a refusal can be read by web players of other origins, like all else', { timeout: 60_000 }, async (t) => {
  const flags = Object.entries({
    'server.host': '127.0.0.1',
    'server.port': '0',
    'server.adapter': 'node',
    'server.maxPerAddress': '1',
    'server.trustedProxies': '["127.0.0.1"]',
  }).map(([name, value]) => ({ name, text: value, flag: `--${name}` }))
  const folder = tempFolder(t)
  const { config } = await loadConfig({ flags, env: {}, cwd: folder, home: folder })
  const started = await startHttp({ settings: config.server, handler: media, hooks: quietHooks, log: silentLogger })
  t.after(() => started.close())
  const port = started.at.port ?? assert.fail()
  const stream = raw(t, port, asked('/media', '203.0.113.7'))
  stream.socket.once('data', () => stream.socket.pause())
  await until(() => stream.text() !== '')
  const { status, head } = await rawExchange(t, port, asked('/', '203.0.113.7'))
  assert.equal(status, 429)
  assert.match(head, /access-control-allow-origin: \*/)
  assert.match(head, /x-content-type-options: nosniff/)
  stream.socket.destroy()
})
