import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent, request as httpRequest } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AutoAdapter, type AutoTimes } from '../../src/http/adapter-auto.ts'
import { createUwsAdapter } from '../../src/http/adapter-uws.ts'
import { createAdapter } from '../../src/http/create-adapter.ts'
import { text } from '../../src/http/reply.ts'
import type { HttpHandler } from '../../src/http/types.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { hasAddon } from '../support/adapters.ts'
import { raw, watchedSource } from './harness.ts'

const skip = !hasAddon() && 'uWebSockets.js has no build for this version of Node'
const OLD = 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'

interface Auto {
  readonly port: number
  readonly warnings: readonly string[]
  readonly debugs: readonly string[]
}

async function serveAuto(t: TestContext, handler: HttpHandler, times: Partial<AutoTimes> = {}): Promise<Auto> {
  const warnings: string[] = []
  const debugs: string[] = []
  const log = {
    ...silentLogger,
    warn: (message: string) => void warnings.push(message),
    debug: (message: string) => void debugs.push(message),
  }
  const options = { listen: { host: '127.0.0.1', port: 0 }, basePath: '', trustedProxies: [], handler, log }
  const adapter = new AutoAdapter(options, await createUwsAdapter(options), times)
  const bound = await adapter.listen()
  t.after(() => adapter.close(0))
  assert.ok('port' in bound)
  return { port: bound.port, warnings, debugs }
}

const status = (reply: string) => Number(reply.slice(9, 12))

async function untilOldIsServed(t: TestContext, port: number): Promise<void> {
  while (status(await raw(t, port, OLD).closed) !== 200) await new Promise((resolve) => setTimeout(resolve, 10))
}

test('a proxy that speaks HTTP/1.0 is refused three times, then served, and told of', {
  skip,
  timeout: 60_000,
}, async (t) => {
  const size = 300_000
  const source = watchedSource(size)
  const auto = await serveAuto(t, ({ path }) =>
    path === '/media' ? { kind: 'source', headers: {}, source } : text(200, 'hello'),
  )
  for (let tries = 0; tries < 3; tries++) assert.equal(status(await raw(t, auto.port, OLD).closed), 505)
  await untilOldIsServed(t, auto.port)
  assert.match(await raw(t, auto.port, OLD).closed, /^HTTP\/1\.[01] 200 [\s\S]*hello$/)
  // Without a known length the end of the connection is the end of the body: chunks are unknown to HTTP/1.0.
  const media = await raw(t, auto.port, OLD.replace('/', '/media')).closed
  assert.ok(!/transfer-encoding/i.test(media))
  assert.equal(media.length - media.indexOf('\r\n\r\n') - 4, size)
  assert.equal(auto.warnings.length, 1)
  assert.match(auto.warnings[0] ?? '', /proxy_http_version 1\.1/)
  assert.equal(await (await fetch(`http://127.0.0.1:${auto.port}/`)).text(), 'hello')
})

test('a stream that runs when node:http takes over goes on', { skip, timeout: 60_000 }, async (t) => {
  const size = 64 * 1024 * 1024
  const source = watchedSource(size, { length: size })
  const { port } = await serveAuto(t, ({ path }) =>
    path === '/media' ? { kind: 'source', headers: {}, source } : text(200, 'hello'),
  )
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const received = new Promise<number>((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path: '/media', agent }, async (response) => {
      await untilOldIsServed(t, port)
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => resolve(bytes))
    })
    request.on('error', reject).end()
  })
  assert.equal(await received, size)
})

test('one that only tries whether the port is open changes nothing for long', { skip, timeout: 60_000 }, async (t) => {
  const auto = await serveAuto(t, () => text(200, 'hello'), { probeMs: 300, restMs: 60_000 })
  while (auto.debugs.length === 0) await knock(auto.port)
  const answer = () => fetch(`http://127.0.0.1:${auto.port}/`).then((reply) => reply.text())
  for (const until = Date.now() + 600; Date.now() < until; ) assert.equal(await answer(), 'hello')
  // uWebSockets.js is back, and does not give way to the same address again so soon.
  for (let index = 0; index < 3; index++) assert.equal(status(await raw(t, auto.port, OLD).closed), 505)
  assert.deepEqual(auto.warnings, [])
})

test('whoever sends requests besides is no such proxy', { skip, timeout: 60_000 }, async (t) => {
  const auto = await serveAuto(t, () => text(200, 'hello'))
  for (let round = 0; round < 6; round++) {
    assert.equal(status(await raw(t, auto.port, OLD).closed), 505)
    assert.equal(status(await raw(t, auto.port, OLD).closed), 505)
    assert.equal(await (await fetch(`http://127.0.0.1:${auto.port}/`)).text(), 'hello')
  }
  assert.deepEqual(auto.debugs, [])
})

function knock(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.destroy())
    socket.on('close', () => resolve())
  })
}

test('on a Unix socket node:http serves from the start', { timeout: 60_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tonearm-auto-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const listen = { socket: join(folder, 'http.sock') }
  const handler = () => text(200, 'hello')
  const adapter = await createAdapter('auto', { listen, basePath: '', trustedProxies: [], handler, log: silentLogger })
  t.after(() => adapter.close(0))
  assert.equal(adapter.name, 'node')
})

const nginx = spawnSync('nginx', ['-v']).status === 0 ? 'nginx' : undefined

test('behind nginx as it comes, which speaks HTTP/1.0, a client is served', {
  skip: skip || (!nginx && 'no nginx'),
  timeout: 60_000,
}, async (t) => {
  const size = 3_000_000
  const auto = await serveAuto(t, ({ path }) =>
    path === '/media'
      ? { kind: 'source', headers: {}, source: watchedSource(size, { length: size }) }
      : text(200, 'hello'),
  )
  const port = await startNginx(t, auto.port)
  const ask = (path: string, headers = {}) => fetch(`http://127.0.0.1:${port}${path}`, { headers })
  for (let tries = 0; ; tries++) {
    const reply = await ask('/')
    if (reply.status === 200) {
      assert.equal(await reply.text(), 'hello')
      break
    }
    assert.ok(reply.status >= 502 && reply.status <= 505)
    assert.ok(tries < 50)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.equal((await (await ask('/media')).arrayBuffer()).byteLength, size)
  const part = await ask('/media', { range: 'bytes=1000-1999' })
  assert.equal(part.status, 206)
  assert.equal((await part.arrayBuffer()).byteLength, 1000)
})

/** With a location as everybody writes it first. @returns its port. */
async function startNginx(t: TestContext, upstream: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tonearm-nginx-'))
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ')
  const file = join(folder, 'nginx.conf')
  await writeFile(
    file,
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
     http { access_log off; ${temporary}
       server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${upstream}; } } }`,
  )
  const child = spawn('nginx', ['-p', folder, '-c', file, '-e', `${folder}/error.log`], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  t.after(async () => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  })
  for (;;) {
    if (child.exitCode !== null) throw new Error(await readFile(join(folder, 'error.log'), 'utf8'))
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.on('connect', () => socket.destroy()).on('error', () => resolve(false))
    })
    if (open) return port
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
