import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAppError } from '../../src/base/errors.ts'
import type { Generation } from '../../src/plugin/host/generation.ts'
import type { PluginHost } from '../../src/plugin/host/plugin-host.ts'
import type { PluginPackage } from '../../src/plugin/loading/plugin-package.ts'
import { createBareHost, packageOf } from '../support/bare-host.ts'
import type { PluginFiles } from '../support/plugin-folder.ts'
import { createRandom, type Random } from '../support/random.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'

const SEQUENCES = 200
const STEPS = 12
const PERMISSIONS = ['routes', 'routes:public', 'access:stream', 'scheduler', 'playback:read']
const NAMES = ['alpha', 'beta'] as const
const CONFIG = { type: 'object', properties: { word: { type: 'string', default: 'a' } }, additionalProperties: false }

/** Its life is as busy as it can be; `word: bad` keeps it from starting. */
const GOOD = `
  if (ctx.config.word === 'bad') throw new Error('a bad word')
  if (ctx.config.word === 'slow') await new Promise((r) => setTimeout(r, 3))
  ctx.routes.get('/version', () => ({ kind: 'text', body: VERSION }), { auth: 'public' })
  ctx.routes.get('/throw', () => { throw new Error('thrown') }, { auth: 'public' })
  ctx.routes.get('/slow', async () => { await new Promise((r) => setTimeout(r, 5)); return { kind: 'text', body: VERSION } }, { auth: 'public' })
  ctx.hooks.on('stream.authorize', () => ({ allow: true }))
  ctx.hooks.on('playback.started', async () => { await null; if (ctx.config.word === 'throw') throw new Error('x') })
  ctx.scheduler.every(100, () => {})
  setInterval(() => {}, 3)
  ctx.effect(() => () => new Promise((r) => setTimeout(r, 1)))`

function files(version: string, setup = GOOD): PluginFiles & { origin: 'data' } {
  return { version, permissions: PERMISSIONS, config: CONFIG, setup, drainMs: 200, origin: 'data' }
}

test(`${SEQUENCES} random sequences of loads, reloads, switches, settings, rights and failures end in order`, async (t) => {
  const server = await startTestServer({}, t)
  const alive = new Set<Generation>()
  const host = createBareHost(server, (generation) => alive.add(generation))
  const random = createRandom()
  t.diagnostic(`seed ${random.seed}: TEST_SEED=${random.seed} runs the same again`)
  let versions = 0
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    const world = new World(host, server)
    const pending: Promise<unknown>[] = []
    for (let step = 0; step < STEPS; step++) {
      const work = world.step(random, `${++versions}.0.0`)
      if (random.next() < 0.5) await work
      else pending.push(work)
      world.check()
    }
    await Promise.all(pending)
    await world.settle(`${++versions}.0.0`)
    for (const generation of alive) if (generation.state === 'ended') alive.delete(generation)
    assert.deepEqual(
      [...alive].map(({ plugin, number, state, leases }) => ({ plugin, number, state, leases })),
      [],
      `sequence ${sequence} of seed ${random.seed} left generations`,
    )
  }
  await host.stop()
})

class World {
  readonly #host: PluginHost
  readonly #server: TestServer
  readonly #packages = new Map<string, PluginPackage>()

  constructor(host: PluginHost, server: TestServer) {
    this.#host = host
    this.#server = server
  }

  /** One thing that a person or a plugin does. Only errors with a code may come back. */
  async step(random: Random, version: string): Promise<void> {
    const name = random.pick(NAMES)
    const host = this.#host
    const get = (path: string) => fetch(`${this.#server.url}/plugins/${name}/${path}`).then((answer) => answer.text())
    const actions: readonly (() => Promise<unknown>)[] = [
      () => this.#install(name, files(version)),
      () => this.#install(name, files(version)),
      () => this.#install(name, files(version, `${GOOD}; throw new Error('not today')`)),
      () => this.#install(name, files(version, 'syntax error(')),
      () => this.#remove(name),
      () => host.reload(name),
      () => host.reload(name),
      () => host.setEnabled(name, random.next() < 0.6),
      () => host.grant(name, random.next() < 0.7 ? PERMISSIONS : ['routes']),
      () => host.setConfig(name, { word: random.pick(['a', 'slow', 'bad', 'throw']) }),
      () => host.setConfig(name, { word: 5 }),
      () => Promise.all(Array.from({ length: 6 }, () => get('throw'))),
      () => Promise.all([get('slow'), get('version'), get('slow')]),
      async () =>
        this.#server.core.hooks.observe('playback.started', {
          userId: 'u1',
          mediaId: 's1',
          client: '',
          sessionId: '',
          at: 1,
        }),
    ]
    try {
      await random.pick(actions)()
    } catch (error) {
      if (!isAppError(error)) throw error
    }
  }

  /** What holds at any moment. */
  check(): void {
    const { tables } = this.#host
    const live = new Set(tables.routes.map(({ generation }) => generation))
    for (const generation of live) assert.equal(generation.state, 'live')
    const byPlugin = [...live].map(({ plugin }) => plugin)
    assert.equal(new Set(byPlugin).size, byPlugin.length, 'two generations of one plugin at the same time')
    const hookOwners = (this.#server.core.hooks.table.entries['stream.authorize'] ?? []).map(({ owner }) => owner)
    assert.deepEqual(hookOwners.map(({ plugin }) => plugin).sort(), byPlugin.sort(), 'routes and hooks differ')
    for (const info of this.#host.list()) {
      const shouldBeShut = info.generation === null && info.enabled && heldGates(this.#server, info.name)
      if (shouldBeShut) assert.equal(this.#server.core.hooks.table.closed.has('stream.authorize'), true, info.name)
    }
  }

  /** After anything, a good version starts, answers, and goes without leaving anything. */
  async settle(version: string): Promise<void> {
    for (const name of NAMES) {
      await this.#install(name, files(version))
      await this.#host.grant(name, PERMISSIONS)
      await this.#host.setEnabled(name, true)
      await this.#host.setConfig(name, { word: 'a' })
      const info = this.#host.find(name)
      assert.equal(info?.state, 'active', `${name}: ${info?.lastError}`)
      assert.equal(await (await fetch(`${this.#server.url}/plugins/${name}/version`)).text(), version)
      await this.#host.setEnabled(name, false)
      await this.#remove(name)
    }
    assert.deepEqual(this.#host.list(), [])
    assert.equal(this.#host.tables.routes.length, 0)
    assert.equal(this.#server.core.hooks.has('stream.authorize'), false)
  }

  #install(name: string, made: PluginFiles & { origin: 'data' }): Promise<void> {
    this.#packages.set(name, packageOf(name, made))
    return this.#host.sync([...this.#packages.values()])
  }

  #remove(name: string): Promise<void> {
    this.#packages.delete(name)
    return this.#host.sync([...this.#packages.values()])
  }
}

function heldGates({ core }: TestServer, name: string): boolean {
  const row = core.db.get<{ gates: string }>('SELECT gates FROM plugin WHERE name = ?', [name])
  return row !== undefined && row.gates !== '[]'
}
