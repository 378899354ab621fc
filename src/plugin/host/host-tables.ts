import { RETRY_AFTER_S } from '../facades/call.ts'
import type { Generation } from './generation.ts'
import type {
  AssetRegistration,
  ChannelRegistration,
  EndpointRegistration,
  EventsRegistration,
  ExtensionRegistration,
  RouteRegistration,
  SocketRegistration,
} from './registrations.ts'

export type Owned<T> = T & { readonly generation: Generation }

/** What plugins answer that should run and do not: 503 until they do. */
export interface Unavailable {
  readonly paths: readonly string[]
  readonly endpoints: readonly string[]
}

/** What all live generations together registered, in the order of plugins. One reference, replaced whole. */
export interface HostTables {
  readonly routes: readonly Owned<RouteRegistration>[]
  readonly sockets: readonly Owned<SocketRegistration>[]
  readonly events: readonly Owned<EventsRegistration>[]
  readonly endpoints: readonly Owned<EndpointRegistration>[]
  readonly extensions: readonly Owned<ExtensionRegistration>[]
  readonly channels: readonly Owned<ChannelRegistration>[]
  readonly assets: readonly Owned<AssetRegistration>[]
  /** Paths, and names of Subsonic endpoints, of plugins that should run and do not. Seconds after which to ask again. */
  readonly unavailable: readonly { readonly path: string; readonly retryAfter: number }[]
  readonly unavailableEndpoints: readonly { readonly name: string; readonly retryAfter: number }[]
}

export const EMPTY_TABLES: HostTables = Object.freeze({
  routes: [],
  sockets: [],
  events: [],
  endpoints: [],
  extensions: [],
  channels: [],
  assets: [],
  unavailable: [],
  unavailableEndpoints: [],
})

/** The first registration of a path or name wins; later ones are reported. What runs wins over what does not. */
export function buildTables(
  generations: readonly Generation[],
  unavailable: Unavailable,
): { readonly tables: HostTables; readonly conflicts: readonly string[] } {
  const conflicts: string[] = []
  const taken = new Map<string, string>()
  const collect = <T extends object>(of: (generation: Generation) => Iterable<T>, key: (entry: T) => string) =>
    generations.flatMap((generation) =>
      [...of(generation)].flatMap((entry): Owned<T>[] => {
        const name = key(entry)
        const owner = taken.get(name)
        if (owner !== undefined) {
          conflicts.push(`${name} of ${generation.plugin} is taken by ${owner}`)
          return []
        }
        taken.set(name, generation.plugin)
        return [{ ...entry, generation }]
      }),
    )
  const placeOf = (route: RouteRegistration) => `route ${route.method} ${shapeOf(route.path)}`
  const firm = new Set(
    generations.flatMap((one) => [...one.registrations.all('route')].filter(({ yields }) => !yields).map(placeOf)),
  )
  const routes = collect(
    (one) => [...one.registrations.all('route')].filter((route) => !route.yields || !firm.has(placeOf(route))),
    placeOf,
  )
  const sockets = collect(
    (one) => one.registrations.all('socket'),
    (socket) => `route GET ${shapeOf(socket.path)}`,
  )
  const events = collect(
    (one) => one.registrations.all('events'),
    (stream) => `route GET ${shapeOf(stream.path)}`,
  )
  const assets = collect(
    (one) => one.registrations.all('asset'),
    (asset) => `route GET ${asset.urlPath}*`,
  )
  const endpoints = collect(
    (one) => one.registrations.all('endpoint'),
    (endpoint) => `endpoint ${endpoint.name.toLowerCase()}`,
  )
  const extensions = collect(
    (one) => one.registrations.all('extension'),
    (extension) => `extension ${extension.name}`,
  )
  const channels = collect(
    (one) => one.registrations.all('channel'),
    (channel) => `channel ${channel.name}`,
  )
  const paths = new Map(unavailable.paths.map((path) => [shapeOf(path), path]))
  const names = new Map(unavailable.endpoints.map((name) => [name.toLowerCase(), name]))
  for (const { name } of endpoints) names.delete(name.toLowerCase())
  return {
    tables: Object.freeze({
      routes,
      sockets,
      events,
      endpoints,
      extensions,
      channels,
      assets,
      unavailable: [...paths.values()].map((path) => ({ path, retryAfter: RETRY_AFTER_S })),
      unavailableEndpoints: [...names.values()].map((name) => ({ name, retryAfter: RETRY_AFTER_S })),
    }),
    conflicts,
  }
}

/** `/share/:id` and `/share/:token` are the same place, and so is `/share/:id/`. */
export function shapeOf(path: string): string {
  return path.replace(/:[^/]+/g, ':').replace(/(.)\/$/, '$1')
}
