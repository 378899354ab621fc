import { text } from './reply.ts'
import type { Route } from './router.ts'

/** Health checks; no account, no database. */
export const pingRoute: Route = {
  method: 'GET',
  path: '/ping',
  handler: () => text(200, '.', { 'cache-control': 'no-store' }),
}

/** A private server is nothing for search engines. */
export const robotsRoute: Route = {
  method: 'GET',
  path: '/robots.txt',
  handler: () => text(200, 'User-agent: *\nDisallow: /\n', { 'cache-control': 'max-age=86400' }),
}
