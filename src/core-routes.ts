import { programVersion } from './config/version.ts'
import type { Core } from './core.ts'
import { pingRoute, robotsRoute } from './http/ping-route.ts'
import { createRouter, type Route, type Router } from './http/router.ts'
import { welcomeRoute } from './http/welcome-route.ts'
import type { PublishedRoutes } from './plugin/host/publish-tables.ts'
import { nativeRoutes } from './rest/native-routes.ts'

/** Every address of the server; plugins change theirs while it runs. */
export interface RouteTable extends PublishedRoutes {
  readonly router: Router
}

export function createRouteTable(core: Core): RouteTable {
  const own = coreRoutes(core)
  const router = createRouter(own)
  return { router, coreRoutes: own, swapRoutes: (routes) => router.swap([...own, ...routes]) }
}

/** All that the core itself answers; plugins bring the rest. */
export function coreRoutes({
  db,
  subsonic,
  sessions,
  gate,
  auth,
  clock,
  repositories,
  hooks,
  artwork,
  pictures,
}: Core): readonly Route[] {
  const { authenticator, accounts, scopes } = auth
  return [
    welcomeRoute({ version: programVersion() }),
    pingRoute(() => db.fault()),
    robotsRoute,
    { method: 'ANY', path: '/rest/*', ignoreCase: true, handler: (request) => subsonic.handle(request) },
    ...subsonic.routes,
    ...nativeRoutes({
      sessions,
      gate,
      authenticator,
      accounts,
      repositories,
      users: repositories.users,
      narrowedUsers: repositories.narrowedUsers,
      radios: repositories.radios,
      playQueues: repositories.playQueues,
      plays: repositories.plays,
      playlists: repositories.playlists,
      songs: repositories.songs,
      details: repositories.details,
      clock,
      hooks,
      pictures,
      artwork,
      scopes,
      onAccessChanged: () => scopes.invalidate(),
    }),
  ]
}
