import { AppError, isAppError } from '../base/errors.ts'
import { createHookTable, type HookOwner } from '../hooks/hook-table.ts'
import { HOOK_KINDS, type HookName } from '../hooks/hooks.ts'
import { describe, ownerOfStack } from './evaluate.ts'
import { callPlugin } from './facades/call.ts'
import type { Generation } from './generation.ts'
import type { HostServices } from './host-services.ts'
import { buildTables, EMPTY_TABLES, type HostTables } from './host-tables.ts'
import { deliverEvent, tellSetting } from './listener-delivery.ts'
import { loadGeneration } from './load-generation.ts'
import { resolveConfig } from './plugin-config.ts'
import { infoOf, type PluginInfo } from './plugin-info.ts'
import type { PluginPackage } from './plugin-package.ts'
import { createPluginPolicy, type PluginPolicy } from './plugin-policy.ts'
import { PluginSlot } from './plugin-slot.ts'
import { startTasks } from './running-tasks.ts'

const DEFAULT_DRAIN_MS = 5_000
const MAX_DRAIN_MS = 60_000
const TASK_MS = 600_000
const LISTENER_MS = 10_000
/** Seconds that a client is told to wait for a plugin that comes back by itself. */
const RETRY_AFTER_S = 2

/** Loads, reloads and unloads plugins while the server runs. All methods may be called at any time, also together. */
export class PluginHost {
  readonly #services: HostServices
  readonly #order: readonly string[]
  readonly #policy: PluginPolicy
  readonly #slots = new Map<string, PluginSlot>()
  /** Taken out before a breaking migration: routes 503, gates shut. */
  readonly #suspended = new Set<string>()
  readonly #detach: () => void
  readonly #tasks = new Map<Generation, () => void>()
  readonly #owners = new WeakMap<HookOwner, Generation>()
  #tables: HostTables = EMPTY_TABLES
  #generations = 0
  #stopped = false

