import type { ServerResponse } from 'node:http'
import { CLOSE, type LineListener } from './line.ts'
import type { ReplyHead, ReplySink } from './reply-sink.ts'
import type { Stalled, StallWatch } from './stall-watch.ts'

export interface NodeSinkOptions {
  readonly watch: StallWatch
  readonly mustClose: () => boolean
  /** Where the client asked for a WebSocket; the connection is no longer the response's then. */
  readonly upgrade?: ((listener: LineListener) => void) | undefined
}

/** Writes one reply through node:http. A write counts only when the kernel has it: the caller reuses its buffers. */
export class NodeSink implements ReplySink, Stalled {
  readonly #response: ServerResponse
  readonly #watch: StallWatch
  readonly #mustClose: () => boolean
  #open = true
  #settle: ((taken: boolean) => void) | undefined
  since = 0
  readonly upgrade: ReplySink['upgrade']

  constructor(response: ServerResponse, options: NodeSinkOptions) {
    this.#response = response
    this.#watch = options.watch
    this.#mustClose = options.mustClose
    const { upgrade } = options
    this.upgrade = upgrade && ((listener) => this.#upgrade(listener, upgrade))
  }

  whole(head: ReplyHead, body: string | Uint8Array | undefined, length: number | undefined): void {
    if (!this.#open) return
    this.#open = false
    this.#writeHead(head, length)
    if (body === undefined) this.#response.end()
    // A copy: Node keeps it until the kernel has taken it.
    else this.#response.end(typeof body === 'string' ? Buffer.from(body) : Buffer.from(body))
  }

  begin(head: ReplyHead, length: number | undefined): void {
    if (!this.#open) return
    this.#writeHead(head, length)
  }

  write(chunk: Uint8Array): boolean | Promise<boolean> {
    if (!this.#open) return false
    return new Promise((resolve) => {
      this.#settle = resolve
      this.since = performance.now()
      this.#watch.add(this)
      this.#response.write(chunk, (error) => this.#done(!error))
    })
  }

  end(): boolean | Promise<boolean> {
    if (!this.#open) return false
    return new Promise((resolve) => {
      this.#settle = resolve
      this.since = performance.now()
      this.#watch.add(this)
      this.#response.end(() => {
        this.#open = false
        this.#done(true)
      })
    })
  }

  destroy(): void {
    this.#response.destroy()
    this.gone()
  }

  /** The socket has closed. */
  gone(): void {
    this.#open = false
    this.#done(false)
  }

  nudge(): void {}

  giveUp(): void {
    this.destroy()
  }

  #upgrade(listener: LineListener, upgrade: (listener: LineListener) => void): void {
    if (this.#open) {
      this.#open = false
      upgrade(listener)
    } else listener.closed(CLOSE.LOST)
  }

  #done(taken: boolean): void {
    const settle = this.#settle
    if (!settle) return
    this.#settle = undefined
    this.#watch.remove(this)
    settle(taken)
  }

  #writeHead(head: ReplyHead, length: number | undefined): void {
    const headers: Record<string, string> = {}
    for (const name in head.headers) headers[name] = asLatin1(head.headers[name] as string)
    if (length !== undefined) headers['content-length'] = String(length)
    if (this.#mustClose()) headers.connection = 'close'
    this.#response.writeHead(head.status, headers)
  }
}

/** Node writes header text as Latin-1; ours is UTF-8 on the wire, as the other adapter's is. */
function asLatin1(value: string): string {
  return /[^\x00-\x7f]/.test(value) ? Buffer.from(value).toString('latin1') : value
}
