import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent, request as httpRequest } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { AutoAdapter, type AutoTimes } from '../../src/http/adapter-auto.ts'
import type { AdapterOptions } from '../../src/http/adapter-options.ts'
import { createUwsAdapter } from '../../src/http/adapter-uws.ts'
import { createAdapter } from '../../src/http/create-adapter.ts'
import { text } from '../../src/http/reply.ts'
import type { HttpHandler } from '../../src/http/types.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { hasAddon } from '../support/adapters.ts'
import { raw, until, watchedSource } from './harness.ts'

const skip = !hasAddon() && 'uWebSockets.js has no build for this version of Node'
const OLD = 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'

interface Auto {
  readonly port: number
  readonly adapter: AutoAdapter
  readonly warnings: readonly string[]
  readonly debugs: readonly string[]
}

async function serveAuto(
  t: TestContext,
  handler: HttpHandler,
  { tls, ...times }: Partial<AutoTimes> & Pick<AdapterOptions, 'tls'> = {},
): Promise<Auto> {
  const warnings: string[] = []
  const debugs: string[] = []
  const log = {
    ...silentLogger,
    warn: (message: string) => void warnings.push(message),
    debug: (message: string) => void debugs.push(message),
  }
  const listen = { host: '127.0.0.1', port: 0 }
  const options = { listen, basePath: '', trustedProxies: [], handler, log, ...(tls ? { tls } : {}) }
  const adapter = new AutoAdapter(options, await createUwsAdapter(options), times)
  const bound = await adapter.listen()
  t.after(() => adapter.close(0))
  assert.ok('port' in bound)
  return { port: bound.port, adapter, warnings, debugs }
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

/** Until the server has begun a look: where it was slow, the knock was no end at once. */
async function knockUntilLooking({ port, debugs }: Auto): Promise<void> {
  for (const before = debugs.length; debugs.length === before; ) {
    await knock(port)
    for (let turn = 0; turn < 20 && debugs.length === before; turn++) await turnOfLoop()
  }
}

test('one that only tries whether the port is open changes nothing for long', { skip, timeout: 60_000 }, async (t) => {
  const auto = await serveAuto(t, () => text(200, 'hello'), { probeMs: 300, restMs: 60_000 })
  await knockUntilLooking(auto)
  // Who connects in the very moment of a change is reset, and tries again.
  const ask = () => fetch(`http://127.0.0.1:${auto.port}/`).then((reply) => reply.text())
  const answer = () => ask().catch(ask)
  let wasLooking = false
  for (let isLooking = false; !wasLooking || isLooking; isLooking = auto.adapter.lookouts > 0) {
    wasLooking ||= isLooking
    assert.equal(await answer(), 'hello')
  }
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

test('a look in vain leaves no server and no timer', { skip, timeout: 60_000 }, async (t) => {
  const auto = await serveAuto(t, () => text(200, 'hello'), { probeMs: 250, restMs: 0 })
  const timers = new Set<number>()
  const hook = createHook({
    init: (id, type) => void (type === 'Timeout' && timers.add(id)),
    destroy: (id) => void timers.delete(id),
  }).enable()
  t.after(() => hook.disable())
  for (let look = 0; look < 3; look++) {
    await knockUntilLooking(auto)
    await until(() => auto.adapter.lookouts > 0)
    // One connection that node:http keeps alive meanwhile.
    const held = raw(t, auto.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => held.text().endsWith('hello'))
    held.socket.destroy()
    await until(() => auto.adapter.lookouts === 0)
  }
  await until(() => timers.size <= 1)
})

test('a stop while node:http is about to take over leaves nobody listening', { skip, timeout: 60_000 }, async (t) => {
  // With TLS there is more to do before the port is taken.
  const file = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url))
  const tls = { cert: file('cert'), key: file('key') }
  for (let turns = 0; turns < 16; turns++) {
    const auto = await serveAuto(t, () => text(200, 'hello'), turns % 2 === 0 ? { tls } : {})
    await knockUntilLooking(auto)
    for (let turn = 0; turn < turns; turn++) await turnOfLoop()
    await auto.adapter.close(0)
    await assert.rejects(
      new Promise<void>((resolve, reject) => {
        connect(auto.port, '127.0.0.1', resolve).on('error', reject)
      }),
      /ECONNREFUSED/,
    )
  }
})

const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve))

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
