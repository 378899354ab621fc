import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { CLOSE, GOODBYE_MS, type Line, type LineListener, LineSet, MOST_MESSAGE } from './line.ts'

export interface Handshake {
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** The WebSockets beside node:http, by the package ws, which is loaded for the first of them. */
export class NodeSockets {
  readonly lines = new LineSet()
  readonly #idleMs: number
  #server: Promise<WebSocketServer> | undefined
  /** One timer for all; it runs only while there are any. */
  #pings: NodeJS.Timeout | undefined
  #closed = false

  constructor(idleMs: number) {
    this.#idleMs = idleMs
  }

  /** Takes the connection over. Never rejects: what goes wrong the listener learns. */
  async upgrade({ incoming, socket, head }: Handshake, listener: LineListener): Promise<void> {
    const gone = () => listener.closed(CLOSE.LOST)
    const broken = () => socket.destroy()
    socket.on('error', broken)
    let server: WebSocketServer
    try {
      this.#server ??= load()
      server = await this.#server
    } catch {
      socket.destroy()
      return gone()
    }
    if (this.#closed || socket.destroyed) {
      socket.destroy()
      return gone()
    }
    socket.off('error', broken)
    // A handshake that ws refuses is answered by it, with 400, at once.
    let made = false
    server.handleUpgrade(incoming, socket, head, (peer) => {
      made = true
      this.#watch(new NodeLine(peer, listener, this.lines))
    })
    if (!made) gone()
  }

  close(reason: string): void {
    this.#closed = true
    this.lines.close(CLOSE.GOING_AWAY, reason)
    this.#stopPings()
  }

  #watch(line: NodeLine): void {
    line.join()
    this.#pings ??= setInterval(() => {
      for (const one of this.lines) (one as NodeLine).ping()
      if (this.lines.size === 0) this.#stopPings()
    }, this.#idleMs / 2)
    this.#pings.unref()
  }

  #stopPings(): void {
    clearInterval(this.#pings)
    this.#pings = undefined
  }
}

async function load(): Promise<WebSocketServer> {
  const { WebSocketServer: Server } = await import('ws')
  return new Server({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MOST_MESSAGE,
    ...{ closeTimeout: GOODBYE_MS },
  })
}

class NodeLine implements Line {
  readonly #peer: WebSocket
  readonly #listener: LineListener
  readonly #lines: LineSet
  #open = true
  #heard = true

  constructor(peer: WebSocket, listener: LineListener, lines: LineSet) {
    this.#peer = peer
    this.#listener = listener
    this.#lines = lines
  }

  get open(): boolean {
    return this.#open
  }

  get bufferedAmount(): number {
    return this.#open ? this.#peer.bufferedAmount : 0
  }

  join(): void {
    const peer = this.#peer
    peer.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary))
    peer.on('pong', () => {
      this.#heard = true
    })
    // Too long a message, or text that is none: ws closes by itself.
    peer.on('error', () => {})
    peer.on('close', (code: number) => this.#leave(code))
    this.#lines.add(this)
    this.#listener.opened(this)
  }

  send(text: string): boolean {
    if (!this.#open) return false
    const waiting = this.#peer.bufferedAmount
    if (waiting > 0 && waiting + Buffer.byteLength(text) > this.#listener.maxBuffered) {
      this.close(CLOSE.TRY_LATER, 'too slow')
      return false
    }
    this.#peer.send(text)
    return this.#open
  }

  close(code: number, reason = ''): void {
    if (!this.#open) return
    this.#leave(code)
    this.#peer.close(code, reason)
  }

  /** Of a peer that has not answered the last one nothing is left. */
  ping(): void {
    if (!this.#heard) return void this.#peer.terminate()
    this.#heard = false
    this.#peer.ping()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#heard = true
    if (!this.#open) return
    if (isBinary) this.close(CLOSE.UNSUPPORTED, 'texts only')
    else if (data.length > this.#listener.maxMessage) this.close(CLOSE.TOO_BIG, 'message too long')
    else this.#listener.message(data.toString('utf8'))
  }

  #leave(code: number): void {
    if (!this.#open) return
    this.#open = false
    this.#lines.remove(this)
    this.#listener.closed(code)
  }
}
