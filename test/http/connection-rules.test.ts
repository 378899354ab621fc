import assert from 'node:assert/strict'
import { Agent, request as httpRequest } from 'node:http'
import type { TestContext } from 'node:test'
import { text } from '../../src/http/reply.ts'
import type { HttpHandler } from '../../src/http/types.ts'
import type { AdapterName } from '../support/adapters.ts'
import { onBoth, raw, serve, until, watchedSource } from './harness.ts'

const SIZE = 50_000

/** One address for each way in which a reply can be sent. */
const handler: HttpHandler = async (request) => {
  if (request.path === '/source') {
    return { kind: 'source', headers: {}, source: watchedSource(SIZE, { length: SIZE }) }
  }
  if (request.path === '/parts') {
    return { kind: 'parts', status: 200, headers: {}, parts: Array.from({ length: 5000 }, () => 'a part of a reply') }
  }
  if (request.path === '/large') return text(200, 'x'.repeat(SIZE))
  if (request.path === '/none') return { kind: 'bytes', status: 204, headers: {}, body: '' }
  if (request.path === '/etag') return { kind: 'bytes', status: 200, headers: { etag: '"a"' }, body: 'x' }
  if (request.path === '/body') return text(200, Buffer.from(await request.body(100)).toString())
  if (request.path === '/fails') throw new Error('meant to')
  return text(200, 'hello')
}

const REQUESTS = {
  whole: 'GET / HTTP/1.1\r\nHost: a\r\n',
  large: 'GET /large HTTP/1.1\r\nHost: a\r\n',
  'of a source': 'GET /source HTTP/1.1\r\nHost: a\r\n',
  'of a part of a source': 'GET /source HTTP/1.1\r\nHost: a\r\nRange: bytes=10-39999\r\n',
  chunked: 'GET /parts HTTP/1.1\r\nHost: a\r\n',
  'without content': 'GET /none HTTP/1.1\r\nHost: a\r\n',
  unchanged: 'GET /etag HTTP/1.1\r\nHost: a\r\nIf-None-Match: "a"\r\n',
  'to HEAD': 'HEAD / HTTP/1.1\r\nHost: a\r\n',
  'to HEAD of a source': 'HEAD /source HTTP/1.1\r\nHost: a\r\n',
  'to POST': 'POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n',
  'of an error': 'GET /fails HTTP/1.1\r\nHost: a\r\n',
  'of a refused range': 'GET /source HTTP/1.1\r\nHost: a\r\nRange: bytes=90000-\r\n',
  'of a refused address': 'GET /%zz HTTP/1.1\r\nHost: a\r\n',
}

const headOf = (received: string): string => received.slice(0, received.indexOf('\r\n\r\n')).toLowerCase()

function announced(received: string): string | undefined {
  const values = [...headOf(received).matchAll(/^connection: (.*?)\r?$/gm)].map((found) => found[1])
  assert.ok(values.length < 2, `several Connection headers: ${headOf(received)}`)
  return values[0]
}

for (const [reply, request] of Object.entries(REQUESTS)) {
  onBoth(`a reply ${reply} to a client that closes says so, and closes`, async (t, name) => {
    const { port } = await serve(t, name, handler)
    for (const close of ['close', 'Close', 'CLOSE']) {
      const received = await raw(t, port, `${request}Connection: ${close}\r\n\r\n`).closed
      assert.match(received, /^HTTP\/1\.1 \d{3} /)
      assert.equal(announced(received), 'close', received.slice(0, 300))
      if (/ (204|304) /.test(received.slice(0, 13))) assert.doesNotMatch(headOf(received), /content-length/)
    }
  })

  onBoth(`a reply ${reply} says that it closes where close is one word of several`, async (t, name) => {
    const { port } = await serve(t, name, handler)
    for (const close of ['TE, close', 'close, TE', 'keep-alive, Close', 'keep-alive\r\nConnection: close']) {
      const client = raw(t, port, `${request}Connection: ${close}\r\n\r\n`)
      await until(() => client.text().includes('\r\n\r\n'))
      assert.equal(announced(client.text()), 'close', `${close}: ${client.text().slice(0, 300)}`)
      client.socket.destroy()
    }
  })

  onBoth(`a reply ${reply} leaves other connections open`, async (t, name) => {
    const { port } = await serve(t, name, handler)
    for (const header of ['', 'Connection: keep-alive\r\n', 'Connection: TE\r\n', 'Connection: closed\r\n']) {
      const client = raw(t, port, `${request}${header}\r\n`)
      await until(() => client.text().includes('\r\n\r\n'))
      assert.notEqual(announced(client.text()), 'close', client.text().slice(0, 300))
      if (reply === 'to POST' || reply.startsWith('whole')) {
        client.socket.write('GET /again HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        assert.match(await client.closed, /hello$/)
      } else client.socket.destroy()
    }
  })
}

onBoth('a client that keeps its connection is told for how long', async (t, name) => {
  const { port } = await serve(t, name, handler)
  const client = raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n')
  await until(() => client.text().endsWith('hello'))
  assert.match(headOf(client.text()), /\r\nconnection: keep-alive\r\nkeep-alive: timeout=\d+/)
})

/** Answers in turn, each with the error that ended it, as clients see it that keep a pool of connections. */
async function askPooled(
  port: number,
  path: string,
  connection: string | undefined,
  rounds: number,
): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ends: string[] = []
  for (let round = 0; round < rounds; round++) {
    ends.push(
      await new Promise<string>((resolve) => {
        const headers = connection === undefined ? {} : { connection }
        const asked = httpRequest({ port, host: '127.0.0.1', path, agent, headers }, (response) => {
          response.on('end', () => resolve(String(response.statusCode))).on('error', (error) => resolve(error.message))
          response.resume()
        })
        asked.on('error', (error) => resolve(error.message)).end()
      }),
    )
  }
  agent.destroy()
  return ends
}

async function testPool(t: TestContext, name: AdapterName, connection: string | undefined): Promise<void> {
  const { port } = await serve(t, name, handler)
  for (const path of ['/', '/large', '/source', '/parts', '/none']) {
    const ends = await askPooled(port, path, connection, 6)
    assert.deepEqual(ends, Array(6).fill(path === '/none' ? '204' : '200'), `${path} ${connection}`)
  }
}

for (const connection of [undefined, 'close', 'Close', 'keep-alive', 'TE, close']) {
  onBoth(`a pool of connections loses nothing with ${connection ?? 'no'} Connection header`, (t, name) =>
    testPool(t, name, connection),
  )
}
