import { type LookupAddress, lookup } from 'node:dns'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { BlockList, isIP } from 'node:net'
import { Readable } from 'node:stream'
import { AppError } from '../base/errors.ts'

/** Addresses that no plugin reaches unless the very host was granted: this machine, the local network, and the special ranges. */
const PRIVATE = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6')

/** IPv4 in IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 address. */
export function isPrivateAddress(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '')
  const family = isIP(plain)
  if (family === 0) return true
  if (family === 6 && plain.startsWith('::ffff:')) return true
  return PRIVATE.check(plain, family === 4 ? 'ipv4' : 'ipv6')
}

/**
 * What was granted, as hosts: `api.example.org` (that host, wherever it resolves to: granting a private host by its name
 * or address is how an administrator opens the local network), `*.example.org` and `*` (public addresses only).
 */
export function grantOf(hosts: readonly string[], host: string): 'none' | 'public' | 'any' {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  if (hosts.some((granted) => granted.toLowerCase() === name)) return 'any'
  const wide = hosts.some(
    (granted) => granted === '*' || (granted.startsWith('*.') && name.endsWith(granted.slice(1).toLowerCase())),
  )
  return wide ? 'public' : 'none'
}

export interface GuardedFetchOptions {
  readonly plugin: string
  readonly hosts: readonly string[]
  /** Aborts when the generation ends. */
  readonly signal: AbortSignal
  /** Default 10,000 ms for the whole exchange up to the headers. */
  readonly timeoutMs?: number
  /** Default 10 MiB. */
  readonly maxBytes?: number
}

const MAX_REDIRECTS = 5

/**
 * `fetch` that only reaches granted hosts. The address is checked when the connection is made, so that a name which
 * resolves anew can't slip through, and again for each redirect. Rejects with PERMISSION_DENIED, TIMEOUT or UNAVAILABLE.
 */
export async function guardedFetch(
  options: GuardedFetchOptions,
  target: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const request = new Request(target, init)
  let url = new URL(request.url)
  let method = request.method
  let body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
  const headers = Object.fromEntries(request.headers)
  const signal = AbortSignal.any([
    options.signal,
    AbortSignal.timeout(options.timeoutMs ?? 10_000),
    ...(init?.signal ? [init.signal] : []),
  ])
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const answer = await exchange({ url, method, headers, body, signal, options })
    const location = answer.headers.location
    if (!location || ![301, 302, 303, 307, 308].includes(answer.statusCode ?? 0) || request.redirect === 'manual') {
      return toResponse(answer, options.maxBytes ?? 10 * 1024 * 1024)
    }
    answer.destroy()
    if (request.redirect === 'error') throw new AppError('UNAVAILABLE', `${url.host} answered with a redirect`)
    const next = new URL(location, url)
    if (next.origin !== url.origin) for (const name of ['authorization', 'cookie']) delete headers[name]
    if (answer.statusCode === 303 || (method === 'POST' && answer.statusCode !== 307 && answer.statusCode !== 308)) {
      method = 'GET'
      body = undefined
    }
    url = next
  }
  throw new AppError('UNAVAILABLE', `${url.host} redirects more than ${MAX_REDIRECTS} times`)
}

interface Exchange {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  readonly signal: AbortSignal
  readonly options: GuardedFetchOptions
}

function exchange({ url, method, headers, body, signal, options }: Exchange): Promise<IncomingMessage> {
  const denied = (why: string) =>
    new AppError('PERMISSION_DENIED', `plugin ${options.plugin} may not reach ${url.hostname}: ${why}`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return Promise.reject(denied('only http and https'))
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const grant = grantOf(options.hosts, host)
  if (grant === 'none') return Promise.reject(denied(`it needs the permission net:${host}`))
  if (grant === 'public' && isIP(host) && isPrivateAddress(host))
    return Promise.reject(denied('a private address must be granted by name'))
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const outgoing = send(url, {
      method,
      signal,
      headers: {
        'user-agent': `Tonearm plugin ${options.plugin}`,
        'accept-encoding': 'identity',
        ...headers,
        ...(body ? { 'content-length': String(body.byteLength) } : {}),
      },
      lookup: (name, lookupOptions, callback) => {
        lookup(name, { ...lookupOptions, all: true }, (error, addresses) => {
          if (error) return callback(error, '')
          const open = addresses.filter(({ address }) => grant === 'any' || !isPrivateAddress(address))
          const first = open[0]
          if (!first) return callback(denied('it resolves to a private address'), '')
          if (lookupOptions.all) (callback as unknown as (error: null, list: LookupAddress[]) => void)(null, open)
          else callback(null, first.address, first.family)
        })
      },
    })
    outgoing.on('response', resolve)
    outgoing.on('error', (error) => {
      if (error instanceof AppError) reject(error)
      else if (signal.aborted)
        reject(
          new AppError(options.signal.aborted ? 'CANCELLED' : 'TIMEOUT', `${url.host} did not answer in time`, {
            cause: error,
          }),
        )
      else reject(new AppError('UNAVAILABLE', `${url.host} can't be reached`, { cause: error }))
    })
    outgoing.end(body)
  })
}

function toResponse(answer: IncomingMessage, maxBytes: number): Response {
  const headers = new Headers()
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    headers.append(answer.rawHeaders[i] as string, answer.rawHeaders[i + 1] as string)
  }
  const status = answer.statusCode ?? 502
  const empty = status === 204 || status === 205 || status === 304
  if (empty) answer.resume()
  const bounded = async function* () {
    let seen = 0
    for await (const chunk of answer as AsyncIterable<Uint8Array>) {
      seen += chunk.byteLength
      if (seen > maxBytes) throw new AppError('PAYLOAD_TOO_LARGE', `the answer is larger than ${maxBytes} bytes`)
      yield chunk
    }
  }
  const stream = empty ? null : (Readable.toWeb(Readable.from(bounded())) as ReadableStream<Uint8Array>)
  return new Response(stream, { status, statusText: answer.statusMessage ?? '', headers })
}
