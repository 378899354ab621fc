import type { User } from '../../library/entities.ts'
import type { Sessions } from '../../rest/sessions.ts'
import type { InMemoryRequest } from './in-memory-exchange.ts'
import type { InjectRequest, TestHost } from './test-host.ts'

export type Query = NonNullable<Parameters<TestHost['subsonic']>[1]>

export interface Logins {
  readonly sessions: Sessions
  /** By name or public id. Throws for nobody. */
  user(nameOrId: string): User
  password(user: User): string
}

/** What a test wrote as a request with all that a client sends: a login of the kind the address takes, and the body. */
export async function prepareRequest(request: InjectRequest | string, logins: Logins): Promise<InMemoryRequest> {
  const { url, user, headers, body, method } =
    typeof request === 'string' ? ({ url: request } as InjectRequest) : request
  const sent = bodyOf(body)
  const login = user === undefined ? undefined : logins.user(user)
  const isSubsonic = url.startsWith('/rest/')
  return {
    method: method || (body === undefined ? 'GET' : 'POST'),
    url: login && isSubsonic ? withQuery(url, subsonicLogin(login, logins)) : url,
    headers: {
      'user-agent': 'kit/1',
      ...sent.headers,
      ...(login && !isSubsonic ? await sessionOf(login, logins) : {}),
      ...lowerCased(headers),
    },
    body: sent.bytes,
  }
}

export function withQuery(url: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one: unknown) => `${name}=${encodeURIComponent(String(one))}`),
  )
  return `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}`
}

function subsonicLogin(user: User, logins: Logins): Query {
  return { u: user.name, p: logins.password(user), v: '1.16.1', c: 'kit' }
}

async function sessionOf(user: User, { sessions }: Logins): Promise<Readonly<Record<string, string>>> {
  const token = await sessions.begin(user, { address: '127.0.0.1', client: 'kit' })
  return { 'x-nd-authorization': `Bearer ${token}` }
}

function bodyOf(body: unknown): { readonly bytes: Uint8Array; readonly headers: Readonly<Record<string, string>> } {
  if (body === undefined) return { bytes: new Uint8Array(), headers: {} }
  if (body instanceof Uint8Array) return { bytes: body, headers: {} }
  if (typeof body === 'string') return { bytes: Buffer.from(body), headers: {} }
  return { bytes: Buffer.from(JSON.stringify(body)), headers: { 'content-type': 'application/json' } }
}

function lowerCased(headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
