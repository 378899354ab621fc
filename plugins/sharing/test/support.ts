import { createTestHost, type InjectedReply, type InjectRequest, type TestHost } from 'tonearm/plugin/testing'

export const FOLDER = new URL('../', import.meta.url)
export const USERS = [
  { name: 'ann', roles: ['stream', 'download', 'share'], libraries: ['Open', 'Closed'] },
  { name: 'ben', roles: ['stream', 'download', 'share'], libraries: ['Open'] },
  { name: 'cat', roles: ['stream', 'download'], libraries: ['Open'] },
]

// biome-ignore lint/suspicious/noExplicitAny: bodies of any shape are looked into
export type Answer = any

export type Call = (
  user: string,
  method: string,
  url: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Omit<InjectedReply, 'json'> & { readonly json: Answer }>

/** Requests as JSON; '' = nobody. */
export function callsOf(host: TestHost): Call {
  return async (user, method, url, body, headers) => {
    const request: InjectRequest = {
      url,
      method,
      ...(user ? { user } : {}),
      ...(body === undefined ? {} : { body }),
      ...(headers ? { headers } : {}),
    }
    const reply = await host.inject(request)
    const isJson = reply.body !== '' && reply.headers['content-type']?.startsWith('application/json')
    return { ...reply, json: isJson ? reply.json() : {} }
  }
}

/** A host with the three users and the plugin. */
export async function withHost(
  work: (host: TestHost, call: Call) => Promise<void>,
  config: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await using host = await createTestHost({ users: USERS, library: 'acl' })
  await host.load(FOLDER, { rateLimit: 0, ...config })
  await work(host, callsOf(host))
}

/** Path and query of an address. */
export function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

export const HTML = { accept: 'text/html' }
