import type { ByteSource } from '../base/byte-source.ts'
import type { LineListener } from './line.ts'

/** A snapshot of a request: an adapter's own object is gone before the first `await`. */
export interface HttpRequest {
  /** Short, unique in the process; in every log line about this request. */
  readonly id: string
  /** Upper case. */
  readonly method: string
  /** Percent-decoded, base path removed, double slashes folded, without the query: `/rest/ping.view`. */
  readonly path: string
  /** Raw, without `?`. */
  readonly query: string
  /** Lower-case names; repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** The client: the socket's peer, or what a trusted proxy forwarded. */
  readonly address: string
  /** Scheme, host and base path as the client sees them: `https://music.example.org/tonearm`. */
  readonly origin: string
  /** Aborts when the client goes away or the server stops. */
  readonly signal: AbortSignal
  /** It asks for a WebSocket: only then a reply of that kind has an effect. */
  readonly wantsSocket?: true
  /** Reads the body once, at most `limit` bytes. Rejects with PAYLOAD_TOO_LARGE, TIMEOUT or CANCELLED. */
  body(limit: number): Promise<Uint8Array>
}

export type Headers = Readonly<Record<string, string>>

/** What a handler answers: a description. Only adapters write bytes. */
export type HttpReply =
  | { readonly kind: 'bytes'; readonly status: number; readonly headers: Headers; readonly body: string | Uint8Array }
  /** Text made as it is sent: answers of any size in little memory. Each part is a few KiB. */
  | { readonly kind: 'parts'; readonly status: number; readonly headers: Headers; readonly parts: Iterable<string> }
  /** Media: ranges, conditions and HEAD are answered from the source's fields. */
  | {
      readonly kind: 'source'
      readonly headers: Headers
      readonly source: ByteSource
      /** Answers when the source fails before its first byte; without it that is a JSON error. */
      readonly onError?: (error: unknown) => HttpReply
    }
  /** An endless or long stream of text (server-sent events). Ends when the iterator does or the client goes. */
  | {
      readonly kind: 'events'
      readonly status: number
      readonly headers: Headers
      readonly events: AsyncIterable<string | Uint8Array>
    }
  /** Server-sent events that are pushed: the listener writes them, in their own format, when they happen. */
  | { readonly kind: 'live'; readonly headers: Headers; readonly listener: LineListener }
  /** Agrees to a WebSocket. Where none was asked for the answer is 426. */
  | { readonly kind: 'socket'; readonly headers: Headers; readonly listener: LineListener }

export type HttpHandler = (request: HttpRequest) => HttpReply | Promise<HttpReply>

/** One way to serve HTTP. `adapter-uws` and `adapter-node` behave alike; the same suite runs on both. */
export interface HttpAdapter {
  readonly name: 'uws' | 'node'
  /** Resolves with the bound address. Rejects with ADDRESS_IN_USE and a sentence that names host and port. */
  listen(): Promise<{ readonly host: string; readonly port: number } | { readonly socket: string }>
  /** Stops accepting, lets running replies end for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>
}
