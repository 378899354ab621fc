import { isAppError } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'
import type { LoginOrigin } from './authenticator.ts'
import type { Throttle } from './throttle.ts'

/** `retryAfter`, seconds: too many guesses came from there, and nothing was looked at. */
export type SecretVerdict = { readonly ok: true } | { readonly ok: false; readonly retryAfter?: number }

/** Looks at other secrets than users' passwords, with the throttle of logins. */
export type SecretCheck = (
  origin: LoginOrigin,
  /** What is asked for, for the count and the log: a plugin's name. */
  what: string,
  check: () => boolean | Promise<boolean>,
) => Promise<SecretVerdict>

export function createSecretCheck(throttle: Throttle, log: Logger): SecretCheck {
  return async (origin, what, check) => {
    // A space is in no user's key, so that none is counted with these.
    const who = `secret ${what}`
    try {
      throttle.admit(origin, who)
      const ended = throttle.begin(origin, who)
      try {
        if (await check()) {
          throttle.succeeded(origin, who)
          return { ok: true }
        }
      } finally {
        ended()
      }
    } catch (error) {
      if (!isAppError(error) || error.code !== 'TOO_MANY_ATTEMPTS') throw error
      return { ok: false, retryAfter: error.retryAfter ?? 1 }
    }
    throttle.failed(origin, who)
    log.warn('wrong secret', { what, address: origin.address, client: origin.client })
    return { ok: false }
  }
}
