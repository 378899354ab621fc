import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { type GrantedFetchOptions, grantedFetch } from '../../src/plugin/containment/granted-fetch.ts'
import { grantOf } from '../../src/plugin/containment/granted-host.ts'

const options = (hosts: readonly string[], rest: Partial<GrantedFetchOptions> = {}): GrantedFetchOptions => ({
  plugin: 'tester',
  hosts,
  signal: new AbortController().signal,
  timeoutMs: 5_000,
  ...rest,
})
const DENIED = { code: 'PERMISSION_DENIED' }

async function serve(t: TestContext, handler: RequestListener): Promise<{ port: number; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    handler(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

describe('what a grant opens', () => {
  test('hosts by name, below a name, and all', () => {
    assert.equal(grantOf(['api.example.org'], 'api.example.org'), 'public')
    assert.equal(grantOf(['API.example.org'], 'Api.Example.Org'), 'public')
    assert.equal(grantOf(['api.example.org'], 'example.org'), 'none')
    assert.equal(grantOf(['*.example.org'], 'a.b.example.org'), 'public')
    assert.equal(grantOf(['*.example.org'], 'evil-example.org'), 'none')
    assert.equal(grantOf(['*.example.org'], 'example.org'), 'none')
    assert.equal(grantOf(['*'], 'anything.example'), 'public')
    assert.equal(grantOf([], 'anything.example'), 'none')
  })

  test('private addresses only where the grant can mean nothing else', () => {
    assert.equal(grantOf(['192.168.1.5'], '192.168.1.5'), 'any')
    assert.equal(grantOf(['[fd00::5]'], 'fd00::5'), 'any')
    assert.equal(grantOf(['nas'], 'nas'), 'any')
    assert.equal(grantOf(['nas.local'], 'nas.local'), 'any')
    assert.equal(grantOf(['private:nas.example.org'], 'nas.example.org'), 'any')
    assert.equal(grantOf(['private:nas.example.org'], 'example.org'), 'none')
    assert.equal(grantOf(['nas.example.org'], 'nas.example.org'), 'public')
  })
})

describe('a fetch', () => {
  test('answers like fetch does', async (t) => {
    const { port, seen } = await serve(t, (_request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'x-a': 'b' })
      response.end('{"ok":true}')
    })
    const answer = await grantedFetch(options(['127.0.0.1']), `http://127.0.0.1:${port}/x?y=1`, {
      method: 'POST',
      body: 'hello',
      headers: { authorization: 'Token a' },
    })
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.get('x-a'), 'b')
    assert.equal(answer.url, `http://127.0.0.1:${port}/x?y=1`)
    assert.deepEqual(await answer.json(), { ok: true })
    assert.equal(seen[0]?.method, 'POST')
    assert.equal(seen[0]?.headers.authorization, 'Token a')
    assert.equal(seen[0]?.headers['content-length'], '5')
  })

  const forms = [
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://localhost/',
    'http://169.254.169.254/latest/meta-data/',
    'http://192.168.0.1/',
    'https://10.0.0.1/',
  ]
  for (const url of forms)
    test(`does not reach ${url} by a grant of everything`, async () => {
      await assert.rejects(grantedFetch(options(['*']), url), DENIED)
    })

  test('reaches nothing that was not granted', async (t) => {
    const { port, seen } = await serve(t, (_request, response) => response.end('secret'))
    await assert.rejects(grantedFetch(options(['api.example.org']), `http://127.0.0.1:${port}/`), DENIED)
    await assert.rejects(grantedFetch(options([]), `http://127.0.0.1:${port}/`), DENIED)
    assert.equal(seen.length, 0)
  })

  test('takes other schemes and credentials in addresses for what they are', async () => {
    await assert.rejects(grantedFetch(options(['*']), 'file:///etc/passwd'), DENIED)
    await assert.rejects(grantedFetch(options(['*']), 'data:text/plain,hello'), DENIED)
    await assert.rejects(grantedFetch(options(['127.0.0.1']), 'http://name:word@127.0.0.1/'))
  })

  test('looks at each redirect anew', async (t) => {
    const inner = await serve(t, (_request, response) => response.end('secret'))
    const outer = await serve(t, (request, response) => {
      const to = new URL(request.url ?? '/', 'http://x').searchParams.get('to') ?? ''
      response.writeHead(302, { location: to }).end()
    })
    const ask = (to: string, hosts: readonly string[]) =>
      grantedFetch(options(hosts), `http://127.0.0.1:${outer.port}/?to=${encodeURIComponent(to)}`)
    await assert.rejects(ask(`http://localhost:${inner.port}/`, ['127.0.0.1']), DENIED)
    await assert.rejects(ask(`http://[::1]:${inner.port}/`, ['127.0.0.1', '*']), DENIED)
    await assert.rejects(ask('file:///etc/passwd', ['127.0.0.1', '*']), DENIED)
    await assert.rejects(ask(`http://a:b@127.0.0.1:${inner.port}/`, ['127.0.0.1']), DENIED)
    assert.equal(inner.seen.length, 0)
    const answer = await ask(`http://127.0.0.1:${inner.port}/`, ['127.0.0.1'])
    assert.equal(await answer.text(), 'secret')
    assert.equal(answer.redirected, true)
  })

  test('leaves credentials behind when a redirect leads to another origin', async (t) => {
    const inner = await serve(t, (_request, response) => response.end())
    const outer = await serve(t, (_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${inner.port}/` }).end(),
    )
    await grantedFetch(options(['127.0.0.1']), `http://127.0.0.1:${outer.port}/`, {
      method: 'POST',
      body: 'kept',
      headers: { authorization: 'Token a', cookie: 'a=b', 'x-kept': '1' },
    })
    const [seen] = inner.seen
    assert.equal(seen?.method, 'POST')
    assert.equal(seen?.headers.authorization, undefined)
    assert.equal(seen?.headers.cookie, undefined)
    assert.equal(seen?.headers['x-kept'], '1')
  })

  test('gives up a ring of redirects', async (t) => {
    const { port, seen } = await serve(t, (_request, response) => response.writeHead(302, { location: '/' }).end())
    await assert.rejects(grantedFetch(options(['127.0.0.1']), `http://127.0.0.1:${port}/`), { code: 'UNAVAILABLE' })
    assert.equal(seen.length, 6)
  })

  test('lets nobody name another host than the one that is reached', async (t) => {
    const { port, seen } = await serve(t, (_request, response) => response.end())
    await grantedFetch(options(['127.0.0.1']), `http://127.0.0.1:${port}/`, {
      headers: { host: 'internal.example.org', 'transfer-encoding': 'chunked', connection: 'upgrade', upgrade: 'x' },
    })
    assert.equal(seen[0]?.headers.host, `127.0.0.1:${port}`)
    assert.equal(seen[0]?.headers.upgrade, undefined)
    assert.equal(seen[0]?.headers['transfer-encoding'], undefined)
  })

  test('does not share connections between plugins', async (t) => {
    const ports: (number | undefined)[] = []
    const { port } = await serve(t, (request, response) => {
      ports.push(request.socket.remotePort)
      response.end('x')
    })
    for (let n = 0; n < 2; n++) await (await grantedFetch(options(['127.0.0.1']), `http://127.0.0.1:${port}/`)).text()
    assert.equal(ports.length, 2)
    assert.notEqual(ports[0], ports[1])
  })

  test('ends at its deadline, at the size limit, and with its generation', async (t) => {
    const silent = await serve(t, () => {})
    await assert.rejects(grantedFetch(options(['127.0.0.1'], { timeoutMs: 50 }), `http://127.0.0.1:${silent.port}/`), {
      code: 'TIMEOUT',
    })
    const large = await serve(t, (_request, response) => response.end(Buffer.alloc(5000)))
    const answer = await grantedFetch(options(['127.0.0.1'], { maxBytes: 1000 }), `http://127.0.0.1:${large.port}/`)
    await assert.rejects(answer.text())
    const end = new AbortController()
    const pending = grantedFetch(options(['127.0.0.1'], { signal: end.signal }), `http://127.0.0.1:${silent.port}/`)
    end.abort()
    await assert.rejects(pending, { code: 'CANCELLED' })
    const caller = new AbortController()
    const called = grantedFetch(options(['127.0.0.1']), `http://127.0.0.1:${silent.port}/`, { signal: caller.signal })
    caller.abort()
    await assert.rejects(called, { code: 'CANCELLED' })
  })

  test('tells of a host that can not be reached', async () => {
    await assert.rejects(grantedFetch(options(['127.0.0.1']), 'http://127.0.0.1:1/'), { code: 'UNAVAILABLE' })
  })
})
