import { AppError } from '../../base/errors.ts'
import { CLOSE } from '../../http/line.ts'
import { isOwnOrigin } from '../../http/own-origin.ts'
import { errorReply } from '../../http/reply.ts'
import type { Route, RouteParams } from '../../http/router.ts'
import type { HttpReply, HttpRequest } from '../../http/types.ts'
import type { NativeLogin } from '../../rest/native-gate.ts'
import { withToken } from '../../rest/native-gate.ts'
import type { Reply } from '../api/reply-api.ts'
import { toPublicUser } from '../facades/viewers.ts'
import type { HostTables, Owned } from '../host/host-tables.ts'
import type { EventsRegistration, SocketRegistration } from '../host/registrations.ts'
import { loginFor, toPluginRequest } from '../routes/plugin-request.ts'
import { checkReply } from '../routes/route-reply.ts'
import type { PluginRouteServices } from '../routes/route-services.ts'
import { PeerCore } from './peer.ts'
import { EventFace, SocketFace } from './peer-faces.ts'

type Live = Owned<SocketRegistration> | Owned<EventsRegistration>

/** How long a handler may take to take a client in, and a listener to deal with a message, ms. */
const HANDLER_MS = 10_000

/** Streams of events and WebSockets. A WebSocket is a GET that the adapter upgrades. */
export function liveRoutes(services: PluginRouteServices, tables: HostTables): readonly Route[] {
  return [
    ...tables.sockets.map((route) => routeOf(route, (request, params) => socket(services, route, { request, params }))),
    ...tables.events.map((route) => routeOf(route, (request, params) => events(services, route, { request, params }))),
  ]
}

interface Asked {
  readonly request: HttpRequest
  readonly params: RouteParams
}

function routeOf(route: Live, serve: (request: HttpRequest, params: RouteParams) => Promise<HttpReply>): Route {
  return {
    method: 'GET',
    path: route.path,
    hold: () => route.generation.hold(),
    handler: async (request, params) => {
      // From the first moment: the generation must not end while the login is looked at.
      const release = route.generation.hold()
      try {
        return await serve(request, params)
      } catch (error) {
        return errorReply(error)
      } finally {
        release()
      }
    },
  }
}

async function socket(
  services: PluginRouteServices,
  route: Owned<SocketRegistration>,
  { request, params }: Asked,
): Promise<HttpReply> {
  if (!request.wantsSocket) return refusedSocket()
  const own = isOwnOrigin(request, services.allowedOrigins ?? [])
  if (!own && route.auth !== 'public')
    throw new AppError('FORBIDDEN', 'Pages of this site may not connect: see the setting server.allowedOrigins.')
  const login = own ? await loginFor(services.gate, route.auth, { request, options: { byAddress: true } }) : undefined
  const what = `socket ${route.path}`
  const core = peerFor(services, route, { request, login, what })
  admit(services, core, 'socket')
  if (core.open) {
    const user = login?.user && toPublicUser(login.user)
    const peer = new SocketFace(core, user)
    const asked = toPluginRequest(route, request, { params, user, signal: () => core.signal })
    try {
      await services.host.call(route.generation, what, HANDLER_MS, () => route.handler(peer, asked))
    } catch (error) {
      core.closed(CLOSE.FAILED)
      throw error
    }
  }
  return { kind: 'socket', headers: {}, listener: core }
}

async function events(
  services: PluginRouteServices,
  route: Owned<EventsRegistration>,
  { request, params }: Asked,
): Promise<HttpReply> {
  const login = await loginFor(services.gate, route.auth, { request, options: { byAddress: true } })
  const what = `events ${route.path}`
  const core = peerFor(services, route, { request, login, what })
  const live: HttpReply = withToken({ kind: 'live', headers: {}, listener: core }, login?.token)
  if (request.method === 'HEAD') return live
  admit(services, core, 'events')
  if (!core.open) return live
  const user = login?.user && toPublicUser(login.user)
  const peer = new EventFace(core, user)
  const asked = toPluginRequest(route, request, { params, user, signal: () => core.signal })
  try {
    const reply = await services.host.call(route.generation, what, HANDLER_MS, async () => {
      const answer = await route.handler(peer, asked)
      return answer === undefined || answer === null ? undefined : refusalOf(answer, { route, what, core })
    })
    if (!reply) return live
    core.closed(CLOSE.POLICY)
    return reply
  } catch (error) {
    core.closed(CLOSE.FAILED)
    throw error
  }
}

/** A handler that answers instead: with what is ready to be sent. */
function refusalOf(
  answer: Reply,
  { route, what, core }: { readonly route: Live; readonly what: string; readonly core: PeerCore },
): HttpReply {
  const { generation } = route
  const none = () => {}
  const checked = checkReply(answer, { generation, what, signal: core.signal, onStreamError: none, onStreamEnd: none })
  if (!('ready' in checked) || checked.ready.kind !== 'bytes')
    throw new TypeError('a route of events may answer json, text, bytes, empty or redirect instead')
  return checked.ready
}

function peerFor(
  services: PluginRouteServices,
  route: Live,
  about: { readonly request: HttpRequest; readonly login: NativeLogin | undefined; readonly what: string },
): PeerCore {
  const { generation } = route
  const { host } = services
  return new PeerCore({
    generation,
    what: about.what,
    address: about.request.address,
    login: about.login,
    adminOnly: route.auth === 'admin',
    maxBuffered: route.maxBuffered,
    maxMessage: route.maxMessage,
    call: (work) => host.call(generation, about.what, HANDLER_MS, work),
    onClosed: (peer) => host.peers.remove(peer),
  })
}

/** A life that is about to end sends its clients on: they come again, to the next one. */
function admit({ host }: PluginRouteServices, core: PeerCore, kind: 'socket' | 'events'): void {
  if (core.generation.state === 'live') host.peers.admit(core, kind)
  else core.close(CLOSE.RESTART, 'the plugin restarts')
}

function refusedSocket(): HttpReply {
  const { kind, status, headers, body } = errorReply(new AppError('BAD_REQUEST', 'This address speaks WebSocket only.'))
  return { kind, status: status === 400 ? 426 : status, headers: { ...headers, 'sec-websocket-version': '13' }, body }
}
