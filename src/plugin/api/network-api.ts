import type { Socket } from 'node:net'

/** Reaches granted hosts only, at addresses that are checked when the connection is made. */
export interface Network {
  /** As in the browser, but at most 10 MiB each way, 10 s until the headers and 60 s in all. Each redirect is checked. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>
  /**
   * A TCP connection, for protocols that are not HTTP. It ends with the plugin; until then it is yours: listen to its
   * `error`, and end it. For TLS give it to `connect` of `node:tls`. Rejects like `fetch`.
   */
  connect(target: ConnectTarget): Promise<Socket>
}

export interface ConnectTarget {
  /** Name or address. */
  readonly host: string
  readonly port: number
  /** Ends the connection, also later. */
  readonly signal?: AbortSignal
  /** For making it. Default 10,000 ms. */
  readonly timeoutMs?: number
}
