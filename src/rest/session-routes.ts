import type { Authenticator } from '../auth/authenticator.ts'
import { AppError, isAppError } from '../base/errors.ts'
import { encodeId } from '../base/ids.ts'
import { errorReply, json, noContent } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import type { HttpReply, HttpRequest } from '../http/types.ts'
import type { User } from '../library/entities.ts'
import { jsonObject } from './json-body.ts'
import { type NativeGate, originOf, type UserRouteHandler } from './native-gate.ts'
import type { Sessions } from './sessions.ts'

export interface SessionRouteServices {
  readonly sessions: Sessions
  readonly authenticator: Authenticator
  readonly gate: NativeGate
}

/** Pinakes' login, under `/api/v1/auth` and `/api/auth`; sessions are the same as Navidrome's. */
export function sessionRoutes(services: SessionRouteServices): readonly Route[] {
  const { sessions, gate } = services
  const user = (method: string, path: string, handler: UserRouteHandler, options: { admin?: boolean } = {}) => ({
    method,
    path,
    handler: gate.requireLogin(handler, options),
  })
  const own = (prefix: string): readonly Route[] => [
    { method: 'POST', path: `${prefix}/login`, handler: (request) => login(services, request) },
    user('POST', `${prefix}/logout`, (_request, _params, { id }, { sessionId }) => {
      if (sessionId !== undefined) sessions.end(id, sessionId)
      return ended()
    }),
    user('GET', `${prefix}/me`, (_request, _params, me) => json(200, userBody(me))),
    user('POST', `${prefix}/refresh`, async (_request, _params, me, { token }) => {
      if (token === undefined)
        throw new AppError('BAD_REQUEST', 'Only a session can be refreshed. API keys last until they are deleted.')
      return tokenReply(sessions, me, token)
    }),
    user('POST', `${prefix}/revoke-all`, (_request, _params, { id }) => {
      return ended({ revoked: sessions.endAll(id) })
    }),
    user('GET', `${prefix}/sessions`, (_request, _params, { id }, { sessionId }) => {
      const items = sessions.listOf(id).map((session) => ({
        id: session.id,
        client: session.client,
        address: session.address,
        createdAt: iso(session.createdAt),
        lastSeenAt: iso(session.seenAt),
        expiresAt: iso(session.expiresAt),
        current: session.id === sessionId,
      }))
      return json(
        200,
        { items, total: items.length, offset: 0, limit: items.length },
        { 'x-total-count': String(items.length) },
      )
    }),
    user('DELETE', `${prefix}/sessions/:id`, (_request, params, { id }, { sessionId }) => {
      if (!sessions.end(id, params.id ?? '')) throw new AppError('NOT_FOUND', 'There is no such session.')
      return params.id === sessionId ? ended() : noContent()
    }),
    user(
      'POST',
      `${prefix}/rotate-key`,
      () => {
        sessions.rotateKey()
        return noContent()
      },
      { admin: true },
    ),
  ]
  return [...own('/api/v1/auth'), ...own('/api/auth')]
}

async function login({ sessions, authenticator }: SessionRouteServices, request: HttpRequest): Promise<HttpReply> {
  try {
    const { username, password } = await jsonObject(request, 64 * 1024).catch((error: unknown) => {
      if (isAppError(error) && error.code === 'UNPROCESSABLE')
        throw new AppError('BAD_REQUEST', 'The body is no JSON object.')
      throw error
    })
    if (typeof username !== 'string' || typeof password !== 'string')
      throw new AppError('BAD_REQUEST', 'Give username and password.')
    const { user } = await authenticator.authenticate({ username, password }, originOf(request))
    return tokenReply(sessions, user, await sessions.begin(user, originOf(request)))
  } catch (error) {
    return errorReply(error)
  }
}

function tokenReply(sessions: Sessions, user: User, token: string): HttpReply {
  return json(
    200,
    { token, tokenType: 'Bearer', expiresIn: Math.floor(sessions.ttlMs / 1000), user: userBody(user) },
    { 'x-nd-authorization': token, 'cache-control': 'no-store' },
  )
}

/** Without a new token: the session is over. */
function ended(body?: object): HttpReply {
  const headers = { 'x-nd-authorization': '', 'cache-control': 'no-store' }
  return body ? json(200, body, headers) : noContent(headers)
}

function userBody(user: User) {
  return {
    id: encodeId('user', user.id),
    username: user.name,
    name: user.fullName || user.name,
    email: user.email,
    isAdmin: user.isAdmin,
    roles: user.roles,
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
