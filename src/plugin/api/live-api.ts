import type { User } from './reader-api.ts'
import type { Reply } from './reply-api.ts'
import type { PluginRequest } from './request-api.ts'

/** Clients that are kept informed: part of `tonearm/plugin`. */

export interface LiveOptions {
  /** Default 'user'. 'public' needs the permission `routes:public`. */
  readonly auth?: 'user' | 'admin' | 'public'
  readonly root?: true
  /** Bytes that may wait for a client which does not read; with more it is closed, code 1013. Default 64 KiB, at most 1 MiB. */
  readonly maxBuffered?: number
  /** Bytes of a message from a client; a longer one closes the WebSocket, code 1009. Default 16 KiB, at most 64 KiB. */
  readonly maxMessage?: number
}

/**
 * A client that is kept informed. It is closed when its login ends (1008), when this life of the plugin ends (1012: it may
 * come again at once), when it does not read (1013), and when the server stops (1001).
 */
export interface Peer {
  readonly user: User | undefined
  readonly open: boolean
  /** Bytes that the network has not taken yet. */
  readonly bufferedAmount: number
  /** Aborts when the client has gone or was closed. */
  readonly signal: AbortSignal
  /** Called once with the code, whoever closed it (1006: the connection broke); at once when it is closed already. */
  onClose(listener: (code: number) => void | Promise<void>): void
  /** Code 1000, 1008 to 1013, or 3000 to 4999; default 1000. A stream of events just ends. */
  close(code?: number, reason?: string): void
}

export interface SocketPeer extends Peer {
  /** False: it is closed. */
  send(text: string): boolean
  /** Texts from the client, one after the other; 64 may wait. A listener that fails closes the WebSocket (1011). */
  onMessage(listener: (text: string) => void | Promise<void>): void
}

export interface EventPeer extends Peer {
  /** False: it is closed. */
  send(event: ServerEvent): boolean
}

export interface ServerEvent {
  /** Comes back as the header `last-event-id` when the client connects again. */
  readonly id?: string
  /** Default: `message`. */
  readonly event?: string
  /** Text is sent as it is, anything else as JSON. */
  readonly data: unknown
  /** How long the client is to wait before it connects again, ms. */
  readonly retryMs?: number
}

export type SocketHandler = (peer: SocketPeer, request: PluginRequest) => void | Promise<void>
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that refuses nothing need not say so
export type EventsHandler = (peer: EventPeer, request: PluginRequest) => Reply | void | Promise<Reply | void>
