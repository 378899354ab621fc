import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import type { TestServer } from './test-server.ts'

export interface RestAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Undefined for what is no JSON. */
  readonly body: unknown
}

export interface RestOptions {
  /** JSON of it is sent; texts and bytes go as they are. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One call of the native API: `call('PUT /api/queue', {body: {…}})`. */
export type RestCall = (line: string, options?: RestOptions) => Promise<RestAnswer>

/** Calls without a login. */
export function strangerTo({ url }: Pick<TestServer, 'url'>): RestCall {
  return async (line, { body, headers = {} } = {}) => {
    const [method = 'GET', path = ''] = line.split(' ')
    const isPlain = typeof body === 'string' || body instanceof Uint8Array
    const response = await fetch(url + path, {
      method,
      headers: { ...(isPlain || body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: isPlain ? (body as string) : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
  }
}

/** Logs in as Navidrome's clients do. */
export async function callerOf(
  server: Pick<TestServer, 'url'>,
  name: string,
  password = `${name}-pass`,
): Promise<RestCall> {
  const stranger = strangerTo(server)
  const { body } = await stranger('POST /auth/login', { body: { username: name, password } })
  const authorization = `Bearer ${(body as { token: string }).token}`
  return (line, options = {}) =>
    stranger(line, { ...options, headers: { 'x-nd-authorization': authorization, ...options.headers } })
}

/** Public ids by title. */
export function songIds({ core }: TestServer): Readonly<Record<string, string>> {
  const songs = core.db.all<{ id: number; title: string }>('SELECT id, title FROM song')
  return Object.fromEntries(songs.map(({ id, title }) => [title, `s${id.toString(36)}`]))
}

/** Takes a user every other library. */
export async function mayOnlySee({ core }: TestServer, name: string, library: string): Promise<void> {
  const { id } = core.accounts.find(name) ?? missing(name)
  const found = core.repositories.libraries.list(FULL_SCOPE).find((one) => one.name === library) ?? missing(library)
  await core.accounts.update(id, { libraries: [found.id] })
}

function missing(name: string): never {
  throw new Error(`there is no ${name}`)
}
