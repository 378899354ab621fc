import { AppError } from '../../base/errors.ts'
import type { HookBus } from '../../hooks/hook-bus.ts'
import { Exchange } from '../../http/exchange.ts'
import type { ReplyHead, ReplySink } from '../../http/reply-sink.ts'
import { tellFinished, withRequestHooks } from '../../http/request-hooks.ts'
import { createSnapshot, LazyAbort } from '../../http/request-snapshot.ts'
import type { HttpHandler } from '../../http/types.ts'
import { SECURITY_HEADERS, withHeaders } from '../../http/with-headers.ts'
import type { Logger } from '../../log/logger.ts'
import { InMemoryPeer } from './in-memory-peer.ts'
import type { InjectedReply, TestPeer } from './test-host.ts'
import { settle } from './virtual-time.ts'

export interface InMemoryRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface InMemoryHttp {
  /** One request and its whole reply. */
  ask(request: InMemoryRequest): Promise<InjectedReply>
  /** For replies that go on: resolves when they have begun, or are over. */
  connect(request: InMemoryRequest): Promise<TestPeer>
}

const ORIGIN = 'http://tonearm.test'

/** Requests through all that the server puts around its handler, ranges and conditions included; only sockets are missing. */
export function createInMemoryHttp(options: {
  readonly handler: HttpHandler
  readonly hooks: HookBus
  readonly log: Logger
}): InMemoryHttp {
  const { hooks, log } = options
  const handler = withRequestHooks(withHeaders(options.handler, SECURITY_HEADERS), hooks)
  let count = 0
  const onFinished = (event: Parameters<typeof tellFinished>[1]) => tellFinished(hooks, event)
  const snapshot = ({ method, url, headers, body }: InMemoryRequest, abort: LazyAbort, wantsSocket: boolean) => {
    const { pathname, search } = new URL(url, ORIGIN)
    return createSnapshot({
      id: `t${++count}`,
      method,
      path: decodeURIComponent(pathname),
      query: search.slice(1),
      headers,
      address: '127.0.0.1',
      origin: ORIGIN,
      abort,
      wantsSocket,
      body: async (limit) => {
        if (body.byteLength > limit) throw new AppError('PAYLOAD_TOO_LARGE', `The body is larger than ${limit} bytes`)
        return body
      },
    })
  }
  const ask = (asked: InMemoryRequest): Promise<InjectedReply> =>
    new Promise((resolve, reject) => {
      const abort = new LazyAbort()
      const request = snapshot(asked, abort, false)
      const sink = new MemorySink()
      const onOver = () => {
        if (sink.head) resolve(sink.reply())
        else reject(new Error(`${asked.method} ${asked.url}: the reply was cut`))
      }
      new Exchange({ handler, log, onFinished, onOver }, request, { sink, abort }).run()
    })
  const connect = async (asked: InMemoryRequest): Promise<TestPeer> => {
    const abort = new LazyAbort()
    const peer = new InMemoryPeer(() => exchange.clientGone())
    const exchange = new Exchange({ handler, log, onFinished, onOver: () => {} }, snapshot(asked, abort, true), {
      sink: peer,
      abort,
    })
    exchange.run()
    while (peer.status === 0 && !exchange.over) await settle()
    return peer
  }
  return { ask, connect }
}

class MemorySink implements ReplySink {
  head: ReplyHead | undefined
  readonly #chunks: Uint8Array[] = []
  #cut = false

  whole(head: ReplyHead, body: string | Uint8Array | undefined, length: number | undefined): void {
    this.begin(head, length)
    if (body !== undefined) this.write(typeof body === 'string' ? Buffer.from(body) : body)
  }

  begin(head: ReplyHead, length: number | undefined): void {
    const sized = length === undefined ? head.headers : { ...head.headers, 'content-length': String(length) }
    this.head = { status: head.status, headers: sized }
  }

  write(chunk: Uint8Array): boolean {
    // The caller reuses its buffers.
    this.#chunks.push(Uint8Array.from(chunk))
    return !this.#cut
  }

  end(): boolean {
    return !this.#cut
  }

  destroy(): void {
    this.#cut = true
  }

  reply(): InjectedReply {
    const { status, headers } = this.head ?? { status: 0, headers: {} }
    const bytes = new Uint8Array(Buffer.concat(this.#chunks))
    const body = new TextDecoder().decode(bytes)
    return { status, headers, body, bytes, json: () => JSON.parse(body) as unknown }
  }
}
