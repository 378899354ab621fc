import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../base/errors.ts'
import { Failures, type StrayEvent } from '../containment/failures.ts'
import { callPlugin } from '../facades/call.ts'
import { deliverEvent, tellSetting } from '../live/listener-delivery.ts'
import { Peers } from '../live/peers.ts'
import type { BrokenPackage, PluginPackage } from '../loading/plugin-package.ts'
import type { MediaLeases } from '../routes/media-leases.ts'
import { BatchedRebuild } from './batched-rebuild.ts'
import type { Generation } from './generation.ts'
import type { HostServices } from './host-services.ts'
import type { HostTables } from './host-tables.ts'
import { Lifecycle } from './lifecycle.ts'
import { LiveTables } from './live-tables.ts'
import { resolveConfig } from './plugin-config.ts'
import { infoOf, type PluginInfo } from './plugin-info.ts'
import { createPluginPolicy, type PluginPolicy, type PolicyOptions } from './plugin-policy.ts'
import { PluginSlot } from './plugin-slot.ts'

const TASK_MS = 600_000
const LISTENER_MS = 10_000
/** A folder that is replaced is gone for a moment: the gates of its plugin stay shut for so long, ms. */
const GONE_MS = 1_000

export interface PluginHostOptions extends Partial<Omit<PolicyOptions, 'required'>> {}

/** Loads, reloads and unloads plugins while the server runs. All methods may be called at any time, also together. */
export class PluginHost {
  /** What plugins gave and is being sent. */
  readonly leases: MediaLeases
  /** Whom plugins keep informed. */
  readonly peers: Peers
  readonly #services: HostServices
  readonly #order: readonly string[]
  readonly #policy: PluginPolicy
  readonly #tables: LiveTables
  readonly #lifecycle: Lifecycle
  readonly #failures: Failures
  readonly #slots = new Map<string, PluginSlot>()
  readonly #rebuilds = new BatchedRebuild(() => this.#rebuild())
  readonly #detach: () => void
  #stopped = false

