import { createPluginStateRepository, type PluginStateRepository } from '../../library/plugin-state-repository.ts'
import type { PluginDefinition } from '../../plugin/api/plugin-api.ts'
import { type CreatePluginServiceOptions, createPluginService } from '../../plugin/host/create-plugin-service.ts'
import type { PluginParts } from '../../plugin/host/plugin-parts.ts'
import type { PluginService } from '../../plugin/host/plugin-service.ts'
import type { PluginPackage } from '../../plugin/loading/plugin-package.ts'
import { LeakCheck } from './leak-check.ts'
import { packageOf } from './plugin-source.ts'
import type { Loaded, LoadOptions, PluginSource } from './test-host.ts'

type Settings = Readonly<Record<string, unknown>>

/** The server's plugin service, with the plugins that a test hands to it instead of folders. */
export class LoadedPlugins {
  readonly #parts: PluginParts
  readonly #service: PluginService
  readonly #states: PluginStateRepository
  readonly #packages = new Map<string, PluginPackage>()
  readonly #leaks = new LeakCheck()

  constructor(parts: PluginParts, options: Pick<CreatePluginServiceOptions, 'routes' | 'timers'>) {
    this.#parts = parts
    this.#states = createPluginStateRepository(parts.db)
    this.#service = createPluginService(parts, {
      ...options,
      folders: [],
      handed: () => [...this.#packages.values()],
      onGeneration: (generation) => this.#leaks.add(generation),
    })
  }

  /** A call into a plugin runs. */
  get isBusy(): boolean {
    return this.#leaks.isBusy()
  }

  async load(source: PluginSource, config: Settings, options: LoadOptions): Promise<Loaded> {
    const pkg = await packageOf(source as PluginDefinition | string | URL, options.dir)
    const { name } = pkg
    if (this.#packages.has(name)) throw new Error(`${name} is loaded already: use its reload`)
    this.#leaks.remember(name)
    const granted = [...(options.granted ?? pkg.manifest.permissions)]
    this.#states.update(name, { enabled: true, quarantine: '', config, granted }, this.#parts.clock.now())
    this.#packages.set(name, pkg)
    await this.#service.rescan()
    const info = this.#service.find(name)
    if (info?.state !== 'active') {
      this.#packages.delete(name)
      await this.#service.rescan()
      throw new Error(`${name} did not start (${info?.state}): ${info?.lastError}`)
    }
    return this.#loaded(name)
  }

  async unload(name: string): Promise<void> {
    if (!this.#packages.has(name)) return
    // Switched off first: of one that only vanishes the server waits for the return.
    await this.#service.host.setEnabled(name, false)
    this.#packages.delete(name)
    await this.#service.rescan()
  }

  /** Sentences about what is left of a plugin that was unloaded; [] when nothing is. */
  leftOf(name: string): readonly string[] {
    return this.#leaks.find(name, { hooks: this.#parts.hooks, tables: this.#service.host.tables })
  }

  stop(): Promise<void> {
    return this.#service.stop()
  }

  #loaded(name: string): Loaded {
    const info = () => this.#service.find(name)
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
      reload: (next) => (next === undefined ? this.#service.host.reload(name) : this.#replace(name, next)),
      configure: (config) => this.#service.host.setConfig(name, config),
      unload: () => this.unload(name),
    }
  }

  async #replace(name: string, next: PluginSource): Promise<void> {
    const pkg = await packageOf(next as PluginDefinition | string | URL, this.#packages.get(name)?.dir)
    if (pkg.name !== name) throw new Error(`${pkg.name} is no version of ${name}`)
    const before = this.#service.find(name)?.generation
    this.#packages.set(name, pkg)
    await this.#service.rescan()
    const after = this.#service.find(name)
    if (after?.generation === before || after?.state !== 'active')
      throw new Error(`${name} was not reloaded (${after?.state}): ${after?.lastError}`)
  }
}
