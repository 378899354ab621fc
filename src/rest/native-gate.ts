import type { Authenticator, Credentials, Identity, LoginOrigin } from '../auth/authenticator.ts'
import { assertNotByKey } from '../auth/key-limits.ts'
import { AppError } from '../base/errors.ts'
import { errorReply } from '../http/reply.ts'
import type { RouteHandler, RouteParams } from '../http/router.ts'
import type { HttpReply, HttpRequest } from '../http/types.ts'
import type { ApiKeyRepository } from '../library/api-key-repository.ts'
import type { User } from '../library/entities.ts'
import type { UserRepository } from '../library/user-repository.ts'
import type { Sessions } from './sessions.ts'

export interface NativeGateServices {
  readonly sessions: Sessions
  readonly authenticator: Authenticator
  readonly users: UserRepository
  readonly apiKeys: Pick<ApiKeyRepository, 'listOf'>
}

export interface NativeLogin {
  readonly user: User
  /** Undefined for API keys and Basic: they have no session. */
  readonly sessionId: string | undefined
  readonly method: Identity['method']
  /** A fresh token for `X-ND-Authorization`, when the login was by token: sessions slide. */
  readonly token: string | undefined
  /** The user as of now; undefined once the session, the key, the password or the user is gone. For what goes on for long. */
  current(): User | undefined
}

export interface IdentifyOptions {
  /**
   * Take a token from the address, too (`jwt`): browsers give no headers to EventSource and WebSocket. Only for those:
   * addresses end up in logs of proxies, in histories and in links.
   */
  readonly byAddress?: boolean
  /** False: Basic is left alone, as a route's own password. */
  readonly basic?: boolean
}

/** A route's handler with the user who asks. */
export type UserRouteHandler = (
  request: HttpRequest,
  params: RouteParams,
  user: User,
  login: NativeLogin,
) => HttpReply | Promise<HttpReply>

export interface LoginNeeds {
  readonly admin?: boolean
  /** The route changes accounts: 403 for logins by API key. */
  readonly apiKeys?: false
}

/** Who may pass to the native API, and how they prove it. */
export interface NativeGate {
  /** Undefined without credentials. Rejects with BAD_CREDENTIALS for wrong ones. */
  identify(request: HttpRequest, options?: IdentifyOptions): Promise<NativeLogin | undefined>
  /** Answers 401 without a login, 403 without the right, and renews the token. Errors become replies. */
  requireLogin(handler: UserRouteHandler, options?: LoginNeeds): RouteHandler
}

export const NOT_AUTHENTICATED = 'Not authenticated'
const NOT_ADMIN = 'Access denied: admin privileges required'

/**
 * A session token as Bearer in `X-ND-Authorization` or `Authorization`, an API key as Bearer, or Basic (scripts).
 */
export function createNativeGate({ sessions, authenticator, users, apiKeys }: NativeGateServices): NativeGate {
  /** Asks again whether a login still counts. */
  const still = (user: User, proof: () => boolean) => () => {
    const now = users.find(user.id)
    return now && now.credentialsVersion === user.credentialsVersion && proof() ? now : undefined
  }

  const bySession = async (token: string): Promise<NativeLogin> => {
    const claims = await sessions.verify(token)
    const user = claims && users.find(claims.userId)
    if (!user || user.credentialsVersion !== claims.credentialsVersion)
      throw new AppError('BAD_CREDENTIALS', NOT_AUTHENTICATED)
    const { sessionId } = claims
    const current = still(user, () => sessions.isOpen(user.id, sessionId))
    return { user, sessionId, method: 'session', token: await sessions.renew(user, claims, token), current }
  }

  const gate: NativeGate = {
    async identify(request, { byAddress = false, basic = true } = {}) {
      const bearer =
        bearerOf(request.headers['x-nd-authorization']) ??
        bearerOf(request.headers.authorization) ??
        (byAddress ? tokenInAddress(request.query) : undefined)
      if (bearer?.includes('.')) return bySession(bearer)
      const credentials: Credentials | undefined = bearer
        ? { apiKey: bearer }
        : basic
          ? basicOf(request.headers.authorization)
          : undefined
      if (!credentials) return undefined
      const { user, keyId, method } = await authenticator.authenticate(credentials, originOf(request))
      const current = still(user, () => keyId === undefined || apiKeys.listOf(user.id).some(({ id }) => id === keyId))
      return { user, sessionId: undefined, method, token: undefined, current }
    },

    requireLogin(handler, options = {}) {
      return async (request, params) => {
        try {
          const login = await gate.identify(request)
          if (!login) throw new AppError('BAD_CREDENTIALS', NOT_AUTHENTICATED)
          if (options.apiKeys === false) assertNotByKey(login.method)
          if (options.admin && !login.user.isAdmin) throw new AppError('FORBIDDEN', NOT_ADMIN)
          return withToken(await handler(request, params, login.user, login), tokenAfter(request, login))
        } catch (error) {
          return errorReply(error)
        }
      }
    },
  }
  return gate
}

/** The token to go with an answer; '' when the request itself ended the session, as a new password does. */
export function tokenAfter({ method }: HttpRequest, login: NativeLogin | undefined): string | undefined {
  if (login?.token === undefined || method === 'GET' || method === 'HEAD') return login?.token
  return login.current() ? login.token : ''
}

/** A handler that has made a token itself, or ended the session ('' stands for none), has the last word. */
export function withToken(reply: HttpReply, token: string | undefined): HttpReply {
  const { 'x-nd-authorization': own = token, ...headers } = reply.headers
  return { ...reply, headers: own ? { ...headers, 'x-nd-authorization': own } : headers }
}

/** For throttling, the log and lists of sessions: the address and the first word of the user agent. */
export function originOf(request: HttpRequest): LoginOrigin {
  const client = (request.headers['user-agent'] ?? '').split(/[/\s]/, 1)[0] || 'unknown'
  return { address: request.address, client }
}

function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(header ?? '')?.[1]
}

/** Navidrome's web client sends its token so. */
function tokenInAddress(query: string): string | undefined {
  return new URLSearchParams(query).get('jwt') || undefined
}

function basicOf(header: string | undefined): Credentials | undefined {
  const encoded = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const at = text.indexOf(':')
  return at < 0 ? undefined : { username: text.slice(0, at), password: text.slice(at + 1) }
}
