/** The server's end of a connection that stays: a WebSocket, or a stream of events. Texts only. */
export interface Line {
  readonly open: boolean
  /** Bytes that the network has not taken yet. */
  readonly bufferedAmount: number
  /** False: the line is closed, or was closed just now, since its peer does not read. */
  send(text: string): boolean
  /** The listener is told at once; what waits is still sent, for a few seconds. A stream of events ends without its code. */
  close(code: number, reason?: string): void
}

/** Who holds the server's end. Must not throw. */
export interface LineListener {
  /** Bytes that may wait for a peer which does not read; with more the line is closed (TRY_LATER). */
  readonly maxBuffered: number
  /** Bytes of a message that comes; a longer one closes the line (TOO_BIG). */
  readonly maxMessage: number
  opened(line: Line): void
  message(text: string): void
  /** Once, whoever closed it; also when it was never opened. */
  closed(code: number): void
}

/** Codes of RFC 6455 and its registry. */
export const CLOSE = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  UNSUPPORTED: 1003,
  /** Never sent: the connection broke. */
  LOST: 1006,
  POLICY: 1008,
  TOO_BIG: 1009,
  FAILED: 1011,
  RESTART: 1012,
  TRY_LATER: 1013,
} as const

/** What no route can go beyond, bytes: a longer message cuts the connection. */
export const MOST_MESSAGE = 256 * 1024
/** How long a line that was closed may take to send what waits and to say goodbye, ms. */
export const GOODBYE_MS = 5_000

/** The lines that an adapter holds, for its end. */
export class LineSet {
  readonly #lines = new Set<Line>()

  add(line: Line): void {
    this.#lines.add(line)
  }

  remove(line: Line): void {
    this.#lines.delete(line)
  }

  [Symbol.iterator](): IterableIterator<Line> {
    return this.#lines[Symbol.iterator]()
  }

  get size(): number {
    return this.#lines.size
  }

  close(code: number, reason: string): void {
    for (const line of [...this.#lines]) line.close(code, reason)
  }
}
