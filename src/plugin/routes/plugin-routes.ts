import { assertNotByKey } from '../../auth/key-limits.ts'
import type { ByteSource } from '../../base/byte-source.ts'
import { AppError } from '../../base/errors.ts'
import { errorReply } from '../../http/reply.ts'
import type { Route, RouteParams } from '../../http/router.ts'
import type { HttpReply, HttpRequest } from '../../http/types.ts'
import { tokenAfter, withToken } from '../../rest/native-gate.ts'
import { LinkedAbort } from '../containment/linked-abort.ts'
import { toPublicUser } from '../facades/viewers.ts'
import type { HostTables, Owned } from '../host/host-tables.ts'
import type { AssetRegistration, RouteRegistration } from '../host/registrations.ts'
import { liveRoutes } from '../live/live-routes.ts'
import { KIT_FOLDER } from '../pages/web-page.ts'
import { assetFile, mediaSource, storedFile, zipOf } from './media-reply.ts'
import { loginFor, toPluginRequest } from './plugin-request.ts'
import { type CheckedReply, checkReply, type Sourced } from './route-reply.ts'
import type { PluginRouteServices } from './route-services.ts'

/** The routes of the plugins' tables, ready for the router. What should run and does not answers 503. */
export function pluginRoutes(services: PluginRouteServices, tables: HostTables): readonly Route[] {
  return [
    ...tables.routes.map(
      (route): Route => ({
        method: route.method,
        path: route.path,
        hold: () => route.generation.hold(),
        handler: (request, params) => serve(services, route, request, params),
      }),
    ),
    ...liveRoutes(services, tables),
    ...tables.assets.flatMap((asset) => assetRoutes(services, asset)),
    {
      method: 'GET',
      path: '/plugins/-/*',
      handler: (_request, params) => assetReply(services, { plugin: 'pages', folder: KIT_FOLDER, file: params['*'] }),
    },
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
  const answer = (file?: string) => assetReply(services, { plugin: generation.plugin, folder, file })
  return [
    { method: 'GET', path: `${urlPath}*`, handler: (_request, params) => answer(params['*']) },
    {
      method: 'GET',
      path: urlPath.replace(/\/$/, ''),
      handler: (request) =>
        request.path.endsWith('/')
          ? answer()
          : { kind: 'bytes', status: 302, headers: { location: `${request.origin}${urlPath}` }, body: '' },
    },
  ]
}

async function assetReply(
  services: PluginRouteServices,
  { plugin, folder, file }: { readonly plugin: string; readonly folder: string; readonly file: string | undefined },
): Promise<HttpReply> {
  try {
    return { kind: 'source', headers: {}, source: await assetFile(services, plugin, folder, file || 'index.html') }
  } catch (error) {
    return errorReply(error)
  }
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
  const release = generation.hold()
  const abort = new LinkedAbort(
    () => request.signal,
    () => generation.goneSignal,
  )
  let streaming = false
  try {
    const login = await loginFor(services.gate, route.auth, { request })
    if (login && !route.apiKeys) assertNotByKey(login.method)
    const user = login?.user && toPublicUser(login.user)
    const reply = await services.host.call(generation, what, route.timeoutMs, async ({ signal }) => {
      const asked = toPluginRequest(route, request, {
        params: { ...params },
        user,
        signal: () => {
          abort.follow(signal)
          return abort.signal
        },
      })
      return checkReply(await route.handler(asked), {
        generation,
        what,
        signal,
        onStreamError: (error) => services.host.charge(generation, error, what),
        onStreamEnd: () => abort.dispose(),
      })
    })
    streaming = 'ready' in reply && reply.ready.kind === 'events'
    return withToken(await toHttpReply(services, generation.plugin, { reply, request }), tokenAfter(request, login))
  } catch (error) {
    return errorReply(error)
  } finally {
    if (!streaming) abort.dispose()
    release()
  }
}

async function toHttpReply(
  services: PluginRouteServices,
  plugin: string,
  { reply, request }: { readonly reply: CheckedReply; readonly request: HttpRequest },
): Promise<HttpReply> {
  if ('ready' in reply) return reply.ready
  const { sourced } = reply
  const source = await sourceOf(services, plugin, { sourced, request })
  return { kind: 'source', headers: sourced.headers ?? {}, source }
}

async function sourceOf(
  services: PluginRouteServices,
  plugin: string,
  { sourced, request }: { readonly sourced: Sourced; readonly request: HttpRequest },
): Promise<ByteSource> {
  if (sourced.kind === 'media') return mediaSource(services, plugin, { reply: sourced, signal: request.signal })
  if (sourced.kind === 'zip') return zipOf(services, plugin, sourced)
  return storedFile(services, plugin, sourced)
}
