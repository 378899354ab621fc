import { AppError, isAppError } from '../../base/errors.ts'
import { isThenable } from '../../hooks/hook-caller.ts'
import { LazyAbort } from '../../http/request-snapshot.ts'
import { runAs } from '../containment/attribution.ts'
import { runWatched } from '../containment/sync-watch.ts'
import type { Generation } from '../host/generation.ts'

export interface CallOptions {
  /** `route GET /share/:id`, `schedule 0 3 * * *`: for messages and the log. */
  readonly what: string
  readonly deadlineMs: number
  /** Cold paths only: an endless loop in the first synchronous slice is stopped. */
  readonly watchSync?: boolean
  /** A failure for the breaker. Not called for errors that the plugin answers on purpose (AppError). */
  onFailure(error: AppError): void
}

/** Aborts at the call's deadline and when its generation ends. */
export interface CallSignal {
  readonly signal: AbortSignal
}

/** Longest synchronous slice of a watched call, ms. */
export const SYNC_MS = 1_000

/** For clients of what is not running now, seconds. */
export const RETRY_AFTER_S = 2

/**
 * Calls into a plugin with a lease and a deadline. Rejects with the plugin's own AppError, or with PLUGIN_FAILED or
 * PLUGIN_TIMEOUT, or UNAVAILABLE when the generation has ended.
 */
export async function callPlugin<T>(
  generation: Generation,
  work: (call: CallSignal) => T | PromiseLike<T>,
  options: CallOptions,
): Promise<T> {
  if (generation.state === 'ended') throw notRunning(generation)
  const abort = new LazyAbort()
  generation.enter()
  try {
    const begin = () => work(abort)
    const result = runMarked(generation, options.watchSync ? () => runWatched(begin, SYNC_MS) : begin)
    return isThenable(result) ? ((await within(generation, result, { abort, options })) as T) : (result as T)
  } catch (cause) {
    const error = asPluginError(generation, cause, options.what)
    if (error.code === 'PLUGIN_FAILED' || error.code === 'PLUGIN_TIMEOUT') options.onFailure(error)
    throw error
  } finally {
    generation.leave()
  }
}

/** Runs a synchronous slice of a plugin in its name, with that in the breadcrumb. */
export function runMarked<T>({ plugin, breadcrumb }: Pick<Generation, 'plugin' | 'breadcrumb'>, work: () => T): T {
  breadcrumb.enter(plugin)
  try {
    return runAs(plugin, work)
  } finally {
    breadcrumb.leave()
  }
}

const LATE: unique symbol = Symbol('late')

function within(
  generation: Generation,
  result: PromiseLike<unknown>,
  { abort, options }: { readonly abort: LazyAbort; readonly options: CallOptions },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      forget()
    }
    const give = (error: unknown) => {
      end()
      reject(error)
      abort.abort()
    }
    const timer = setTimeout(() => give(LATE), options.deadlineMs)
    const forget = generation.onGiveUp(() => give(notRunning(generation)))
    result.then(
      (value) => {
        end()
        resolve(value)
      },
      // Stays on the promise: what rejects after the deadline must not become unhandled.
      (error: unknown) => {
        end()
        reject(error)
      },
    )
  })
}

function notRunning({ plugin }: Generation): AppError {
  return new AppError('UNAVAILABLE', `${plugin} is not running now. Try again in a moment.`, {
    retryAfter: RETRY_AFTER_S,
  })
}

function asPluginError(generation: Generation, cause: unknown, what: string): AppError {
  const details = { plugin: generation.plugin, what }
  if (cause === LATE)
    return new AppError('PLUGIN_TIMEOUT', `the plugin ${generation.plugin} did not answer in time`, { details })
  if (isAppError(cause)) return cause
  return new AppError('PLUGIN_FAILED', `the plugin ${generation.plugin} failed`, { cause, details })
}
