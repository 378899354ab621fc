/**
 * Sizes of a stream's buffer: small for the many that play, large for the few that download. All are beyond the 16 KiB up to
 * which uWebSockets.js keeps a copy of what the socket refuses.
 */
const BUFFER_SIZES = [20_480, 32_768, 65_536] as const
type BufferSize = (typeof BUFFER_SIZES)[number]

const MAX_FREE_BYTES = 2 << 20
/** Reads that fill buffers at a time. The system has fewer threads for them; the others would hold a buffer and wait. */
const MAX_READS = 32
/** The reader came back at once: it could have taken more. */
const QUICK_MS = 10
/**
 * The first megabytes go into the buffers of the kernels on both sides, so that every reader looks quick: 1,000 slow ones
 * would cost 64 MB instead of 20. Only what is taken beyond them shows how fast a reader is.
 */
const TELLING_BYTES = 8 << 20
/** The reader's socket was full for long: much memory would only wait. */
const SLOW_MS = 250

/** Buffers that are free, for the next streams. Holds at most 2 MiB. */
export class BufferPool {
  readonly #waiting: (() => void)[] = []
  #reads = 0
  readonly #free = new Map<BufferSize, Uint8Array[]>(BUFFER_SIZES.map((size) => [size, []]))
  #freeBytes = 0

  take(size: BufferSize): Uint8Array {
    const buffer = this.#free.get(size)?.pop()
    if (!buffer) return new Uint8Array(size)
    this.#freeBytes -= size
    return buffer
  }

  /** Nobody may touch the buffer afterwards. */
  give(buffer: Uint8Array): void {
    const free = this.#free.get(buffer.length as BufferSize)
    if (!free || this.#freeBytes + buffer.length > MAX_FREE_BYTES) return
    free.push(buffer)
    this.#freeBytes += buffer.length
  }

  /** Before a buffer is taken to be filled, so that a thousand streams which begin at once do it with few. */
  turn(): Promise<void> | undefined {
    if (this.#reads < MAX_READS) {
      this.#reads++
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** After each turn, once. */
  done(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#reads--
  }

  get freeBytes(): number {
    return this.#freeBytes
  }
}

/** The one buffer of one stream: grows when its reader has long been quick, shrinks when the reader is slow. */
export class StreamBuffer {
  readonly #pool: BufferPool
  #buffer: Uint8Array | undefined
  #step = 0
  #handedOutAt = 0
  #handedOutBytes = 0

  constructor(pool: BufferPool) {
    this.#pool = pool
  }

  /** For the next read; what was handed out before is void. `now`: any monotonic milliseconds. */
  next(now: number): Uint8Array {
    const wanted = this.#nextStep(now)
    if (this.#buffer && wanted === this.#step) return this.#buffer
    this.release()
    this.#step = wanted
    this.#buffer = this.#pool.take(BUFFER_SIZES[wanted] as BufferSize)
    return this.#buffer
  }

  handedOut(now: number, bytes: number): void {
    this.#handedOutAt = now
    this.#handedOutBytes += bytes
  }

  release(): void {
    if (this.#buffer) this.#pool.give(this.#buffer)
    this.#buffer = undefined
  }

  #nextStep(now: number): number {
    if (this.#handedOutAt === 0) return 0
    const away = now - this.#handedOutAt
    if (away > SLOW_MS) return 0
    if (this.#handedOutBytes < TELLING_BYTES) return this.#step
    return away < QUICK_MS ? Math.min(this.#step + 1, BUFFER_SIZES.length - 1) : this.#step
  }
}
