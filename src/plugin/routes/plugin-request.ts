import { AppError } from '../../base/errors.ts'
import type { RouteParams } from '../../http/router.ts'
import type { HttpRequest } from '../../http/types.ts'
import { parseJson } from '../../rest/json-body.ts'
import { type IdentifyOptions, type NativeGate, type NativeLogin, NOT_AUTHENTICATED } from '../../rest/native-gate.ts'
import type { PluginRequest } from '../api/request-api.ts'
import type { RouteOptions } from '../api/route-api.ts'

type Auth = NonNullable<RouteOptions['auth']>

/** Who asks. Rejects with BAD_CREDENTIALS or FORBIDDEN where the route is not for them. */
export async function loginFor(
  gate: NativeGate,
  auth: Auth,
  { request, options }: { readonly request: HttpRequest; readonly options?: IdentifyOptions },
): Promise<NativeLogin | undefined> {
  // A public route knows its visitor if it can; a stale token does not lock anybody out of what is public.
  // Basic there is the route's own: taken for a login, each right password of it would count as a wrong one of the user's.
  if (auth === 'public') return gate.identify(request, { ...options, basic: false }).catch(() => undefined)
  const login = await gate.identify(request, options)
  if (!login) throw new AppError('BAD_CREDENTIALS', NOT_AUTHENTICATED)
  if (auth === 'admin' && !login.user.isAdmin)
    throw new AppError('FORBIDDEN', 'Access denied: admin privileges required')
  return login
}

export interface Asked {
  readonly params: RouteParams
  readonly user: PluginRequest['user']
  /** Asked for when the plugin reads it. */
  readonly signal: () => AbortSignal
}

/** The request as a plugin sees it; without credentials unless the route is public. */
export function toPluginRequest(
  route: { readonly auth: Auth; readonly bodyLimit: number },
  request: HttpRequest,
  { params, user, signal }: Asked,
): PluginRequest {
  let bytes: Promise<Uint8Array> | undefined
  const body = () => (bytes ??= request.body(route.bodyLimit))
  const text = async () => new TextDecoder().decode(await body())
  const isPublic = route.auth === 'public'
  const query = new URLSearchParams(request.query)
  if (!isPublic) query.delete('jwt')
  return {
    id: request.id,
    method: request.method,
    path: request.path,
    address: request.address,
    client: (request.headers['user-agent'] ?? '').split(/[/\s]/, 1)[0] ?? '',
    params,
    query,
    headers: isPublic ? request.headers : withoutCredentials(request.headers),
    origin: request.origin,
    user,
    get signal() {
      return signal()
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
  }
}

const CREDENTIALS = new Set(['authorization', 'x-nd-authorization', 'cookie', 'proxy-authorization'])

function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name)))
}
