import type { Headers, HttpHandler, HttpReply } from './types.ts'

/** Lays headers under those of a handler's reply: what the handler set itself stays. */
export function withHeaders(handler: HttpHandler, headers: Headers): HttpHandler {
  const add = (reply: HttpReply): HttpReply => ({ ...reply, headers: { ...headers, ...reply.headers } })
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
