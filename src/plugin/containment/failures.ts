import type { SourceMap } from 'node:module'
import { AppError, isAppError } from '../../base/errors.ts'
import type { Generation } from '../host/generation.ts'
import type { HostServices } from '../host/host-services.ts'
import type { PluginSlot } from '../host/plugin-slot.ts'
import { describe } from '../loading/evaluate.ts'
import type { PluginPackage } from '../loading/plugin-package.ts'
import { follow, isNobodys, pluginOf } from './attribution.ts'
import { parseSourceMap, pluginStack } from './plugin-stack.ts'
import { isSyncTimeout } from './sync-watch.ts'

/** Lines of one plugin are at least so far apart, ms; what was left out is counted. */
const LOG_EVERY_MS = 1_000

/** How the process was told of an error that nobody caught. */
export type StrayEvent = 'uncaughtException' | 'unhandledRejection'

export interface FailuresOptions {
  readonly services: HostServices
  find(plugin: string): PluginSlot | undefined
  /** Names of those that run. */
  running(): readonly string[]
  /** Too many failures, or one that stopped the loop: takes the generation out of service. */
  trip(slot: PluginSlot, generation: Generation): void
}

/** Where failures of plugins arrive: counted, told, and the cause of a stop when they are many. */
export class Failures {
  readonly #options: FailuresOptions
  readonly #maps = new WeakMap<PluginPackage, SourceMap | undefined>()
  readonly #logged = new Map<string, { at: number; left: number }>()

  constructor(options: FailuresOptions) {
    this.#options = options
  }

  /** `what`: the hook, route or task. Failures of a generation that was replaced are told, and blame nobody else. */
  report(generation: Generation, error: AppError, what: string): void {
    const slot = this.#options.find(generation.plugin)
    const reason = describe(error.cause ?? error)
    const { frames, at } = pluginStack(error.cause ?? error, this.#mapOf(slot?.pkg))
    const stack = frames.length > 0 ? { stack: frames } : {}
    this.#tell(generation.plugin, { generation: generation.number, what, code: error.code, reason, ...stack })
    if (!slot) return
    slot.counters.failures++
    slot.lastError = at === undefined ? `${what}: ${reason}` : `${what}: ${reason} (${at})`
    if (slot.generation !== generation) return
    const opens = slot.breaker.fail()
    if (opens || isSyncTimeout(error.cause)) this.#options.trip(slot, generation)
  }

  /** A timer, an effect, or a promise that nobody awaits. */
  stray(generation: Generation, error: unknown, what: string): void {
    const { plugin } = generation
    this.report(generation, new AppError('PLUGIN_FAILED', `the plugin ${plugin} failed`, { cause: error }), what)
  }

  /**
   * For the process's handlers: an error that nobody caught. True when a plugin caused it, and was charged with it if it is
   * known which; for any other the process should end.
   */
  attribute(error: unknown, event: StrayEvent): boolean {
    const name = pluginOf(error)
    if (name === undefined) {
      const running = this.#options.running()
      if (event !== 'unhandledRejection' || running.length === 0 || !isNobodys(error)) return false
      // Who does it again is named, and stopped when it is often.
      follow()
      const { log } = this.#options.services
      log.error('a plugin let a rejection go, and it is not known which', { reason: describe(error), plugins: running })
      return true
    }
    const generation = this.#options.find(name)?.generation
    if (generation) this.stray(generation, error, 'an error that nobody caught')
    else this.#tell(name, { what: 'an error that nobody caught', code: 'PLUGIN_FAILED', reason: describe(error) })
    return true
  }

  /** What a scheduled task rejects with on purpose is no failure, and still worth a line. */
  noteTaskError(plugin: string, label: string, error: unknown): void {
    if (isAppError(error) && (error.code === 'PLUGIN_FAILED' || error.code === 'PLUGIN_TIMEOUT')) return
    this.#tell(plugin, { what: label, code: isAppError(error) ? error.code : 'INTERNAL', reason: describe(error) })
  }

  /** Read and parsed once, when the first error asks for it. */
  #mapOf(pkg: PluginPackage | undefined): SourceMap | undefined {
    if (!pkg?.map) return undefined
    if (!this.#maps.has(pkg)) this.#maps.set(pkg, parseSourceMap(pkg.map()))
    return this.#maps.get(pkg)
  }

  forget(plugin: string): void {
    this.#logged.delete(plugin)
  }

  #tell(plugin: string, fields: Readonly<Record<string, unknown>>): void {
    const { log, clock } = this.#options.services
    const now = clock.monotonic()
    const known = this.#logged.get(plugin)
    if (known && now - known.at < LOG_EVERY_MS) {
      known.left++
      return
    }
    this.#logged.set(plugin, { at: now, left: 0 })
    log.warn('plugin failed', { plugin, ...fields, ...(known?.left ? { unlogged: known.left } : {}) })
  }
}
