import { programVersion } from './config/version.ts'
import type { Core } from './core.ts'
import { pingRoute, robotsRoute } from './http/ping-route.ts'
import type { Route } from './http/router.ts'
import { welcomeRoute } from './http/welcome-route.ts'
import { nativeRoutes } from './rest/native-routes.ts'

/** All that the core itself answers; plugins bring the rest. */
export function coreRoutes({ subsonic, sessions, gate, auth, repositories, hooks }: Core): readonly Route[] {
  const { authenticator, accounts, scopes } = auth
  return [
    welcomeRoute({ version: programVersion() }),
    pingRoute,
    robotsRoute,
    { method: 'ANY', path: '/rest/*', ignoreCase: true, handler: (request) => subsonic.handle(request) },
    ...nativeRoutes({
      sessions,
      gate,
      authenticator,
      accounts,
      users: repositories.users,
      narrowedUsers: repositories.narrowedUsers,
      hooks,
      onAccessChanged: () => scopes.invalidate(),
    }),
  ]
}
