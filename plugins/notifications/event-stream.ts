import type { EventPeer, Peer, PluginRequest, Reply, Routes, SocketPeer } from 'tonearm/plugin'
import { rowIdOf } from 'tonearm/plugin'
import type { Context } from './context.ts'
import type { Hub, LiveEvent } from './hub.ts'
import type { LiveState } from './live-events.ts'

/** Browsers that come back all at once after a restart are spread by themselves; this is the least. */
const RETRY_MS = 3_000
const MAX_BUFFERED = 256 * 1024
const LIVE = { root: true, maxBuffered: MAX_BUFFERED } as const
/** For WebSockets: come again later. */
const BUSY = 1013

/**
 * `GET /api/events`: server-sent events, with Navidrome's names and `notification`; `/api/events/socket` is the same by
 * WebSocket, one JSON text `{id, event, data}` each.
 */
export function addEventStream(
  routes: Routes,
  parts: { readonly ctx: Context; readonly hub: Hub; readonly live: LiveState },
): void {
  const { ctx, hub, live } = parts

  async function welcome(peer: Peer, request: PluginRequest, send: (event: Partial<LiveEvent>) => boolean) {
    const { user } = request
    const userId = user && rowIdOf('user', user.id)
    if (!user || userId === undefined) return false
    const { version, startedAt } = await ctx.admin.server()
    send({ event: 'serverStart', data: { startTime: new Date(startedAt).toISOString(), version } })
    send({ event: 'scanStatus', data: await live.scanStatus({ userId, isAdmin: user.isAdmin }) })
    send({ event: 'nowPlayingCount', data: { count: await live.nowPlaying(userId) } })
    const connection = { userId, isAdmin: user.isAdmin, push: send, close: () => peer.close() }
    const leave = await hub.join(connection, lastEventId(request))
    if (leave) peer.onClose(leave)
    return leave !== undefined
  }

  routes.events(
    '/api/events',
    async (peer: EventPeer, request): Promise<Reply | undefined> => {
      const isWelcome = await welcome(peer, request, ({ id, event = '', data }) =>
        peer.send({ ...(id === undefined ? { retryMs: RETRY_MS } : { id: String(id) }), event, data }),
      )
      if (isWelcome) return undefined
      const body = { error: 'Too many pages are connected at the same time.' }
      return { kind: 'json', status: 503, headers: { 'retry-after': '60' }, body }
    },
    LIVE,
  )
  routes.socket(
    '/api/events/socket',
    async (peer: SocketPeer, request) => {
      if (!(await welcome(peer, request, (event) => peer.send(JSON.stringify(event)))))
        peer.close(BUSY, 'too many are connected')
    },
    LIVE,
  )
}

/** As browsers send it when they come back; WebSockets put it into the address. */
function lastEventId({ headers, query }: PluginRequest): number | undefined {
  const text = headers['last-event-id'] ?? query.get('lastEventId') ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
