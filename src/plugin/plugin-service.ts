import { dirname } from 'node:path'
import { AppError } from '../base/errors.ts'
import { readBreadcrumb } from './breadcrumb.ts'
import { type Discovery, PluginDiscovery } from './discover.ts'
import { describe } from './evaluate.ts'
import type { HostServices } from './host-services.ts'
import { PluginHost } from './plugin-host.ts'
import type { PluginInfo } from './plugin-info.ts'
import type { BrokenPackage, PluginOrigin } from './plugin-package.ts'
import { watchPlugins } from './watch-plugins.ts'

export interface PluginFolder {
  readonly path: string
  readonly origin: PluginOrigin
}

export interface PluginServiceOptions {
  readonly host: HostServices
  /** In order of precedence: a name found in an earlier folder wins. */
  readonly folders: readonly PluginFolder[]
  readonly order: readonly string[]
  /** Load, replace and unload as folders change. */
  readonly watch: boolean
  /** Where the last process left the name of the plugin that was running. */
  readonly breadcrumbPath: string
  /** The last process ended without saying goodbye. */
  readonly crashed: boolean
}

/** The plugins of this server: the host, what lies on disk, and the watching of it. */
export class PluginService {
  readonly host: PluginHost
  readonly #options: PluginServiceOptions
  readonly #discoveries: readonly PluginDiscovery[]
  #broken: readonly BrokenPackage[] = []
  #looking: Promise<void> | undefined
  #again = false
  #stopWatching: () => Promise<void> = async () => {}

  constructor(options: PluginServiceOptions) {
    this.#options = options
    this.host = new PluginHost(options.host, options.order)
    this.#discoveries = options.folders.map(({ path, origin }) => new PluginDiscovery(path, origin))
  }

  /** Starts every plugin that may run. A plugin that fails keeps nobody from starting. */
  async start(): Promise<void> {
    this.#blameLastCrash()
    await this.rescan()
    if (!this.#options.watch) return
    const folders = this.#options.folders.map(({ path }) => path)
    this.#stopWatching = watchPlugins(
      folders,
      () => void this.rescan().catch((error) => this.#log().error('plugin scan failed', { reason: describe(error) })),
    )
  }

  /** Looks at the folders anew. Calls that come while one runs are one further look. */
  rescan(): Promise<void> {
    if (this.#looking) {
      this.#again = true
      return this.#looking
    }
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined
      this.#again = false
    })
    return this.#looking
  }

  list(): readonly PluginInfo[] {
    return [...this.host.list(), ...this.#broken.filter(({ name }) => !this.host.find(name)).map(brokenInfo)]
  }

  find(name: string): PluginInfo | undefined {
    const info = this.host.find(name)
    const broken = this.#broken.find((one) => one.name === name)
    if (info) return broken ? { ...info, lastError: broken.reason } : info
    return broken && brokenInfo(broken)
  }

  async reload(name: string): Promise<void> {
    await this.rescan()
    const broken = this.#broken.find((one) => one.name === name)
    if (broken) throw new AppError('CONFLICT', broken.reason)
    await this.host.reload(name)
  }

  async stop(): Promise<void> {
    await this.#stopWatching()
    await this.#looking?.catch(() => {})
    await this.host.stop()
  }

  async #look(): Promise<void> {
    do {
      this.#again = false
      const found: Discovery[] = []
      for (const discovery of this.#discoveries) found.push(await discovery.look())
      const packages = new Map(
        found
          .flatMap((one) => one.packages)
          .reverse()
          .map((pkg) => [pkg.name, pkg]),
      )
      const broken = found.flatMap((one) => one.broken)
      for (const one of broken) {
        if (this.#broken.some((known) => known.name === one.name && known.reason === one.reason)) continue
        this.#log().warn('plugin unusable', { plugin: one.name, reason: one.reason })
      }
      this.#broken = broken
      // A version that can't be read leaves the one that runs in place: it is not gone, it is half written or wrong.
      const kept = broken.flatMap(({ name }) => (packages.has(name) ? [] : (this.host.packageOf(name) ?? [])))
      await this.host.sync([...packages.values(), ...kept])
    } while (this.#again)
  }

  #blameLastCrash(): void {
    const culprit = this.#options.crashed ? readBreadcrumb(this.#options.breadcrumbPath) : undefined
    if (culprit === undefined) return
    this.host.quarantine(
      culprit,
      'the server stopped while this plugin was running code and did not come back; reload or enable it to try again',
    )
    this.#log().error('plugin quarantined', { plugin: culprit, folder: dirname(this.#options.breadcrumbPath) })
  }

  #log() {
    return this.#options.host.log
  }
}

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
  }
}
