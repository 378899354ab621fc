import type { PluginRequest } from 'tonearm/plugin'
import type { Content } from './content.ts'
import { visitorOf } from './faces.ts'
import type { createPasswordThrottle } from './gate.ts'
import { MAX_PASSWORD } from './input.ts'
import type { Signer } from './secrets.ts'
import type { Service } from './service.ts'
import { gone, notFound, Problem, type Share, usedUp } from './share.ts'
import type { Count, Store } from './store.ts'

export interface VisitParts {
  readonly store: Store
  readonly content: Content
  readonly service: Service
  readonly signer: Signer
  readonly throttle: ReturnType<typeof createPasswordThrottle>
  now(): number
  mayKnock(address: string): boolean
  checkPassword(stored: string, password: string): Promise<boolean>
}

const COOKIE_S = 12 * 3_600

export type Visits = ReturnType<typeof createVisits>

/** The way in to a share by its address. Everything throws a Problem for who may not. */
export function createVisits({ store, content, service, signer, throttle, now, mayKnock, checkPassword }: VisitParts) {
  /** A share that is alive, to whom it is addressed; its password and limits are still to be looked at. */
  async function known(request: PluginRequest, id: string): Promise<Share> {
    if (!mayKnock(request.address) || !/^[0-9A-Za-z]{10}$/.test(id)) throw notFound()
    const found = await store.find(id)
    if (!found) throw notFound()
    const { user } = request
    if (found.recipient.kind !== 'link') {
      const isKnown = user && (user.isAdmin || user.id === found.ownerId || content.isRecipient(found, user.id))
      if (!isKnown) throw notFound()
    }
    const share = await content.alive(found)
    if (!share) throw gone()
    return share
  }

  const cookieParts = (share: Share) => ['password', share.id, share.salt]

  async function assertPassword(request: PluginRequest, share: Share, typed?: string): Promise<void> {
    if (share.password === '') return
    const cookie = new RegExp(`(?:^|;\\s*)share_${share.id}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1]
    if (cookie && typed === undefined && signer.verify(cookieParts(share), cookie, now())) return
    const given = typed ?? request.headers['x-share-password'] ?? request.query.get('password') ?? ''
    if (given === '') throw new Problem('password', 'This share needs its password.')
    throttle.begin(share.id, request.address)
    let isRight = false
    try {
      isRight = given.length <= MAX_PASSWORD && (await checkPassword(share.password, given))
    } catch (error) {
      throttle.forgive(share.id, request.address)
      throw error
    }
    if (!isRight) {
      await service.logActivity(share.id, 'password_failed', visitorOf(request))
      throw new Problem('password', 'That is not the password.')
    }
    throttle.forgive(share.id, request.address)
  }

  /** Views and downloads are taken together; by HEAD they are only looked at. */
  async function take(request: PluginRequest, share: Share, counts: readonly Count[]): Promise<void> {
    const isLeft =
      request.method === 'HEAD'
        ? counts.every((count) => hasLeft(share, count))
        : await service.take(share, counts, visitorOf(request))
    if (isLeft) return
    throw (await content.alive(await store.find(share.id))) ? usedUp() : gone()
  }

  return {
    known,
    assertPassword,
    take,

    /** Password, then a view is taken. */
    async enter(request: PluginRequest, id: string): Promise<Share> {
      const share = await known(request, id)
      if (!share.permissions.view) throw new Problem('forbidden', 'This share can not be looked at.')
      await assertPassword(request, share)
      await take(request, share, ['view'])
      return share
    },

    /** For visitors who have just proved that they know the password. */
    cookieFor(request: PluginRequest, share: Share): string {
      const secure = request.origin.startsWith('https:') ? '; Secure' : ''
      const value = signer.sign(cookieParts(share), now() + COOKIE_S * 1000)
      return `share_${share.id}=${value}; Max-Age=${COOKIE_S}; HttpOnly; SameSite=Lax${secure}`
    },
  }
}

export function hasLeft({ maxViews, views, maxDownloads, downloads }: Share, count: Count): boolean {
  return count === 'view' ? maxViews === 0 || views < maxViews : maxDownloads === 0 || downloads < maxDownloads
}
