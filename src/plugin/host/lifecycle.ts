import { setMaxListeners } from 'node:events'
import { AppError, isAppError } from '../../base/errors.ts'
import type { HookOwner } from '../../hooks/hook-table.ts'
import type { PluginState } from '../../library/plugin-state-repository.ts'
import type { EventSink } from '../facades/event-facade.ts'
import type { TaskRunner } from '../facades/scheduler-facade.ts'
import { describe } from '../loading/evaluate.ts'
import { loadGeneration } from '../loading/load-generation.ts'
import type { PluginPackage } from '../loading/plugin-package.ts'
import type { Generation } from './generation.ts'
import type { HostServices } from './host-services.ts'
import { gatesOf, surfaceOf } from './live-tables.ts'
import { PluginNews } from './plugin-news.ts'
import type { PluginPolicy } from './plugin-policy.ts'
import type { PluginSlot, SlotState } from './plugin-slot.ts'
import { startTasks } from './running-tasks.ts'

const DEFAULT_DRAIN_MS = 5_000
/** When the server stops: its connections have ended before. */
const STOP_DRAIN_MS = 2_000

type Config = Readonly<Record<string, unknown>>

export interface LifecycleParts {
  readonly services: HostServices
  readonly policy: PluginPolicy
  positionOf(name: string): number
  rebuild(): void
  /** What is in no tables yet comes into them; a moment later where more of the kind is on its way. */
  rebuildSoon(): void
  readonly deliverEvent: EventSink
  taskRunnerFor(slot: PluginSlot, generation: Generation): TaskRunner
  settingChanged(slot: PluginSlot, key: string, value: unknown): void
  stray(generation: Generation, error: unknown): void
}

export interface BringUp {
  /** Reject with why it did not start; otherwise that stands in the slot. */
  readonly throwing: boolean
  /** Load anew what runs already. */
  readonly anew: boolean
  /** One of several that start: it may come into the tables together with the others. */
  readonly together?: boolean
  /** Instead of the stored configuration, which it becomes when the plugin starts with it. */
  readonly config?: Config
}

/**
 * The transitions of a plugin, each to be called inside `slot.serial`: start and reload as one transaction, withdrawal,
 * end. Whatever fails on the way to a new generation leaves the old one serving.
 */
export class Lifecycle {
  readonly #parts: LifecycleParts
  readonly #owners = new WeakMap<HookOwner, Generation>()
  readonly #tasks = new Map<Generation, () => void>()
  /** Out of the tables, their streams still being sent. */
  readonly #leaving = new Set<Generation>()
  readonly #stop = new AbortController()
  /** Of the package and rights that a generation was loaded with. */
  readonly #loadedFrom = new WeakMap<Generation, string>()
  #generations = 0
  readonly #news: PluginNews

