import type { UwsResponse } from './uws-types.ts'

/** Why bytes are sent: new ones came, the socket says it has room, or the connection must show life. */
export type Occasion = 'push' | 'writable' | 'nudge'

/** Feeds one reply's body to uWS so that next to nothing of it waits in uWS's own memory. */
export interface UwsBodyWriter {
  /** The reply has all its bytes and uWS has ended it. */
  readonly complete: boolean
  /** The next bytes, when nothing is pending. They are the writer's until `advance` is true. */
  put(chunk: Uint8Array): void
  /** Keeps a few of the bytes that are pending, copied, and lets go of the others: so many of the chunk are taken. */
  keepFew?(): number
  /** Nothing comes after what was put. */
  finish(): void
  /** Sends what the socket takes. True when nothing is left to wait for. */
  advance(occasion: Occasion): boolean
}

/** What goes through uWS's cork buffer (16 KiB) counts as sent and is kept when it was not: hence small pieces. */
const CORK_BYTES = 16 * 1024
const PIECE_BYTES = 4 * 1024
/** Withheld of a chunked reply, to have something to ask the socket with. */
const TAIL_BYTES = 512

/** Kept of a reply whose bytes can be had again: enough to ask the socket with, a byte every few seconds, for minutes. */
const FEW_BYTES = 512

const EMPTY = new Uint8Array(0)

/** A reply with Content-Length, by `tryEnd`, which hands back what the socket refuses. */
export class SizedWriter implements UwsBodyWriter {
  readonly #response: UwsResponse
  readonly #length: number
  /** One closure for all pieces: a thousand slow clients make few enough objects without more. */
  readonly #sendPiece: () => void
  #chunk: Uint8Array = EMPTY
  /** Bytes of the chunk that have left. */
  #sent = 0
  #piece: Uint8Array = EMPTY
  #result: readonly [taken: boolean, done: boolean] = [true, false]
  complete = false

  constructor(response: UwsResponse, length: number, writeHead: () => void) {
    this.#response = response
    this.#length = length
    this.#sendPiece = () => {
      writeHead()
      this.#result = response.tryEnd(this.#piece, length)
    }
  }

  put(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#sent = 0
    this.#piece = EMPTY
  }

  keepFew(): number {
    const taken = Math.min(this.#sent + FEW_BYTES, this.#chunk.length)
    this.put(new Uint8Array(this.#chunk.subarray(this.#sent, taken)))
    return taken
  }

  finish(): void {}

  advance(occasion: Occasion): boolean {
    while (this.#sent < this.#chunk.length) {
      const before = this.#response.getWriteOffset()
      const size = this.#pieceSize(before, occasion)
      this.#piece = this.#chunk.subarray(this.#sent, this.#sent + size)
      // A writable socket is not corked: the kernel takes what it can, the rest stays ours.
      if (occasion === 'writable') this.#sendPiece()
      else this.#response.cork(this.#sendPiece)
      const [taken, done] = this.#result
      if (done) {
        this.complete = true
        this.put(EMPTY)
        return true
      }
      this.#sent += this.#response.getWriteOffset() - before
      if (!taken) return false
    }
    return true
  }

  /** What is longer than the cork buffer passes it by. Otherwise the very last byte waits until the others have left. */
  #pieceSize(offset: number, occasion: Occasion): number {
    const left = this.#chunk.length - this.#sent
    if (occasion === 'writable' || (occasion === 'push' && left > CORK_BYTES)) return left
    const size = Math.min(left, occasion === 'nudge' ? 1 : PIECE_BYTES)
    return size > 1 && offset + size === this.#length ? size - 1 : size
  }
}

/**
 * A chunked reply, by `write`, which never refuses: only a later call tells whether the socket has drained. So the end of
 * what was put is withheld, to ask with.
 */
export class ChunkedWriter implements UwsBodyWriter {
  readonly #response: UwsResponse
  readonly #writeHead: () => void
  readonly #withheld: number
  readonly #queue: Uint8Array[] = []
  #tail: Uint8Array = EMPTY
  /** The last write was refused in part. */
  #refused = false
  #finishing = false
  complete = false

  /** `live`: nothing is withheld. */
  constructor(response: UwsResponse, options: { readonly live: boolean; readonly writeHead: () => void }) {
    this.#response = response
    this.#writeHead = options.writeHead
    this.#withheld = options.live ? 0 : TAIL_BYTES
  }

  put(chunk: Uint8Array): void {
    const ready = chunk.length - Math.min(this.#withheld, chunk.length)
    if (this.#tail.length > 0) this.#queue.push(this.#tail)
    if (ready > 0) this.#queue.push(chunk.subarray(0, ready))
    this.#tail = ready === chunk.length ? EMPTY : new Uint8Array(chunk.subarray(ready))
  }

  finish(): void {
    this.#finishing = true
  }

  advance(occasion: Occasion): boolean {
    let size = occasion === 'nudge' ? 1 : PIECE_BYTES
    for (let first = this.#queue[0]; first; first = this.#queue[0]) {
      const piece = first.subarray(0, size)
      if (piece.length === first.length) this.#queue.shift()
      else this.#queue[0] = first.subarray(size)
      if (!this.#write(piece)) return false
      size = PIECE_BYTES
    }
    if (this.#finishing) return this.#advanceTail(occasion)
    return occasion !== 'nudge' || this.#askByTail()
  }

  #askByTail(): boolean {
    // With nothing left to ask with, the answer is no: uWS decides how long it waits.
    if (this.#tail.length === 0) return false
    const piece = this.#tail.subarray(0, 1)
    this.#tail = this.#tail.subarray(1)
    return this.#write(piece)
  }

  /**
   * The end in ever smaller pieces: each that is taken proves that those before it have left. While the socket is full a
   * single byte at a time, so that there is something to ask with for minutes.
   */
  #advanceTail(occasion: Occasion): boolean {
    if (occasion === 'nudge' && this.#tail.length === 0) return false
    while (this.#tail.length > 0) {
      const size = this.#refused ? 1 : this.#tail.length - (this.#tail.length >> 2)
      const piece = this.#tail.subarray(0, size)
      this.#tail = this.#tail.subarray(size)
      if (!this.#write(piece)) return false
    }
    this.#response.cork(() => {
      this.#writeHead()
      this.#response.end()
    })
    this.complete = true
    return true
  }

  #write(piece: Uint8Array): boolean {
    let taken = true
    this.#response.cork(() => {
      this.#writeHead()
      taken = this.#response.write(piece)
    })
    this.#refused = !taken
    return taken
  }
}
