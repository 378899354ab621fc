import { pause } from '../base/deadline.ts'
import { Scope } from '../base/disposable.ts'
import { AppError } from '../base/errors.ts'
import type { HookOwner } from '../hooks/hook-table.ts'
import type { PluginDefinition } from './api.ts'
import type { Breadcrumb } from './breadcrumb.ts'
import type { TrackedGlobals } from './globals.ts'
import { Registrations } from './registrations.ts'

/** staged: set-up runs, nothing is visible; live: in the tables; draining: calls end, no new ones; ended: gone. */
export type GenerationState = 'staged' | 'live' | 'draining' | 'ended'

/** Deadlines of an end, ms. */
const DISPOSER_MS = 2_000
const STREAM_MS = 600_000

export interface GenerationOptions {
  readonly plugin: string
  readonly version: string
  readonly number: number
  readonly definition: PluginDefinition
  readonly globals: TrackedGlobals
  readonly breadcrumb: Breadcrumb
}

/**
 * One life of one plugin, from evaluation to disposal. Every call into its code holds a lease; it is disposed when none is
 * left or its time is up. Streams that it makes hold their own, longer lease.
 */
export class Generation {
  readonly plugin: string
  readonly version: string
  readonly number: number
  readonly definition: PluginDefinition
  readonly owner: HookOwner
  readonly scope = new Scope()
  readonly registrations = new Registrations()
  readonly globals: TrackedGlobals
  readonly breadcrumb: Breadcrumb
  readonly #controller = new AbortController()
  readonly #gone = new AbortController()
  #state: GenerationState = 'staged'
  #leases = 0
  #streams = 0
  #idle: (() => void)[] = []

  constructor(options: GenerationOptions) {
    this.plugin = options.plugin
    this.version = options.version
    this.number = options.number
    this.definition = options.definition
    this.globals = options.globals
    this.breadcrumb = options.breadcrumb
    this.owner = { plugin: options.plugin, generation: options.number, signal: this.#controller.signal }
  }

  get state(): GenerationState {
    return this.#state
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Aborts at the very end, when streams are over too. */
  get goneSignal(): AbortSignal {
    return this.#gone.signal
  }

  get leases(): number {
    return this.#leases + this.#streams
  }

  enter(): void {
    this.#leases++
  }

  leave(): void {
    this.#leases--
    this.#wakeWhenIdle()
  }

  /** A stream's lease: it outlives the drain, since a reload must not cut what is being sent. */
  enterStream(): () => void {
    this.#streams++
    let open = true
    return () => {
      if (!open) return
      open = false
      this.#streams--
      this.#wakeWhenIdle()
    }
  }

  goLive(): void {
    this.#state = 'live'
  }

  /** Refuses registrations that come after the end, so that nothing is left behind. */
  assertOpen(): void {
    if (this.#state === 'ended') throw new AppError('CANCELLED', `this generation of ${this.plugin} has ended`)
  }

  /**
   * Waits for running calls (at most `drainMs`), aborts the signal, then disposes, last registered first. Where a stream is
   * still being sent, the disposal follows by itself when it ends: a reload waits for no listener.
   * Resolves with the labels of what failed or overran; never rejects.
   */
  async end(drainMs: number): Promise<readonly string[]> {
    if (this.#state === 'ended' || this.#state === 'draining') return []
    this.#state = 'draining'
    await this.#idleWithin(() => this.#leases === 0, drainMs)
    this.#controller.abort()
    if (this.#streams === 0) return this.#dispose()
    void this.#idleWithin(() => this.#streams === 0, STREAM_MS).then(() => this.#dispose())
    return []
  }

  async #dispose(): Promise<readonly string[]> {
    this.#gone.abort()
    const failures = await this.scope.dispose(DISPOSER_MS)
    this.globals.end()
    this.registrations.clear()
    this.#state = 'ended'
    return failures.map(({ label }) => label)
  }

  #wakeWhenIdle(): void {
    for (const wake of this.#idle.splice(0)) wake()
  }

  async #idleWithin(idle: () => boolean, ms: number): Promise<void> {
    const late = new AbortController()
    const deadline = pause(ms, late.signal)
    let over = false
    void deadline.then(() => {
      over = true
      this.#wakeWhenIdle()
    })
    while (!idle() && !over) await new Promise<void>((resolve) => this.#idle.push(resolve))
    late.abort()
  }
}
