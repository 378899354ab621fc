import { withDeadline } from '../../base/deadline.ts'
import { AppError, isAppError } from '../../base/errors.ts'
import type { Generation } from '../generation.ts'
import { runGuarded } from '../sync-guard.ts'

export interface CallOptions {
  /** `route GET /share/:id`, `schedule 0 3 * * *`: for messages and the log. */
  readonly what: string
  readonly deadlineMs: number
  /** Cold paths only: an endless loop in the first synchronous slice is stopped. */
  readonly guardSync?: boolean
  /** A failure for the breaker. Not called for errors that the plugin answers on purpose (AppError). */
  onFailure(error: AppError): void
}

/** Longest synchronous slice of a guarded call, ms. */
const SYNC_MS = 1_000

/**
 * Calls into a plugin with a lease and a deadline. Rejects with the plugin's own AppError, or with PLUGIN_FAILED or
 * PLUGIN_TIMEOUT, or UNAVAILABLE when the generation has ended.
 */
export async function callPlugin<T>(
  generation: Generation,
  work: () => T | Promise<T>,
  options: CallOptions,
): Promise<T> {
  if (generation.state === 'ended')
    throw new AppError('UNAVAILABLE', `${generation.plugin} is not running`, { retryAfter: 2 })
  generation.enter()
  try {
    const result = runMarked(generation, options.guardSync ? () => runGuarded(work, SYNC_MS) : work)
    return result instanceof Promise ? await withDeadline(result, options.deadlineMs, options.what) : result
  } catch (cause) {
    const error = asPluginError(generation, cause, options.what)
    if (error.code === 'PLUGIN_FAILED' || error.code === 'PLUGIN_TIMEOUT') options.onFailure(error)
    throw error
  } finally {
    generation.leave()
  }
}

/** Runs a synchronous slice of a plugin with its name in the breadcrumb. */
export function runMarked<T>(generation: Generation, work: () => T): T {
  generation.breadcrumb.enter(generation.plugin)
  try {
    return work()
  } finally {
    generation.breadcrumb.leave()
  }
}

function asPluginError(generation: Generation, cause: unknown, what: string): AppError {
  const details = { plugin: generation.plugin, what }
  if (isAppError(cause) && cause.code === 'TIMEOUT' && cause.message.startsWith(what)) {
    return new AppError('PLUGIN_TIMEOUT', `the plugin ${generation.plugin} did not answer in time`, { cause, details })
  }
  if (isAppError(cause)) return cause
  return new AppError('PLUGIN_FAILED', `the plugin ${generation.plugin} failed`, { cause, details })
}
