import { noContent } from './reply.ts'
import type { Headers, HttpHandler } from './types.ts'
import { withHeaders } from './with-headers.ts'

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
/** Browsers keep a preflight's answer at most so long. */
const MAX_AGE_SECONDS = 86_400

const OPEN: Headers = Object.freeze({
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'content-length, content-range, accept-ranges, x-content-duration, x-total-count, x-nd-authorization',
})

/**
 * Lets web players of any origin in. Without credentials: what a browser sends by itself (cookies) never counts, so that a
 * foreign page can do no more than one who knows the password. Preflights are answered here; all other replies get
 * `others` as well.
 */
export function withCors(handler: HttpHandler, others: Headers = {}): HttpHandler {
  const opened = withHeaders(handler, { ...OPEN, ...others })
  return (request) => {
    if (request.method !== 'OPTIONS') return opened(request)
    const asked = request.headers['access-control-request-headers']
    return noContent({
      ...OPEN,
      allow: METHODS,
      'access-control-allow-methods': METHODS,
      'access-control-max-age': String(MAX_AGE_SECONDS),
      vary: 'access-control-request-headers',
      ...(asked !== undefined && /^[A-Za-z0-9_,\s-]{1,1024}$/.test(asked)
        ? { 'access-control-allow-headers': asked }
        : {}),
    })
  }
}
