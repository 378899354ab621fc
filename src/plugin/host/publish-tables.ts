import type { Route } from '../../http/router.ts'
import { BufferPool } from '../../media/buffer-pool.ts'
import { pluginAdminRoutes } from '../routes/admin-routes.ts'
import { swapEndpoints } from '../routes/plugin-endpoints.ts'
import { pluginRoutes } from '../routes/plugin-routes.ts'
import { type HostTables, shapeOf } from './host-tables.ts'
import type { PluginParts } from './plugin-parts.ts'
import type { PluginService } from './plugin-service.ts'

export interface PublishedRoutes {
  /** The core's own routes, which no plugin takes the place of. */
  readonly coreRoutes: readonly Route[]
  /** Replaces all routes beside those. */
  swapRoutes(routes: readonly Route[]): void
}

/** How long a plugin's channel may take for one notification, ms. */
const DELIVER_MS = 10_000

/**
 * What plugins registered becomes reachable with each swap of the tables: routes, with those that administer plugins,
 * Subsonic endpoints, channels of notifications. What stands in the way of something else is left out, and the log says so.
 */
export function createPublisher(
  parts: PluginParts,
  { coreRoutes, swapRoutes }: PublishedRoutes,
): (service: PluginService, tables: HostTables) => void {
  const { config, log, notify, subsonic, repositories, gate, streamer, artwork } = parts
  const { scopes } = parts.auth
  const { allowedOrigins } = config.server
  const media = { streamer, artwork, pool: new BufferPool(), dataDir: config.paths.data, repositories, scopes }
  let told = ''
  return (service, tables) => {
    const { host } = service
    const refused = [...swapEndpoints(subsonic, host, tables)]
    const admin = pluginAdminRoutes(service, gate)
    const routes = pluginRoutes({ ...media, host, gate, allowedOrigins }, tables)
    swapRoutes([...admin, ...withoutClashes(routes, [...coreRoutes, ...admin], refused)])
    notify.replace(
      'plugins',
      tables.channels.map(({ name, durable, deliver, generation }) => ({
        name,
        durable,
        deliver: (note) => host.call(generation, `channel ${name}`, DELIVER_MS, () => deliver(note)),
      })),
    )
    if (refused.join('\n') === told) return
    told = refused.join('\n')
    for (const conflict of refused) log.warn('plugin registration ignored', { conflict })
  }
}

/** Plugins' routes that are none of the core's, which would keep the router from taking any. */
function withoutClashes(routes: readonly Route[], core: readonly Route[], refused: string[]): readonly Route[] {
  const key = ({ method, path }: Route) => `${method} ${shapeOf(path)}`
  const taken = new Set(core.filter(({ yields }) => !yields).map(key))
  return routes.filter((route) => {
    const free = !taken.has(key(route))
    if (free) taken.add(key(route))
    else refused.push(`the route ${route.method} ${route.path} is the server's own, or there twice`)
    return free
  })
}
