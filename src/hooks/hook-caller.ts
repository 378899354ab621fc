import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'
import { INVALID } from './hook-answers.ts'
import type { HookOwner } from './hook-table.ts'
import type { HookCall, HookName } from './hooks.ts'
import type { OwnerState } from './owner-state.ts'

/** No answer: the handler threw, rejected, was late, answered nonsense, or its owner has ended. */
export const FAILED: unique symbol = Symbol('failed')
export type Outcome<T> = T | typeof FAILED

/** Told about each call, by the plugin host. Must not throw. */
export interface HookWatcher {
  /** A lease: the owner must not be disposed before the matching `leave`. Nested and concurrent leases add up. */
  enter(owner: HookOwner): void
  leave(owner: HookOwner): void
  /** PLUGIN_FAILED or PLUGIN_TIMEOUT with the handler's error as cause: material for a circuit breaker. */
  onFailure(owner: HookOwner, hook: HookName, error: AppError): void
}

/** A table's entry, ready to call. */
export interface Callee {
  readonly hook: HookName
  readonly handler: (input: never, call: HookCall) => unknown
  readonly deadlineMs: number
  readonly state: OwnerState
}

/** Failures of one owner are logged at most this often, with the number of those left out. */
const LOG_EVERY_MS = 10_000

/** What a handler is given. Most never look at the signal, so it is made when it is first read. */
class Call implements HookCall {
  #controller: AbortController | undefined
  #over = false

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#over) this.#controller.abort()
    }
    return this.#controller.signal
  }

  abort(): void {
    this.#over = true
    this.#controller?.abort()
  }
}

/**
 * Calls single handlers: lease, deadline, counters, containment. Never throws and never rejects; a promise comes out
 * only where the handler returned one.
 */
export class HookCaller {
  readonly #clock: Clock
  readonly #log: Logger
  #watcher: HookWatcher | undefined

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
  }

  attach(watcher: HookWatcher): () => void {
    this.#watcher = watcher
    return () => {
      if (this.#watcher === watcher) this.#watcher = undefined
    }
  }

  /** A lease without a call: for those who will be asked later, after somebody else's promise or from a queue. */
  hold(owner: HookOwner): () => void {
    const watcher = this.#watcher
    watcher?.enter(owner)
    return () => watcher?.leave(owner)
  }

  /** `accept` turns the raw answer into a checked one, or INVALID. */
  call<T>(
    callee: Callee,
    input: unknown,
    accept: (answer: unknown) => T | typeof INVALID,
  ): Outcome<T> | Promise<Outcome<T>> {
    const { state } = callee
    if (state.owner.signal?.aborted) return FAILED
    const watcher = this.#watcher
    const begun = this.#clock.monotonic()
    const call = new Call()
    state.calls++
    watcher?.enter(state.owner)
    let pending = false
    try {
      const answer = callee.handler(input as never, call)
      if (isThenable(answer)) {
        pending = true
        return this.#wait(callee, Promise.resolve(answer), { call, begun, accept, watcher })
      }
      const took = this.#count(state, begun)
      const accepted = accept(answer)
      if (accepted === INVALID) return this.#failed(callee, invalidAnswer())
      // Nothing can stop a synchronous handler, and its answer is there: it stands, but its owner is named.
      if (took > callee.deadlineMs) this.#late(callee)
      return accepted
    } catch (error) {
      this.#count(state, begun)
      return this.#failed(callee, error)
    } finally {
      if (!pending) watcher?.leave(state.owner)
    }
  }

  #wait<T>(
    callee: Callee,
    answer: Promise<unknown>,
    running: {
      readonly call: Call
      readonly begun: number
      readonly accept: (answer: unknown) => T | typeof INVALID
      readonly watcher: HookWatcher | undefined
    },
  ): Promise<Outcome<T>> {
    const { state, deadlineMs } = callee
    return new Promise((resolve) => {
      const end = (outcome: () => Outcome<T>) => {
        if (!state.running.delete(giveUp)) return
        clearTimeout(timer)
        this.#count(state, running.begun)
        resolve(outcome())
        running.watcher?.leave(state.owner)
      }
      const giveUp = () => {
        running.call.abort()
        end(() => FAILED)
      }
      const timer = setTimeout(() => {
        running.call.abort()
        end(() => this.#late(callee))
      }, deadlineMs)
      state.running.add(giveUp)
      // Handlers stay on the promise for ever: a rejection after the deadline must not become an unhandled one.
      answer.then(
        (value) =>
          end(() => {
            try {
              const accepted = running.accept(value)
              return accepted === INVALID ? this.#failed(callee, invalidAnswer()) : accepted
            } catch (error) {
              return this.#failed(callee, error)
            }
          }),
        (error: unknown) => end(() => this.#failed(callee, error)),
      )
    })
  }

  #count(state: OwnerState, begun: number): number {
    const took = this.#clock.monotonic() - begun
    state.totalMicros += took * 1000
    return took
  }

  #failed(callee: Callee, cause: unknown): typeof FAILED {
    callee.state.failures++
    return this.#report(callee, 'PLUGIN_FAILED', `The plugin ${callee.state.owner.plugin} failed.`, cause)
  }

  #late(callee: Callee): typeof FAILED {
    callee.state.timeouts++
    const sentence = `The plugin ${callee.state.owner.plugin} took longer than ${callee.deadlineMs} ms.`
    return this.#report(callee, 'PLUGIN_TIMEOUT', sentence, undefined)
  }

  #report(callee: Callee, code: 'PLUGIN_FAILED' | 'PLUGIN_TIMEOUT', message: string, cause: unknown): typeof FAILED {
    const { hook, state } = callee
    const { plugin, generation } = state.owner
    const error = new AppError(code, message, { cause, details: { plugin, generation, hook } })
    const now = this.#clock.monotonic()
    if (now - state.loggedAt >= LOG_EVERY_MS) {
      const fields = { plugin, generation, hook, code, error: describe(cause), unlogged: state.unlogged }
      this.#log.warn('hook failed', fields)
      state.loggedAt = now
      state.unlogged = 0
    } else state.unlogged++
    this.#watcher?.onFailure(state.owner, hook, error)
    return FAILED
  }
}

function invalidAnswer(): Error {
  return new Error('the answer does not have the shape that the hook asks for')
}

/** One line of what was thrown; a getter on it may throw again. */
function describe(cause: unknown): string {
  try {
    return cause instanceof Error ? `${cause.name}: ${cause.message}`.slice(0, 500) : typeof cause
  } catch {
    return 'an error that cannot be read'
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
