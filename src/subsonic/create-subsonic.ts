import { decodeIdOf } from '../base/ids.ts'
import type { Route } from '../http/router.ts'
import type { HttpReply, HttpRequest } from '../http/types.ts'
import type { User } from '../library/entities.ts'
import { clientRendering } from './client-rendering.ts'
import { dispatch } from './dispatch.ts'
import type { Endpoint } from './endpoint.ts'
import { type Additions, buildTable } from './endpoint-table.ts'
import { idsFor, mixedChildren } from './endpoints/mixed-children.ts'
import type { Asker } from './endpoints/stands-for.ts'
import { hlsRoutes } from './hls/hls-routes.ts'
import { songChild } from './responses/song.ts'
import type { SubsonicServices } from './services.ts'
import type { Tree } from './tree.ts'

export interface Subsonic {
  /** Answers everything under `/rest/`, at once where nothing is waited for. Never throws, never rejects. */
  handle(request: HttpRequest): HttpReply | Promise<HttpReply>
  /** What answers of its endpoints lead to, beside `/rest/`. */
  readonly routes: readonly Route[]
  /** All endpoints as they are now, plugins' ones among them. */
  endpoints(): readonly Pick<Endpoint, 'name' | 'auth' | 'answers'>[]
  /**
   * Replaces what plugins bring, all at once; requests under way keep what they started with. Throws CONFLICT, and changes
   * nothing, when a name is taken: plugins may add endpoints and take over the core's stand-ins.
   */
  swapExtensions(additions: Additions): void
  /** Songs as `child` elements, the way that the user's answers show them; what the user may not see is left out. */
  children(user: User, songIds: readonly string[], client?: string): Promise<readonly Tree[]>
  /** The same of songs, albums, artists and folders, in the order given. */
  entries(user: User, ids: readonly string[]): Promise<readonly Tree[]>
  /**
   * Ids with those of folders replaced: by the album or artist that a folder stands for, else by its songs. Ids of folders
   * that the user may not see are left out, others are passed through as they are.
   */
  standsFor(user: User, ids: readonly string[]): Promise<readonly string[]>
}

export function createSubsonic(services: SubsonicServices): Subsonic {
  let table = buildTable({ endpoints: [], extensions: [] })
  const askerFor = async (user: User, client = ''): Promise<Asker> => ({
    services,
    viewer: await services.scopes.viewer(user, 'browse'),
    rendering: clientRendering(services, user, client),
  })
  return {
    handle: (request) => dispatch(services, table, request),
    routes: hlsRoutes(services),
    endpoints: () => [...table.byName.values()],
    swapExtensions(additions) {
      table = buildTable(additions)
    },
    async children(user, songIds, client) {
      const { viewer, rendering } = await askerFor(user, client)
      const keys = songIds.map((text) => decodeIdOf('song', text)).filter((key) => key !== undefined)
      return services.repositories.songs.findMany(viewer, keys).map((song) => songChild(song, rendering))
    },
    entries: async (user, ids) => mixedChildren(await askerFor(user), ids),
    standsFor: async (user, ids) => {
      const asker = await askerFor(user)
      return ids.flatMap((id) => idsFor(asker, id))
    },
  }
}
