import type { AppError } from '../base/errors.ts'
import { errorReply, text } from './reply.ts'
import type { Route } from './router.ts'

/** Health checks; no account. `fault`: asked each time, why the server is of no use although it answers. */
export function pingRoute(fault: () => AppError | undefined): Route {
  return {
    method: 'GET',
    path: '/ping',
    handler: () => {
      const found = fault()
      return found ? errorReply(found) : text(200, '.', { 'cache-control': 'no-store' })
    },
  }
}

/** A private server is nothing for search engines. */
export const robotsRoute: Route = {
  method: 'GET',
  path: '/robots.txt',
  handler: () => text(200, 'User-agent: *\nDisallow: /\n', { 'cache-control': 'max-age=86400' }),
}
