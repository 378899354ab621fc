import { AppError } from '../../base/errors.ts'
import { oneAtATime } from '../../base/one-at-a-time.ts'
import { type Discovery, PluginDiscovery } from '../loading/discover.ts'
import { describe } from '../loading/evaluate.ts'
import type { BrokenPackage, PluginOrigin, PluginPackage } from '../loading/plugin-package.ts'
import { watchPlugins } from '../loading/watch-plugins.ts'
import type { HostServices } from './host-services.ts'
import { PluginHost } from './plugin-host.ts'
import type { PluginInfo } from './plugin-info.ts'

export interface PluginFolder {
  readonly path: string
  readonly origin: PluginOrigin
  /** Load, replace and unload as the folder changes. */
  readonly watch: boolean
}

export interface PluginServiceOptions {
  readonly host: HostServices
  /** In order of precedence: a name found in an earlier folder wins. */
  readonly folders: readonly PluginFolder[]
  /** Those that lie in no folder, as they are when it looks. */
  readonly handed?: () => readonly PluginPackage[]
  readonly order: readonly string[]
  /** The plugin that kept the last process from answering, if one did. */
  readonly culprit?: string | undefined
  /** Plugins that did not come with the server stay off. */
  readonly safeMode?: boolean
  /** Nothing runs: the command line looks at what there is, and changes what is remembered. */
  readonly dormant?: boolean
}

/** The plugins of this server: the host, what lies on disk, and the watching of it. */
export class PluginService {
  readonly host: PluginHost
  readonly safeMode: boolean
  readonly #options: PluginServiceOptions
  readonly #discoveries: readonly PluginDiscovery[]
  #broken: readonly BrokenPackage[] = []
  /** Waits for no plugin: one that hangs must not hold up the rest. */
  readonly #lookSoon = oneAtATime(() => this.#lookOnce())
  #looking: Promise<void> = Promise.resolve()
  /** Of what was found so far. */
  #transitions: Promise<unknown> = Promise.resolve()
  #stopWatching: () => Promise<void> = async () => {}

  constructor(options: PluginServiceOptions) {
    const { safeMode = false, dormant = false } = options
    this.#options = options
    this.safeMode = safeMode
    this.host = new PluginHost(options.host, options.order, { safeMode, dormant })
    this.#discoveries = options.folders.map(({ path, origin }) => new PluginDiscovery(path, origin))
  }

  /**
   * Shuts the gates of known plugins, then starts every plugin that may run. Resolves when all have started or failed: a
   * plugin that fails keeps nobody from starting, one that takes its time has 10 s.
   */
  async start(): Promise<void> {
    const { culprit } = this.#options
    if (culprit !== undefined) {
      this.host.quarantine(culprit, QUARANTINED)
      this.#log().error('plugin quarantined', { plugin: culprit })
    }
    if (this.safeMode) this.#log().error('safe mode: only plugins that came with the server run')
    this.host.start()
    const watched = this.#options.folders.filter(({ watch }) => watch).map(({ path }) => path)
    if (watched.length > 0) {
      this.#stopWatching = watchPlugins(watched, {
        changed: () => this.#lookAgain(),
        failed: (error) =>
          this.#log().warn('plugin folders are not watched: after changes use `tonearm plugin rescan`', {
            reason: describe(error),
          }),
      })
    }
    await this.rescan().catch((error: unknown) => this.#scanFailed(error))
  }

  /** Looks at the folders anew; resolves when what was found has been brought up. Rejects when a folder can't be read. */
  async rescan(): Promise<void> {
    await this.#look()
    await this.#transitions
  }

  list(): readonly PluginInfo[] {
    const broken = this.#broken.filter(({ name }) => !this.host.find(name))
    return [...this.host.list().map((info) => this.#withReason(info)), ...broken.map(brokenInfo)]
  }

  find(name: string): PluginInfo | undefined {
    const info = this.host.find(name)
    if (info) return this.#withReason(info)
    const broken = this.#broken.find((one) => one.name === name)
    return broken && brokenInfo(broken)
  }

  /** Where it lies: a folder or an archive. */
  pathOf(name: string): string | undefined {
    return this.host.packageOf(name)?.path ?? this.#broken.find((one) => one.name === name)?.path
  }

  /** A version that runs, with what is wrong with the one that lies there now. */
  #withReason(info: PluginInfo): PluginInfo {
    const broken = this.#broken.find(({ name }) => name === info.name)
    return broken ? { ...info, lastError: broken.reason } : info
  }

  async reload(name: string): Promise<void> {
    await this.rescan()
    const broken = this.#broken.find((one) => one.name === name)
    if (broken) throw new AppError('CONFLICT', broken.reason)
    await this.host.reload(name)
  }

  async stop(): Promise<void> {
    await this.#stopWatching()
    await this.#looking.catch(() => {})
    await this.host.stop()
  }

  #lookAgain(): void {
    this.#look().catch((error: unknown) => this.#scanFailed(error))
  }

  #look(): Promise<void> {
    this.#looking = this.#lookSoon()
    return this.#looking
  }

  async #lookOnce(): Promise<void> {
    const found: Discovery[] = []
    for (const discovery of this.#discoveries) found.push(await discovery.look())
    const all = [...(this.#options.handed?.() ?? []), ...found.flatMap((one) => one.packages)].reverse()
    const packages = new Map(all.map((pkg) => [pkg.name, pkg]))
    const broken = found.flatMap((one) => one.broken)
    for (const one of broken) {
      if (this.#broken.some((known) => known.name === one.name && known.reason === one.reason)) continue
      this.#log().warn('plugin unusable', { plugin: one.name, reason: one.reason })
    }
    this.#broken = broken
    // A version that can't be read leaves the one that runs in place: it is not gone, it is half written or wrong.
    const unusable = broken.filter(({ name }) => !packages.has(name))
    this.#transitions = Promise.allSettled([this.#transitions, this.host.sync([...packages.values()], unusable)])
  }

  #scanFailed(error: unknown): void {
    this.#log().error('plugin folders not read; what runs goes on', { reason: describe(error) })
  }

  #log() {
    return this.#options.host.log
  }
}

const QUARANTINED =
  'the server stopped answering while this plugin ran, and had to be killed; reload or enable it to try again'

function brokenInfo(broken: BrokenPackage): PluginInfo {
  return {
    id: broken.name,
    name: broken.name,
    version: '',
    description: '',
    origin: broken.origin,
    apiVersion: '',
    enabled: true,
    state: 'failed',
    lastError: broken.reason,
    retryAt: null,
    generation: null,
    config: {},
    configSchema: null,
    permissions: [],
    calls: { calls: 0, failures: 0, timeouts: 0, dropped: 0, totalMicros: 0 },
    registered: null,
    connected: 0,
  }
}
