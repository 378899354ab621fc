import type { ByteSource } from '../base/byte-source.ts'
import { AppError } from '../base/errors.ts'
import { errorReply } from '../http/reply.ts'
import type { Route, RouteParams } from '../http/router.ts'
import type { HttpReply, HttpRequest } from '../http/types.ts'
import { parseJson } from '../rest/json-body.ts'
import { type NativeGate, NOT_AUTHENTICATED, withToken } from '../rest/native-gate.ts'
import type { PluginRequest } from './api.ts'
import { toPublicUser } from './facades/reader-facades.ts'
import type { HostTables, Owned } from './host-tables.ts'
import { LinkedAbort } from './linked-abort.ts'
import { assetFile, type MediaReplyServices, mediaSource, storedFile, zipOf } from './media-reply.ts'
import type { PluginHost } from './plugin-host.ts'
import type { AssetRegistration, RouteRegistration } from './registrations.ts'
import { type CheckedReply, checkReply, type Sourced } from './route-reply.ts'

export interface PluginRouteServices extends MediaReplyServices {
  readonly host: PluginHost
  readonly gate: NativeGate
}

/** The routes of the plugins' tables, ready for the router. What should run and does not answers 503. */
export function pluginRoutes(services: PluginRouteServices, tables: HostTables): readonly Route[] {
  return [
    ...tables.routes.map(
      (route): Route => ({
        method: route.method,
        path: route.path,
        hold: () => leaseOf(route),
        handler: (request, params) => serve(services, route, request, params),
      }),
    ),
    ...tables.assets.flatMap((asset) => assetRoutes(services, asset)),
    ...tables.unavailable.map(
      ({ path, retryAfter }): Route => ({
        method: 'ANY',
        path,
        handler: () =>
          errorReply(
            new AppError('UNAVAILABLE', 'This part of the server is not running now. Try again in a moment.', {
              retryAfter,
            }),
          ),
      }),
    ),
  ]
}

/** The folder itself answers its index.html, at the address with a slash at the end, where relative links work. */
function assetRoutes(services: PluginRouteServices, asset: Owned<AssetRegistration>): readonly Route[] {
  const { urlPath, folder, generation } = asset
  const file = async (relative: string): Promise<HttpReply> => {
    try {
      return { kind: 'source', headers: {}, source: await assetFile(services, generation.plugin, folder, relative) }
    } catch (error) {
      return errorReply(error)
    }
  }
  return [
    { method: 'GET', path: `${urlPath}*`, handler: (_request, params) => file(params['*'] || 'index.html') },
    {
      method: 'GET',
      path: urlPath.replace(/\/$/, ''),
      handler: (request) =>
        request.path.endsWith('/')
          ? file('index.html')
          : { kind: 'bytes', status: 302, headers: { location: `${request.origin}${urlPath}` }, body: '' },
    },
  ]
}

function leaseOf({ generation }: Owned<RouteRegistration>): () => void {
  generation.enter()
  return () => generation.leave()
}

async function serve(
  services: PluginRouteServices,
  route: Owned<RouteRegistration>,
  request: HttpRequest,
  params: RouteParams,
): Promise<HttpReply> {
  const { generation } = route
  const what = `route ${route.method} ${route.path}`
  // From the first moment: the generation must not end while the login is looked at.
  const release = leaseOf(route)
  const abort = new LinkedAbort(
    () => request.signal,
    () => generation.goneSignal,
  )
  let streaming = false
  try {
    const login = await loginFor(services.gate, route, request)
    const asked = toPluginRequest(route, request, { params, user: login?.user && toPublicUser(login.user), abort })
    const reply = await services.host.call(generation, what, route.timeoutMs, async ({ signal }) =>
      checkReply(await route.handler(asked(signal)), {
        generation,
        what,
        signal,
        onStreamError: (error) => services.host.charge(generation, error, what),
        onStreamEnd: () => abort.dispose(),
      }),
    )
    streaming = 'ready' in reply && reply.ready.kind === 'events'
    return withToken(await toHttpReply(services, generation.plugin, reply), login?.token)
  } catch (error) {
    return errorReply(error)
  } finally {
    if (!streaming) abort.dispose()
    release()
  }
}

async function loginFor(gate: NativeGate, route: RouteRegistration, request: HttpRequest) {
  // A public route knows its visitor if it can; a stale token does not lock anybody out of what is public.
  if (route.auth === 'public') return gate.identify(request).catch(() => undefined)
  const login = await gate.identify(request)
  if (!login) throw new AppError('BAD_CREDENTIALS', NOT_AUTHENTICATED)
  if (route.auth === 'admin' && !login.user.isAdmin)
    throw new AppError('FORBIDDEN', 'Access denied: admin privileges required')
  return login
}

interface Asked {
  readonly params: RouteParams
  readonly user: PluginRequest['user']
  readonly abort: LinkedAbort
}

/** @returns the request for a call whose signal aborts at its deadline. */
function toPluginRequest(
  route: RouteRegistration,
  request: HttpRequest,
  { params, user, abort }: Asked,
): (deadline: AbortSignal) => PluginRequest {
  let bytes: Promise<Uint8Array> | undefined
  const body = () => (bytes ??= request.body(route.bodyLimit))
  const text = async () => new TextDecoder().decode(await body())
  return (deadline) => ({
    id: request.id,
    method: request.method,
    path: request.path,
    address: request.address,
    client: (request.headers['user-agent'] ?? '').split(/[/\s]/, 1)[0] ?? '',
    params,
    query: new URLSearchParams(request.query),
    headers: route.auth === 'public' ? request.headers : withoutCredentials(request.headers),
    origin: request.origin,
    user,
    get signal() {
      abort.follow(deadline)
      return abort.signal
    },
    bytes: body,
    text,
    json: async () => {
      try {
        return parseJson(await text())
      } catch (cause) {
        throw cause instanceof AppError ? cause : new AppError('UNPROCESSABLE', 'invalid request payload', { cause })
      }
    },
  })
}

const CREDENTIALS = new Set(['authorization', 'x-nd-authorization', 'cookie', 'proxy-authorization'])

function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name)))
}

async function toHttpReply(services: PluginRouteServices, plugin: string, reply: CheckedReply): Promise<HttpReply> {
  if ('ready' in reply) return reply.ready
  const { sourced } = reply
  const source = await sourceOf(services, plugin, sourced)
  return { kind: 'source', headers: sourced.headers ?? {}, source }
}

async function sourceOf(services: PluginRouteServices, plugin: string, sourced: Sourced): Promise<ByteSource> {
  if (sourced.kind === 'media') return mediaSource(services, plugin, sourced)
  if (sourced.kind === 'zip') return zipOf(services, plugin, sourced)
  return storedFile(services, plugin, sourced)
}
