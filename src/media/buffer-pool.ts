/**
 * Sizes of a stream's buffer: small for the many that play, large for the few that download. All are beyond the 16 KiB up to
 * which uWebSockets.js keeps a copy of what the socket refuses. A megabyte took more processor time than the largest here:
 * it fits neither into sockets nor into the processor's cache.
 */
const BUFFER_SIZES = [20_480, 65_536, 262_144] as const
type BufferSize = (typeof BUFFER_SIZES)[number]
const MIDDLE = 65_536
const LARGEST = 262_144

const MAX_FREE_BYTES = 2 << 20
/**
 * Of the largest buffers that are in use: who wants one beyond that gets the middle size. All of them find room among those
 * that are free: a thousand listeners who take little at a time would else leave them to the garbage collector.
 */
const MAX_LARGEST_BYTES = 2 << 20
/** Reads that fill buffers at a time. The system has fewer threads for them; the others would hold a buffer and wait. */
const MAX_READS = 32
/** The reader came back at once: it could have taken more. */
const QUICK_MS = 10
/**
 * Of readers that keep a buffer until they have taken it. The first megabytes go into the buffers of the kernels on both
 * sides, so that every reader looks quick: 1,000 slow ones would cost 64 MB instead of 20. Only what is taken beyond them
 * shows how fast a reader is.
 */
const TELLING_BYTES = 8 << 20
/** The reader's socket was full for long: much memory would only wait. */
const SLOW_MS = 250

/** Buffers that are free, for the next streams: at most 2 MiB. Of the largest at most 2 MiB are out at a time. */
export class BufferPool {
  readonly #waiting: (() => void)[] = []
  #reads = 0
  readonly #free = new Map<BufferSize, Uint8Array[]>(BUFFER_SIZES.map((size) => [size, []]))
  #freeBytes = 0
  #largestBytes = 0

  /** A smaller one where too many of the largest are out. */
  take(wanted: BufferSize): Uint8Array {
    const size = wanted === LARGEST && this.#largestBytes + LARGEST > MAX_LARGEST_BYTES ? MIDDLE : wanted
    if (size === LARGEST) this.#largestBytes += LARGEST
    const buffer = this.#free.get(size)?.pop()
    if (!buffer) return new Uint8Array(size)
    this.#freeBytes -= size
    return buffer
  }

  /** Nobody may touch the buffer afterwards. */
  give(buffer: Uint8Array): void {
    if (buffer.length === LARGEST) this.#largestBytes -= LARGEST
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

/** The one buffer of one stream: grows with what its reader takes at a time, shrinks when the reader is slow. */
export class StreamBuffer {
  readonly #pool: BufferPool
  #buffer: Uint8Array | undefined
  #step = 0
  #handedOutAt = 0
  #handedOutBytes = 0
  /** The last chunk. */
  #chunkBytes = 0
  /** By a reader who tells, since it last had to wait. */
  #taken = 0
  /** The reader tells at once what it took, and keeps no buffer while it waits. */
  #tells = false

  constructor(pool: BufferPool) {
    this.#pool = pool
  }

  /**
   * For the next read; what was handed out before is void. `now`: any monotonic milliseconds. `left`: bytes until the end;
   * a short rest is read at once.
   */
  next(now: number, left = Number.POSITIVE_INFINITY): Uint8Array {
    this.#step = this.#nextStep(now)
    const size = BUFFER_SIZES[this.#step] as BufferSize
    const wanted = left > size && left <= MIDDLE ? MIDDLE : size
    if (this.#buffer?.length === wanted) return this.#buffer
    this.release()
    this.#buffer = this.#pool.take(wanted)
    return this.#buffer
  }

  handedOut(now: number, bytes: number): void {
    this.#handedOutAt = now
    this.#handedOutBytes += bytes
    this.#chunkBytes = bytes
  }

  /** So many bytes of the last chunk were not taken. The next is about as large as what was, since the reader last waited. */
  returned(bytes: number): void {
    this.#tells = true
    this.#taken += this.#chunkBytes - bytes
    if (bytes === 0) {
      this.#step = Math.min(this.#step + 1, BUFFER_SIZES.length - 1)
      return
    }
    while (this.#step > 0 && (BUFFER_SIZES[this.#step] as number) > this.#taken) this.#step--
    this.#taken = 0
    this.release()
  }

  release(): void {
    if (this.#buffer) this.#pool.give(this.#buffer)
    this.#buffer = undefined
  }

  #nextStep(now: number): number {
    if (this.#tells) return this.#step
    if (this.#handedOutAt === 0) return 0
    const away = now - this.#handedOutAt
    if (away > SLOW_MS) return 0
    if (this.#handedOutBytes < TELLING_BYTES) return this.#step
    return away < QUICK_MS ? Math.min(this.#step + 1, BUFFER_SIZES.length - 1) : this.#step
  }
}
