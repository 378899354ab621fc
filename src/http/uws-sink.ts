import { STATUS_CODES } from 'node:http'
import type { ReplyHead, ReplySink } from './reply-sink.ts'
import type { Stalled, StallWatch } from './stall-watch.ts'
import type { UwsResponse } from './uws-addon.ts'

/** uWS keeps what it could not send: small pieces, so that its memory stays small too. */
const SLICE_BYTES = 16 * 1024
/** After the socket was full: less than what it has surely drained by the time it says so. */
const CAREFUL_BYTES = 4 * 1024
/** Withheld of a chunked reply, to have something to ask the socket with. */
const TAIL_BYTES = 512

const EMPTY = new Uint8Array(0)
const STATUS_LINES = new Map(Object.entries(STATUS_CODES).map(([code, text]) => [Number(code), `${code} ${text}`]))

/**
 * Writes one reply through uWS, whose calls each have a trap:
 * - after 10 s without progress uWS drops a connection whose write failed; a further attempt starts the 10 s anew;
 * - what fits its 16 KiB cork buffer counts as written, then waits in memory, and is lost when those 10 s pass after the
 *   reply's end. So the last bytes of a long reply are given only when the rest has left;
 * - `write` (chunked) never refuses; only a later one tells whether the socket has drained. Hence the withheld tail.
 */
export class UwsSink implements ReplySink, Stalled {
  readonly #response: UwsResponse
  readonly #watch: StallWatch
  readonly #mustClose: () => boolean
  #open = true
  #head: ReplyHead | undefined
  #length: number | undefined
  #live = false
  /** The last write was refused in part. */
  #careful = false
  #ending = false
  #complete = false
  #tail: Uint8Array = EMPTY
  /** The bytes that the socket did not take yet, and who waits for that. */
  #pending: Uint8Array = EMPTY
  #settle: ((taken: boolean) => void) | undefined
  since = 0

  constructor(response: UwsResponse, options: { readonly watch: StallWatch; readonly mustClose: () => boolean }) {
    this.#response = response
    this.#watch = options.watch
    this.#mustClose = options.mustClose
  }

  /** The response is no longer ours to touch: answered, or its socket gone. */
  get open(): boolean {
    return this.#open
  }

