import type { Scopes } from '../auth/scopes.ts'
import { AppError } from '../base/errors.ts'
import { encodeId } from '../base/ids.ts'
import { fold } from '../base/text.ts'
import { json } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import type { Genre, Viewer } from '../library/entities.ts'
import { narrowedBy } from '../library/query/narrowed-viewer.ts'
import type { Repositories } from '../library/repositories.ts'
import { listReply } from './json-parts.ts'
import { listPage, readListQuery } from './list-query.ts'
import type { NativeGate } from './native-gate.ts'
import { unlessZero } from './native-values.ts'

export interface GenreRouteServices {
  readonly gate: NativeGate
  readonly scopes: Scopes
  readonly repositories: Pick<Repositories, 'genres'>
}

/** `/api/genre`: genres with a song that the reader may see. They are few: pages are cut from all of them. */
export function genreRoutes({ gate, scopes, repositories }: GenreRouteServices): readonly Route[] {
  const records = (viewer: Viewer) => repositories.genres.list(viewer).map(genreRecord)
  return [
    {
      method: 'GET',
      path: '/api/genre',
      handler: gate.requireLogin(async (request, _params, user) => {
        const query = readListQuery(new URLSearchParams(request.query))
        const { name = [], libraryId, ...filters } = Object.fromEntries(query.filters)
        const viewer = narrowedBy(await scopes.viewer(user, 'browse'), libraryId)
        const parts = name.map(fold)
        const named = records(viewer).filter(
          (genre) => parts.length === 0 || parts.some((part) => fold(genre.name).includes(part)),
        )
        const { items, total } = listPage(named, { ...query, filters: new Map(Object.entries(filters)) })
        return listReply(items, { 'x-total-count': String(total) })
      }),
    },
    {
      method: 'GET',
      path: '/api/genre/:id',
      handler: gate.requireLogin(async (_request, { id }, user) => {
        const found = records(await scopes.viewer(user, 'browse')).find((genre) => genre.id === id)
        if (!found) throw new AppError('NOT_FOUND', 'There is no genre with this id.')
        return json(200, found)
      }),
    },
  ]
}

function genreRecord({ id, name, albumCount, songCount }: Genre) {
  return { id: encodeId('genre', id), name, albumCount: unlessZero(albumCount), songCount: unlessZero(songCount) }
}
