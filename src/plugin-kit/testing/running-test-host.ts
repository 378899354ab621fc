import { rmSync } from 'node:fs'
import { FULL_SCOPE } from '../../base/access-scope.ts'
import { AppError } from '../../base/errors.ts'
import { encodeId, type UserId } from '../../base/ids.ts'
import type { HookInput, HookName } from '../../hooks/hooks.ts'
import { createRouter, type Route, type Router } from '../../http/router.ts'
import type { User } from '../../library/entities.ts'
import { createPluginStateRepository, type PluginStateRepository } from '../../library/plugin-state-repository.ts'
import type { Logger } from '../../log/logger.ts'
import { BufferPool } from '../../media/buffer-pool.ts'
import type { Notify } from '../../notify/notify.ts'
import type { HandlerOutput } from '../../plugin/api/hook-api.ts'
import type { Notification } from '../../plugin/api/notify-api.ts'
import type { PluginDefinition } from '../../plugin/api/plugin-api.ts'
import { noBreadcrumb } from '../../plugin/containment/breadcrumb.ts'
import { createAdminServices } from '../../plugin/host/admin-services.ts'
import type { HostTables } from '../../plugin/host/host-tables.ts'
import { PluginHost } from '../../plugin/host/plugin-host.ts'
import type { PluginPackage } from '../../plugin/loading/plugin-package.ts'
import { swapEndpoints } from '../../plugin/routes/plugin-endpoints.ts'
import { pluginRoutes } from '../../plugin/routes/plugin-routes.ts'
import type { PluginRouteServices } from '../../plugin/routes/route-services.ts'
import { nativeRoutes } from '../../rest/native-routes.ts'
import { fireHook } from './fire-hook.ts'
import { createInMemoryHttp, type InMemoryHttp, type InMemoryRequest } from './in-memory-exchange.ts'
import { LeakCheck } from './leak-check.ts'
import { type MusicNames, musicNames } from './music-names.ts'
import { packageOf } from './plugin-source.ts'
import type { TestCore } from './test-core.ts'
import type {
  InjectedReply,
  InjectRequest,
  Loaded,
  LoadOptions,
  LoggedLine,
  PluginSource,
  TestHost,
  TestPeer,
} from './test-host.ts'
import { settle, type VirtualTime } from './virtual-time.ts'

export interface RunningTestHostOptions {
  readonly core: TestCore
  readonly time: VirtualTime
  readonly log: Logger
  readonly logged: readonly LoggedLine[]
  readonly dataDir: string
  /** By user name. */
  readonly passwords: ReadonlyMap<string, string>
}

type SubsonicQuery = Parameters<TestHost['subsonic']>[1]

const SETTLE_MS = 5_000

export class RunningTestHost implements TestHost {
  readonly sent: readonly Notification[]
  readonly logged: readonly LoggedLine[]
  readonly clock: TestHost['clock']
  readonly #options: RunningTestHostOptions
  readonly #core: TestCore
  readonly #host: PluginHost
  readonly #states: PluginStateRepository
  readonly #notify: Notify
  readonly #router: Router
  readonly #http: InMemoryHttp
  readonly #leaks = new LeakCheck()
  readonly #names: MusicNames
  readonly #packages = new Map<string, PluginPackage>()
  #disposed: Promise<void> | undefined

