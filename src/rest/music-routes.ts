import type { Scopes } from '../auth/scopes.ts'
import { AppError } from '../base/errors.ts'
import { decodeIdOf } from '../base/ids.ts'
import { json } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import type { User, Viewer } from '../library/entities.ts'
import type { Detailed, Listed } from '../library/query/music-lists.ts'
import type { Repositories } from '../library/repositories.ts'
import { listReply } from './json-parts.ts'
import { type ListQuery, readListQuery } from './list-query.ts'
import { nativeAlbum } from './native-album.ts'
import { nativeArtist } from './native-artist.ts'
import type { NativeGate } from './native-gate.ts'
import { nativeSong, type RecordOptions } from './native-song.ts'

export interface MusicRouteServices {
  readonly gate: NativeGate
  readonly scopes: Scopes
  readonly repositories: Pick<Repositories, 'lists' | 'songs' | 'albums' | 'artists' | 'details'>
}

/** A kind of item as two routes serve it. */
interface MusicResource<Item extends { readonly id: number }, Details> {
  readonly name: 'song' | 'album' | 'artist'
  list(viewer: Viewer, query: ListQuery): Listed<Detailed<Item, Details>>
  find(viewer: Viewer, id: Item['id']): Item | undefined
  details(viewer: Viewer, items: readonly Item[]): ReadonlyMap<Item['id'], Details>
  write(item: Item, details: Details, options: RecordOptions): object
}

/** `/api/song`, `/api/album`, `/api/artist`: lists and single records of what the reader may see. */
export function musicRoutes(services: MusicRouteServices): readonly Route[] {
  const { lists, songs, albums, artists, details } = services.repositories
  return [
    ...routesOf(services, {
      name: 'song',
      list: lists.songs,
      find: songs.find,
      details: details.songs,
      write: nativeSong,
    }),
    ...routesOf(services, {
      name: 'album',
      list: lists.albums,
      find: albums.find,
      details: details.albums,
      write: nativeAlbum,
    }),
    ...routesOf(services, {
      name: 'artist',
      list: lists.artists,
      find: artists.find,
      details: details.artists,
      write: nativeArtist,
    }),
  ]
}

function routesOf<Item extends { readonly id: number }, Details>(
  { gate, scopes }: MusicRouteServices,
  { name, list, find, details, write }: MusicResource<Item, Details>,
): readonly Route[] {
  function* records(rows: Iterable<Detailed<Item, Details>>, user: User): IterableIterator<object> {
    const options = { serverPaths: user.isAdmin }
    for (const row of rows) yield write(row.item, row.details, options)
  }
  return [
    {
      method: 'GET',
      path: `/api/${name}`,
      handler: gate.requireLogin(async ({ query }, _params, user) => {
        const viewer = await scopes.viewer(user, 'browse')
        const { total, rows } = list(viewer, readListQuery(new URLSearchParams(query)))
        return listReply(records(rows, user), { 'x-total-count': String(total) })
      }),
    },
    {
      method: 'GET',
      path: `/api/${name}/:id`,
      handler: gate.requireLogin(async (_request, { id = '' }, user) => {
        const viewer = await scopes.viewer(user, 'browse')
        const key = decodeIdOf(name, id) as Item['id'] | undefined
        const item = key === undefined ? undefined : find(viewer, key)
        const known = item && details(viewer, [item]).get(item.id)
        if (!known) throw new AppError('NOT_FOUND', `There is no ${name} with this id.`)
        return json(200, write(item, known, { serverPaths: user.isAdmin }))
      }),
    },
  ]
}
