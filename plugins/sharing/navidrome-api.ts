import {
  listPage,
  type PluginRequest,
  type Reply,
  type Routes,
  readListQuery,
  type User,
  type UserReader,
} from 'tonearm/plugin'
import { createdStatus } from './client-quirks.ts'
import type { Content } from './content.ts'
import { answering, iso, jsonBody, loggedIn, STATUS, visitorOf } from './faces.ts'
import { ids, nativeInput, objectOf, targetOf } from './input.ts'
import type { Service } from './service.ts'
import { notFound, Problem, type Share, type Target } from './share.ts'
import type { Shown } from './shown.ts'
import { SORT_COLUMNS, type Store } from './store.ts'

export interface FaceParts {
  readonly store: Store
  readonly content: Content
  readonly service: Service
  readonly shown: Shown
  readonly users: UserReader
  now(): number
  /** '' for a share that has no public link. */
  urlOf(share: Share, origin: string): string
}

type SortName = keyof typeof SORT_COLUMNS

const MAX_PAGE = 10_000

export interface NativeParts extends FaceParts {
  readonly allowDownloads: boolean
}

/** `/api/share`: Navidrome's. */
export function addNativeFace(routes: Routes, parts: NativeParts): void {
  const { store, service, shown, users, now, urlOf, allowDownloads } = parts
  const rendered = async (share: Share, origin: string) => ({
    id: share.id,
    userId: share.ownerId,
    username: (await users.get(share.ownerId))?.name ?? '',
    url: urlOf(share, origin),
    description: share.description,
    contents: share.contents,
    format: share.format,
    maxBitRate: share.maxBitRate,
    visitCount: share.views,
    lastVisitedAt: iso(share.lastVisitedAt),
    // As it is: what the server forbids is not offered.
    downloadable: share.permissions.download && allowDownloads,
    expiresAt: iso(share.expiresAt),
    createdAt: iso(share.createdAt),
    updatedAt: iso(share.updatedAt),
    resourceIds: share.targets.map(({ id }) => id).join(','),
    resourceType: share.targets[0]?.kind ?? '',
  })
  const reply = async (share: Share, request: PluginRequest, status = 200): Promise<Reply> => ({
    kind: 'json',
    status,
    body: await rendered(await shown.one(share), request.origin),
  })
  /** Own ones, and all for administrators. Reading hides what is another's, changing refuses it. */
  const mine = async (request: PluginRequest, user: User, toChange: boolean): Promise<Share> => {
    const share = await store.find(request.params.id ?? '')
    if (!share || share.revokedAt !== undefined) throw notFound()
    if (share.ownerId === user.id || user.isAdmin) return share
    throw toChange ? new Problem('forbidden', 'Only its owner may change a share.') : notFound()
  }
  /** Most lists are in the order of a time, and are read by the page; others are made of all. */
  const listed = async (user: User, request: PluginRequest) => {
    const query = readListQuery(request.query)
    const { sort, filters, limit, offset } = query
    const column = sort === '' ? 'created_at' : Object.hasOwn(SORT_COLUMNS, sort) && SORT_COLUMNS[sort as SortName]
    const owner = user.isAdmin ? undefined : user.id
    const show = async (shares: readonly Share[]) =>
      Promise.all((await shown.many(shares)).map((share) => rendered(share, request.origin)))
    if (filters.size === 0 && column) {
      const descending = sort === '' || query.descending
      const { shares, total } = await store.page(owner, {
        column,
        descending,
        offset,
        limit: Math.min(limit, MAX_PAGE),
      })
      return { items: await show(shares), total }
    }
    return listPage(await show(owner === undefined ? await store.all() : await store.ownedBy(owner)), query)
  }
  const on = (handler: (request: PluginRequest, user: User) => Promise<Reply>) =>
    answering(STATUS, (request) => handler(request, loggedIn(request)))
  const root = { root: true } as const

  routes.get(
    '/api/share',
    on(async (request, user) => {
      const { items, total } = await listed(user, request)
      return { kind: 'json', headers: { 'x-total-count': String(total) }, body: items }
    }),
    root,
  )
  routes.get(
    '/api/share/:id',
    on(async (request, user) => reply(await mine(request, user, false), request)),
    root,
  )
  routes.post(
    '/api/share',
    on(async (request, user) => {
      const body = objectOf(await jsonBody(request))
      const targets: Target[] = [
        ...ids(body, 'albums').map((id) => ({ kind: 'album' as const, id })),
        ...ids(body, 'songs').map((id) => ({ kind: 'song' as const, id })),
        ...ids(body, 'playlists').map((id) => ({ kind: 'playlist' as const, id })),
        ...ids(body, 'artists').map((id) => ({ kind: 'artist' as const, id })),
        ...ids(body, 'resourceIds').map(targetOf),
      ]
      const share = await service.create(user, targets, nativeInput(body, now()), visitorOf(request))
      return reply(share, request, createdStatus(request.headers['user-agent'], body))
    }),
    root,
  )
  routes.put(
    '/api/share/:id',
    on(async (request, user) => {
      const share = await mine(request, user, true)
      const { permissions, ...others } = nativeInput(objectOf(await jsonBody(request)), now())
      // Forms send back all that they were shown: while the server forbids downloads that is no wish of their owner.
      const input = allowDownloads && permissions ? { ...others, permissions } : others
      return reply(await service.update(share, input, visitorOf(request)), request)
    }),
    root,
  )
  routes.delete(
    '/api/share/:id',
    on(async (request, user) => {
      const share = await mine(request, user, true)
      await service.revoke([share], visitorOf(request))
      return { kind: 'json', body: { id: share.id } }
    }),
    root,
  )
}
