import type { ByteStream } from '../base/byte-source.ts'
import { yieldToLoop } from '../base/deadline.ts'
import { AppError, isAppError } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'
import type { FinishedRequest } from './adapter-options.ts'
import { EventLine } from './event-line.ts'
import { checkHeaders } from './header-check.ts'
import { CLOSE } from './line.ts'
import { checkPreconditions } from './preconditions.ts'
import { errorReply, json } from './reply.ts'
import type { ReplyHead, ReplySink } from './reply-sink.ts'
import type { LazyAbort } from './request-snapshot.ts'
import { planSource } from './source-plan.ts'
import type { Headers, HttpHandler, HttpReply, HttpRequest } from './types.ts'

type ReplyOf<K extends HttpReply['kind']> = Extract<HttpReply, { kind: K }>

export interface ExchangeContext {
  readonly handler: HttpHandler
  readonly log: Logger
  readonly onFinished: ((event: FinishedRequest) => void) | undefined
  /** The exchange has ended, in whatever way. */
  readonly onOver: (exchange: Exchange) => void
}

interface Opened {
  readonly stream: ByteStream
  /** The first one; taken out before it is sent. */
  chunk: Uint8Array | undefined
  /** Of the whole reply; undefined: as long as the stream is. */
  readonly length: number | undefined
  readonly padded: boolean
}

/** Bodies up to this size go out in one piece; longer ones obey the socket. */
const WHOLE_BYTES = 16 * 1024
/** Text made on the way is joined to pieces of about so many characters. */
const PART_CHARS = 32 * 1024
/** For proxies too: nginx would gather events until a buffer is full. */
const LIVE_HEADERS: Headers = Object.freeze({
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
})
const NO_STORE: Headers = Object.freeze({ 'cache-control': 'no-store' })
const ZEROS = new Uint8Array(16 * 1024)

/** One request and its reply, from the handler's call to the last byte. Whatever the reply holds is let go exactly once. */
export class Exchange {
  readonly #context: ExchangeContext
  readonly #request: HttpRequest
  readonly #sink: ReplySink
  readonly #abort: LazyAbort
  readonly #started = performance.now()
  #status = 0
  #bytes = 0
  #over = false
  /** Closes the stream or iterator behind the reply. */
  #release: (() => void) | undefined
  #isEvents = false
  #line: EventLine | undefined

  constructor(context: ExchangeContext, request: HttpRequest, options: { sink: ReplySink; abort: LazyAbort }) {
    this.#context = context
    this.#request = request
    this.#sink = options.sink
    this.#abort = options.abort
  }

  get over(): boolean {
    return this.#over
  }

