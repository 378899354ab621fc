import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { AppError } from '../../base/errors.ts'
import { claim } from './attribution.ts'
import { admitHost } from './granted-host.ts'
import { LinkedAbort } from './linked-abort.ts'

export interface GrantedFetchOptions {
  readonly plugin: string
  readonly hosts: readonly string[]
  /** Aborts when the generation ends. */
  readonly signal: AbortSignal
  /** Until the headers of the last answer. Default 10,000 ms. */
  readonly timeoutMs?: number
  /** Until the last byte. Default 60,000 ms. */
  readonly wholeMs?: number
  /** Of the answer, and of the body that is sent. Default 10 MiB. */
  readonly maxBytes?: number
}

const MAX_REDIRECTS = 5
const MAX_BYTES = 10 * 1024 * 1024
/** The connection's, not the caller's: another host's name here would reach what was not granted. */
const OURS = [
  'host',
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
]

/**
 * `fetch` that only reaches granted hosts. The address is checked when the connection is made, so that a name which
 * resolves anew can't slip through, and again for each redirect; connections are not shared. Rejects with
 * PERMISSION_DENIED, TIMEOUT, CANCELLED, PAYLOAD_TOO_LARGE or UNAVAILABLE.
 */
export async function grantedFetch(
  options: GrantedFetchOptions,
  target: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const request = new Request(target, init)
  const maxBytes = options.maxBytes ?? MAX_BYTES
  const abort = new Deadlines(options, request.signal)
  try {
    const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
    if (body && body.byteLength > maxBytes)
      throw new AppError('PAYLOAD_TOO_LARGE', `a body of ${body.byteLength} bytes is more than a plugin may send`)
    const headers = Object.fromEntries([...request.headers].filter(([name]) => !OURS.includes(name)))
    const first: Hop = { url: new URL(request.url), method: request.method, headers, body }
    const { url, answer } = await follow(first, { redirect: request.redirect, options, abort })
    abort.headersAreThere()
    return toResponse(answer, { url, maxBytes, redirected: url.href !== first.url.href, onEnd: () => abort.dispose() })
  } catch (error) {
    abort.dispose()
    claim(error, options.plugin)
    throw error
  }
}

interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
}

interface Way {
  readonly redirect: Request['redirect']
  readonly options: GrantedFetchOptions
  readonly abort: Deadlines
}

async function follow(first: Hop, way: Way): Promise<{ readonly url: URL; readonly answer: IncomingMessage }> {
  let hop = first
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await exchange(hop, way)
    const { location } = answer.headers
    const status = answer.statusCode ?? 0
    if (location === undefined || ![301, 302, 303, 307, 308].includes(status) || way.redirect === 'manual')
      return { url: hop.url, answer }
    answer.destroy()
    if (way.redirect === 'error') throw new AppError('UNAVAILABLE', `${hop.url.host} answered with a redirect`)
    hop = redirected(hop, location, status)
  }
  throw new AppError('UNAVAILABLE', `${first.url.host} redirects more than ${MAX_REDIRECTS} times`)
}

function redirected(hop: Hop, location: string, status: number): Hop {
  const url = URL.canParse(location, hop.url) ? new URL(location, hop.url) : undefined
  if (!url) throw new AppError('UNAVAILABLE', `${hop.url.host} redirects to nowhere`)
  const asGet =
    (status === 303 && hop.method !== 'HEAD') || (hop.method === 'POST' && (status === 301 || status === 302))
  const dropped = [
    ...(url.origin === hop.url.origin ? [] : ['authorization', 'cookie']),
    ...(asGet ? ['content-type', 'content-encoding', 'content-language'] : []),
  ]
  const headers = Object.fromEntries(Object.entries(hop.headers).filter(([name]) => !dropped.includes(name)))
  return asGet ? { url, headers, method: 'GET', body: undefined } : { ...hop, url, headers }
}

async function exchange({ url, method, headers, body }: Hop, { options, abort }: Way): Promise<IncomingMessage> {
  const { hostname, protocol, username, password } = url
  const denied = (why: string) =>
    new AppError('PERMISSION_DENIED', `plugin ${options.plugin} may not reach ${hostname}: ${why}`)
  if (protocol !== 'http:' && protocol !== 'https:') throw denied('only http and https')
  if (username !== '' || password !== '') throw denied('no name or password in an address')
  const { lookup } = admitHost(options, hostname)
  // Loaded only now: Node's HTTP and TLS modules take 10 ms of a start, and a megabyte.
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      signal: abort.signal,
      // A connection that was made for another grant must not be used again.
      agent: false,
      headers: {
        'user-agent': `Tonearm plugin ${options.plugin}`,
        'accept-encoding': 'identity',
        ...headers,
        ...(body ? { 'content-length': String(body.byteLength) } : {}),
      },
      lookup,
    })
    outgoing.on('response', resolve)
    outgoing.on('error', (error) => reject(abort.explain(error, url)))
    outgoing.on('close', () => reject(new AppError('UNAVAILABLE', `${url.host} gave no answer`)))
    outgoing.end(body)
  })
}

/** The signal of one fetch, and why it aborted. */
class Deadlines {
  readonly #link: LinkedAbort
  readonly #own = new AbortController()
  readonly #generation: AbortSignal
  readonly #header: NodeJS.Timeout
  readonly #whole: NodeJS.Timeout

  constructor(options: GrantedFetchOptions, caller: AbortSignal) {
    this.#generation = options.signal
    this.#link = new LinkedAbort(
      () => this.#own.signal,
      () => options.signal,
      () => caller,
    )
    this.#header = setTimeout(() => this.#own.abort(), options.timeoutMs ?? 10_000)
    this.#whole = setTimeout(() => this.#own.abort(), options.wholeMs ?? 60_000)
  }

  get signal(): AbortSignal {
    return this.#link.signal
  }

  headersAreThere(): void {
    clearTimeout(this.#header)
  }

  explain(error: unknown, url: URL): AppError {
    if (error instanceof AppError) return error
    if (this.#generation.aborted) return new AppError('CANCELLED', 'the plugin has ended', { cause: error })
    if (this.#own.signal.aborted) return new AppError('TIMEOUT', `${url.host} did not answer in time`, { cause: error })
    if (this.signal.aborted) return new AppError('CANCELLED', 'the request was called off', { cause: error })
    return new AppError('UNAVAILABLE', `${url.host} can't be reached`, { cause: error })
  }

  dispose(): void {
    clearTimeout(this.#header)
    clearTimeout(this.#whole)
    this.#link.dispose()
  }
}

function toResponse(
  answer: IncomingMessage,
  options: { readonly url: URL; readonly maxBytes: number; readonly redirected: boolean; onEnd(): void },
): Response {
  const { url, maxBytes, redirected: moved, onEnd } = options
  const headers = new Headers()
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    headers.append(answer.rawHeaders[i] as string, answer.rawHeaders[i + 1] as string)
  }
  const status = answer.statusCode ?? 502
  const empty = status === 204 || status === 205 || status === 304
  answer.once('close', onEnd)
  // Whoever reads the body is told; nobody may read it.
  answer.on('error', () => {})
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
  const response = new Response(stream, { status, statusText: answer.statusMessage ?? '', headers })
  return Object.defineProperties(response, { url: { value: url.href }, redirected: { value: moved } })
}