  whole(head: ReplyHead, body: string | Uint8Array | undefined, length: number | undefined): void {
    if (!this.#open) return
    this.#open = false
    const close = this.#mustClose()
    this.#response.cork(() => {
      this.#writeHead(head)
      if (body !== undefined || (close && !length)) this.#response.end(body ?? '', close)
      else {
        // Given the length itself, endWithoutBody waits for that many bytes.
        if (length !== undefined) this.#response.writeHeader('content-length', String(length))
        this.#response.endWithoutBody()
      }
    })
  }

  begin(head: ReplyHead, length: number | undefined, live: boolean): void {
    if (!this.#open) return
    this.#head = head
    this.#length = length
    this.#live = live
    this.#response.onWritable(() => {
      if (this.#settle) {
        this.since = performance.now()
        if (this.#advance(CAREFUL_BYTES)) this.#done(true)
      }
      return true
    })
  }

  write(chunk: Uint8Array): boolean | Promise<boolean> {
    if (!this.#open) return false
    if (this.#length === undefined && !this.#live) {
      const keep = chunk.length - Math.min(TAIL_BYTES, chunk.length)
      const ready = chunk.subarray(0, keep)
      this.#pending = this.#tail.length === 0 ? ready : Buffer.concat([this.#tail, ready])
      this.#tail = new Uint8Array(chunk.subarray(keep))
    } else this.#pending = chunk
    return this.#flush()
  }

  end(): boolean | Promise<boolean> {
    if (this.#length !== undefined) {
      const complete = this.#complete
      this.#close(complete)
      return complete
    }
    if (!this.#open) return false
    this.#ending = true
    const flushed = this.#flush()
    return typeof flushed === 'boolean' ? this.#endChunked() : flushed.then((taken) => taken && this.#endChunked())
  }

  destroy(): void {
    if (!this.#open) return
    this.#response.close()
    this.#close(false)
  }

  /** The socket has closed. */
  gone(): void {
    this.#close(false)
  }

  nudge(): void {
    if (!this.#settle) return
    if (!this.#ending && this.#pending.length === 0) {
      this.#pending = this.#tail.subarray(0, 1)
      this.#tail = this.#tail.subarray(1)
    }
    // With nothing left to ask with, uWS decides.
    const hasQuestion = (this.#ending ? this.#tail : this.#pending).length > 0
    if (hasQuestion && this.#advance(1)) this.#done(true)
  }

  giveUp(): void {
    this.destroy()
  }

  #endChunked(): boolean {
    if (!this.#open) return false
    this.#open = false
    this.#response.cork(() => {
      this.#takeHead()
      this.#response.end()
    })
    return true
  }

  #close(taken: boolean): void {
    this.#open = false
    this.#pending = EMPTY
    this.#done(taken)
  }

  #done(taken: boolean): void {
    const settle = this.#settle
    if (!settle) return
    this.#settle = undefined
    this.#watch.remove(this)
    settle(taken)
  }

  #flush(): boolean | Promise<boolean> {
    if (this.#advance(this.#careful ? CAREFUL_BYTES : SLICE_BYTES)) return true
    this.since = performance.now()
    this.#watch.add(this)
    return new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  /** Sends what the socket takes; true when nothing is left to wait for. `first` bounds the first piece if chunked. */
  #advance(first: number): boolean {
    if (this.#length !== undefined) return this.#advanceSized()
    return this.#ending ? this.#advanceTail() : this.#advanceChunked(first)
  }

  #advanceSized(): boolean {
    while (this.#pending.length > 0) {
      const before = this.#response.getWriteOffset()
      // All but one byte first: a last piece that uWS only buffers would end the reply ahead of its bytes.
      const piece = this.#endsReply(before) ? this.#pending.subarray(0, -1) : this.#pending
      const [taken, done] = this.#tryEnd(piece)
      if (done) {
        this.#complete = true
        this.#open = false
        this.#pending = EMPTY
        return true
      }
      this.#pending = this.#pending.subarray(this.#response.getWriteOffset() - before)
      if (!taken) return false
    }
    return true
  }

  #endsReply(offset: number): boolean {
    return this.#pending.length > 1 && offset + this.#pending.length === this.#length
  }

  #tryEnd(piece: Uint8Array): readonly [taken: boolean, done: boolean] {
    let result: readonly [boolean, boolean] = [false, false]
    this.#response.cork(() => {
      this.#takeHead()
      result = this.#response.tryEnd(piece, this.#length as number)
    })
    return result
  }

  #advanceChunked(first: number): boolean {
    let size = first
    while (this.#pending.length > 0) {
      const piece = this.#pending.subarray(0, size)
      this.#pending = this.#pending.subarray(piece.length)
      this.#careful = !this.#writeChunk(piece)
      if (this.#careful) return false
      size = SLICE_BYTES
    }
    return true
  }

  /**
   * The end in ever smaller pieces: each that is taken proves that those before it have left. While the socket is full a
   * single byte at a time, so that there is something to ask with for minutes.
   */
  #advanceTail(): boolean {
    while (this.#tail.length > 0) {
      const size = this.#careful ? 1 : this.#tail.length - (this.#tail.length >> 2)
      const piece = this.#tail.subarray(0, size)
      this.#tail = this.#tail.subarray(size)
      this.#careful = !this.#writeChunk(piece)
      if (this.#careful) return false
    }
    return true
  }

  #writeChunk(piece: Uint8Array): boolean {
    let drained = true
    this.#response.cork(() => {
      this.#takeHead()
      drained = this.#response.write(piece)
    })
    return drained
  }

  #takeHead(): void {
    if (!this.#head) return
    this.#writeHead(this.#head)
    this.#head = undefined
  }

  #writeHead(head: ReplyHead): void {
    this.#response.writeStatus(STATUS_LINES.get(head.status) ?? `${head.status} Unknown`)
    for (const name in head.headers) this.#response.writeHeader(name, head.headers[name] as string)
  }
}
