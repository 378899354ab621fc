import type { HttpReply, HttpRequest } from '../../src/http/types.ts'
import type { Subsonic } from '../../src/subsonic/create-subsonic.ts'

export type QueryValue = string | number | boolean | readonly (string | number)[]
export type SubsonicQuery = Readonly<Record<string, QueryValue>>

export interface RequestOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as a body. */
  readonly body?: string
  readonly address?: string
}

export interface SubsonicAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** '' for data. */
  readonly text: string
  readonly reply: HttpReply
}

/** What stands below `subsonic-response` in a JSON answer. */
export type Answered = Readonly<Record<string, unknown>>

/** What a path leads to, `playQueue.entry.0.id`; undefined where it leads nowhere. */
export function at(answer: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (typeof value === 'object' ? (value as Answered | null)?.[key] : undefined),
      answer,
    )
}

/** The list at a path, or one member of each of its entries. */
export function listAt(answer: unknown, path: string, member?: string): readonly unknown[] {
  const list = at(answer, path)
  if (!Array.isArray(list)) throw new Error(`there is no list at ${path} in ${JSON.stringify(answer)}`)
  return member === undefined ? list : list.map((entry: Answered) => entry[member])
}

let count = 0

/** One request to the room itself, without a socket. */
export async function ask(
  subsonic: Subsonic,
  path: string,
  query: SubsonicQuery = {},
  options: RequestOptions = {},
): Promise<SubsonicAnswer> {
  const reply = await subsonic.handle(requestOf(path.startsWith('/') ? path : `/rest/${path}`, query, options))
  return { status: 'status' in reply ? reply.status : 200, headers: reply.headers, text: textOf(reply), reply }
}

/** A request's JSON answer: what stands below `subsonic-response`. */
export async function askJson(
  subsonic: Subsonic,
  path: string,
  query: SubsonicQuery = {},
  options: RequestOptions = {},
): Promise<Answered> {
  const { text } = await ask(subsonic, path, { f: 'json', ...query }, options)
  return JSON.parse(text)['subsonic-response']
}

export function queryString(query: SubsonicQuery): string {
  return Object.entries(query)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, String(one)] as const))
    .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
    .join('&')
}

/** The parameters of a user's login. */
export function login(name: string, password: string, client = 'test'): Readonly<Record<string, string>> {
  return { u: name, p: password, v: '1.16.1', c: client }
}

function requestOf(path: string, query: SubsonicQuery, options: RequestOptions): HttpRequest {
  const body = Buffer.from(options.body ?? '')
  return {
    id: `t${++count}`,
    method: options.method ?? 'GET',
    path,
    query: queryString(query),
    headers: options.headers ?? {},
    address: options.address ?? '127.0.0.1',
    origin: 'http://music.example',
    signal: new AbortController().signal,
    body: async (limit) => {
      if (body.length > limit) throw new Error(`a body of ${body.length} bytes`)
      return body
    },
  }
}

function textOf(reply: HttpReply): string {
  switch (reply.kind) {
    case 'bytes':
      return typeof reply.body === 'string' ? reply.body : ''
    case 'parts':
      return [...reply.parts].join('')
    default:
      return ''
  }
}
