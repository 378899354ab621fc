import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { ByteRange, ByteSource } from '../../src/base/byte-source.ts'
import { createNodeAdapter } from '../../src/http/adapter-node.ts'
import type { AdapterOptions, FinishedRequest } from '../../src/http/adapter-options.ts'
import { createUwsAdapter } from '../../src/http/adapter-uws.ts'
import type { HttpAdapter, HttpHandler, HttpRequest } from '../../src/http/types.ts'
import { type Logger, silentLogger } from '../../src/log/logger.ts'
import { type AdapterName, onBothAdapters } from '../support/adapters.ts'

/** Registers the test once for each adapter. */
export const onBoth = onBothAdapters

export interface Served {
  readonly adapter: HttpAdapter
  readonly port: number
  readonly url: string
  readonly finished: readonly FinishedRequest[]
  readonly errors: readonly Readonly<Record<string, unknown>>[]
}

/** Serves on 127.0.0.1 until the test ends. */
export async function serve(
  t: TestContext,
  name: AdapterName,
  handler: HttpHandler,
  more: Partial<AdapterOptions> = {},
): Promise<Served> {
  const finished: FinishedRequest[] = []
  const errors: Readonly<Record<string, unknown>>[] = []
  const log: Logger = { ...silentLogger, error: (message, fields) => void errors.push({ message, ...fields }) }
  const options: AdapterOptions = {
    listen: { host: '127.0.0.1', port: 0 },
    basePath: '',
    trustedProxies: [],
    handler,
    log,
    onFinished: (event) => void finished.push(event),
    ...more,
  }
  const adapter = await makeAdapter(name, options)
  const bound = await adapter.listen()
  t.after(() => adapter.close(0))
  const port = 'port' in bound ? bound.port : 0
  const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`
  return { adapter, port, url, finished, errors }
}

export function makeAdapter(name: AdapterName, options: AdapterOptions): Promise<HttpAdapter> {
  return name === 'uws' ? createUwsAdapter(options) : Promise.resolve(createNodeAdapter(options))
}

/** Resolves when `check` gives something; the test's own timeout bounds the wait. */
export async function until<T>(check: () => T | undefined | false): Promise<T> {
  for (;;) {
    const result = check()
    if (result !== undefined && result !== false) return result
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What a request looked like to the handler, as JSON. */
export const echo: HttpHandler = (request: HttpRequest) => ({
  kind: 'bytes',
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ ...request, signal: undefined }),
})

export interface RawClient {
  readonly socket: Socket
  /** Everything received so far, a character a byte. */
  text(): string
  readonly closed: Promise<string>
}

/** A socket that hides nothing. */
export function raw(t: TestContext, port: number, request: string | Uint8Array): RawClient {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  const chunks: string[] = []
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => void chunks.push(chunk))
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(chunks.join(''))))
  socket.write(request)
  return { socket, text: () => chunks.join(''), closed }
}

/** One exchange on a connection of its own: head as sent, body without chunked framing. */
export async function rawExchange(
  t: TestContext,
  port: number,
  request: string,
): Promise<{ readonly status: number; readonly head: string; readonly body: string }> {
  const received = await raw(t, port, request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')).closed
  const split = received.indexOf('\r\n\r\n')
  const head = received.slice(0, split).toLowerCase()
  const rest = received.slice(split + 4)
  const body = head.includes('transfer-encoding: chunked') ? dechunk(rest) : rest
  return { status: Number(received.slice(9, 12)), head, body }
}

/** The bytes of a chunked body, a character a byte; throws when its end is missing. */
export function dechunk(text: string): string {
  let body = ''
  for (let at = 0; ; ) {
    const end = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, end), 16)
    if (end < 0 || Number.isNaN(size)) throw new Error('the chunked body is broken off')
    if (size === 0) return body
    body += text.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
  }
}

export interface WatchedSource extends ByteSource {
  readonly opened: (ByteRange | undefined)[]
  closes: number
  /** Bytes that were read out of it. */
  pulled: number
}

/** The byte at offset n of a watched source. */
export const byteAt = (n: number): number => (n * 7 + (n >> 8)) & 0xff

/**
 * A source of known bytes that reuses one buffer, as files do, and notes what is done to it. `again`: bytes that were not
 * taken can be had again, and the buffer is somebody else's meanwhile.
 */
export function watchedSource(
  size: number,
  fields: Partial<ByteSource> = {},
  { chunkBytes = 16_384, again = false } = {},
): WatchedSource {
  const source: WatchedSource = {
    contentType: 'audio/mpeg',
    ...fields,
    opened: [],
    closes: 0,
    pulled: 0,
    open: async (range) => {
      source.opened.push(range)
      const end = range ? range.end + 1 : size
      const buffer = new Uint8Array(chunkBytes)
      let at = range?.start ?? 0
      return {
        read: async () => {
          const length = Math.min(chunkBytes, end - at)
          if (length <= 0) return undefined
          for (let index = 0; index < length; index++) buffer[index] = byteAt(at + index)
          at += length
          source.pulled += length
          return buffer.subarray(0, length)
        },
        ...(again
          ? {
              unread: (count: number) => {
                at -= count
                source.pulled -= count
                buffer.fill(0xdd)
              },
            }
          : {}),
        close: () => {
          source.closes++
          buffer.fill(0xee)
        },
      }
    },
  }
  return source
}

export function bytesOf(start: number, end: number): Uint8Array {
  return Uint8Array.from({ length: end - start }, (_, index) => byteAt(start + index))
}
