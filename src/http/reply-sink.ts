import type { LineListener } from './line.ts'
import type { Headers } from './types.ts'

export interface ReplyHead {
  readonly status: number
  readonly headers: Headers
}

/**
 * One reply's way to a socket; each adapter has one. Either `whole` once, or `begin`, `write`..., `end`. When the client
 * has gone, calls do nothing and `write` answers false.
 */
export interface ReplySink {
  /**
   * `length` is what Content-Length says, also without a body (HEAD); absent: no such header. The body is the caller's again
   * at once.
   */
  whole(head: ReplyHead, body: string | Uint8Array | undefined, length: number | undefined): void
  /** `length` absent: chunked. `live`: every write is to reach the client at once. */
  begin(head: ReplyHead, length: number | undefined, live: boolean): void
  /** True once the bytes are out of the caller's hands and more may come; false: the client has gone. */
  write(chunk: Uint8Array): boolean | Promise<boolean>
  /**
   * For bytes that can be had again: takes what the socket has room for and a little more, and says how much of the chunk
   * that was. The chunk is the caller's again at once. Undefined: this reply takes chunks by `write` only.
   */
  offer?(chunk: Uint8Array): number | undefined
  /** After each offer: true when the next may come, false when the client has gone. */
  room?(): boolean | Promise<boolean>
  /** After the last write. False: the client went before it had everything. */
  end(): boolean | Promise<boolean>
  /** Cuts the connection. */
  destroy(): void
  /** Instead of a reply, where the client asked for a WebSocket. */
  readonly upgrade?: ((listener: LineListener) => void) | undefined
}
