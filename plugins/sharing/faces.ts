import type { PluginRequest, Reply, User } from 'tonearm/plugin'

import type { Visitor } from './service.ts'
import { Problem, type ProblemKind } from './share.ts'

/** What the faces have in common. */

/** Statuses of the APIs. A visitor's page tells what has ended by another. */
export const STATUS = {
  invalid: 400,
  'not-found': 404,
  forbidden: 403,
  gone: 404,
  'used-up': 404,
  password: 401,
  busy: 429,
} as const satisfies Readonly<Record<ProblemKind, number>>

export const iso = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString())

export function visitorOf(request: PluginRequest): Visitor {
  const { user, address } = request
  return {
    address,
    agent: request.query.get('player')?.slice(0, 100) || request.headers['user-agent'] || '',
    ...(user ? { userId: user.id, name: user.name } : {}),
  }
}

export function loggedIn(request: PluginRequest): User {
  if (!request.user) throw new Problem('password', 'Not authenticated')
  return request.user
}

/** Runs a handler; problems become `{error}` with the face's own status. */
export function answering(
  statuses: Readonly<Record<ProblemKind, number>>,
  handler: (request: PluginRequest) => Promise<Reply>,
): (request: PluginRequest) => Promise<Reply> {
  return async (request) => {
    try {
      return await handler(request)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return problemReply(statuses[error.kind], error)
    }
  }
}

export function problemReply(status: number, { message, retryAfter }: Problem): Reply {
  return {
    kind: 'json',
    status,
    headers: {
      'cache-control': 'no-store',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...(status === 401 ? { 'www-authenticate': 'SharePassword realm="share"' } : {}),
    },
    body: { error: message },
  }
}

export async function jsonBody(request: PluginRequest): Promise<unknown> {
  try {
    return JSON.parse(await request.text()) as unknown
  } catch {
    throw new Problem('invalid', 'The body must be JSON.')
  }
}
