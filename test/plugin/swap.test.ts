import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPluginRoom } from '../support/plugin-room.ts'

const PERMISSIONS = ['routes', 'routes:public', 'request']

test('gate and route of one request are of one generation, also while the gate takes its time', async (t) => {
  const server = await startPluginRoom(t)
  const seen: Record<string, { gate?: number; route?: number }> = {}
  Reflect.set(globalThis, 'seenByProbe', seen)
  Reflect.set(globalThis, 'livesOfProbe', { count: 0 })
  await server.install('probe', {
    permissions: PERMISSIONS,
    setup: `
      const life = ++globalThis.livesOfProbe.count
      const seen = globalThis.seenByProbe
      ctx.hooks.on('request.accept', async ({ id }) => {
        seen[id] = { ...seen[id], gate: life }
        await new Promise((r) => setTimeout(r, 1 + Math.random() * 4))
        return { allow: true }
      })
      ctx.routes.get('/x', ({ id }) => { seen[id] = { ...seen[id], route: life }; return { kind: 'empty' } }, { auth: 'public' })`,
  })
  let reloading = true
  const ask = async () => {
    while (reloading) assert.equal((await server.get('/plugins/probe/x')).status, 204)
  }
  const clients = Array.from({ length: 8 }, ask)
  for (let n = 0; n < 100; n++) await server.host.reload('probe')
  reloading = false
  await Promise.all(clients)
  const all = Object.values(seen)
  assert.ok(all.length > 100, `${all.length} requests`)
  assert.deepEqual(
    all.filter(({ gate, route }) => gate !== route),
    [],
  )
  assert.ok(new Set(all.map(({ gate }) => gate)).size > 20)
})

test("a plugin's own stream, begun in the first generation, ends after the third is live", async (t) => {
  const server = await startPluginRoom(t)
  const ends: string[] = []
  Reflect.set(globalThis, 'endsOfProbe', ends)
  await server.install('probe', {
    permissions: PERMISSIONS,
    drainMs: 50,
    setup: `
      const life = ctx.signal
      ctx.effect(() => () => { globalThis.endsOfProbe.push('disposed') })
      ctx.routes.get('/numbers', ({ signal }) => ({ kind: 'stream', type: 'text/plain', body: (async function* () {
        for (let n = 0; n < 60; n++) { yield n + ' '; await new Promise((r) => setTimeout(r, 10)) }
        globalThis.endsOfProbe.push('streamed')
      })() }), { auth: 'public' })`,
  })
  const answer = await server.get('/plugins/probe/numbers')
  const body = answer.text()
  await server.host.reload('probe')
  await server.host.reload('probe')
  assert.deepEqual(ends, ['disposed'])
  assert.equal(await body, `${Array.from({ length: 60 }, (_, n) => n).join(' ')} `)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(ends, ['disposed', 'streamed', 'disposed'])
})

test('a stream that its client leaves, or that fails, gives its generation back', async (t) => {
  const server = await startPluginRoom(t)
  const ends: string[] = []
  Reflect.set(globalThis, 'endsOfProbe', ends)
  await server.install('probe', {
    permissions: PERMISSIONS,
    setup: `
      ctx.effect(() => () => { globalThis.endsOfProbe.push('disposed') })
      const body = async function* (fail) {
        try {
          for (;;) { yield 'x'.repeat(1000); await new Promise((r) => setTimeout(r, 5)); if (fail) throw new Error('broken') }
        } finally { globalThis.endsOfProbe.push('let go') }
      }
      ctx.routes.get('/endless', () => ({ kind: 'stream', type: 'text/plain', body: body(false) }), { auth: 'public' })
      ctx.routes.get('/hung', () => ({ kind: 'stream', type: 'text/plain', body: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) } }), { auth: 'public' })
      ctx.routes.get('/failing', () => ({ kind: 'stream', type: 'text/plain', body: body(true) }), { auth: 'public' })`,
  })
  const left = new AbortController()
  const answer = await server.get('/plugins/probe/endless', { signal: left.signal })
  await answer.body?.getReader().read()
  const hung = new AbortController()
  const waiting = server.get('/plugins/probe/hung', { signal: hung.signal }).catch(() => {})
  await assert.rejects(async () => (await server.get('/plugins/probe/failing')).text())
  assert.equal(server.host.find('probe')?.calls.failures, 1)
  left.abort()
  hung.abort()
  await waiting
  await server.host.reload('probe')
  await until(() => ends.includes('disposed'))
  await until(() => ends.filter((end) => end === 'let go').length === 2)
  assert.equal(server.host.find('probe')?.calls.failures, 1)
})

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > end) throw new Error('it never came true')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
