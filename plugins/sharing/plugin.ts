import { definePlugin, Type } from 'tonearm/plugin'
import { createNetworkCheck, createPasswordThrottle, createRateLimit } from './gate.ts'
import { MIGRATIONS } from './migrations.ts'
import { addNativeFace } from './native-face.ts'
import { addPinakesFace } from './pinakes-face.ts'
import { addPublicFace } from './public-face.ts'
import { createPasswordCheck, createSigner, newSecret } from './secrets.ts'
import { createService, type NewsType } from './service.ts'
import type { Share } from './share.ts'
import { createStore } from './store.ts'
import { addSubsonicFace } from './subsonic-face.ts'

/** What other plugins hear: who is told what about which share. */
export interface ShareNews {
  readonly shareId: string
  readonly userId: string
  readonly title: string
  readonly body: string
}

declare module 'tonearm/plugin' {
  interface PluginEvents {
    'sharing.share_received': ShareNews
    'sharing.share_changed': ShareNews
    'sharing.share_revoked': ShareNews
    'sharing.share_expiring': ShareNews
    'sharing.link_first_used': ShareNews
    'sharing.link_exhausted': ShareNews
  }
}

const MINUTE_MS = 60_000

export default definePlugin({
  name: 'sharing',
  apiVersion: '1.0',
  description: 'Shares music by links and with users: Navidrome, Subsonic and Pinakes ways to the same shares',
  permissions: [
    'library:read',
    'users:read',
    'access:scope',
    'db',
    'scheduler',
    'assets',
    'routes',
    'routes:public',
    'routes:root',
    'subsonic',
  ],
  reasons: {
    'library:read': 'reads what is shared, in the rights of whoever shares it',
    'users:read': 'names owners and recipients',
    'access:scope': 'lets recipients reach exactly the songs of a share',
    db: 'keeps the shares and what was done with them',
    scheduler: 'notices shares that end',
    assets: 'style and player of the public page',
    routes: 'the web API of shares',
    'routes:public': 'links work without a login',
    'routes:root': 'answers /api/share, /api/v1/shares and /share',
    subsonic: 'getShares and the other three calls, and playlists of shares',
  },
  config: Type.Object({
    enabled: Type.Boolean({ default: true, title: 'Whether shares may be made and opened' }),
    allowDownloads: Type.Boolean({ default: true, title: 'Whether any share may allow downloads' }),
    defaultDownloadable: Type.Boolean({
      default: false,
      title: 'Whether a share allows downloads when its maker does not say',
    }),
    maxBitrate: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 10_000,
      title: 'The most that links send, in kbit/s; 0 = no limit',
    }),
    defaultExpiry: Type.Integer({
      default: 365 * 86_400,
      minimum: 0,
      title: 'Seconds that a share lasts when its maker names no end; 0 = for ever',
    }),
    publicUrl: Type.String({
      default: '',
      pattern: '^(https?://\\S+[^/])?$',
      title: 'Address that links begin with, such as https://music.example.org; empty = as the client sees the server',
    }),
    allowedNetworks: Type.Array(Type.String(), {
      default: [],
      title: 'Networks that may open links, such as 192.168.0.0/16; none = everybody',
    }),
    rateLimit: Type.Integer({
      default: 120,
      minimum: 0,
      maximum: 100_000,
      title: 'Pages of shares that one address may open a minute; ten times as many songs and covers; 0 = no limit',
    }),
    passwordAttempts: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 1_000,
      title: 'Wrong passwords of one address for one share in a quarter of an hour',
    }),
  }),
  migrations: MIGRATIONS,

  async setup(ctx) {
    const { config, library, users, routes, events, subsonic, hooks, scheduler } = ctx
    if (!config.enabled) return
    const now = () => ctx.now()
    const store = createStore(ctx.db)
    const signer = createSigner(await store.secret(newSecret()))

    const news = (type: NewsType, share: Share, userId: string) => {
      const title = TITLES[type]
      const body = share.description || share.contents
      store
        .note(userId, { shareId: share.id, type, at: now(), title, body })
        .catch((error: unknown) => ctx.log.warn('note of a share not kept', { error: String(error) }))
      events.emit(`sharing.${type}`, { shareId: share.id, userId, title, body })
    }
    const service = createService({
      store,
      library,
      users,
      limits: config,
      log: ctx.log,
      now,
      endMedia: (shareId) => void routes.endMedia(shareId),
      news,
    })

    const baseOf = (origin: string) => config.publicUrl || origin
    const urlOf = (share: Share, origin: string) =>
      share.recipient.kind === 'link' ? `${baseOf(origin)}/share/${share.id}` : ''
    const face = { store, service, users, now, urlOf }
    const { visit } = addPublicFace(routes, {
      store,
      service,
      users,
      signer,
      now,
      baseOf,
      maxBitrate: config.maxBitrate,
      mayKnock: createNetworkCheck(config.allowedNetworks),
      limitPages: createRateLimit(config.rateLimit, now),
      limitMedia: createRateLimit(config.rateLimit * 10, now),
      throttle: createPasswordThrottle(config.passwordAttempts, now),
      checkPassword: createPasswordCheck(),
      owned: async (songId, as) => (await library.tracks({ ids: [songId], ownOnly: true }, as))[0],
    })
    addNativeFace(routes, face)
    addPinakesFace(routes, { ...face, visit })
    addSubsonicFace(subsonic, face)
    ctx.assets.serve('/share/-', 'assets', { root: true })

    hooks.on('access.grants', ({ userId, purpose }) => service.grants(userId, purpose))
    hooks.on('playlists.virtual', async ({ userId }) => {
      const shares = (await service.incoming(userId)).filter(({ permissions }) => permissions.view)
      return Promise.all(
        shares.map(async (share) => ({
          id: `share-${share.id}`,
          name: share.description || share.contents || 'Shared music',
          comment: [`Shared by ${(await users.get(share.ownerId))?.name ?? 'somebody'}`, share.description]
            .filter(Boolean)
            .join(': '),
          owner: (await users.get(share.ownerId))?.name ?? '',
          songIds: (await service.content(share)).map(({ id }) => id),
          createdAt: share.createdAt,
          changedAt: share.updatedAt,
        })),
      )
    })
    scheduler.every(MINUTE_MS, () => service.housekeeping())
  },
})

const TITLES: Readonly<Record<NewsType, string>> = {
  share_received: 'Somebody shares music with you',
  share_changed: 'A share for you has changed',
  share_revoked: 'A share for you was taken back',
  share_expiring: 'A share of yours ends within a day',
  link_first_used: 'A link of yours was opened for the first time',
  link_exhausted: 'A link of yours is used up',
}
