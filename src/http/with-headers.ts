import type { Headers, HttpHandler, HttpReply } from './types.ts'

/**
 * Lays headers under those of a handler's reply: what the handler set itself stays. Frozen ones are taken to be used for
 * many replies, so what was made of them is kept, and is frozen for the same reason.
 */
export function withHeaders(handler: HttpHandler, headers: Headers): HttpHandler {
  const made = new WeakMap<Headers, Headers>()
  function under(own: Headers): Headers {
    if (!Object.isFrozen(own)) return { ...headers, ...own }
    let all = made.get(own)
    if (!all) {
      all = Object.freeze({ ...headers, ...own })
      made.set(own, all)
    }
    return all
  }
  const add = (reply: HttpReply): HttpReply => ({ ...reply, headers: under(reply.headers) })
  return (request) => {
    const reply = handler(request)
    return reply instanceof Promise ? reply.then(add) : add(reply)
  }
}

/** Ours is no page to be framed, sniffed or named to others. */
export const SECURITY_HEADERS: Headers = Object.freeze({
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
})
