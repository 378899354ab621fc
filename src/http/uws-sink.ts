import type { ConnectionWish } from './connection-wish.ts'
import { CLOSE, type LineListener } from './line.ts'
import type { ReplyHead, ReplySink } from './reply-sink.ts'
import type { Stalled, StallWatch } from './stall-watch.ts'
import { statusLine } from './status-line.ts'
import type { Headers } from './types.ts'
import { ChunkedWriter, type Occasion, SizedWriter, type UwsBodyWriter } from './uws-body-writer.ts'
import type { UwsResponse } from './uws-types.ts'

export interface UwsSinkOptions {
  readonly watch: StallWatch
  readonly mustClose: () => boolean
  readonly wish: ConnectionWish
  /** uWS ends the connection after the reply by itself, and says so to nobody. */
  readonly closedByUws: boolean
  /** Where the client asked for a WebSocket; the response is no longer ours then. */
  readonly upgrade?: ((listener: LineListener) => void) | undefined
}

/** uWS drops idle connections after 8 to 12 s; clients that keep them are told the least. */
const KEPT = 'keep-alive\r\nkeep-alive: timeout=8'

type HeaderLines = readonly [first: string, lines: string]

/** Of frozen headers, which are used for many replies. */
const written = new WeakMap<Headers, HeaderLines>()

/** All headers as the first one's name and what follows it: one call of uWS, which writes both as they are. */
function headerLines(headers: Headers): HeaderLines {
  const known = written.get(headers)
  if (known) return known
  let first = ''
  let text = ''
  for (const name in headers) {
    if (first === '') {
      first = name
      text = headers[name] as string
    } else text += `\r\n${name}: ${headers[name]}`
  }
  const lines = [first, text] as const
  if (Object.isFrozen(headers)) written.set(headers, lines)
  return lines
}

/**
 * Writes one reply through uWS. uWS drops a connection whose client took nothing for 10 s, and what it kept for it; a
 * further attempt starts the 10 s anew. So stalled replies are nudged, and no reply is ended before its bytes have left.
 */
export class UwsSink implements ReplySink, Stalled {
  readonly #response: UwsResponse
  readonly #watch: StallWatch
  readonly #mustClose: () => boolean
  readonly #wish: ConnectionWish
  readonly #closedByUws: boolean
  #open = true
  #writer: UwsBodyWriter | undefined
  /** The last offer left nothing to wait for. */
  #through = false
  #settle: ((taken: boolean) => void) | undefined
  since = 0
  readonly upgrade: ReplySink['upgrade']

  constructor(response: UwsResponse, options: UwsSinkOptions) {
    this.#response = response
    this.#watch = options.watch
    this.#mustClose = options.mustClose
    this.#wish = options.wish
    this.#closedByUws = options.closedByUws
    const { upgrade } = options
    this.upgrade = upgrade && ((listener) => this.#upgrade(listener, upgrade))
  }

  /** False: the response is no longer ours to touch, answered or its socket gone. */
  get open(): boolean {
    return this.#open
  }

  whole(head: ReplyHead, body: string | Uint8Array | undefined, length: number | undefined): void {
    if (!this.#open) return
    this.#open = false
    const close = this.#closes()
    const hasEnd = body !== undefined || (close && length === 0)
    this.#response.cork(() => {
      // Told to close at the end, uWS writes the header itself, but not where it closes of its own accord.
      this.#writeHead(head, hasEnd && close && !this.#closedByUws ? undefined : close)
      if (hasEnd) this.#response.end(body ?? '', close)
      else {
        // Given the length itself, endWithoutBody waits for that many bytes.
        if (length !== undefined) this.#response.writeHeader('content-length', String(length))
        this.#response.endWithoutBody()
      }
    })
  }

  begin(head: ReplyHead, length: number | undefined, live: boolean): void {
    if (!this.#open) return
    let due: ReplyHead | undefined = head
    // With the first bytes of the body, in one cork.
    const writeHead = () => {
      // uWS can't be told to close after a body in pieces: where it would not, the client, which asked for it, does.
      if (due) this.#writeHead(due, this.#closes())
      due = undefined
    }
    this.#writer =
      length === undefined
        ? new ChunkedWriter(this.#response, { live, writeHead })
        : new SizedWriter(this.#response, length, writeHead)
    this.#response.onWritable(() => {
      this.since = performance.now()
      if (this.#settle && this.#advance('writable')) this.#done(true)
      return true
    })
  }

  write(chunk: Uint8Array): boolean | Promise<boolean> {
    if (!this.#open || !this.#writer) return false
    this.#writer.put(chunk)
    return this.#flush()
  }

  offer(chunk: Uint8Array): number | undefined {
    const writer = this.#writer
    if (!writer?.keepFew) return undefined
    this.#through = false
    if (!this.#open) return 0
    writer.put(chunk)
    this.#through = this.#advance('push')
    return this.#through ? chunk.length : writer.keepFew()
  }

  room(): boolean | Promise<boolean> {
    if (this.#through || !this.#open) return this.#through
    return this.#wait()
  }

  end(): boolean | Promise<boolean> {
    if (this.#writer?.complete) return true
    if (!this.#open || !this.#writer) return false
    this.#writer.finish()
    return this.#flush()
  }

  destroy(): void {
    if (!this.#open) return
    this.#response.close()
    this.gone()
  }

  /** The socket has closed. */
  gone(): void {
    this.#open = false
    this.#done(false)
  }

  nudge(): void {
    if (this.#settle && this.#advance('nudge')) this.#done(true)
  }

  giveUp(): void {
    this.destroy()
  }

  #upgrade(listener: LineListener, upgrade: (listener: LineListener) => void): void {
    if (this.#open) {
      this.#open = false
      upgrade(listener)
    } else listener.closed(CLOSE.LOST)
  }

  #flush(): boolean | Promise<boolean> {
    return this.#advance('push') || this.#wait()
  }

  #wait(): Promise<boolean> {
    this.since = performance.now()
    this.#watch.add(this)
    return new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  #advance(occasion: Occasion): boolean {
    const through = this.#writer?.advance(occasion) ?? false
    if (this.#writer?.complete) this.#open = false
    return through
  }

  #done(taken: boolean): void {
    const settle = this.#settle
    if (!settle) return
    this.#settle = undefined
    this.#watch.remove(this)
    settle(taken)
  }

  #closes(): boolean {
    return this.#closedByUws || this.#wish === 'close' || this.#mustClose()
  }

  /** `close` undefined: uWS writes that it closes. */
  #writeHead({ status, headers }: ReplyHead, close: boolean | undefined): void {
    // Without one uWS writes `200 OK` itself.
    if (status !== 200) this.#response.writeStatus(statusLine(status))
    const [first, lines] = headerLines(headers)
    if (first !== '') this.#response.writeHeader(first, lines)
    if (close) this.#response.writeHeader('connection', 'close')
    else if (close === false && this.#wish === 'keep') this.#response.writeHeader('connection', KEPT)
  }
}
