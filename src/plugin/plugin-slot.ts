import type { Clock } from '../base/clock.ts'
import type { HookName } from '../hooks/hooks.ts'
import { Breaker } from './breaker.ts'
import type { Generation } from './generation.ts'
import type { PluginPackage } from './plugin-package.ts'

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
  state: SlotState = 'discovered'
  /** For people: the last thing that went wrong, kept after a recovery. */
  lastError = ''
  /** ms since 1970, when `failed`. */
  retryAt: number | undefined
  generation: Generation | undefined
  /** Gates of its last running generation. */
  gates: readonly HookName[]
  readonly breaker: Breaker
  readonly counters: CallCounters = { calls: 0, failures: 0, timeouts: 0, totalMicros: 0 }
  retryTimer: NodeJS.Timeout | undefined
  #tail: Promise<unknown> = Promise.resolve()
  #queued: { readonly key: string; readonly done: Promise<void> } | undefined

  constructor(name: string, clock: Clock, gates: readonly HookName[]) {
    this.name = name
    this.breaker = new Breaker(clock)
    this.gates = gates
  }

  /**
   * One transition at a time. A request equal to one that still waits is folded into it, so that ten saves of a file are
   * one reload.
   */
  serial(key: string, work: () => Promise<void>): Promise<void> {
    if (this.#queued?.key === key) return this.#queued.done
    const done = this.#tail.then(() => {
      if (this.#queued?.done === done) this.#queued = undefined
      return work()
    })
    this.#queued = { key, done }
    this.#tail = done.catch(() => {})
    return done
  }

  clearRetry(): void {
    clearTimeout(this.retryTimer)
    this.retryTimer = undefined
    this.retryAt = undefined
  }
}