  constructor(options: RunningTestHostOptions) {
    const { core, time, log, dataDir } = options
    this.#options = options
    this.#core = core
    this.logged = options.logged
    this.clock = { now: () => time.now(), advance: (ms) => this.#advance(ms) }
    this.#names = musicNames(core.repositories)
    this.#states = createPluginStateRepository(core.db)
    this.#notify = core.notify
    this.sent = core.sent
    this.#router = createRouter(this.#coreRoutes())
    this.#http = createInMemoryHttp({ handler: (request) => this.#router.handle(request), hooks: core.hooks, log })
    this.#host = new PluginHost(
      {
        db: core.db,
        hooks: core.hooks,
        states: this.#states,
        clock: time,
        timers: time,
        log,
        dataDir,
        breadcrumb: noBreadcrumb,
        repositories: core.repositories,
        scopes: core.auth.scopes,
        renderChildren: async (user, songIds) => core.subsonic.children(this.#stored(user.id), songIds),
        media: core.streamer,
        admin: createAdminServices({
          repositories: core.repositories,
          accounts: core.auth.accounts,
          authenticator: core.auth.authenticator,
          scopes: core.auth.scopes,
          scanner: core.scanner,
          hooks: core.hooks,
          clock: time,
          log,
          dataDir,
          config: () => ({ note: 'a test host has no settings' }),
          mayInspect: true,
        }),
        notify: (notification) => this.#notify.send(notification),
        onTables: (tables) => this.#swap(tables),
        onRightsChanged: (listener) => core.auth.scopes.onInvalidate(listener),
        onGeneration: (generation) => this.#leaks.add(generation),
        required: [],
      },
      [],
    )
  }

  async load(
    plugin: PluginSource,
    config: Readonly<Record<string, unknown>> = {},
    options: LoadOptions = {},
  ): Promise<Loaded> {
    const pkg = await packageOf(plugin as PluginDefinition | string | URL, options.dir)
    const { name } = pkg
    if (this.#packages.has(name)) throw new Error(`${name} is loaded already: use its reload`)
    this.#leaks.remember(name)
    const granted = [...(options.granted ?? pkg.manifest.permissions)]
    this.#states.update(name, { enabled: true, quarantine: '', config, granted }, this.clock.now())
    this.#packages.set(name, pkg)
    await this.#sync()
    const info = this.#host.find(name)
    if (info?.state !== 'active') {
      this.#packages.delete(name)
      await this.#sync()
      throw new Error(`${name} did not start (${info?.state}): ${info?.lastError}`)
    }
    return this.#loaded(name)
  }

  async fire<N extends HookName>(hook: N, input: HookInput<N>): Promise<HandlerOutput<N>> {
    const answer = await fireHook(this.#core.hooks, hook, input)
    await this.settled()
    return answer
  }

  async inject(request: InjectRequest | string): Promise<InjectedReply> {
    return this.#http.ask(await this.#prepared(request))
  }

  async connect(request: InjectRequest | string): Promise<TestPeer> {
    return this.#http.connect(await this.#prepared(request))
  }

  async subsonic(endpoint: string, params: SubsonicQuery = {}, user = 'admin'): Promise<Record<string, unknown>> {
    const reply = await this.inject({ url: withQuery(`/rest/${endpoint}`, { ...params, f: 'json' }), user })
    if (!reply.headers['content-type']?.startsWith('application/json'))
      throw new Error(`${endpoint} answered ${reply.headers['content-type']}: use inject for what is not JSON`)
    return (reply.json() as { 'subsonic-response': Record<string, unknown> })['subsonic-response']
  }

  async settled(): Promise<void> {
    const end = performance.now() + SETTLE_MS
    do {
      await this.#core.hooks.settled(SETTLE_MS)
      await settle()
    } while (this.#leaks.isBusy() && performance.now() < end)
    await this.#notify.settled(SETTLE_MS)
  }

  user(name: string): string {
    return encodeId('user', this.#stored(name).id)
  }

  track(title: string): string {
    return this.#names.track(title)
  }

  album(name: string): string {
    return this.#names.album(name)
  }

  artist(name: string): string {
    return this.#names.artist(name)
  }

  library(name: string): number {
    return this.#names.library(name)
  }

  async assertNoLeaks(plugin: string): Promise<void> {
    if (this.#packages.has(plugin)) await this.#unload(plugin)
    await this.settled()
    const late = this.logged.flatMap(({ message, fields }) =>
      message === 'plugin cleaned up badly' && fields.plugin === plugin
        ? [`clean-ups that failed: ${fields.late}`]
        : [],
    )
    const left = [...this.#leaks.find(plugin, { hooks: this.#core.hooks, tables: this.#host.tables }), ...late]
    if (left.length > 0) throw new Error(`the plugin ${plugin} left behind: ${left.join('; ')}`)
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#end()
    return this.#disposed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  async #prepared(request: InjectRequest | string): Promise<InMemoryRequest> {
    const { url, user, headers, body, ...asked } = typeof request === 'string' ? { url: request } : request
    const sent = bodyOf(body)
    const login = user === undefined ? undefined : this.#stored(user)
    const credentials =
      login && !url.startsWith('/rest/')
        ? {
            'x-nd-authorization': `Bearer ${await this.#core.sessions.begin(login, { address: '127.0.0.1', client: 'kit' })}`,
          }
        : {}
    return {
      method: ('method' in asked && asked.method) || (body === undefined ? 'GET' : 'POST'),
      url: login && url.startsWith('/rest/') ? withQuery(url, this.#subsonicLogin(login)) : url,
      headers: { 'user-agent': 'kit/1', ...sent.headers, ...credentials, ...lowerCased(headers) },
      body: sent.bytes,
    }
  }

  async #end(): Promise<void> {
    await this.#host.stop()
    await this.#core.close()
    rmSync(this.#options.dataDir, { recursive: true, force: true, maxRetries: 3 })
  }

  async #advance(ms: number): Promise<void> {
    await this.settled()
    await this.#options.time.advance(ms)
    // Asking who plays ends what has gone on for too long, as the room's own timer would.
    this.#core.playback.listNowPlaying({ userId: 1 as UserId, scope: FULL_SCOPE })
    await this.settled()
  }

  #sync(): Promise<void> {
    return this.#host.sync([...this.#packages.values()])
  }

  async #unload(name: string): Promise<void> {
    // Switched off first: of one that only vanishes the server waits for the return.
    await this.#host.setEnabled(name, false)
    this.#packages.delete(name)
    await this.#sync()
  }

  #loaded(name: string): Loaded {
    const info = () => this.#host.find(name)
    return {
      name,
      get state() {
        return info()?.state ?? 'stopped'
      },
      get lastError() {
        return info()?.lastError ?? ''
      },
      get registered() {
        return info()?.registered ?? {}
      },
      reload: async (next) => {
        if (next === undefined) return this.#host.reload(name)
        const pkg = await packageOf(next as PluginDefinition | string | URL, this.#packages.get(name)?.dir)
        if (pkg.name !== name) throw new Error(`${pkg.name} is no version of ${name}`)
        const before = info()?.generation
        this.#packages.set(name, pkg)
        await this.#sync()
        const after = info()
        if (after?.generation === before || after?.state !== 'active')
          throw new Error(`${name} was not reloaded (${after?.state}): ${after?.lastError}`)
      },
      configure: (config) => this.#host.setConfig(name, config),
      unload: () => this.#unload(name),
    }
  }

  #swap(tables: HostTables): void {
    const { log, dataDir } = this.#options
    const { repositories, auth, streamer, artwork, gate } = this.#core
    const services: PluginRouteServices = {
      host: this.#host,
      gate,
      streamer,
      artwork,
      pool: new BufferPool(),
      dataDir,
      repositories,
      scopes: auth.scopes,
    }
    for (const conflict of swapEndpoints(this.#core.subsonic, this.#host, tables)) log.warn(conflict)
    this.#router.swap([...this.#coreRoutes(), ...pluginRoutes(services, tables)])
    this.#notify.replace(
      'plugins',
      tables.channels.map(({ name, durable, deliver, generation }) => ({
        name,
        durable,
        deliver: (notification) =>
          this.#host.call(generation, `channel ${name}`, SETTLE_MS, () => deliver(notification)),
      })),
    )
  }

  #coreRoutes(): readonly Route[] {
    const { subsonic, sessions, auth, repositories, gate, hooks } = this.#core
    const { authenticator, accounts, scopes } = auth
    return [
      { method: 'ANY', path: '/rest/*', ignoreCase: true, handler: (request) => subsonic.handle(request) },
      ...nativeRoutes({
        sessions,
        authenticator,
        accounts,
        users: repositories.users,
        gate,
        narrowedUsers: repositories.narrowedUsers,
        hooks,
        onAccessChanged: () => scopes.invalidate(),
      }),
    ]
  }

  /** By name or public id. */
  #stored(nameOrId: string): User {
    const users = this.#core.repositories.users.list()
    const found = users.find(({ id, name }) => name === nameOrId || encodeId('user', id) === nameOrId)
    if (!found)
      throw new AppError(
        'NOT_FOUND',
        `there is no user '${nameOrId}' among ${users.map(({ name }) => name).join(', ')}`,
      )
    return found
  }

  #subsonicLogin({ name }: User): Readonly<Record<string, string>> {
    return { u: name, p: this.#options.passwords.get(name) ?? '', v: '1.16.1', c: 'kit' }
  }
}

function withQuery(url: string, query: NonNullable<SubsonicQuery>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one: unknown) => `${name}=${encodeURIComponent(String(one))}`),
  )
  return `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}`
}

function bodyOf(body: unknown): { readonly bytes: Uint8Array; readonly headers: Readonly<Record<string, string>> } {
  if (body === undefined) return { bytes: new Uint8Array(), headers: {} }
  if (body instanceof Uint8Array) return { bytes: body, headers: {} }
  if (typeof body === 'string') return { bytes: Buffer.from(body), headers: {} }
  return { bytes: Buffer.from(JSON.stringify(body)), headers: { 'content-type': 'application/json' } }
}

function lowerCased(headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