  /** `order`: names that come first, in this order; the others follow by name. */
  constructor(services: HostServices, order: readonly string[]) {
    this.#services = services
    this.#order = order
    this.#policy = createPluginPolicy(services.states, services.required)
    this.#detach = services.hooks.attach({
      enter: (owner) => this.#owners.get(owner)?.enter(),
      leave: (owner) => this.#owners.get(owner)?.leave(),
      onFailure: (owner, hook, error) => {
        const generation = this.#owners.get(owner)
        if (generation) this.#reportFailure(generation, error, `hook ${hook}`)
      },
    })
  }

  get tables(): HostTables {
    return this.#tables
  }

  list(): readonly PluginInfo[] {
    return [...this.#slots.values()].sort(byOrder(this.#order)).map((slot) => this.#info(slot))
  }

  find(name: string): PluginInfo | undefined {
    const slot = this.#slots.get(name)
    return slot && this.#info(slot)
  }

  /** What it was last told of a plugin's files. */
  packageOf(name: string): PluginPackage | undefined {
    return this.#slots.get(name)?.pkg
  }

  /** With its secrets: for the admin API's own use. */
  storedConfig(name: string): Readonly<Record<string, unknown>> {
    return this.#services.states.find(name)?.config ?? {}
  }

  /** Brings the host in step with what is on disk: new ones start, changed ones reload, missing ones are unloaded. */
  async sync(packages: readonly PluginPackage[]): Promise<void> {
    const present = new Map(packages.map((pkg) => [pkg.name, pkg]))
    const work: Promise<void>[] = []
    for (const pkg of present.values()) {
      const slot = this.#slotFor(pkg.name)
      if (slot.pkg?.stamp === pkg.stamp) continue
      slot.pkg = pkg
      slot.breaker.reset()
      work.push(this.#refresh(slot))
    }
    for (const slot of this.#slots.values()) {
      if (slot.pkg === undefined || present.has(slot.name)) continue
      slot.pkg = undefined
      work.push(this.#refresh(slot).then(() => this.#forget(slot)))
    }
    this.#rebuild()
    await Promise.allSettled(work)
  }

  /** Rejects with NOT_FOUND, or with why the new generation did not start (the old one then still serves). */
  async reload(name: string): Promise<void> {
    const slot = this.#known(name)
    slot.breaker.reset()
    if (slot.state === 'quarantined') this.#services.states.update(name, { quarantine: '' }, this.#services.clock.now())
    await slot.serial('reload', () => this.#bringUp(slot, { throwing: true }))
  }

  async setEnabled(name: string, enabled: boolean): Promise<void> {
    const slot = this.#known(name)
    this.#services.states.update(name, { enabled, ...(enabled ? { quarantine: '' } : {}) }, this.#services.clock.now())
    slot.breaker.reset()
    await this.#refresh(slot)
  }

  /** Validated before anything changes; rejects with CONFIG_INVALID. */
  async setConfig(name: string, config: Readonly<Record<string, unknown>>): Promise<void> {
    const slot = this.#known(name)
    resolveConfig(name, slot.pkg?.manifest.config, config)
    const before = this.#services.states.find(name)?.config ?? {}
    this.#services.states.update(name, { config }, this.#services.clock.now())
    slot.breaker.reset()
    try {
      await slot.serial('config', () => this.#bringUp(slot, { throwing: true }))
    } catch (error) {
      this.#services.states.update(name, { config: before }, this.#services.clock.now())
      throw error
    }
  }

  async grant(name: string, permissions: readonly string[]): Promise<void> {
    const slot = this.#known(name)
    this.#services.states.update(name, { granted: [...permissions] }, this.#services.clock.now())
    await this.#refresh(slot)
  }

  quarantine(name: string, reason: string): void {
    this.#services.states.update(name, { quarantine: reason, lastError: reason }, this.#services.clock.now())
  }

  /** A rejection or throw that nobody caught. True when a plugin's code caused it and was charged with it. */
  attribute(error: unknown): boolean {
    const owner = ownerOfStack(error instanceof Error ? error.stack : undefined)
    const slot = owner === undefined ? undefined : this.#slots.get(owner)
    if (!slot) return false
    const failure = new AppError('PLUGIN_FAILED', `the plugin ${slot.name} let an error go: ${describe(error)}`, {
      cause: error,
    })
    if (slot.generation) this.#reportFailure(slot.generation, failure, 'a timer or promise')
    return true
  }

  /** For adapters of the tables (routes, endpoints): a contained call with the plugin's counters. */
  async call<T>(generation: Generation, what: string, deadlineMs: number, work: () => T | Promise<T>): Promise<T> {
    const slot = this.#slots.get(generation.plugin)
    const started = performance.now()
    try {
      return await callPlugin(generation, work, {
        what,
        deadlineMs,
        onFailure: (error) => {
          if (slot && error.code === 'PLUGIN_TIMEOUT') slot.counters.timeouts++
          this.#reportFailure(generation, error, what)
        },
      })
    } finally {
      if (slot) {
        slot.counters.calls++
        slot.counters.totalMicros += Math.round((performance.now() - started) * 1000)
      }
    }
  }

  /** Unloads all, last started first. */
  async stop(): Promise<void> {
    this.#stopped = true
    const slots = [...this.#slots.values()].sort((a, b) => (b.generation?.number ?? 0) - (a.generation?.number ?? 0))
    for (const slot of slots) {
      slot.clearRetry()
      await slot.serial('stop', () => this.#takeDown(slot, 'stopped'))
    }
    this.#detach()
    this.#services.breadcrumb.close()
  }

  // ---- transitions, always inside slot.serial ------------------------------------------------------------------------

  #refresh(slot: PluginSlot): Promise<void> {
    return slot.serial('refresh', () => this.#bringUp(slot, { throwing: false }))
  }

  async #bringUp(slot: PluginSlot, options: { throwing: boolean }): Promise<void> {
    slot.clearRetry()
    if (this.#stopped) return
    const blocked = this.#policy.whyNot(slot)
    if (blocked) {
      if (blocked.error) slot.lastError = blocked.error
      await this.#takeDown(slot, blocked.state)
      if (options.throwing && blocked.error) throw new AppError('CONFLICT', blocked.error)
      return
    }
    const pkg = slot.pkg as PluginPackage
    const old = slot.generation
    this.#setState(slot, old ? slot.state : 'starting')
    try {
      const generation = await loadGeneration({
        pkg,
        number: ++this.#generations,
        position: this.#position(slot.name),
        granted: new Set(this.#policy.grantedTo(slot)),
        services: this.#services,
        deliverEvent: (event, payload) => this.#deliver(event, payload),
        settingChanged: (key, value) => this.#settingChanged(slot, key, value),
        taskRunnerFor: (one) => (label, task) =>
          callPlugin(one, () => task({ signal: one.signal }), {
            what: label,
            deadlineMs: TASK_MS,
            guardSync: true,
            onFailure: (error) => this.#reportFailure(one, error, label),
          }).catch((error) => this.#noteTaskError(slot, label, error)),
        onTimerError: (error) => {
          const failure = new AppError('PLUGIN_FAILED', `a timer failed: ${describe(error)}`, { cause: error })
          if (slot.generation) this.#reportFailure(slot.generation, failure, 'a timer')
        },
        beforeBreaking: () => this.#suspend(slot),
      })
      this.#goLive(slot, generation)
      if (old) await this.#end(slot, old)
    } catch (error) {
      this.#suspended.delete(slot.name)
      this.#loadFailed(slot, error)
      if (options.throwing) throw error
    }
  }

  #goLive(slot: PluginSlot, generation: Generation): void {
    const old = slot.generation
    slot.generation = generation
    slot.lastError = ''
    this.#owners.set(generation.owner, generation)
    this.#suspended.delete(slot.name)
    generation.goLive()
    generation.registrations.whenChanged(() => this.#rebuild())
    this.#stopTasks(old)
    this.#rememberGates(slot, generation)
    this.#setState(slot, 'active')
    this.#rebuild()
    this.#tasks.set(generation, startTasks(generation))
  }

  /** The new version did not start. The old one serves on; without one, another try follows. */
  #loadFailed(slot: PluginSlot, error: unknown): void {
    slot.lastError = isAppError(error) ? error.message : describe(error)
    this.#services.log.error('plugin not started', {
      plugin: slot.name,
      code: isAppError(error) ? error.code : 'INTERNAL',
      reason: slot.lastError,
    })
    this.#services.states.update(slot.name, { lastError: slot.lastError }, this.#services.clock.now())
    if (slot.generation) this.#setState(slot, 'active')
    else this.#failSlot(slot)
    this.#rebuild()
  }

  #failSlot(slot: PluginSlot): void {
    this.#setState(slot, 'failed')
    if (this.#stopped) return
    const wait = slot.breaker.open()
    slot.retryAt = this.#services.clock.now() + wait
    slot.retryTimer = setTimeout(() => void this.#refresh(slot), wait)
    slot.retryTimer.unref()
  }

  async #takeDown(slot: PluginSlot, state: PluginSlot['state']): Promise<void> {
    const { generation } = slot
    if (!generation) {
      this.#setState(slot, state)
      return this.#rebuild()
    }
    this.#setState(slot, 'draining')
    slot.generation = undefined
    this.#stopTasks(generation)
    this.#rebuild()
    await this.#end(slot, generation)
    this.#setState(slot, state)
  }

  /** Before a breaking migration: out of the tables, its paths answer 503, its gates deny. */
  async #suspend(slot: PluginSlot): Promise<void> {
    this.#suspended.add(slot.name)
    const { generation } = slot
    if (!generation) return
    slot.generation = undefined
    this.#stopTasks(generation)
    this.#rebuild()
    await this.#end(slot, generation)
  }

  async #end(slot: PluginSlot, generation: Generation): Promise<void> {
    generation.registrations.whenChanged(undefined)
    const late = await generation.end(Math.min(generation.definition.drainMs ?? DEFAULT_DRAIN_MS, MAX_DRAIN_MS))
    if (late.length > 0)
      this.#services.log.warn('plugin cleaned up badly', { plugin: slot.name, generation: generation.number, late })
  }

  // ---- failures ------------------------------------------------------------------------------------------------------

  #reportFailure(generation: Generation, error: AppError, what: string): void {
    const slot = this.#slots.get(generation.plugin)
    if (!slot) return
    slot.counters.failures++
    slot.lastError = `${what}: ${error.cause === undefined ? error.message : describe(error.cause)}`
    this.#services.log.warn('plugin failed', {
      plugin: slot.name,
      generation: generation.number,
      what,
      code: error.code,
      reason: describe(error.cause ?? error),
    })
    if (slot.generation !== generation || !slot.breaker.fail()) return
    this.#services.log.error('plugin stopped after many failures', { plugin: slot.name })
    void slot.serial('trip', async () => {
      if (slot.generation !== generation) return
      await this.#takeDown(slot, 'failed')
      this.#failSlot(slot)
      this.#rebuild()
    })
  }

  #noteTaskError(slot: PluginSlot, label: string, error: unknown): void {
    if (isAppError(error) && (error.code === 'PLUGIN_FAILED' || error.code === 'PLUGIN_TIMEOUT')) return
    this.#services.log.warn('plugin task ended with an error', {
      plugin: slot.name,
      task: label,
      reason: describe(error),
    })
  }

  // ---- tables --------------------------------------------------------------------------------------------------------

  /** One swap: every request sees all-old or all-new. */
  #rebuild(): void {
    const slots = [...this.#slots.values()].sort(byOrder(this.#order))
    const generations = slots.map((slot) => slot.generation).filter((one): one is Generation => one !== undefined)
    const closed = new Map<HookName, string>()
    for (const name of this.#services.required) {
      if (!this.#slots.has(name)) closed.set('access.scope', `the plugin ${name} is required and missing`)
    }
    for (const slot of slots) {
      if (slot.generation || !this.#shouldRun(slot)) continue
      for (const gate of slot.gates) closed.set(gate, `the plugin ${slot.name} is not running`)
    }
    this.#services.hooks.swap(
      createHookTable(
        generations.flatMap((one) => [...one.registrations.all('hook')]),
        closed,
      ),
    )
    const unavailable = slots
      .filter((slot) => !slot.generation && this.#shouldRun(slot))
      .map((slot) => ({ prefix: `/plugins/${slot.name}`, retryAfter: RETRY_AFTER_S }))
    const { tables, conflicts } = buildTables(generations, unavailable)
    for (const conflict of conflicts) this.#services.log.warn('plugin registration ignored', { conflict })
    this.#tables = tables
    this.#services.onTables(tables)
    this.#services.scopes.invalidate()
  }

  #rememberGates(slot: PluginSlot, generation: Generation): void {
    const gates = [...new Set([...generation.registrations.all('hook')].map((entry) => entry.hook))].filter((hook) => {
      const kind = HOOK_KINDS[hook]
      return kind === 'guard' || kind === 'narrow'
    })
    slot.gates = gates
    const known = this.#services.states.find(slot.name)
    if (known?.gates.join() !== gates.join() || known?.lastError) {
      this.#services.states.update(slot.name, { gates, lastError: '' }, this.#services.clock.now())
    }
  }

  #deliver(event: string, payload: unknown): void {
    const generations = [...this.#slots.values()].flatMap((slot) => slot.generation ?? [])
    deliverEvent(generations, event, payload, (generation, what, work) =>
      this.call(generation, what, LISTENER_MS, work),
    )
  }

  #settingChanged(slot: PluginSlot, key: string, value: unknown): void {
    if (slot.generation)
      tellSetting(slot.generation, key, value, (generation, what, work) =>
        this.call(generation, what, LISTENER_MS, work),
      )
  }

  #stopTasks(generation: Generation | undefined): void {
    if (!generation) return
    this.#tasks.get(generation)?.()
    this.#tasks.delete(generation)
  }

  // ---- slots ---------------------------------------------------------------------------------------------------------

  #shouldRun(slot: PluginSlot): boolean {
    return this.#suspended.has(slot.name) || this.#policy.shouldRun(slot)
  }

  #position(name: string): number {
    const index = this.#order.indexOf(name)
    return index >= 0 ? index : this.#order.length
  }

  #slotFor(name: string): PluginSlot {
    let slot = this.#slots.get(name)
    if (!slot) {
      slot = new PluginSlot(name, this.#services.clock, (this.#services.states.find(name)?.gates ?? []) as HookName[])
      this.#slots.set(name, slot)
    }
    return slot
  }

  #known(name: string): PluginSlot {
    const slot = this.#slots.get(name)
    if (!slot) throw new AppError('NOT_FOUND', `there is no plugin named ${name}`)
    return slot
  }

  #forget(slot: PluginSlot): void {
    if (slot.pkg === undefined) this.#slots.delete(slot.name)
    this.#rebuild()
  }

  #setState(slot: PluginSlot, state: PluginSlot['state']): void {
    if (slot.state === state) return
    this.#services.log.info('plugin state', { plugin: slot.name, from: slot.state, to: state })
    slot.state = state
  }

  #info(slot: PluginSlot): PluginInfo {
    return infoOf(
      slot,
      this.#services.states.find(slot.name),
      this.#policy.grantedTo(slot),
      slot.generation && this.#services.hooks.stats(slot.generation.owner),
    )
  }
}

function byOrder(order: readonly string[]) {
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length)
  return (a: PluginSlot, b: PluginSlot) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1)
}
