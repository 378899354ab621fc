import { CLOSE, type Line, type LineListener, type LineSet, MOST_MESSAGE } from './line.ts'
import type { UwsBehavior, UwsSocket } from './uws-types.ts'

/** What a WebSocket of uWS carries. */
export interface UwsLineData {
  readonly line: UwsLine
}

/** A WebSocket of uWS. After its end uWS forbids to touch it. */
export class UwsLine implements Line {
  readonly #listener: LineListener
  readonly #lines: LineSet
  #socket: UwsSocket | undefined
  #over = false

  constructor(listener: LineListener, lines: LineSet) {
    this.#listener = listener
    this.#lines = lines
  }

  get open(): boolean {
    return this.#socket !== undefined
  }

  get bufferedAmount(): number {
    return this.#socket?.getBufferedAmount() ?? 0
  }

  send(text: string): boolean {
    const socket = this.#socket
    if (!socket) return false
    const waiting = socket.getBufferedAmount()
    if (waiting > 0 && waiting + Buffer.byteLength(text) > this.#listener.maxBuffered) {
      this.close(CLOSE.TRY_LATER, 'too slow')
      return false
    }
    // Corked, head and payload are one packet.
    socket.cork(() => socket.send(text, false))
    return this.open
  }

  /** uWS cuts a peer that does not answer within 8 s. */
  close(code: number, reason = ''): void {
    const socket = this.#socket
    if (!socket) return
    this.left(code)
    socket.end(code, reason)
  }

  joined(socket: UwsSocket): void {
    this.#socket = socket
    this.#lines.add(this)
    this.#listener.opened(this)
  }

  heard(message: ArrayBuffer, isBinary: boolean): void {
    if (!this.open) return
    if (isBinary) this.close(CLOSE.UNSUPPORTED, 'texts only')
    else if (message.byteLength > this.#listener.maxMessage) this.close(CLOSE.TOO_BIG, 'message too long')
    else this.#listener.message(Buffer.from(message).toString('utf8'))
  }

  left(code: number): void {
    this.#socket = undefined
    this.#lines.remove(this)
    if (this.#over) return
    this.#over = true
    this.#listener.closed(code)
  }
}

/** Below this uWS takes no idle time, s. */
const LEAST_IDLE_S = 12
/** Above what any listener may let wait: uWS itself drops nothing, we close. */
const MOST_WAITING = 16 * 1024 * 1024

/** The WebSockets of an app: pings by uWS, payloads bounded, no compression (it costs memory for each peer). */
export function uwsSockets(options: {
  readonly idleMs: number
  readonly upgrade: UwsBehavior['upgrade']
}): UwsBehavior {
  const lineOf = (socket: UwsSocket) => (socket.getUserData() as UwsLineData).line
  return {
    maxPayloadLength: MOST_MESSAGE,
    maxBackpressure: MOST_WAITING,
    idleTimeout: Math.max(LEAST_IDLE_S, Math.round(options.idleMs / 1000)),
    sendPingsAutomatically: true,
    upgrade: options.upgrade,
    open: (socket) => lineOf(socket).joined(socket),
    message: (socket, message, isBinary) => lineOf(socket).heard(message, isBinary),
    close: (socket, code) => lineOf(socket).left(code),
  }
}
