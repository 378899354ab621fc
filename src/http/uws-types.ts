/** What of uWebSockets.js is used here. Declared by hand: of the packages with its builds only the one that runs is installed. */
export interface Uws {
  App(): UwsApp
  SSLApp(options: {
    readonly cert_file_name: string
    readonly key_file_name: string
    readonly ssl_prefer_low_memory_usage: boolean
  }): UwsApp
  us_listen_socket_close(socket: UwsListenToken): void
  /** An option of `listen`: nobody else may listen on the same port. */
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number
  /** Sets what is set for the whole process. Absent in some builds. */
  readonly _cfg?: (key: string) => void
}

declare const listening: unique symbol
/** Of one listening socket. */
export interface UwsListenToken {
  readonly [listening]: true
}

declare const upgrading: unique symbol
/** Of one request that may become a WebSocket. */
export interface UwsUpgrade {
  readonly [upgrading]: true
}

/** False: it could not listen. */
type Listened = (token: UwsListenToken | false) => void

export interface UwsApp {
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp
  ws(pattern: string, behavior: UwsBehavior): UwsApp
  /** Told of each connection: 1 when it begins, -1 when it ends. */
  filter(handler: (response: UwsResponse, change: number) => void): UwsApp
  listen(host: string, port: number, options: number, done: Listened): UwsApp
  listen_unix(done: Listened, path: string): UwsApp
  close(): UwsApp
}

/** Valid only while its handler runs. */
export interface UwsRequest {
  getUrl(): string
  getQuery(): string | undefined
  /** As it was sent: uWS's plain `getMethod` is in lower case. */
  getCaseSensitiveMethod(): string
  /** Names are in lower case. */
  forEach(each: (name: string, value: string) => void): void
}

/** Not to be touched after the reply's end, or after `onAborted`. */
export interface UwsResponse {
  writeStatus(status: string): UwsResponse
  writeHeader(name: string, value: string): UwsResponse
  /** @returns whether the socket took all of it; what it did not take is kept and sent later. */
  write(chunk: Uint8Array): boolean
  /** A part of a body of `size` bytes; what the socket does not take stays the caller's. */
  tryEnd(chunk: Uint8Array, size: number): [taken: boolean, done: boolean]
  end(body?: string | Uint8Array, closeConnection?: boolean): UwsResponse
  endWithoutBody(length?: number, closeConnection?: boolean): UwsResponse
  /** Ends the connection at once. */
  close(): UwsResponse
  pause(): void
  resume(): void
  /** Bytes of the body that have left. */
  getWriteOffset(): number
  onWritable(handler: (offset: number) => boolean): UwsResponse
  onAborted(handler: () => void): UwsResponse
  /** The chunk is uWS's own memory, which it takes back when the handler returns. */
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse
  /** What is written in `work` leaves as one packet. */
  cork(work: () => void): UwsResponse
  /** 4 or 16 bytes. */
  getRemoteAddress(): ArrayBuffer
  getRemoteAddressAsText(): ArrayBuffer
  upgrade(data: unknown, key: string, protocols: string, extensions: string, context: UwsUpgrade): void
}

/** Not to be touched after `close` of its behaviour. */
export interface UwsSocket {
  /** What `upgrade` was given. */
  getUserData(): unknown
  /** Bytes that were sent and have not left. */
  getBufferedAmount(): number
  send(message: string, isBinary: boolean): number
  end(code: number, reason: string): void
  cork(work: () => void): UwsSocket
}

export interface UwsBehavior {
  /** Bytes; a longer message ends the connection. */
  readonly maxPayloadLength: number
  /** Bytes; above it messages are dropped. */
  readonly maxBackpressure: number
  /** Seconds, 12 or more. */
  readonly idleTimeout: number
  readonly sendPingsAutomatically: boolean
  readonly upgrade: (response: UwsResponse, request: UwsRequest, context: UwsUpgrade) => void
  readonly open: (socket: UwsSocket) => void
  readonly message: (socket: UwsSocket, message: ArrayBuffer, isBinary: boolean) => void
  readonly close: (socket: UwsSocket, code: number, reason: ArrayBuffer) => void
}
