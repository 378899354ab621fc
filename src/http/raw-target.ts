import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { systemErrorCode } from '../base/errors.ts'

/**
 * Node's parser refuses bytes above 0x7f in a request's target, which clients send and uWS takes. The one request is escaped
 * (`ü` as `%C3%BC`, RFC 3986 2.5) and its connection begins anew, with these bytes first.
 * @returns undefined when something else is wrong, or when a reply is still under way there.
 */
export function withEscapedTarget(error: Error, socket: Socket): Duplex | undefined {
  if (systemErrorCode(error) !== 'HPE_INVALID_URL') return undefined
  const { rawPacket, bytesParsed } = error as Error & { rawPacket?: Buffer; bytesParsed?: number }
  if (!rawPacket || bytesParsed === undefined || hasReply(socket)) return undefined
  const start = rawPacket.lastIndexOf(LF, Math.max(0, bytesParsed - 1)) + 1
  const end = rawPacket.indexOf(LF, start)
  const line = rawPacket.toString('latin1', start, end < 0 ? undefined : end)
  if (!REQUEST_LINE.test(line)) return undefined
  const escaped = line.replace(HIGH, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
  const rest = end < 0 ? EMPTY : rawPacket.subarray(end)
  return new ReplayedSocket(
    socket instanceof ReplayedSocket ? socket.detach() : socket,
    Buffer.concat([Buffer.from(escaped, 'latin1'), rest]),
  )
}

const LF = 0x0a
const EMPTY = Buffer.alloc(0)
const HIGH = /[\x80-\xff]/g
/** Whole, and with nothing else that is not allowed in it. */
const REQUEST_LINE = /^[A-Z]+ [\x21-\x7e]*[\x80-\xff][\x21-\x7e\x80-\xff]* HTTP\/1\.[01]\r$/

/** Node ends a request that never became whole, after its deadline, and the connection with it: this one goes on elsewhere. */
function forgetParser(socket: Duplex): void {
  const { parser } = socket as Duplex & { parser?: { remove?(): void } | null }
  parser?.remove?.()
}

/** Node's own mark of the reply that a socket carries. */
function hasReply(socket: Socket): boolean {
  return (socket as Socket & { _httpMessage?: unknown })._httpMessage != null
}

/** What reads a socket, or watches it; who waits for its end goes on waiting. */
const READERS = ['data', 'end', 'drain', 'error', 'timeout', 'readable', 'resume', 'pause']

/** A socket whose first bytes are given. */
export class ReplayedSocket extends Duplex {
  readonly #socket: Socket
  readonly #closed = () => void this.destroy()

  constructor(socket: Socket, first: Buffer) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    forgetParser(socket)
    for (const event of READERS) socket.removeAllListeners(event)
    this.push(first)
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('timeout', () => this.emit('timeout'))
    socket.on('close', this.#closed)
  }

  /** The socket itself, without this around it: another takes over. */
  detach(): Socket {
    forgetParser(this)
    this.removeAllListeners()
    this.#socket.off('close', this.#closed)
    return this.#socket
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  setTimeout(ms: number): this {
    this.#socket.setTimeout(ms)
    return this
  }

  destroySoon(): void {
    this.end(() => this.#socket.destroySoon())
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done)
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}
