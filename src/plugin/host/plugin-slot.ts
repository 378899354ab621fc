import type { Clock } from '../../base/clock.ts'
import type { HookName } from '../../hooks/hooks.ts'
import type { PluginState, PluginSurface } from '../../library/plugin-state-repository.ts'
import { Breaker } from '../containment/breaker.ts'
import type { PluginPackage } from '../loading/plugin-package.ts'
import type { Generation } from './generation.ts'

/** discovered → ready → starting → active → draining → stopped; aside: what keeps it from running. */
export type SlotState =
  | 'discovered'
  | 'ready'
  | 'starting'
  | 'active'
  | 'draining'
  | 'stopped'
  | 'incompatible'
  | 'needs-grant'
  | 'failed'
  | 'quarantined'

export interface CallCounters {
  calls: number
  failures: number
  timeouts: number
  totalMicros: number
}

/** One plugin's place in the host: its package, its running generation, its state. */
export class PluginSlot {
  readonly name: string
  pkg: PluginPackage | undefined
  /** Its files are there and can't be used, or it has just gone and may be on its way back: its gates stay shut. */
  away: string | undefined
  state: SlotState = 'discovered'
  lastError = ''
  generation: Generation | undefined
  /** Out of service for the time of a breaking migration; back in it when that fails. */
  resting: Generation | undefined
  /** Its files have gone; it is forgotten when they are not back soon. */
  leaving: NodeJS.Timeout | undefined
  /** Between `resting` and the next generation. */
  suspended = false
  /** An administrator started it although the server is in safe mode. */
  trusted = false
  gates: readonly HookName[]
  surface: PluginSurface
  retryAt: number | undefined
  cancelRetry: (() => void) | undefined
  readonly breaker: Breaker
  readonly counters: CallCounters = { calls: 0, failures: 0, timeouts: 0, totalMicros: 0 }
  #tail: Promise<unknown> = Promise.resolve()
  #queued: { readonly key: string; readonly done: Promise<void> } | undefined

  /** `known`: what is remembered of it. */
  constructor(name: string, clock: Clock, known: PluginState | undefined) {
    this.name = name
    this.breaker = new Breaker(clock)
    this.gates = (known?.gates ?? []) as readonly HookName[]
    this.surface = known?.surface ?? { roots: [], endpoints: [] }
    this.lastError = known?.lastError ?? ''
  }

  /**
   * One transition at a time. A request equal to the last one that still waits is folded into it, so that ten saves of a
   * file are one reload; `''` is folded into none.
   */
  serial(key: string, work: () => Promise<void>): Promise<void> {
    if (key !== '' && this.#queued?.key === key) return this.#queued.done
    const done = this.#tail.then(() => {
      if (this.#queued?.done === done) this.#queued = undefined
      return work()
    })
    this.#queued = { key, done }
    this.#tail = done.catch(() => {})
    return done
  }

  /** Its files are there. */
  isBack(): void {
    clearTimeout(this.leaving)
    this.leaving = undefined
    this.away = undefined
  }

  clearRetry(): void {
    this.cancelRetry?.()
    this.cancelRetry = undefined
    this.retryAt = undefined
  }
}
