import { definePlugin, type PlaybackEvent, publicIdOf, rowIdOf, Type } from 'tonearm/plugin'
import { Delivery } from './delivery.ts'
import { createLastFm } from './lastfm.ts'
import { createListenBrainz } from './listenbrainz.ts'
import { addRoutes } from './routes.ts'
import type { Play, Service, ServiceId } from './service.ts'
import { createStore, type Link, MIGRATIONS } from './store.ts'

/** How often what waits is looked at; new plays are sent a moment after they come. */
const RUN_EVERY_MS = 60_000
const SOON_MS = 1_000
/** A song that plays now is old news soon. */
const NOW_PLAYING_MS = 5_000

export default definePlugin({
  name: 'scrobble',
  apiVersion: '1.5',
  description: 'Tells ListenBrainz and Last.fm what each user plays',
  permissions: [
    'playback:read',
    'library:read',
    'db',
    'scheduler',
    'notify',
    'routes',
    'net:api.listenbrainz.org',
    'net:ws.audioscrobbler.com',
  ],
  reasons: {
    'playback:read': 'learns what is played',
    'library:read': 'names songs, artists and albums',
    db: 'keeps the links of users, and plays until they were taken',
    scheduler: 'sends again what could not be sent',
    notify: 'tells users when a service no longer accepts their link',
    routes: 'lets users link and unlink accounts under /plugins/scrobble',
    'net:api.listenbrainz.org': 'sends to ListenBrainz',
    'net:ws.audioscrobbler.com': 'sends to Last.fm',
  },
  config: Type.Object({
    listenBrainzUrl: Type.String({
      default: 'https://api.listenbrainz.org',
      title: 'ListenBrainz, or what speaks like it',
    }),
    lastFmUrl: Type.String({ default: 'https://ws.audioscrobbler.com/2.0/', title: 'Last.fm, or what speaks like it' }),
    lastFmPage: Type.String({
      default: 'https://www.last.fm/api/auth/',
      title: 'Where users allow this server at Last.fm',
    }),
    lastFmKey: Type.String({ default: '', title: 'API key of Last.fm; empty = no Last.fm' }),
    lastFmSecret: Type.String({ default: '', secret: true, title: 'Shared secret of the API key' }),
    nowPlaying: Type.Boolean({ default: true, title: 'Tell what plays now, too' }),
    maxQueued: Type.Integer({ default: 5000, minimum: 1, maximum: 100_000, title: 'Plays kept for each link' }),
  }),
  migrations: MIGRATIONS,

  setup(ctx) {
    const { config, hooks, library, log, notify, scheduler } = ctx
    const now = () => ctx.now()
    const store = createStore(ctx.db)
    const listenBrainz = createListenBrainz({ url: config.listenBrainzUrl, fetch: ctx.fetch, now })
    const lastFm =
      config.lastFmKey && config.lastFmSecret
        ? createLastFm({
            url: config.lastFmUrl,
            apiKey: config.lastFmKey,
            secret: config.lastFmSecret,
            fetch: ctx.fetch,
            now,
          })
        : undefined
    const services = new Map<ServiceId, Service>([['listenbrainz', listenBrainz]])
    if (lastFm) services.set('lastfm', lastFm)

    const delivery = new Delivery({
      services,
      store,
      now,
      onUnlinked({ userId }, { title }, reason) {
        log.warn('link no longer accepted', { service: title, userId: publicIdOf('user', userId), reason })
        notify.send({
          topic: 'scrobble.unlinked',
          title: `${title} no longer accepts your account`,
          body: 'What you play is kept. Link the account again, and it will be sent.',
          level: 'warn',
          userId: publicIdOf('user', userId),
        })
      },
      onMisconfigured({ title }, reason) {
        log.error('key of the server not accepted', { service: title, reason })
        notify.send({
          topic: 'scrobble.misconfigured',
          title: `${title} does not accept this server's key`,
          body: 'Look at the settings lastFmKey and lastFmSecret of the plugin scrobble. What is played is kept meanwhile.',
          level: 'error',
        })
      },
      onTrouble: ({ title }, reason, waitMs) => log.info('will be sent later', { service: title, reason, waitMs }),
    })

    let soon = false
    const sendSoon = () => {
      if (soon) return
      soon = true
      scheduler.after(SOON_MS, ({ signal }) => {
        soon = false
        return delivery.run(signal)
      })
    }
    scheduler.every(RUN_EVERY_MS, ({ signal }) => delivery.run(signal), { jitterMs: 5_000 })

    const linksOf = async (publicId: string): Promise<readonly Link[]> => {
      const userId = rowIdOf('user', publicId)
      const links = userId === undefined ? [] : await store.links(userId)
      return links.filter(({ service }) => services.has(service))
    }
    const playOf = async (event: {
      readonly userId: string
      readonly mediaId: string
      readonly at: number
      readonly client: string
    }): Promise<Play | undefined> => {
      const track = await library.track(event.mediaId, event.userId)
      if (!track?.title || !track.artist) return undefined
      const { title, artist, album, albumArtist, durationMs, trackNumber, musicBrainzId, isrc } = track
      const { at, client } = event
      return {
        at,
        title,
        artist,
        album,
        albumArtist,
        durationMs,
        trackNumber,
        musicBrainzId,
        isrc: isrc[0] ?? '',
        client,
      }
    }

    hooks.on('playback.counted', async (event) => {
      const links = await linksOf(event.userId)
      const play = links.length > 0 ? await playOf(event) : undefined
      if (!play) return
      for (const link of links) {
        if (!services.get(link.service)?.wants(play)) continue
        await store.enqueue(link, { mediaId: event.mediaId, play }, config.maxQueued)
        sendSoon()
      }
    })

    /** By link: one request at a time, the newest song wins. */
    const telling = new Set<string>()
    if (config.nowPlaying) {
      const tell = async (event: PlaybackEvent & { readonly ignoreScrobble?: true }) => {
        // The client asked that nobody but this server's users see it.
        if (event.ignoreScrobble) return
        const links = (await linksOf(event.userId)).filter((link) => link.problem === '' && !delivery.isPaused(link))
        const play = links.length > 0 ? await playOf(event) : undefined
        if (!play) return
        for (const link of links) {
          const key = `${link.service} ${link.userId}`
          const service = services.get(link.service)
          if (!service?.wants(play) || telling.has(key)) continue
          telling.add(key)
          const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(NOW_PLAYING_MS)])
          // Not awaited: a service that hangs must not hold up the next event.
          void service
            .nowPlaying(link.secret, play, signal)
            .then((outcome) => {
              if (outcome.kind !== 'accepted') log.debug('now playing not told', { service: service.title, ...outcome })
            })
            .finally(() => telling.delete(key))
        }
      }
      hooks.on('playback.started', tell)
      // What rested is no longer shown by the services.
      hooks.on('playback.resumed', tell)
    }

    addRoutes(ctx.routes, {
      store,
      delivery,
      listenBrainz,
      lastFm,
      lastFmPage: (token) => `${config.lastFmPage}?${new URLSearchParams({ api_key: config.lastFmKey, token })}`,
      now,
      onLinked: sendSoon,
    })
  },
})
