import type { Subsonic, SubsonicPayload, SubsonicRequest } from 'tonearm/plugin'
import { compact, targetOf } from './input.ts'
import type { FaceParts } from './navidrome-api.ts'
import type { Visitor } from './service.ts'
import { notFound, Problem, type Share, type ShareInput } from './share.ts'

const CHUNK = 500

/** The four calls of the Subsonic API, and the playlists of shares that are addressed to users. */
export function addSubsonicFace(subsonic: Subsonic, { store, content, service, shown, users, urlOf }: FaceParts): void {
  /**
   * With what was shared, as whoever asks sees it: an album or an artist is one entry, a playlist or a library are their
   * songs. Each is rendered once for all shares that hold it.
   */
  const rendered = async (shares: readonly Share[], { user, origin }: SubsonicRequest) => {
    const seen = await shown.many(shares)
    const entries = await content.entryIds(
      (await Promise.all(seen.map((share) => content.alive(share)))).filter((share) => share !== undefined),
    )
    const wanted = [...new Set([...entries.values()].flat())]
    const children = new Map<string, object>()
    for (let at = 0; at < wanted.length; at += CHUNK)
      for (const child of await subsonic.entries(user, wanted.slice(at, at + CHUNK)))
        children.set(String((child as { id?: unknown }).id), child)
    const names = new Map<string, string>()
    for (const { ownerId } of shares)
      if (!names.has(ownerId)) names.set(ownerId, (await users.get(ownerId))?.name ?? '')
    return shares.map((share, index) => ({
      id: share.id,
      url: urlOf(share, origin),
      description: share.description || seen[index]?.contents || '',
      username: names.get(share.ownerId) ?? '',
      created: new Date(share.createdAt).toISOString(),
      ...(share.expiresAt === undefined ? {} : { expires: new Date(share.expiresAt).toISOString() }),
      ...(share.lastVisitedAt === undefined ? {} : { lastVisited: new Date(share.lastVisitedAt).toISOString() }),
      visitCount: share.views,
      entry: (entries.get(share.id) ?? []).flatMap((id) => children.get(id) ?? []),
    }))
  }
  const mine = async ({ params, user }: SubsonicRequest): Promise<Share> => {
    const share = await store.find(params.string('id'))
    if (!share || share.revokedAt !== undefined) throw notFound()
    if (share.ownerId !== user.id && !user.isAdmin) throw new Problem('forbidden', 'Only its owner may change a share.')
    return share
  }
  const add = (name: string, handler: (request: SubsonicRequest) => Promise<SubsonicPayload>, role?: 'share') =>
    subsonic.endpoint(
      name,
      async (request) => {
        try {
          return await handler(request)
        } catch (error) {
          if (!(error instanceof Problem)) throw error
          const code = error.kind === 'not-found' ? 70 : error.kind === 'forbidden' ? 50 : 0
          throw subsonic.error(code, error.message)
        }
      },
      role ? { role } : {},
    )
  const inputOf = ({ params }: SubsonicRequest): ShareInput => {
    const expires = params.integer('expires', undefined)
    if (expires !== undefined && (expires < 0 || expires > 8.64e15))
      throw new Problem('invalid', 'expires is in ms since 1970.')
    const description = params.all('description')[0] ?? params.optional('description')
    return compact({ description, expiresAt: expires === 0 ? null : expires })
  }

  add('getShares', async (request) => {
    const { user } = request
    const shares = user.isAdmin ? await store.all() : await store.ownedBy(user.id)
    return { shares: { share: await rendered(shares, request) } }
  })
  add(
    'createShare',
    async (request) => {
      request.params.string('id')
      const ids = await subsonic.standsFor(request.user, request.params.all('id'))
      if (ids.length === 0) throw notFound()
      const targets = ids.map(targetOf)
      const share = await service.create(request.user, targets, inputOf(request), visitorOf(request))
      return { shares: { share: await rendered([share], request) } }
    },
    'share',
  )
  add(
    'updateShare',
    async (request) => {
      await service.update(await mine(request), inputOf(request), visitorOf(request))
      return {}
    },
    'share',
  )
  add(
    'deleteShare',
    async (request) => {
      await service.revoke([await mine(request)], visitorOf(request))
      return {}
    },
    'share',
  )
}

function visitorOf({ user, address, client }: SubsonicRequest): Visitor {
  return { userId: user.id, name: user.name, address, agent: client }
}