  /** `order`: names that come first, in this order; the others follow by name. */
  constructor(services: HostServices, order: readonly string[], options: PluginHostOptions = {}) {
    const { leases, peerLimits: limits, timers, log } = services
    this.#services = services
    this.leases = leases
    this.peers = new Peers({ limits, timers, log })
    this.#order = order
    this.#policy = createPluginPolicy(services.states, { ...options, required: services.required })
    this.#tables = new LiveTables(services, this.#policy)
    this.#failures = new Failures({
      services,
      find: (name) => this.#slots.get(name),
      running: () => [...this.#slots.values()].flatMap(({ name, generation }) => (generation ? [name] : [])),
      trip: (slot, generation) => {
        services.log.error('plugin stopped after failures', { plugin: slot.name, reason: slot.lastError })
        void slot.serial('', () => this.#lifecycle.trip(slot, generation))
      },
    })
    this.#lifecycle = new Lifecycle({
      services,
      policy: this.#policy,
      positionOf: (name) => rankOf(order, name),
      rebuild: () => this.#rebuild(),
      rebuildSoon: () => this.#rebuilds.ask(),
      deliverEvent: (event, payload) => this.#deliver(event, payload),
      taskRunnerFor: (slot, generation) => (label, task) =>
        callPlugin(generation, ({ signal }) => task({ signal }), {
          what: label,
          deadlineMs: TASK_MS,
          watchSync: true,
          onFailure: (error) => this.#failures.report(generation, error, label),
        }).catch((error) => this.#failures.noteTaskError(slot.name, label, error)),
      settingChanged: (slot, key, value) => {
        if (slot.generation) tellSetting(slot.generation, key, value, this.#callListener)
      },
      stray: (generation, error) => this.#failures.stray(generation, error, 'a timer or an effect'),
    })
    const forget = services.onRightsChanged((userId) => void this.peers.check(userId))
    const detach = services.hooks.attach({
      enter: (owner) => this.#lifecycle.ownedBy(owner)?.enter(),
      leave: (owner) => this.#lifecycle.ownedBy(owner)?.leave(),
      onFailure: (owner, hook, error) => {
        const generation = this.#lifecycle.ownedBy(owner)
        if (generation) this.#failures.report(generation, error, `hook ${hook}`)
      },
    })
    this.#detach = () => {
      detach()
      forget()
      this.peers.stop()
    }
  }

  /** Ahead of the first request: gates that known plugins held are shut, until those run or turn out to be gone. */
  start(): void {
    for (const known of this.#services.states.list())
      this.#slotFor(known.name).away ??= 'it has not been looked for yet'
    this.#rebuild()
  }

  get tables(): HostTables {
    return this.#tables.current
  }

  list(): readonly PluginInfo[] {
    return this.#ordered()
      .filter((slot) => slot.pkg ?? slot.away)
      .map((slot) => this.#info(slot))
  }

  find(name: string): PluginInfo | undefined {
    const slot = this.#slots.get(name)
    return slot && (slot.pkg ?? slot.away) ? this.#info(slot) : undefined
  }

  /** What it was last told of a plugin's files. */
  packageOf(name: string): PluginPackage | undefined {
    return this.#slots.get(name)?.pkg
  }

  /** With its secrets: for the admin API's own use. */
  storedConfig(name: string): Readonly<Record<string, unknown>> {
    return this.#services.states.find(name)?.config ?? {}
  }

  /**
   * Brings the host in step with what is on disk: new ones start, changed ones reload, missing ones are unloaded. What is
   * `broken` keeps its running version, or at least its gates. Resolves when all transitions are done.
   */
  async sync(packages: readonly PluginPackage[], broken: readonly BrokenPackage[] = []): Promise<void> {
    const present = new Map(packages.map((pkg) => [pkg.name, pkg]))
    const reasons = new Map(broken.map(({ name, reason }) => [name, reason]))
    /** A folder that can't be read may be any plugin that is missing. */
    const unnamed = broken.find(({ name }) => !this.#slots.has(name) && !present.has(name))
    const work: Promise<void>[] = []
    for (const pkg of present.values()) {
      const slot = this.#slotFor(pkg.name)
      slot.isBack()
      if (slot.pkg?.stamp === pkg.stamp) continue
      slot.pkg = pkg
      slot.breaker.reset()
      work.push(this.#rebuilds.during(this.#refresh(slot, true)))
    }
    for (const slot of [...this.#slots.values()]) {
      if (present.has(slot.name)) continue
      const reason =
        reasons.get(slot.name) ?? (slot.pkg === undefined && slot.gates.length > 0 ? unnamed?.reason : undefined)
      if (reason !== undefined) {
        slot.away = reason
        if (!slot.pkg) work.push(this.#refresh(slot))
      } else if (!slot.leaving && (slot.pkg ?? slot.away)) work.push(this.#gone(slot))
    }
    this.#rebuild()
    await Promise.allSettled(work)
  }

  /** Rejects with NOT_FOUND, or with why the new generation did not start (the old one then still serves). */
  async reload(name: string): Promise<void> {
    const slot = this.#known(name)
    slot.breaker.reset()
    slot.trusted = true
    if (this.#services.states.find(name)?.quarantine) this.#update(name, { quarantine: '' })
    await slot.serial('reload', () => this.#lifecycle.bringUp(slot, { throwing: true, anew: true }))
  }

  async setEnabled(name: string, enabled: boolean): Promise<void> {
    const slot = this.#known(name)
    this.#update(name, { enabled, ...(enabled ? { quarantine: '' } : {}) })
    slot.breaker.reset()
    if (enabled) slot.trusted = true
    const ended = enabled ? undefined : this.#lifecycle.withdraw(slot)
    if (!enabled) this.leases.endAll(name)
    await this.#refresh(slot)
    await ended
  }

  /** Validated before anything changes; rejects with CONFIG_INVALID, or with why the plugin does not start with it. */
  async setConfig(name: string, config: Readonly<Record<string, unknown>>): Promise<void> {
    const slot = this.#known(name)
    if (!slot.pkg) throw new AppError('CONFLICT', slot.away ?? `the plugin ${name} is not there`)
    resolveConfig(name, slot.pkg.manifest.config, config)
    if (slot.generation && isDeepStrictEqual(this.storedConfig(name), config)) return
    slot.breaker.reset()
    await slot.serial('', () => this.#lifecycle.bringUp(slot, { throwing: true, anew: true, config }))
  }

  /** Takes the place of all grants before. What it may not do any more ends at once. */
  async grant(name: string, permissions: readonly string[]): Promise<void> {
    const slot = this.#known(name)
    this.#update(name, { granted: [...permissions] })
    const ended = this.#policy.whyNot(slot)?.state === 'needs-grant' ? this.#lifecycle.withdraw(slot, 0) : undefined
    await this.#refresh(slot)
    await ended
  }

  /** Of a plugin that was removed: if it comes back, it asks again. */
  forgetGrants(name: string): void {
    if (this.#services.states.find(name)) this.#update(name, { granted: [], quarantine: '', lastError: '' })
  }

  quarantine(name: string, reason: string): void {
    this.#update(name, { quarantine: reason, lastError: reason })
  }

  /** For the process's handlers: a rejection or throw that nobody caught. True when a plugin's code caused it. */
  attribute(error: unknown, event: StrayEvent = 'uncaughtException'): boolean {
    return this.#failures.attribute(error, event)
  }

  /** For adapters of the tables (routes, endpoints): a contained call with the plugin's counters. */
  async call<T>(
    generation: Generation,
    what: string,
    deadlineMs: number,
    work: (call: { readonly signal: AbortSignal }) => T | PromiseLike<T>,
  ): Promise<T> {
    const slot = this.#slots.get(generation.plugin)
    const started = performance.now()
    try {
      return await callPlugin(generation, work, {
        what,
        deadlineMs,
        onFailure: (error) => {
          if (slot && error.code === 'PLUGIN_TIMEOUT') slot.counters.timeouts++
          this.#failures.report(generation, error, what)
        },
      })
    } finally {
      if (slot) {
        slot.counters.calls++
        slot.counters.totalMicros += Math.round((performance.now() - started) * 1000)
      }
    }
  }

  /** A failure outside of a call, as of a body that is made while it is sent. */
  charge(generation: Generation, error: unknown, what: string): void {
    this.#failures.stray(generation, error, what)
  }

  /** Unloads all, last started first. The gates stay shut. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#lifecycle.stop([...this.#slots.values()])
    this.#detach()
    this.#services.breadcrumb.close()
  }

  // ---- steps -----------------------------------------------------------------------------------------------------------

  #refresh(slot: PluginSlot, together = false): Promise<void> {
    return slot.serial('refresh', () => this.#lifecycle.bringUp(slot, { throwing: false, anew: false, together }))
  }

  /** Its files have gone. A running plugin may be on its way back: its gates stay shut for a moment. */
  async #gone(slot: PluginSlot): Promise<void> {
    const wasGate = slot.pkg !== undefined && slot.gates.length > 0 && this.#policy.shouldRun(slot)
    slot.pkg = undefined
    slot.away = wasGate ? 'its files have just gone' : undefined
    if (slot.away !== undefined) slot.leaving = setTimeout(() => this.#forget(slot), GONE_MS).unref()
    const ended = this.#lifecycle.withdraw(slot)
    await this.#refresh(slot)
    await ended
    if (slot.away === undefined) this.#forget(slot)
  }

  #forget(slot: PluginSlot): void {
    if (slot.pkg !== undefined || this.#stopped || this.#slots.get(slot.name) !== slot) return
    slot.isBack()
    slot.clearRetry()
    this.#slots.delete(slot.name)
    this.#failures.forget(slot.name)
    // A required plugin that is missing stays required; of any other nothing is shut at the next start.
    if (slot.gates.length > 0 && !this.#policy.isRequired(slot.name) && this.#services.states.find(slot.name))
      this.#update(slot.name, { gates: [], surface: { roots: [], endpoints: [] } })
    this.#rebuild()
  }

  #rebuild(): void {
    this.#rebuilds.done()
    this.#tables.rebuild(this.#ordered())
  }

  readonly #callListener = (generation: Generation, what: string, work: () => void | Promise<void>): Promise<void> =>
    this.call(generation, what, LISTENER_MS, work)

  #deliver(event: string, payload: unknown): void {
    const generations = this.#ordered().flatMap((slot) => slot.generation ?? [])
    deliverEvent(generations, event, payload, this.#callListener)
  }

  #update(name: string, changes: Parameters<HostServices['states']['update']>[1]): void {
    this.#services.states.update(name, changes, this.#services.clock.now())
  }

  #ordered(): readonly PluginSlot[] {
    return [...this.#slots.values()].sort(
      (a, b) => rankOf(this.#order, a.name) - rankOf(this.#order, b.name) || (a.name < b.name ? -1 : 1),
    )
  }

  #slotFor(name: string): PluginSlot {
    let slot = this.#slots.get(name)
    if (!slot) {
      slot = new PluginSlot(name, this.#services.clock, this.#services.states.find(name))
      this.#slots.set(name, slot)
    }
    return slot
  }

  #known(name: string): PluginSlot {
    const slot = this.#slots.get(name)
    if (!slot || !(slot.pkg ?? slot.away)) throw new AppError('NOT_FOUND', `there is no plugin named ${name}`)
    return slot
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

function rankOf(order: readonly string[], name: string): number {
  return order.includes(name) ? order.indexOf(name) : order.length
}
