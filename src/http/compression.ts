import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { createGzip, gzip } from 'node:zlib'
import type { Headers, HttpHandler, HttpReply, HttpRequest } from './types.ts'

export interface CompressionOptions {
  /** Shorter answers fit a packet or two anyway. */
  readonly minBytes: number
  /** 1 (quick) to 9 (small). */
  readonly level: number
}

const DEFAULT_COMPRESSION: CompressionOptions = { minBytes: 4096, level: 4 }

/** A smaller window and hash than zlib's own: 48 KiB a stream instead of 268 KiB, for a few percent more bytes. */
const SMALL_MEMORY = { windowBits: 13, memLevel: 6, chunkSize: 16 * 1024 }
const PIECE_CHARS = 16 * 1024
const TEXT = /^(?:text\/(?!event-stream)|application\/(?:json|xml|javascript|manifest\+json)|image\/svg\+xml)/

const gzipAll = promisify(gzip)

/** Gzips long texts for clients that take it. Media, pictures and event streams pass untouched. */
export function withCompression(handler: HttpHandler, options: CompressionOptions = DEFAULT_COMPRESSION): HttpHandler {
  return (request) => {
    const reply = handler(request)
    if (!acceptsGzip(request)) return reply
    return reply instanceof Promise ? reply.then((made) => compress(made, options)) : compress(reply, options)
  }
}

export function acceptsGzip(request: Pick<HttpRequest, 'method' | 'headers'>): boolean {
  const accepted = request.headers['accept-encoding']
  if (accepted === undefined || request.method === 'HEAD') return false
  const match = /(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=([0-9.]+))?\s*(?=,|$)/i.exec(accepted)
  return match !== null && (match[1] === undefined || Number(match[1]) > 0)
}

function compress(reply: HttpReply, options: CompressionOptions): HttpReply | Promise<HttpReply> {
  if (reply.kind !== 'bytes' && reply.kind !== 'parts') return reply
  const { status, headers } = reply
  if (status < 200 || status === 204 || status === 206 || status === 304) return reply
  if (headers['content-encoding'] !== undefined || !TEXT.test(headers['content-type'] ?? '')) return reply
  if (reply.kind === 'parts') return compressParts(reply, options)
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body
  if (body.length < options.minBytes) return reply
  return gzipAll(body, { level: options.level, ...SMALL_MEMORY }).then((zipped) => ({
    kind: 'bytes',
    status,
    headers: zippedHeaders(headers),
    body: zipped,
  }))
}

/** Looks whether there is enough to be worth it; what was looked at is sent first. */
function compressParts(reply: Extract<HttpReply, { kind: 'parts' }>, options: CompressionOptions): HttpReply {
  const { status, headers } = reply
  const iterator = reply.parts[Symbol.iterator]()
  let first = ''
  while (first.length < options.minBytes) {
    const part = iterator.next()
    if (part.done === true) return { kind: 'bytes', status, headers, body: first }
    first += part.value
  }
  const close = () => void iterator.return?.()
  const zipped = zipParts(first, iterator, options.level)
  // A generator that was never started has no `finally` to run: whoever drops this reply closes the iterator itself.
  const events: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => zipped.next(),
      return: () => {
        close()
        return zipped.return(undefined)
      },
    }),
  }
  return { kind: 'events', status, headers: zippedHeaders(headers), events }
}

async function* zipParts(first: string, iterator: Iterator<string>, level: number): AsyncGenerator<Uint8Array> {
  const source = Readable.from(pieces(first, iterator), { objectMode: false, highWaterMark: 1 })
  const zip = createGzip({ level, ...SMALL_MEMORY })
  source.on('error', (error) => zip.destroy(error))
  try {
    yield* source.pipe(zip) as AsyncIterable<Uint8Array>
  } finally {
    source.destroy()
    zip.destroy()
  }
}

function* pieces(first: string, iterator: Iterator<string>): Generator<Buffer> {
  let text = first
  for (let part = iterator.next(); part.done !== true; part = iterator.next()) {
    text += part.value
    if (text.length < PIECE_CHARS) continue
    yield Buffer.from(text)
    text = ''
  }
  if (text !== '') yield Buffer.from(text)
}

function zippedHeaders(headers: Headers): Headers {
  const { etag, vary } = headers
  return {
    ...headers,
    'content-encoding': 'gzip',
    vary: vary === undefined ? 'accept-encoding' : `${vary}, accept-encoding`,
    // The same entity in other bytes: comparable, no longer byte for byte equal.
    ...(etag === undefined || etag.startsWith('W/') ? {} : { etag: `W/${etag}` }),
  }
}
