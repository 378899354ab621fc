import type { Authenticator, Credentials } from '../auth/authenticator.ts'
import { AppError } from '../base/errors.ts'
import { errorReply } from '../http/reply.ts'
import type { RouteHandler, RouteParams } from '../http/router.ts'
import type { HttpReply, HttpRequest } from '../http/types.ts'
import type { User } from '../library/entities.ts'
import type { UserRepository } from '../library/user-repository.ts'
import type { Sessions } from './sessions.ts'

export interface NativeGateServices {
  readonly sessions: Sessions
  readonly authenticator: Authenticator
  readonly users: UserRepository
}

export interface NativeLogin {
  readonly user: User
  /** A fresh token for `X-ND-Authorization`, when the login was by token: sessions slide. */
  readonly token: string | undefined
}

/** A route's handler with the user who asks. */
export type UserRouteHandler = (request: HttpRequest, params: RouteParams, user: User) => HttpReply | Promise<HttpReply>

/** Who may pass to the native API, and how they prove it. */
export interface NativeGate {
  /** Undefined without credentials. Rejects with BAD_CREDENTIALS for wrong ones. */
  identify(request: HttpRequest): Promise<NativeLogin | undefined>
  /** Answers 401 without a login, 403 without the right, and renews the token. Errors become replies. */
  guard(handler: UserRouteHandler, options?: { readonly admin?: boolean }): RouteHandler
}

export const NOT_AUTHENTICATED = 'Not authenticated'
const NOT_ADMIN = 'Access denied: admin privileges required'

/**
 * A session token as Bearer in `X-ND-Authorization` or `Authorization`, an API key as Bearer, or Basic (scripts). Never in
 * the address: addresses end up in logs.
 */
export function createNativeGate({ sessions, authenticator, users }: NativeGateServices): NativeGate {
  const bySession = async (token: string): Promise<NativeLogin> => {
    const claims = await sessions.verify(token)
    const user = claims && users.find(claims.userId)
    if (!user || user.credentialsVersion !== claims.credentialsVersion)
      throw new AppError('BAD_CREDENTIALS', NOT_AUTHENTICATED)
    return { user, token: await sessions.issue(user) }
  }

  const gate: NativeGate = {
    async identify(request) {
      const bearer = bearerOf(request.headers['x-nd-authorization']) ?? bearerOf(request.headers.authorization)
      if (bearer?.includes('.')) return bySession(bearer)
      const credentials: Credentials | undefined = bearer ? { apiKey: bearer } : basicOf(request.headers.authorization)
      if (!credentials) return undefined
      const client = (request.headers['user-agent'] ?? '').split(/[/\s]/, 1)[0] || 'unknown'
      const { user } = await authenticator.authenticate(credentials, { address: request.address, client })
      return { user, token: undefined }
    },

    guard(handler, options = {}) {
      return async (request, params) => {
        try {
          const login = await gate.identify(request)
          if (!login) throw new AppError('BAD_CREDENTIALS', NOT_AUTHENTICATED)
          if (options.admin && !login.user.isAdmin) throw new AppError('FORBIDDEN', NOT_ADMIN)
          return withToken(await handler(request, params, login.user), login.token)
        } catch (error) {
          return errorReply(error)
        }
      }
    },
  }
  return gate
}

export function withToken(reply: HttpReply, token: string | undefined): HttpReply {
  if (token === undefined) return reply
  return { ...reply, headers: { ...reply.headers, 'x-nd-authorization': token } }
}

function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(header ?? '')?.[1]
}

function basicOf(header: string | undefined): Credentials | undefined {
  const encoded = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const at = text.indexOf(':')
  return at < 0 ? undefined : { username: text.slice(0, at), password: text.slice(at + 1) }
}
