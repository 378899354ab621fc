import type { HttpRequest } from './types.ts'

/**
 * Whether a page that asks is one of ours or of an allowed site. WebSockets know no CORS: a foreign page could use what a
 * browser sends by itself. Programs that are no browser send no Origin, and pass. The scheme is not compared with ours: TLS
 * may end at a proxy of which nobody told us.
 */
export function isOwnOrigin(request: Pick<HttpRequest, 'headers' | 'origin'>, allowed: readonly string[]): boolean {
  const { origin } = request.headers
  if (origin === undefined || allowed.includes('*')) return true
  if (allowed.some((one) => one.toLowerCase() === origin.toLowerCase())) return true
  try {
    return new URL(origin).host === new URL(request.origin).host
  } catch {
    return false
  }
}
