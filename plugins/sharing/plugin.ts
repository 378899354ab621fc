import { definePlugin, Type, webTheme } from 'tonearm/plugin'
import { createAddresses } from './addresses.ts'
import { createContent } from './content.ts'
import { createNetworkCheck, createPasswordThrottle, createRateLimit } from './gate.ts'
import { createHousekeeping, leaseOf } from './housekeeping.ts'
import { playlistsFor } from './incoming-playlists.ts'
import { addPublicFace } from './link-pages.ts'
import { MIGRATIONS } from './migrations.ts'
import { addNativeFace } from './navidrome-api.ts'
import { createNews, type ShareNews } from './news.ts'
import { createNoteStore } from './note-store.ts'
import { addPinakesFace } from './pinakes-api.ts'
import { createPasswordCheck, createSigner, newSecret } from './secrets.ts'
import { createService } from './service.ts'
import type { Share } from './share.ts'
import { createShown } from './shown.ts'
import { createStore } from './store.ts'
import { addSubsonicFace } from './subsonic-calls.ts'
import { createVisits } from './visits.ts'

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

/** What the life before this one did not say. */
const SOON_MS = 1_000
/** How soon a share that has ended is noticed by what does not ask. */
const TICK_MS = 5_000
const ROUND_MS = 60_000

export default definePlugin({
  name: 'sharing',
  apiVersion: '1.4',
  description: 'Shares music by links and with users: Navidrome, Subsonic and Pinakes ways to the same shares',
  permissions: [
    'library:read',
    'users:read',
    'access:scope',
    'db',
    'scheduler',
    'notify',
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
    notify: 'tells recipients and owners',
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
    const { config, library, users, routes, events, subsonic, hooks, scheduler, log } = ctx
    if (!config.enabled) {
      // What was given before ends as well; the tables of the next moment have no routes of ours any more.
      for (const lease of routes.runningMedia()) routes.endMedia(lease)
      return
    }
    const now = () => ctx.now()
    const store = createStore(ctx.db)
    const content = createContent({ store, library, users, now, allowDownloads: config.allowDownloads })
    const shown = createShown({ store, content, library })
    const notes = createNoteStore(ctx.db)
    const news = createNews({
      store,
      notes,
      shown,
      users,
      log,
      signal: ctx.signal,
      emit: (type, one) => events.emit(`sharing.${type}`, one),
      send: (note) => ctx.notify.send(note),
    })
    const service = createService({
      store,
      notes,
      content,
      library,
      users,
      news,
      now,
      limits: config,
      narrowed: () => housekeeping.changed(),
      endMedia: (shareId) => {
        for (const what of ['stream', 'download'] as const) routes.endMedia(leaseOf(what, shareId))
      },
    })
    const housekeeping = createHousekeeping({
      store,
      notes,
      content,
      users,
      news,
      now,
      media: routes,
      logActivity: service.logActivity,
    })

    const baseOf = (origin: string) => config.publicUrl || origin
    const urlOf = (share: Share, origin: string) =>
      share.recipient.kind === 'link' ? `${baseOf(origin)}/share/${share.id}` : ''
    const face = { store, content, service, shown, users, now, urlOf }
    const signer = createSigner(await store.secret(newSecret()))
    const { visit } = addPublicFace(routes, {
      content,
      shown,
      service,
      users,
      now,
      baseOf,
      addresses: createAddresses(signer, now),
      visits: createVisits({
        store,
        content,
        service,
        signer,
        now,
        mayKnock: createNetworkCheck(config.allowedNetworks),
        throttle: createPasswordThrottle(config.passwordAttempts, now),
        checkPassword: createPasswordCheck(),
      }),
      maxBitrate: config.maxBitrate,
      limitPages: createRateLimit(config.rateLimit, now),
      limitMedia: createRateLimit(config.rateLimit * 10, now),
      owned: async (songId, as) => (await library.tracks({ ids: [songId], ownOnly: true }, as))[0],
    })
    addNativeFace(routes, { ...face, allowDownloads: config.allowDownloads })
    addPinakesFace(routes, { ...face, notes, visit })
    addSubsonicFace(subsonic, face)
    ctx.assets.serve('/share/-', 'assets', { root: true })
    routes.get('/share/-/theme.css', webTheme, { root: true, auth: 'public' })

    hooks.on('access.grants', ({ userId, purpose }) => content.grants(userId, purpose))
    hooks.on('playlists.virtual', (asked) => playlistsFor(asked, { content, shown, users }))
    hooks.on('user.deleted', () => housekeeping.changed())
    scheduler.after(SOON_MS, () => news.flush())
    scheduler.every(TICK_MS, () => housekeeping.tick())
    scheduler.every(ROUND_MS, () => housekeeping.round())
  },
})
