import { rmSync } from 'node:fs'
import { FULL_SCOPE } from '../../base/access-scope.ts'
import { AppError } from '../../base/errors.ts'
import { encodeId, type UserId } from '../../base/ids.ts'
import type { Core } from '../../core.ts'
import { createRouteTable } from '../../core-routes.ts'
import type { HookInput, HookName } from '../../hooks/hooks.ts'
import type { User } from '../../library/entities.ts'
import type { HandlerOutput } from '../../plugin/api/hook-api.ts'
import type { Notification } from '../../plugin/api/notify-api.ts'
import { fireHook } from './fire-hook.ts'
import { createInMemoryHttp, type InMemoryHttp, type InMemoryRequest } from './in-memory-exchange.ts'
import { prepareRequest, type Query, withQuery } from './injected-request.ts'
import { LoadedPlugins } from './loaded-plugins.ts'
import { type MusicNames, musicNames } from './music-names.ts'
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
  readonly opened: TestCore
  readonly time: VirtualTime
  readonly logged: readonly LoggedLine[]
  /** By user name. */
  readonly passwords: ReadonlyMap<string, string>
}

const SETTLE_MS = 5_000

/** The server's core, router and plugins; what it stands in for are the sockets, the time and the folders of plugins. */
export class RunningTestHost implements TestHost {
  readonly sent: readonly Notification[]
  readonly logged: readonly LoggedLine[]
  readonly clock: TestHost['clock']
  readonly #options: RunningTestHostOptions
  readonly #core: Core
  readonly #http: InMemoryHttp
  readonly #plugins: LoadedPlugins
  readonly #names: MusicNames
  #disposed: Promise<void> | undefined

  constructor(options: RunningTestHostOptions) {
    const { opened, time, logged } = options
    const { core, sent } = opened
    const { log, hooks } = core
    this.sent = sent
    this.logged = logged
    this.clock = { now: () => time.now(), advance: (ms) => this.#advance(ms) }
    this.#options = options
    this.#core = core
    this.#names = musicNames(core.repositories)
    const routes = createRouteTable(core)
    this.#http = createInMemoryHttp({ handler: (request) => routes.router.handle(request), hooks, log })
    this.#plugins = new LoadedPlugins(core, { timers: time, routes })
  }

  load(
    plugin: PluginSource,
    config: Readonly<Record<string, unknown>> = {},
    options: LoadOptions = {},
  ): Promise<Loaded> {
    return this.#plugins.load(plugin, config, options)
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

  async subsonic(endpoint: string, params: Query = {}, user = 'admin'): Promise<Record<string, unknown>> {
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
    } while (this.#plugins.isBusy && performance.now() < end)
    await this.#core.notify.settled(SETTLE_MS)
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
    await this.#plugins.unload(plugin)
    await this.settled()
    const late = this.logged.flatMap(({ message, fields }) =>
      message === 'plugin cleaned up badly' && fields.plugin === plugin
        ? [`clean-ups that failed: ${fields.late}`]
        : [],
    )
    const left = [...this.#plugins.leftOf(plugin), ...late]
    if (left.length > 0) throw new Error(`the plugin ${plugin} left behind: ${left.join('; ')}`)
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#end()
    return this.#disposed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  async #end(): Promise<void> {
    await this.#plugins.stop()
    await this.#options.opened.close()
    rmSync(this.#core.config.paths.data, { recursive: true, force: true, maxRetries: 3 })
  }

  async #advance(ms: number): Promise<void> {
    await this.settled()
    await this.#options.time.advance(ms)
    // Asking who plays ends what has gone on for too long, as the room's own timer would.
    this.#core.playback.listNowPlaying({ userId: 1 as UserId, scope: FULL_SCOPE })
    await this.settled()
  }

  #prepared(request: InjectRequest | string): Promise<InMemoryRequest> {
    return prepareRequest(request, {
      sessions: this.#core.sessions,
      user: (nameOrId) => this.#stored(nameOrId),
      password: ({ name }) => this.#options.passwords.get(name) ?? '',
    })
  }

  /** By name or public id. */
  #stored(nameOrId: string): User {
    const users = this.#core.repositories.users.list()
    const found = users.find(({ id, name }) => name === nameOrId || encodeId('user', id) === nameOrId)
    if (found) return found
    const names = users.map(({ name }) => name).join(', ')
    throw new AppError('NOT_FOUND', `there is no user '${nameOrId}' among ${names}`)
  }
}
