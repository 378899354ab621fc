import type { Scopes } from '../auth/scopes.ts'
import { AppError } from '../base/errors.ts'
import { decodeIdOf, encodeId } from '../base/ids.ts'
import { json } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import type { ListedPlay, PlayQuery, PlayRepository } from '../library/play-repository.ts'
import { listReply } from './json-parts.ts'
import { type ListQuery, readListQuery } from './list-query.ts'
import type { NativeGate } from './native-gate.ts'

export interface PlayRouteServices {
  readonly gate: NativeGate
  readonly plays: PlayRepository
  readonly scopes: Scopes
}

/** `/api/scrobble`: one's own plays, newest first, of what one may see; `from` and `to` are seconds since 1970, inclusive. */
export function playRoutes({ gate, plays, scopes }: PlayRouteServices): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/scrobble',
      handler: gate.requireLogin(async (request, _params, user) => {
        const viewer = await scopes.viewer(user, 'browse')
        const { total, rows } = plays.list(viewer, playQuery(readListQuery(new URLSearchParams(request.query))))
        return listReply(bodies(rows), { 'x-total-count': String(total) })
      }),
    },
    {
      method: 'GET',
      path: '/api/scrobble/:id',
      handler: gate.requireLogin(async (_request, { id = '' }, user) => {
        const viewer = await scopes.viewer(user, 'browse')
        const [play] = plays.list(viewer, { ids: rowIds([id]), oldestFirst: true, limit: 1, offset: 0 }).rows
        if (!play) throw new AppError('NOT_FOUND', 'There is no such play.')
        return json(200, playBody(play))
      }),
    },
  ]
}

function playQuery({ filters, sort, descending, limit, offset }: ListQuery): PlayQuery {
  const [from, to] = [secondsOf(filters.get('from')), secondsOf(filters.get('to'))]
  const [ids, songs] = [filters.get('id'), filters.get('mediaFileId')]
  return {
    ...(from === undefined ? {} : { from: from * 1000 }),
    ...(to === undefined ? {} : { until: (to + 1) * 1000 }),
    ...(ids ? { ids: rowIds(ids) } : {}),
    ...(songs ? { songs: songs.flatMap((id) => decodeIdOf('song', id) ?? []) } : {}),
    // Without a sort that is known: newest first, whatever the order.
    oldestFirst: (sort === 'submissionTime' || sort === 'id') && !descending,
    limit,
    offset,
  }
}

/** Undefined for what is no time. */
function secondsOf(values: readonly string[] | undefined): number | undefined {
  const text = values?.[0] ?? ''
  return /^-?\d{1,12}$/.test(text) ? Number(text) : undefined
}

function rowIds(texts: readonly string[]): readonly number[] {
  return texts.flatMap((text) => (/^[1-9]\d{0,14}$/.test(text) ? Number(text) : []))
}

function* bodies(rows: Iterable<ListedPlay>) {
  for (const play of rows) yield playBody(play)
}

function playBody({ id, songId, at }: ListedPlay) {
  return { id: String(id), mediaFileId: encodeId('song', songId), submissionTime: Math.floor(at / 1000) }
}