  run(): void {
    try {
      const reply = this.#context.handler(this.#request)
      if (reply instanceof Promise) void reply.then((made) => this.#send(made)).catch((error) => this.#fail(error))
      else void this.#send(reply)?.catch((error: unknown) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The socket has closed under the reply. */
  clientGone(): void {
    this.#finish('aborted')
  }

  /** The server stops: endless replies end now, the others go on. */
  endEvents(): void {
    if (!this.#isEvents || this.#over) return
    if (this.#line) {
      this.#line.close(CLOSE.GOING_AWAY)
      return
    }
    this.#abort.abort()
    this.#letGo()
  }

  /** The server's patience is over. */
  cut(): void {
    if (this.#over) return
    this.#finish('aborted')
    this.#sink.destroy()
  }

  #send(reply: HttpReply): void | Promise<void> {
    if (this.#over) return dropReply(reply)
    try {
      checkHeaders(reply.headers)
    } catch (error) {
      dropReply(reply)
      throw error
    }
    switch (reply.kind) {
      case 'bytes':
        return this.#sendBytes(reply)
      case 'parts':
        return this.#sendParts(reply)
      case 'source':
        return this.#sendSource(reply)
      case 'events':
        return this.#sendEvents(reply)
      case 'live':
        return this.#sendLive(reply)
      case 'socket':
        return this.#sendSocket(reply)
    }
  }

  #sendBytes(reply: ReplyOf<'bytes'>): void | Promise<void> {
    const { body } = reply
    const { method } = this.#request
    if (reply.status === 200 && (method === 'GET' || method === 'HEAD') && this.#isUnchanged(reply)) {
      const { 'content-type': _type, ...headers } = reply.headers
      return this.#sendHead({ status: 304, headers }, undefined)
    }
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
    if (reply.status === 204 || reply.status === 304) return this.#sendHead(reply, undefined)
    if (method === 'HEAD') return this.#sendHead(reply, length)
    if (length > WHOLE_BYTES) return this.#sendLarge(reply, typeof body === 'string' ? Buffer.from(body) : body)
    this.#sendWhole(reply, body, length)
  }

  /** The body is the caller's again at once. */
  #sendWhole(head: ReplyHead, body: string | Uint8Array, length = body.length): void {
    this.#status = head.status
    this.#bytes = length
    this.#sink.whole(head, body, length)
    this.#finish('complete')
  }

  #isUnchanged(reply: ReplyOf<'bytes'>): boolean {
    const { etag, 'last-modified': modified } = reply.headers
    if (etag === undefined && modified === undefined) return false
    const lastModified = modified === undefined ? undefined : new Date(modified)
    return checkPreconditions(this.#request.headers, { etag, lastModified }) === 'not-modified'
  }

  #sendHead(head: ReplyHead, length: number | undefined): void {
    this.#status = head.status
    this.#sink.whole(head, undefined, length)
    this.#finish('complete')
  }

  async #sendLarge(reply: ReplyOf<'bytes'>, body: Uint8Array): Promise<void> {
    this.#begin(reply, body.length, false)
    if (await this.#write(body)) await this.#end()
  }

  #sendParts(reply: ReplyOf<'parts'>): void | Promise<void> {
    const iterator = reply.parts[Symbol.iterator]()
    this.#release = () => void iterator.return?.()
    const first = joinParts(iterator)
    if (first.done) {
      return this.#sendBytes({ kind: 'bytes', status: reply.status, headers: reply.headers, body: first.text })
    }
    if (this.#request.method === 'HEAD') return this.#sendHead(reply, undefined)
    return this.#sendMoreParts(reply, iterator, first.text)
  }

  async #sendMoreParts(reply: ReplyOf<'parts'>, iterator: Iterator<string>, first: string): Promise<void> {
    this.#begin(reply, undefined, false)
    let joined: Joined = { text: first, done: false }
    for (;;) {
      if (!(await this.#write(Buffer.from(joined.text)))) return
      if (joined.done) return this.#end()
      // A quick client must not keep the loop to itself while its answer is being made.
      await yieldToLoop()
      if (this.#over) return
      joined = joinParts(iterator)
    }
  }

  /** In two parts, so that what opens the source is gone while the stream runs, perhaps for hours. */
  #sendSource(reply: ReplyOf<'source'>): Promise<void> {
    return this.#openSource(reply).then((opened) => (opened ? this.#pump(opened) : undefined))
  }

  async #openSource(reply: ReplyOf<'source'>): Promise<Opened | undefined> {
    const { source } = reply
    const plan = planSource(this.#request, source, reply.headers)
    checkHeaders(plan.headers)
    if (!plan.body) {
      this.#sendHead(plan, plan.length)
      return undefined
    }
    let stream: ByteStream
    let chunk: Uint8Array | undefined
    try {
      // Of a known length it opens at once: a signal for each would be a twentieth of what a small file costs.
      stream = await source.open(plan.range, source.length === undefined ? this.#abort.signal : undefined)
      this.#release = () => stream.close()
      // The client may have gone while the source was being opened.
      if (this.#over) {
        this.#letGo()
        return undefined
      }
      chunk = await stream.read()
    } catch (error) {
      this.#letGo()
      const other = this.#over ? undefined : await source.instead?.(error).catch(() => undefined)
      if (other) {
        await this.#send({ ...reply, source: other })
        return undefined
      }
      if (this.#over || !reply.onError) throw error
      if (errorReply(error).status >= 500) this.#logFailure(error)
      await this.#send(reply.onError(error))
      return undefined
    }
    if (this.#over) return undefined
    if (chunk && chunk.length === plan.length && chunk.length <= WHOLE_BYTES) {
      this.#sendWhole(plan, chunk)
      return undefined
    }
    this.#begin(plan, plan.length, false)
    return { stream, chunk, length: plan.length, padded: plan.padded }
  }

  async #pump(opened: Opened): Promise<void> {
    const { stream, length, padded } = opened
    let left = length ?? Number.POSITIVE_INFINITY
    let { chunk } = opened
    opened.chunk = undefined
    while (chunk !== undefined && left > 0) {
      if (chunk.length > left) chunk = chunk.subarray(0, left)
      const passed = this.#pass(stream, chunk)
      // Nothing here may hold the bytes while the client is slow.
      chunk = undefined
      const taken = typeof passed === 'number' ? passed : await passed
      if (taken < 0) return
      left -= taken
      if (left > 0) chunk = await stream.read()
      if (this.#over) return
    }
    this.#letGo()
    if (padded) {
      for (; left > 0; left -= Math.min(left, ZEROS.length)) {
        if (!(await this.#write(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS))) return
      }
    } else if (length !== undefined && left > 0) {
      throw new AppError('MEDIA_UNREADABLE', 'The media ended early', { details: { missing: left } })
    }
    await this.#end()
  }

  /** Bytes that have been taken, once there is room for more; -1 when the client has gone. */
  #pass(stream: ByteStream, chunk: Uint8Array): number | Promise<number> {
    const { length } = chunk
    if (length === 0) return 0
    const offered = stream.unread ? this.#sink.offer?.(chunk) : undefined
    if (offered === undefined) return this.#whenTaken(this.#write(chunk), length)
    stream.unread?.(length - offered)
    this.#bytes += offered
    return this.#whenTaken(this.#sink.room?.() ?? true, offered)
  }

  #whenTaken(taken: boolean | Promise<boolean>, bytes: number): number | Promise<number> {
    if (typeof taken !== 'boolean') return taken.then((later) => (later && !this.#over ? bytes : -1))
    return taken && !this.#over ? bytes : -1
  }

  async #sendEvents(reply: ReplyOf<'events'>): Promise<void> {
    if (this.#request.method === 'HEAD') return this.#sendHead(reply, undefined)
    const live = reply.headers['content-type']?.startsWith('text/event-stream') === true
    const iterator = reply.events[Symbol.asyncIterator]()
    // A generator that waits in `next` returns when that settles: it watches the request's signal.
    this.#release = () => void Promise.resolve(iterator.return?.()).catch(() => {})
    this.#isEvents = live
    const headers = live ? { 'cache-control': 'no-store', 'x-accel-buffering': 'no', ...reply.headers } : reply.headers
    // Live, a comment carries the head to the client ahead of the first event; otherwise that decides about an error reply.
    let event = live ? { value: ':\n\n', done: false } : await iterator.next()
    if (this.#over) return
    this.#begin({ status: reply.status, headers }, undefined, live)
    for (; event.done !== true; event = await iterator.next()) {
      if (this.#over) return
      const chunk = typeof event.value === 'string' ? Buffer.from(event.value) : event.value
      if (chunk.length > 0 && !(await this.#write(chunk))) return
    }
    if (!this.#over) await this.#end()
  }

  #sendLive({ headers, listener }: ReplyOf<'live'>): void {
    const head = { status: 200, headers: { ...LIVE_HEADERS, ...headers } }
    if (this.#request.method === 'HEAD') {
      listener.closed(CLOSE.NORMAL)
      this.#sendHead(head, undefined)
      return
    }
    const line = new EventLine({
      sink: this.#sink,
      listener,
      sent: (bytes) => {
        this.#bytes += bytes
      },
      over: (complete) => {
        this.#finish(complete ? 'complete' : 'aborted')
        if (!complete) this.#sink.destroy()
      },
    })
    this.#isEvents = true
    this.#line = line
    this.#release = () => line.gone()
    this.#begin(head, undefined, true)
    // A comment carries the head to the client ahead of the first event.
    if (line.send(':\n\n')) listener.opened(line)
  }

  #sendSocket({ headers, listener }: ReplyOf<'socket'>): void | Promise<void> {
    const { upgrade } = this.#sink
    if (!upgrade) {
      listener.closed(CLOSE.LOST)
      const refusal = json(426, { error: 'This address speaks WebSocket only.' }, { ...headers, ...NO_STORE })
      return this.#sendBytes(refusal)
    }
    this.#status = 101
    upgrade.call(this.#sink, listener)
    this.#finish('complete')
  }

  #begin(head: ReplyHead, length: number | undefined, live: boolean): void {
    this.#status = head.status
    this.#sink.begin(head, length, live)
  }

  /** No promise where none is needed: most chunks go straight to the kernel. */
  #write(chunk: Uint8Array): boolean | Promise<boolean> {
    const taken = this.#sink.write(chunk)
    if (typeof taken !== 'boolean') return taken.then((later) => this.#count(later, chunk.length))
    return this.#count(taken, chunk.length)
  }

  #count(taken: boolean, bytes: number): boolean {
    if (taken) this.#bytes += bytes
    return taken && !this.#over
  }

  async #end(): Promise<void> {
    if (await this.#sink.end()) this.#finish('complete')
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#letGo()
    if (this.#status !== 0) {
      this.#logFailure(error)
      this.#finish('failed')
      this.#sink.destroy()
      return
    }
    const made = errorReply(error)
    const reply = isAppError(error) && error.details.late === 'body' ? { ...made, status: 408 } : made
    // What a client did wrong is no event for the log; what we did is.
    if (reply.status >= 500) this.#logFailure(error)
    this.#status = reply.status
    const head = this.#request.method === 'HEAD'
    this.#sink.whole(reply, head ? undefined : reply.body, Buffer.byteLength(reply.body))
    this.#finish('complete')
  }

  #logFailure(error: unknown): void {
    const { id, method, path } = this.#request
    const details = isAppError(error) ? { code: error.code, ...error.details } : {}
    this.#context.log.error('request failed', { request: id, method, path, status: this.#status, error, ...details })
  }

  #letGo(): void {
    const release = this.#release
    this.#release = undefined
    try {
      release?.()
    } catch (error) {
      this.#context.log.warn('closing a reply failed', { request: this.#request.id, error })
    }
  }

  #finish(outcome: FinishedRequest['outcome']): void {
    if (this.#over) return
    this.#over = true
    this.#letGo()
    if (outcome === 'aborted') this.#abort.abort()
    this.#context.onOver(this)
    try {
      this.#context.onFinished?.({
        request: this.#request,
        status: this.#status,
        bytes: this.#bytes,
        durationMs: performance.now() - this.#started,
        outcome,
      })
    } catch (error) {
      this.#context.log.error('finishing a request failed', { request: this.#request.id, error })
    }
  }
}

/** An answer that nobody waits for any more may hold something open already. */
function dropReply(reply: HttpReply): void {
  if (reply.kind === 'live' || reply.kind === 'socket') reply.listener.closed(CLOSE.LOST)
  if (reply.kind !== 'events') return
  const iterator = reply.events[Symbol.asyncIterator]()
  void Promise.resolve(iterator.return?.()).catch(() => {})
}

interface Joined {
  readonly text: string
  readonly done: boolean
}

function joinParts(iterator: Iterator<string>): Joined {
  let text = ''
  while (text.length < PART_CHARS) {
    const part = iterator.next()
    if (part.done === true) return { text, done: true }
    text += part.value
  }
  return { text, done: false }
}
