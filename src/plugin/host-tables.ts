import type { Generation } from './generation.ts'
import type {
  AssetRegistration,
  ChannelRegistration,
  EndpointRegistration,
  ExtensionRegistration,
  RouteRegistration,
} from './registrations.ts'

export type Owned<T> = T & { readonly generation: Generation }

/** What all live generations together registered, in the order of plugins. One reference, replaced whole. */
export interface HostTables {
  readonly routes: readonly Owned<RouteRegistration>[]
  readonly endpoints: readonly Owned<EndpointRegistration>[]
  readonly extensions: readonly Owned<ExtensionRegistration>[]
  readonly channels: readonly Owned<ChannelRegistration>[]
  readonly assets: readonly Owned<AssetRegistration>[]
  /** Paths of plugins that are loaded but do not serve now, with the seconds after which to ask again. */
  readonly unavailable: readonly { readonly prefix: string; readonly retryAfter: number }[]
}

export const EMPTY_TABLES: HostTables = Object.freeze({
  routes: [],
  endpoints: [],
  extensions: [],
  channels: [],
  assets: [],
  unavailable: [],
})

/** The first registration of a path or name wins; later ones are reported. */
export function buildTables(
  generations: readonly Generation[],
  unavailable: HostTables['unavailable'],
): { readonly tables: HostTables; readonly conflicts: readonly string[] } {
  const conflicts: string[] = []
  const taken = new Map<string, string>()
  const collect = <T extends object>(
    kind: string,
    of: (generation: Generation) => Iterable<T>,
    key: (entry: T) => string,
  ) =>
    generations.flatMap((generation) =>
      [...of(generation)].flatMap((entry): Owned<T>[] => {
        const name = `${kind} ${key(entry)}`
        const owner = taken.get(name)
        if (owner !== undefined) {
          conflicts.push(`${name} of ${generation.plugin} is taken by ${owner}`)
          return []
        }
        taken.set(name, generation.plugin)
        return [{ ...entry, generation }]
      }),
    )
  const tables: HostTables = Object.freeze({
    routes: collect(
      'route',
      (one) => one.registrations.all('route'),
      (route) => `${route.method} ${shapeOf(route.path)}`,
    ),
    endpoints: collect(
      'endpoint',
      (one) => one.registrations.all('endpoint'),
      (endpoint) => endpoint.name.toLowerCase(),
    ),
    extensions: collect(
      'extension',
      (one) => one.registrations.all('extension'),
      (extension) => extension.name,
    ),
    channels: collect(
      'channel',
      (one) => one.registrations.all('channel'),
      (channel) => channel.name,
    ),
    assets: collect(
      'asset',
      (one) => one.registrations.all('asset'),
      (asset) => asset.urlPath,
    ),
    unavailable,
  })
  return { tables, conflicts }
}

/** `/share/:id` and `/share/:token` are the same place. */
function shapeOf(path: string): string {
  return path.replace(/:[^/]+/g, ':')
}
