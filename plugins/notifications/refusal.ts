import type { PluginRequest, Reply, User } from 'tonearm/plugin'
import { rowIdOf } from 'tonearm/plugin'

/** A request that can't be answered as it stands; the words are for whoever asked. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 422

  constructor(status: Refusal['status'], message: string) {
    super(message)
    this.status = status
  }
}

const PRIVATE = { 'cache-control': 'no-store' }

export function json(body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { kind: 'json', headers: { ...PRIVATE, ...headers }, body }
}

/** A handler that knows who asks, by public id and by row; refusals become replies. */
export function forUser(
  handler: (request: PluginRequest, user: User & { readonly row: number }) => Promise<Reply>,
): (request: PluginRequest) => Promise<Reply> {
  return async (request) => {
    try {
      const { user } = request
      const row = user && rowIdOf('user', user.id)
      if (!user || row === undefined) throw new Refusal(401, 'Not authenticated')
      return await handler(request, { ...user, row })
    } catch (error) {
      if (error instanceof Refusal)
        return { kind: 'json', status: error.status, headers: PRIVATE, body: { error: error.message } }
      throw error
    }
  }
}

/** A number in a path; what is none names nothing. */
export function idOf(request: PluginRequest): number {
  const text = request.params.id ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : 0
}
