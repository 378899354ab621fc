import type { Logger } from '../log/logger.ts'
import type { HttpHandler, HttpRequest } from './types.ts'

export type ListenAddress =
  /** Port 0 takes any free one. */
  | { readonly host: string; readonly port: number }
  /** A Unix socket; `mode` (default 0o660) says who may connect. */
  | { readonly socket: string; readonly mode?: number }

export interface HttpLimits {
  /** Request line and headers together. Playlists come as one GET with thousands of ids. */
  readonly headerBytes: number
  /** No body is read beyond this, whatever a handler allows. */
  readonly bodyBytes: number
  /** Of all bodies together so much is kept while they arrive; the first 64 KiB of each do not count. */
  readonly bodiesBytes: number
  /** Until a request's headers are there. uWS has 10 s of its own. */
  readonly headerMs: number
  /** Until a body that a handler reads is there. */
  readonly bodyMs: number
  /** An unused keep-alive connection. uWS has 10 s of its own. */
  readonly idleMs: number
  /** A client that takes no byte of its reply: players that pause keep their connection this long. */
  readonly stallMs: number
  /** A WebSocket whose peer answers no ping. On uWS at least 12 s. */
  readonly socketIdleMs: number
  /** Sockets at a time; further ones are closed at once, and the last eighth has one reply each. */
  readonly connections: number
  /** The same of one address; 0 = no bound. */
  readonly connectionsPerAddress: number
}

export const DEFAULT_LIMITS: HttpLimits = {
  headerBytes: 256 * 1024,
  bodyBytes: 10 * 1024 * 1024,
  bodiesBytes: 64 * 1024 * 1024,
  headerMs: 10_000,
  bodyMs: 60_000,
  idleMs: 10_000,
  stallMs: 15 * 60_000,
  socketIdleMs: 60_000,
  connections: 4096,
  connectionsPerAddress: 0,
}

export interface FinishedRequest {
  readonly request: HttpRequest
  /** 0 when the client went before there was a reply. */
  readonly status: number
  /** Of the body, as handed to the socket. */
  readonly bytes: number
  readonly durationMs: number
  /** `aborted`: the client went away; `failed`: the reply was cut because of an error. */
  readonly outcome: 'complete' | 'aborted' | 'failed'
}

export interface AdapterOptions {
  readonly listen: ListenAddress
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** `''` or `/tonearm`: without a slash at the end. */
  readonly basePath: string
  /** Addresses and CIDR ranges whose forwarding headers are believed. Peers on a Unix socket always are. */
  readonly trustedProxies: readonly string[]
  /** Networks of which one address may have any number of connections. */
  readonly unbounded?: readonly string[]
  readonly handler: HttpHandler
  readonly log: Logger
  /** Called once a request, after its last byte; must not throw. */
  readonly onFinished?: (event: FinishedRequest) => void
  readonly limits?: Partial<HttpLimits>
}
