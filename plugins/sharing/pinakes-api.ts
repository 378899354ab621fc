import type { PluginRequest, Reply, Routes, User } from 'tonearm/plugin'
import { answering, iso, jsonBody, loggedIn, STATUS, visitorOf } from './faces.ts'
import { objectOf, pinakesInput, targets } from './input.ts'
import type { FaceParts } from './navidrome-api.ts'
import type { NoteStore } from './note-store.ts'
import { notFound, Problem, type Share } from './share.ts'

export interface PinakesParts extends FaceParts {
  readonly notes: NoteStore
  /** What a visitor of a link gets, password and limits looked at; as the public JSON does. */
  visit(request: PluginRequest, token: string): Promise<object>
}

/** Making a share knows no 403 and no 404. */
const MAKING = { ...STATUS, 'not-found': 400, forbidden: 400 } as const

export function addPinakesFace(routes: Routes, parts: PinakesParts): void {
  const { store, notes, content, service, shown, users, now, urlOf } = parts
  const rendered = async (given: Share, request: PluginRequest, seen?: Share) => {
    const share = seen ?? (await shown.one(given))
    const isLink = share.recipient.kind === 'link'
    return {
      id: share.id,
      token: isLink ? share.id : null,
      url: isLink ? urlOf(share, request.origin) : null,
      description: share.description,
      targets: share.targets,
      recipient: share.recipient,
      permissions: share.permissions,
      hasPassword: share.password !== '',
      expiresAt: iso(share.expiresAt),
      maxViews: share.maxViews || null,
      views: share.views,
      maxDownloads: share.maxDownloads || null,
      downloads: share.downloads,
      format: share.format,
      maxBitRate: share.maxBitRate,
      ownerId: share.ownerId,
      ownerName: (await users.get(share.ownerId))?.name ?? '',
      createdAt: iso(share.createdAt),
      updatedAt: iso(share.updatedAt),
      lastVisitedAt: iso(share.lastVisitedAt),
    }
  }
  const list = async (shares: readonly Share[], request: PluginRequest) =>
    Promise.all((await shown.many(shares)).map((share) => rendered(share, request, share)))
  const existing = async (request: PluginRequest): Promise<Share> => {
    const share = await store.find(request.params.id ?? '')
    if (!share || share.revokedAt !== undefined) throw notFound()
    return share
  }
  const isMine = (share: Share, user: User) => user.isAdmin || share.ownerId === user.id
  const mine = async (request: PluginRequest, user: User): Promise<Share> => {
    const share = await existing(request)
    if (!isMine(share, user)) throw new Problem('forbidden', 'Only its owner may do this with a share.')
    return share
  }
  const json = (body: unknown): Reply => ({ kind: 'json', body })

  for (const base of ['/api/v1', '/api']) {
    const root = { root: true } as const
    const on = (
      handler: (request: PluginRequest, user: User) => Promise<Reply>,
      statuses: typeof STATUS | typeof MAKING = STATUS,
    ) => answering(statuses as typeof STATUS, (request) => handler(request, loggedIn(request)))

    routes.post(
      `${base}/shares`,
      on(async (request, user) => {
        const body = objectOf(await jsonBody(request))
        const share = await service.create(user, targets(body), pinakesInput(body), visitorOf(request))
        return json(await rendered(share, request))
      }, MAKING),
      root,
    )
    routes.post(
      `${base}/shares/batch/delete`,
      on(async (request, user) => {
        const { ids } = objectOf(await jsonBody(request))
        if (!Array.isArray(ids) || ids.length > 1000 || ids.some((id) => typeof id !== 'string'))
          throw new Problem('invalid', 'ids must be a list of at most 1000 ids.')
        const found = await Promise.all([...new Set(ids as string[])].map((id) => store.find(id)))
        const shares = found.filter((share) => share !== undefined && share.revokedAt === undefined) as Share[]
        if (shares.some((share) => !isMine(share, user)))
          throw new Problem('forbidden', 'One of these is not yours; nothing was deleted.')
        await service.revoke(shares, visitorOf(request))
        return json({ deleted: shares.map(({ id }) => id) })
      }),
      root,
    )
    routes.get(
      `${base}/shares/outgoing`,
      on(async (request, user) => {
        const page = pageOf(request)
        const items = await list(await store.ownedBy(user.id, page), request)
        return json({ items, total: await store.countOwned(user.id), ...page })
      }),
      root,
    )
    routes.get(
      `${base}/shares/incoming`,
      on(async (request, user) => {
        const page = pageOf(request)
        const { shares, total } = await content.incomingPage(user.id, page)
        return json({ items: await list(shares, request), total, ...page })
      }),
      root,
    )
    routes.get(
      `${base}/shares/:id`,
      on(async (request, user) => {
        const share = await existing(request)
        const isSeen =
          isMine(share, user) || (content.isRecipient(share, user.id) && (await content.alive(share)) !== undefined)
        if (!isSeen) throw notFound()
        return json(await rendered(share, request))
      }),
      root,
    )
    routes.patch(
      `${base}/shares/:id`,
      on(async (request, user) => {
        const share = await mine(request, user)
        const input = pinakesInput(objectOf(await jsonBody(request)))
        return json(await rendered(await service.update(share, input, visitorOf(request)), request))
      }),
      root,
    )
    routes.delete(
      `${base}/shares/:id`,
      on(async (request, user) => {
        await service.revoke([await mine(request, user)], visitorOf(request))
        return { kind: 'empty' }
      }),
      root,
    )
    routes.get(
      `${base}/shares/:id/activity`,
      on(async (request, user) => {
        const share = await mine(request, user)
        const page = pageOf(request)
        const { rows, total } = await store.activity(share.id, page)
        const items = rows.map(({ at, actor, ...row }) => ({
          at: iso(Number(at)),
          ...(actor ? { actor } : {}),
          ...row,
        }))
        return json({ items, total, ...page })
      }),
      root,
    )
    routes.get(
      `${base}/shared/:token`,
      answering(STATUS, async (request) => ({
        kind: 'json',
        headers: { 'cache-control': 'no-store' },
        body: await parts.visit(request, request.params.token ?? ''),
      })),
      { root: true, auth: 'public' },
    )
    // The plugin `notifications` has these, too, and knows more of them; this is for where it does not run.
    const fallback = { root: true, yields: true } as const
    routes.get(
      `${base}/notifications/shares`,
      on(async (_request, user) => {
        const rows = await notes.unread(user.id)
        // What is in a share without words of its owner is said as it is now.
        const wordless = await Promise.all(
          [...new Set(rows.filter(({ body }) => body === '').map((row) => String(row.share_id)))].map(store.find),
        )
        const alive = await Promise.all(wordless.map((share) => content.alive(share)))
        const seen = await shown.many(alive.filter((share) => share !== undefined))
        const contents = new Map(seen.map((share) => [share.id, share.contents]))
        return json(
          rows.map((row) => ({
            id: String(row.id),
            shareId: row.share_id,
            type: row.type,
            createdAt: iso(Number(row.created_at)),
            readAt: null,
            title: row.title,
            body: row.body || (contents.get(String(row.share_id)) ?? ''),
          })),
        )
      }),
      fallback,
    )
    routes.post(
      `${base}/notifications/shares/read-all`,
      on(async (_request, user) => {
        const { changes } = await notes.read(user.id, now())
        return json({ read: changes })
      }),
      fallback,
    )
    routes.post(
      `${base}/notifications/shares/:id/read`,
      on(async (request, user) => {
        const { changes } = await notes.read(user.id, now(), Number(request.params.id) || 0)
        return json({ read: changes })
      }),
      fallback,
    )
  }
}

function pageOf({ query }: PluginRequest): { readonly offset: number; readonly limit: number } {
  const number = (name: string, fallback: number) => {
    const text = query.get(name)
    if (text === null) return fallback
    if (!/^\d{1,9}$/.test(text)) throw new Problem('invalid', `${name} must be a whole number from 0.`)
    return Number(text)
  }
  return { offset: number('offset', 0), limit: Math.min(number('limit', 50), 500) }
}
