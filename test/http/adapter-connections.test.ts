import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { AppError } from '../../src/base/errors.ts'
import type { AdapterOptions } from '../../src/http/adapter-options.ts'
import { text } from '../../src/http/reply.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { echo, makeAdapter, onBoth, raw, serve, until, watchedSource } from './harness.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const TLS = { cert: 'test/fixtures/tls/cert.pem', key: 'test/fixtures/tls/key.pem' }

function optionsFor(listen: AdapterOptions['listen'], more: Partial<AdapterOptions> = {}): AdapterOptions {
  return { listen, basePath: '', trustedProxies: [], handler: echo, log: silentLogger, ...more }
}

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tonearm-http-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function hasCode(code: AppError['code'], message = /./) {
  return (error: unknown) => error instanceof AppError && error.code === code && message.test(error.message)
}

function askSocket(socketPath: string, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, path: '/x', headers, agent: false }, (response) => {
      let body = ''
      response.on('data', (chunk) => (body += chunk)).on('end', () => resolve(body))
    })
    request.on('error', reject).end()
  })
}

onBoth('pipelined requests are answered in order', async (t, name) => {
  const { port } = await serve(t, name, (request) => text(200, `<${request.path}>`))
  const asked = ['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('')
  const client = raw(t, port, asked)
  await until(() => client.text().includes('</3>'))
  assert.deepEqual(client.text().match(/<.*?>/g), ['</1>', '</2>', '</3>'])
})

onBoth('pipelined replies that take time never mix', async (t, name) => {
  const { port } = await serve(t, name, async (request) => {
    await new Promise((resolve) => setTimeout(resolve, request.path === '/1' ? 60 : 1))
    return text(200, `<${request.path}>`)
  })
  const client = raw(
    t,
    port,
    'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  )
  const bodies = (await client.closed).match(/<.*?>/g) ?? []
  // uWS ends the connection instead: the client asks again.
  assert.deepEqual(bodies, name === 'node' ? ['</1>', '</2>'] : [])
})

onBoth('a client that sends its headers byte by byte is cut off', async (t, name) => {
  let calls = 0
  const { port } = await serve(
    t,
    name,
    () => {
      calls++
      return text(200, 'x')
    },
    { limits: { headerMs: 500 } },
  )
  const client = raw(t, port, 'GET / HTTP/1.1\r\nHost: a\r\nX: ')
  const drip = setInterval(() => client.socket.write('a'), 200)
  const reply = await client.closed
  clearInterval(drip)
  assert.ok(reply === '' || reply.startsWith('HTTP/1.1 408 '), reply)
  assert.equal(calls, 0)
})

onBoth('a connection beyond the limit is closed, and one that ends makes room', async (t, name) => {
  const { port } = await serve(t, name, () => text(200, 'x'), { limits: { connections: 2 } })
  const first = raw(t, port, GET)
  const second = raw(t, port, GET)
  await until(() => first.text() !== '' && second.text() !== '')
  assert.equal(await raw(t, port, GET).closed, '')
  first.socket.destroy()
  await first.closed
  const retry = async (): Promise<string> => {
    const next = raw(t, port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    return (await next.closed) || retry()
  }
  assert.match(await retry(), /^HTTP\/1.1 200 /)
})

onBoth('a stop lets a running reply end and takes no new connection', async (t, name) => {
  let release: (() => void) | undefined
  const { adapter, port, finished } = await serve(t, name, async () => {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return text(200, 'late')
  })
  const client = raw(t, port, GET)
  const answer = await until(() => release)
  const closed = adapter.close(10_000)
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`))
  answer()
  assert.match(await client.closed, /late$/)
  await closed
  assert.equal(finished[0]?.outcome, 'complete')
})

onBoth('a stop lets a stream end within its grace, and cuts it afterwards', async (t, name) => {
  const size = 64 * 1024 * 1024
  const source = watchedSource(size, { length: size })
  let aborted = 0
  const { adapter, port, finished } = await serve(t, name, (request) => {
    request.signal.addEventListener('abort', () => aborted++)
    return { kind: 'source', headers: {}, source }
  })
  const client = raw(t, port, GET)
  client.socket.pause()
  await until(() => source.pulled > 0)
  await adapter.close(50)
  assert.equal(source.closes, 1)
  assert.equal(aborted, 1)
  assert.equal(finished[0]?.outcome, 'aborted')
})

onBoth('a stop ends event streams at once and properly', async (t, name) => {
  const { adapter, port } = await serve(t, name, (request) => ({
    kind: 'events',
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    events: (async function* () {
      yield 'data: 1\n\n'
      await new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve(), { once: true }))
    })(),
  }))
  const client = raw(t, port, GET)
  await until(() => client.text().includes('data: 1'))
  await adapter.close(30_000)
  assert.match(await client.closed, /\r\n0\r\n\r\n$/)
})

onBoth('a stop closes idle connections and may come twice', async (t, name) => {
  const { adapter, port } = await serve(t, name, () => text(200, 'x'))
  const client = raw(t, port, GET)
  await until(() => client.text().endsWith('x'))
  await Promise.all([adapter.close(1000), adapter.close(1000)])
  await client.closed
})

onBoth('a port in use is refused with a sentence that names it', async (t, name) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const adapter = await makeAdapter(name, optionsFor({ host: '127.0.0.1', port }))
  await assert.rejects(adapter.listen(), hasCode('ADDRESS_IN_USE', new RegExp(`127\\.0\\.0\\.1:${port}`)))
  const served = await serve(t, name, echo)
  const twin = await makeAdapter(name, optionsFor({ host: '127.0.0.1', port: served.port }))
  await assert.rejects(twin.listen(), hasCode('ADDRESS_IN_USE'))
  await twin.close(0)
})

onBoth('an address of another machine is refused', async (_t, name) => {
  const adapter = await makeAdapter(name, optionsFor({ host: '192.0.2.1', port: 0 }))
  await assert.rejects(adapter.listen(), hasCode('CONFIG_INVALID'))
})

onBoth('a Unix socket serves with its mode, believes its proxy, and leaves no file', async (t, name) => {
  const socket = join(await temporary(t), 'http.sock')
  const adapter = await makeAdapter(name, optionsFor({ socket, mode: 0o600 }))
  assert.deepEqual(await adapter.listen(), { socket })
  assert.equal((await stat(socket)).mode & 0o777, 0o600)
  const seen = JSON.parse(await askSocket(socket, { host: 'm.example.org', 'x-forwarded-for': '203.0.113.7' }))
  assert.equal(seen.address, '203.0.113.7')
  assert.equal(seen.origin, 'http://m.example.org')
  assert.equal(JSON.parse(await askSocket(socket)).address, '127.0.0.1')
  await adapter.close(0)
  await assert.rejects(stat(socket), { code: 'ENOENT' })
})

onBoth('a dead server’s socket file is replaced, a live one’s and other files are not', async (t, name) => {
  const folder = await temporary(t)
  const socket = join(folder, 'http.sock')
  const live = createSocketServer().listen(socket)
  await new Promise((resolve) => live.once('listening', resolve))
  const refused = await makeAdapter(name, optionsFor({ socket }))
  await assert.rejects(refused.listen(), hasCode('ADDRESS_IN_USE'))
  const left = join(folder, 'left.sock')
  await leaveSocketFile(left)
  const adapter = await makeAdapter(name, optionsFor({ socket: left }))
  await adapter.listen()
  assert.equal(JSON.parse(await askSocket(left)).path, '/x')
  await adapter.close(0)
  await new Promise((resolve) => live.close(resolve))
  const file = join(folder, 'file')
  await writeFile(file, 'precious')
  const onFile = await makeAdapter(name, optionsFor({ socket: file }))
  await assert.rejects(onFile.listen(), hasCode('ADDRESS_IN_USE', /no socket/))
  assert.equal((await stat(file)).size, 8)
})

/** As after a power cut: the file is there, nobody listens. */
async function leaveSocketFile(path: string): Promise<void> {
  const script = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))'
  spawnSync(process.execPath, ['-e', script, path])
  assert.ok((await stat(path)).isSocket())
}

onBoth('TLS serves, with https in the origin', async (t, name) => {
  const { port, url } = await serve(t, name, echo, { tls: TLS })
  const body = await new Promise<string>((resolve, reject) => {
    const request = httpsRequest({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }, (response) => {
      let all = ''
      response.on('data', (chunk) => (all += chunk)).on('end', () => resolve(all))
    })
    request.on('error', reject).end()
  })
  assert.equal(JSON.parse(body).origin, url)
})

onBoth('a large source goes through TLS unharmed', async (t, name) => {
  const size = 5_000_000
  const { port } = await serve(
    t,
    name,
    ({ query }) => ({
      kind: 'source',
      headers: {},
      source: watchedSource(size, query ? { length: size } : {}, { chunkBytes: 50_000 }),
    }),
    { tls: TLS },
  )
  for (const path of ['/?known', '/']) {
    const length = await new Promise<number>((resolve, reject) => {
      const options = { port, host: '127.0.0.1', path, rejectUnauthorized: false, agent: false }
      const request = httpsRequest(options, (response) => {
        let all = 0
        response.on('data', (chunk) => (all += chunk.length)).on('end', () => resolve(all))
      })
      request.on('error', reject).end()
    })
    assert.equal(length, size)
  }
})

onBoth('TLS files that do not fit are explained at the start', async (_t, name) => {
  const listen = { host: '127.0.0.1', port: 0 }
  const swapped = await makeAdapter(name, optionsFor(listen, { tls: { cert: TLS.key, key: TLS.cert } }))
  await assert.rejects(swapped.listen(), hasCode('CONFIG_INVALID'))
  const missing = await makeAdapter(name, optionsFor(listen, { tls: { cert: '/nowhere/cert.pem', key: TLS.key } }))
  await assert.rejects(missing.listen(), hasCode('CONFIG_INVALID', /certificate can not be read.*no such file/))
})
