import { AppError } from '../base/errors.ts'
import { errorReply } from '../http/reply.ts'
import type { Route, RouteParams } from '../http/router.ts'
import type { HttpReply, HttpRequest } from '../http/types.ts'
import { type NativeGate, NOT_AUTHENTICATED, withToken } from '../rest/native-gate.ts'
import type { PluginRequest, Reply } from './api.ts'
import { toPublicUser } from './facades/reader-facades.ts'
import type { HostTables, Owned } from './host-tables.ts'
import { assetFile, type MediaReplyServices, mediaSource, storedFile } from './media-reply.ts'
import type { PluginHost } from './plugin-host.ts'
import type { RouteRegistration } from './registrations.ts'

export interface PluginRouteServices extends MediaReplyServices {
  readonly host: PluginHost
  readonly gate: NativeGate
}

/** The routes of the plugins' tables, ready for the router. What is loaded but does not serve answers 503. */
export function pluginRoutes(services: PluginRouteServices, tables: HostTables): readonly Route[] {
  return [
    ...tables.routes.map(
      (route): Route => ({
        method: route.method,
        path: route.path,
        handler: (request, params) => serve(services, route, request, params),
      }),
    ),
    ...tables.assets.map(
      (asset): Route => ({
        method: 'GET',
        path: `${asset.urlPath}*`,
        handler: async (_request, params) => {
          try {
            const source = await assetFile(services, asset.generation.plugin, asset.folder, params['*'] || 'index.html')
            return { kind: 'source', headers: {}, source }
          } catch (error) {
            return errorReply(error)
          }
        },
      }),
    ),
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

async function serve(
  services: PluginRouteServices,
  route: Owned<RouteRegistration>,
  request: HttpRequest,
  params: RouteParams,
): Promise<HttpReply> {
  const { generation } = route
  const what = `route ${route.method} ${route.path}`
  try {
    const login =
      route.auth === 'public' ? await softLogin(services.gate, request) : await services.gate.identify(request)
    if (!login && route.auth !== 'public') throw new AppError('BAD_CREDENTIALS', NOT_AUTHENTICATED)
    if (route.auth === 'admin' && !login?.user.isAdmin)
      throw new AppError('FORBIDDEN', 'Access denied: admin privileges required')
    const asked = toPluginRequest(route, request, params, login?.user && toPublicUser(login.user))
    const reply = await services.host.call(generation, what, route.timeoutMs, () => route.handler(asked))
    return withToken(await toHttpReply(services, route, reply), login?.token)
  } catch (error) {
    return errorReply(error)
  }
}

/** A public route knows its visitor if it can; a stale token does not lock anybody out of what is public. */
async function softLogin(gate: NativeGate, request: HttpRequest) {
  return gate.identify(request).catch(() => undefined)
}

function toPluginRequest(
  route: Owned<RouteRegistration>,
  request: HttpRequest,
  params: RouteParams,
  user: PluginRequest['user'],
): PluginRequest {
  let bytes: Promise<Uint8Array> | undefined
  const body = () => (bytes ??= request.body(route.bodyLimit))
  const text = async () => new TextDecoder().decode(await body())
  return {
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
    signal: AbortSignal.any([request.signal, route.generation.goneSignal]),
    bytes: body,
    text,
    json: async () => {
      try {
        return JSON.parse(await text()) as unknown
      } catch (cause) {
        throw cause instanceof AppError ? cause : new AppError('UNPROCESSABLE', 'invalid request payload', { cause })
      }
    },
  }
}

const CREDENTIALS = new Set(['authorization', 'x-nd-authorization', 'cookie', 'proxy-authorization'])

function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name)))
}

async function toHttpReply(
  services: PluginRouteServices,
  route: Owned<RouteRegistration>,
  reply: Reply,
): Promise<HttpReply> {
  const headers = reply.headers ?? {}
  switch (reply.kind) {
    case 'json':
      return bytesReply(
        reply.status ?? 200,
        { 'content-type': 'application/json; charset=utf-8', ...headers },
        JSON.stringify(reply.body),
      )
    case 'text':
      return bytesReply(
        reply.status ?? 200,
        { 'content-type': reply.type ?? 'text/plain; charset=utf-8', ...headers },
        reply.body,
      )
    case 'bytes':
      return bytesReply(reply.status ?? 200, { 'content-type': reply.type, ...headers }, reply.body)
    case 'empty':
      return bytesReply(reply.status ?? 204, headers, '')
    case 'redirect':
      return bytesReply(reply.status ?? 302, { ...headers, location: reply.to }, '')
    case 'media':
      return { kind: 'source', headers, source: await mediaSource(services, route.generation.plugin, reply) }
    case 'file':
      return { kind: 'source', headers, source: await storedFile(services, route.generation.plugin, reply) }
    case 'stream':
      return {
        kind: 'events',
        status: reply.status ?? 200,
        headers: { 'content-type': reply.type, ...headers },
        events: leased(route, reply.body),
      }
    default:
      throw new AppError(
        'PLUGIN_FAILED',
        `the plugin ${route.generation.plugin} answered with nothing that can be sent`,
      )
  }
}

function bytesReply(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): HttpReply {
  return { kind: 'bytes', status, headers, body }
}

/** The generation stays until its stream has ended, whatever is reloaded meanwhile. */
async function* leased(
  route: Owned<RouteRegistration>,
  body: AsyncIterable<Uint8Array | string>,
): AsyncIterable<Uint8Array | string> {
  const release = route.generation.enterStream()
  try {
    yield* body
  } finally {
    release()
  }
}
