import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '../../src/http/reply.ts'
import { onBoth, raw, serve, until } from './harness.ts'

const BEHIND = 'GET /behind HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const CHUNKS = '3\r\nabc\r\n0\r\n\r\n'

const AMBIGUOUS: Readonly<Record<string, string>> = {
  'two lengths': 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc',
  'the same length twice': 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc',
  'no length and one': 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 3\r\n\r\nabc',
  'a list of lengths': 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc',
  'a length with a sign': 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc',
  'another coding': 'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nabc',
  'another coding, without a body': 'GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n',
  identity: 'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nabc',
  'two codings': `POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${CHUNKS}`,
  'a coding like chunked': `POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n${CHUNKS}`,
  'chunked twice': `POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
  'an empty coding': 'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \r\n\r\n',
  'chunked and a length': `POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n${CHUNKS}`,
  'two hosts': 'GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'the same host twice': 'GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
}

onBoth('a request that can be read in two ways is refused, and nothing behind it is run', async (t, name) => {
  const seen: string[] = []
  const { port } = await serve(t, name, (request) => {
    seen.push(request.path)
    return text(200, 'ran')
  })
  for (const [what, request] of Object.entries(AMBIGUOUS)) {
    const reply = await raw(t, port, request + BEHIND).closed
    assert.match(reply, /^HTTP\/1\.1 400 /, what)
    assert.ok(!reply.includes('ran'), what)
    assert.deepEqual(seen, [], what)
    // Alone it is answered too.
    assert.match(await raw(t, port, request).closed, /^HTTP\/1\.1 400 [\s\S]*\r\nconnection: close\r\n/i, what)
  }
  // HEAD has no answer that would end the connection at once.
  const head = await raw(t, port, `HEAD /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${BEHIND}`).closed
  assert.ok(!head.includes('200'))
  assert.deepEqual(seen, [])
})

onBoth('plain requests behind each other are run', async (t, name) => {
  const seen: string[] = []
  const { port } = await serve(t, name, async (request) => {
    seen.push(`${request.path} ${Buffer.from(await request.body(100))}`)
    return text(200, 'ran')
  })
  const requests = [
    `POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n${CHUNKS}`,
    'POST /sized HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
    'GET /empty HTTP/1.1\r\nHost:\r\n\r\n',
  ]
  for (const request of requests) {
    const client = raw(t, port, request)
    await until(() => client.text().includes('ran'))
    client.socket.destroy()
  }
  assert.deepEqual(seen, ['/chunked abc', '/sized abc', '/empty '])
})

test('node: what is sent behind a request without a host is not run', async (t) => {
  const seen: string[] = []
  const { port } = await serve(t, 'node', (request) => {
    seen.push(request.path)
    return text(200, 'ran')
  })
  assert.match(await raw(t, port, `GET /a HTTP/1.1\r\n\r\n${BEHIND}`).closed, /^HTTP\/1\.1 400 /)
  assert.deepEqual(seen, [])
})

onBoth('raw UTF-8 in the address is read, on a connection that stays', async (t, name) => {
  const { port } = await serve(t, name, async (request) => {
    const body = Buffer.from(await request.body(100)).toString()
    return text(200, `<${request.path}?${decodeURIComponent(request.query)} ${body}>`)
  })
  const client = raw(t, port, 'GET /plain HTTP/1.1\r\nHost: a\r\n\r\n')
  const answers = () => Buffer.from(client.text(), 'latin1').toString().match(/<.*?>/g) ?? []
  await until(() => answers().length === 1)
  client.socket.write('GET /Bj\u00f6rk?q=\u0431\u0443\u0431\u043d\u044b HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => answers().length === 2)
  client.socket.write('POST /ü HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nfo')
  client.socket.write('ur')
  await until(() => answers().length === 3)
  client.socket.write('GET /plain HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => answers().length === 4)
  client.socket.write('GET /日本 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await client.closed
  assert.deepEqual(answers(), ['</plain? >', '</Björk?q=бубны >', '</ü? four>', '</plain? >', '</日本? >'])
})

onBoth('a client that sends raw UTF-8 and goes leaves nothing behind', async (t, name) => {
  const { port, adapter } = await serve(t, name, (request) => text(200, request.path))
  const client = raw(t, port, 'GET /ü HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => client.text().includes('ü') || client.text().includes('Ã¼'))
  client.socket.end()
  await client.closed
  await adapter.close(0)
})

test('node: raw UTF-8 costs no connection its place, its deadline or its speed', async (t) => {
  const { port } = await serve(t, 'node', (request) => text(200, `<${request.path}>`), {
    limits: { connectionsPerAddress: 2, headerMs: 300 },
  })
  const ask = (client: ReturnType<typeof raw>) => client.socket.write('GET /ü HTTP/1.1\r\nHost: a\r\n\r\n')
  // Each gives its place back.
  for (let count = 0; count < 5; count++) {
    const client = raw(t, port, 'GET /ü HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    assert.match(await client.closed, /^HTTP\/1\.1 200 /)
  }
  const client = raw(t, port, '')
  const answers = () => client.text().split('HTTP/1.1 200').length - 1
  const begun = performance.now()
  // Far beyond the deadline for headers, and more often than streams could lie in each other.
  for (let count = 1; count <= 2500 || performance.now() - begun < 1500; count++) {
    ask(client)
    await until(() => answers() === count)
  }
  assert.ok(!client.text().includes(' 408 '))
})
