import { pause } from '../../base/deadline.ts'
import { Scope } from '../../base/disposable.ts'
import { AppError } from '../../base/errors.ts'
import type { HookOwner } from '../../hooks/hook-table.ts'
import type { PluginDefinition } from '../api/plugin-api.ts'
import type { Breadcrumb } from '../containment/breadcrumb.ts'
import type { TrackedGlobals } from '../containment/globals.ts'
import { Registrations } from './registrations.ts'

/** staged: set-up runs, nothing is visible; live: in the tables; draining: calls end, no new ones; ended: gone. */
export type GenerationState = 'staged' | 'live' | 'draining' | 'ended'

/** A client that is kept informed; see Peers. */
export interface ClosablePeer {
  close(code: number, reason: string): void
}

/** Code of a WebSocket's end, RFC 6455's registry: come again, to the next life. */
const RESTART = 1012

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
  /** Clients that this life of the plugin keeps informed. */
  readonly peers = new Set<ClosablePeer>()
  readonly globals: TrackedGlobals
  readonly breadcrumb: Breadcrumb
  readonly #controller = new AbortController()
  readonly #gone = new AbortController()
  readonly #hurry = new AbortController()
  /** Give up the calls that still run when the drain is over. */
  readonly #running = new Set<() => void>()
  #state: GenerationState = 'staged'
  #leases = 0
  #streams = 0
  #idle: (() => void)[] = []
  #ending: Promise<void> | undefined
  #disposed: Promise<readonly string[]> | undefined

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

  /** Enters. @returns what leaves; to be called once. */
  hold(): () => void {
    this.enter()
    return () => this.leave()
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

  /** Called when the drain is over and the call still runs. @returns how to take that back. */
  onGiveUp(giveUp: () => void): () => void {
    this.#running.add(giveUp)
    return () => this.#running.delete(giveUp)
  }

  goLive(): void {
    this.#state = 'live'
  }

  /** Refuses what comes after the end, so that nothing is left behind. */
  assertOpen(): void {
    if (this.#state === 'ended') throw new AppError('CANCELLED', `this generation of ${this.plugin} has ended`)
  }

  /** Waits for running calls, at most `ms`; it may then `resume` or `end`. */
  async drain(ms: number): Promise<void> {
    this.#state = 'draining'
    this.#dismissPeers()
    await this.#idleWithin(() => this.#leases === 0, ms)
  }

  resume(): void {
    if (this.#state === 'draining' && !this.#ending) this.#state = 'live'
  }

  /**
   * Waits for running calls (at most `drainMs`), aborts the signal, then disposes, last registered first. Where a stream is
   * still being sent, the disposal follows by itself when it ends: a reload waits for no listener. Never rejects.
   * `onDisposed` gets the labels of what failed or overran, once.
   */
  end(drainMs: number, onDisposed: (late: readonly string[]) => void = () => {}): Promise<void> {
    this.#ending ??= this.#end(drainMs, onDisposed)
    return this.#ending
  }

  /** Ends now, streams or not: the server stops. */
  async finish(): Promise<void> {
    this.#hurry.abort()
    await this.end(0)
    await this.#dispose()
  }

  async #end(drainMs: number, onDisposed: (late: readonly string[]) => void): Promise<void> {
    this.#state = 'draining'
    this.#dismissPeers()
    await this.#idleWithin(() => this.#leases === 0, drainMs)
    this.#controller.abort()
    for (const giveUp of [...this.#running]) giveUp()
    const streams = this.#streams > 0
    const disposed = (streams ? this.#idleWithin(() => this.#streams === 0, STREAM_MS) : Promise.resolve())
      .then(() => this.#dispose())
      .then(onDisposed)
    if (!streams) await disposed
  }

  #dispose(): Promise<readonly string[]> {
    this.#disposed ??= (async () => {
      this.#gone.abort()
      const failures = await this.scope.dispose(DISPOSER_MS)
      this.#state = 'ended'
      this.globals.end()
      this.registrations.clear()
      return failures.map(({ label }) => label)
    })()
    return this.#disposed
  }

  /** At once, so that they find the next life; while this one still drains, so that it may note what they had. */
  #dismissPeers(): void {
    for (const peer of [...this.peers]) peer.close(RESTART, 'the plugin restarts')
  }

  #wakeWhenIdle(): void {
    for (const wake of this.#idle.splice(0)) wake()
  }

  async #idleWithin(idle: () => boolean, ms: number): Promise<void> {
    if (idle() || ms <= 0 || this.#hurry.signal.aborted) return
    const done = new AbortController()
    const late = Promise.race([pause(ms, done.signal), aborted(this.#hurry.signal, done.signal)])
    let over = false
    void late.then(() => {
      over = true
      this.#wakeWhenIdle()
    })
    while (!idle() && !over) await new Promise<void>((resolve) => this.#idle.push(resolve))
    done.abort()
  }
}

/** Resolves when the signal aborts, or `instead` does. */
function aborted(signal: AbortSignal, instead: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done)
      instead.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    instead.addEventListener('abort', done, { once: true })
  })
}