  constructor(parts: LifecycleParts) {
    this.#parts = parts
    this.#news = new PluginNews(parts.services)
    // One listener for each plugin that is being set up.
    setMaxListeners(0, this.#stop.signal)
  }

  ownedBy(owner: HookOwner): Generation | undefined {
    return this.#owners.get(owner)
  }

  async bringUp(slot: PluginSlot, options: BringUp): Promise<void> {
    slot.clearRetry()
    if (this.#stop.signal.aborted) return
    if (await this.#settleBlocked(slot, options)) return
    const pkg = slot.pkg as PluginPackage
    const origin = this.#originOf(slot, pkg)
    if (slot.generation && !options.anew && this.#loadedFrom.get(slot.generation) === origin) return
    if (!slot.generation) this.#setState(slot, 'starting')
    try {
      const generation = await this.#load(slot, pkg, options.config)
      if (this.#stop.signal.aborted || this.#parts.policy.whyNot(slot)) {
        // Disabled, or a right taken away, while it was being made.
        await generation.end(0)
        await this.#settleBlocked(slot, options)
        return
      }
      if (options.config) this.#remember(slot, { config: options.config })
      this.#loadedFrom.set(generation, origin)
      const old = slot.generation
      this.#goLive(slot, generation, options.together)
      if (old) await this.#end(slot, old)
    } catch (error) {
      this.#loadFailed(slot, error)
      if (options.throwing) throw error
    }
  }

  /** Out of the tables at once; resolves when it has ended. For a plugin that may not run any more. */
  withdraw(slot: PluginSlot, drainMs?: number): Promise<void> {
    const { generation } = slot
    if (!generation) return Promise.resolve()
    slot.generation = undefined
    this.#stopTasks(generation)
    this.#parts.rebuild()
    return this.#end(slot, generation, drainMs)
  }

  async takeDown(slot: PluginSlot, state: SlotState, drainMs?: number): Promise<void> {
    if (slot.generation) {
      this.#setState(slot, 'draining')
      await this.withdraw(slot, drainMs)
    }
    this.#setState(slot, state)
    this.#parts.rebuild()
  }

  /** After too many failures: out of service, and another try later. */
  async trip(slot: PluginSlot, generation: Generation): Promise<void> {
    if (slot.generation !== generation) return
    await this.takeDown(slot, 'failed')
    this.#tryLater(slot)
  }

  /** The server stops: what is being made is given up, streams too. */
  async stop(slots: readonly PluginSlot[]): Promise<void> {
    this.#stop.abort()
    const leaving = Promise.all([...this.#leaving].map((generation) => generation.finish()))
    const lastFirst = [...slots].sort((a, b) => (b.generation?.number ?? 0) - (a.generation?.number ?? 0))
    for (const slot of lastFirst) {
      slot.clearRetry()
      await slot.serial('', () => this.takeDown(slot, 'stopped', STOP_DRAIN_MS))
    }
    await leaving
  }

  /** What it registered has changed while it runs. */
  changed(slot: PluginSlot, generation: Generation): void {
    if (slot.generation !== generation) return
    this.#rememberSurface(slot, generation)
    this.#parts.rebuild()
  }

  // ---- steps -----------------------------------------------------------------------------------------------------------

  /** @returns true when the plugin is not to run, and does not. */
  async #settleBlocked(slot: PluginSlot, options: BringUp): Promise<boolean> {
    const blocked = this.#parts.policy.whyNot(slot)
    if (!blocked) return false
    if (options.config) this.#remember(slot, { config: options.config })
    slot.lastError = blocked.error ?? ''
    await this.takeDown(slot, blocked.state, blocked.state === 'needs-grant' ? 0 : undefined)
    if (options.throwing && !options.config)
      throw new AppError('CONFLICT', blocked.error ?? `the plugin ${slot.name} is switched off: enable it first`)
    return true
  }

  #load(slot: PluginSlot, pkg: PluginPackage, config: Config | undefined): Promise<Generation> {
    const { services, policy, positionOf, deliverEvent } = this.#parts
    return loadGeneration({
      pkg,
      number: ++this.#generations,
      position: positionOf(slot.name),
      granted: new Set(policy.grantedTo(slot)),
      config: config ?? services.states.find(slot.name)?.config ?? {},
      services,
      signal: this.#stop.signal,
      deliverEvent,
      settingChanged: (key, value) => this.#parts.settingChanged(slot, key, value),
      taskRunnerFor: (generation) => this.#parts.taskRunnerFor(slot, generation),
      onStrayError: (generation, error) => this.#parts.stray(generation, error),
      breaking: {
        begin: () => this.#suspend(slot),
        done: async () => {
          const { resting } = slot
          slot.resting = undefined
          if (resting) await this.#end(slot, resting)
        },
      },
    })
  }

  #goLive(slot: PluginSlot, generation: Generation, together = false): void {
    const old = slot.generation
    if (old) this.#stopTasks(old)
    slot.generation = generation
    slot.suspended = false
    slot.lastError = ''
    this.#owners.set(generation.owner, generation)
    generation.goLive()
    generation.registrations.whenChanged(() => this.changed(slot, generation))
    this.#rememberSurface(slot, generation)
    this.#setState(slot, 'active')
    if (together && !old) this.#parts.rebuildSoon()
    else this.#parts.rebuild()
    this.#tasks.set(generation, startTasks(generation))
  }

  /** The new version did not start. The old one serves on; without one, another try follows. */
  #loadFailed(slot: PluginSlot, error: unknown): void {
    const { services, rebuild } = this.#parts
    this.#resume(slot)
    slot.suspended = false
    const code = isAppError(error) ? error.code : 'INTERNAL'
    if (this.#stop.signal.aborted && code === 'CANCELLED') return
    slot.lastError = describe(error)
    services.log.error('plugin not started', { plugin: slot.name, code, reason: slot.lastError })
    this.#remember(slot, { lastError: slot.lastError })
    if (slot.generation) this.#setState(slot, 'active')
    else {
      this.#setState(slot, 'failed')
      this.#tryLater(slot)
    }
    rebuild()
  }

  /** Before a breaking migration: out of the tables, its paths answer 503, its gates deny, its calls have ended. */
  async #suspend(slot: PluginSlot): Promise<void> {
    const { generation } = slot
    slot.suspended = true
    slot.generation = undefined
    slot.resting = generation
    if (generation) this.#stopTasks(generation)
    this.#parts.rebuild()
    await generation?.drain(drainOf(generation))
  }

  /** The migration failed, so nothing has changed for the generation that was taken out. */
  #resume(slot: PluginSlot): void {
    const { resting } = slot
    if (!resting) return
    slot.resting = undefined
    slot.generation = resting
    resting.resume()
    this.#tasks.set(resting, startTasks(resting))
  }

  async #end(slot: PluginSlot, generation: Generation, drainMs = drainOf(generation)): Promise<void> {
    generation.registrations.whenChanged(undefined)
    this.#leaving.add(generation)
    await generation.end(drainMs, (late) => {
      this.#leaving.delete(generation)
      if (late.length === 0) return
      this.#parts.services.log.warn('plugin cleaned up badly', {
        plugin: slot.name,
        generation: generation.number,
        late,
      })
    })
  }

  #tryLater(slot: PluginSlot): void {
    if (this.#stop.signal.aborted) return
    const wait = slot.breaker.open()
    slot.clearRetry()
    const { clock, timers } = this.#parts.services
    slot.retryAt = clock.now() + wait
    slot.cancelRetry = timers.after(wait, () =>
      slot.serial('refresh', () => this.bringUp(slot, { throwing: false, anew: false })),
    )
  }

  #stopTasks(generation: Generation): void {
    this.#tasks.get(generation)?.()
    this.#tasks.delete(generation)
  }

  // ---- memory ------------------------------------------------------------------------------------------------------------

  #rememberSurface(slot: PluginSlot, generation: Generation): void {
    slot.gates = gatesOf(generation)
    slot.surface = surfaceOf(generation)
    this.#remember(slot, { gates: slot.gates, surface: slot.surface, lastError: slot.lastError })
  }

  /** Nothing is written that is known already; a full disk keeps no plugin from running. */
  #remember(slot: PluginSlot, changes: Partial<Omit<PluginState, 'name'>>): void {
    const { states, clock, log } = this.#parts.services
    try {
      const known = states.find(slot.name)
      const same = Object.entries(changes).every(
        ([key, value]) => known && JSON.stringify(known[key as keyof PluginState]) === JSON.stringify(value),
      )
      if (!same) states.update(slot.name, changes, clock.now())
    } catch (error) {
      log.error('plugin state not saved', { plugin: slot.name, reason: describe(error) })
    }
  }

  #originOf(slot: PluginSlot, pkg: PluginPackage): string {
    return JSON.stringify([pkg.stamp, this.#parts.policy.grantedTo(slot)])
  }

  #setState(slot: PluginSlot, state: SlotState): void {
    if (slot.state === state) return
    const { services } = this.#parts
    const from = slot.state
    const level = state === 'starting' || state === 'draining' ? 'debug' : 'info'
    services.log[level]('plugin state', { plugin: slot.name, from, to: state })
    slot.state = state
    const reason = state === 'failed' || state === 'quarantined' ? slot.lastError : ''
    services.hooks.observe('plugin.state', { plugin: slot.name, from, to: state, reason })
    this.#news.tell(slot, state)
  }
}

function drainOf(generation: Generation): number {
  return generation.definition.drainMs ?? DEFAULT_DRAIN_MS
}
