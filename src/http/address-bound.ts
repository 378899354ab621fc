import { addressGroup } from '../base/address.ts'
import { AppError } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'
import { errorReply } from './reply.ts'
import type { HttpHandler, HttpRequest } from './types.ts'

/** What is judged by the address that a proxy in front of it forwards, or comes from this machine. */
export const OWN_MACHINE = ['127.0.0.0/8', '::1']

const RETRY_AFTER_S = 5
const TELL_EVERY_MS = 60_000

export interface AddressBound {
  /** Answers 429 to an address that has too many requests under way. */
  wrap(handler: HttpHandler): HttpHandler
  /** To be called once a request, after its last byte. */
  finished(request: HttpRequest): void
}

/**
 * No client, lost or hostile, holds all there is: of one address (an IPv6 /64) only so many requests are under way at a
 * time, streams and downloads among them. `most` 0: no bound. This machine's own requests are not counted: they may be
 * those of a proxy that nobody told us of.
 */
export function createAddressBound(
  most: number,
  log: Logger,
  /** Puts on refusals what all replies have: a web player of another origin could not read them. */
  dress: (handler: HttpHandler) => HttpHandler = (handler) => handler,
): AddressBound {
  const running = new Map<string, number>()
  const counted = new WeakMap<HttpRequest, string>()
  let toldAt = Number.NEGATIVE_INFINITY

  function tell(address: string): void {
    if (performance.now() - toldAt <= TELL_EVERY_MS) return
    toldAt = performance.now()
    log.warn(
      'an address has too many requests under way; server.maxPerAddress is the bound. If it is that of a proxy, name it in server.trustedProxies',
      { address, most },
    )
  }

  const refused = dress(() =>
    errorReply(
      new AppError(
        'BUSY',
        'Too many requests of your address are under way. Wait until some have ended; the administrator may allow more (server.maxPerAddress).',
        { retryAfter: RETRY_AFTER_S },
      ),
    ),
  )

  return {
    wrap: (handler) => {
      if (most === 0) return handler
      return (request) => {
        const { address } = request
        if (isOwnMachine(address)) return handler(request)
        const group = addressGroup(address)
        const count = running.get(group) ?? 0
        if (count >= most) {
          tell(address)
          return refused(request)
        }
        running.set(group, count + 1)
        counted.set(request, group)
        return handler(request)
      }
    },
    finished: (request) => {
      const group = counted.get(request)
      if (group === undefined) return
      counted.delete(request)
      const count = (running.get(group) ?? 1) - 1
      if (count > 0) running.set(group, count)
      else running.delete(group)
    },
  }
}

/** As OWN_MACHINE, for each request: a list of networks would be asked for microseconds. */
function isOwnMachine(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}
