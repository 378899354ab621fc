import { type FileHandle, open } from 'node:fs/promises'
import { AppError } from '../../base/errors.ts'

/** Readers wait for so much: an encoder that fails after a header has not begun, and its listener can still be told. */
const BEGUN_BYTES = 4096
/** What may wait in memory when the disk takes no more. */
const TAIL_BYTES = 256 * 1024

export interface SpoolOptions {
  /** The file that takes the bytes; undefined: memory only, and the writer waits for the slowest reader. */
  readonly path: string | undefined
  /** Asked before bytes go to the disk; false from then on keeps them in memory. */
  readonly reserve: (bytes: number) => boolean | Promise<boolean>
  /** The disk refused; told once. */
  readonly onSpill: (error: unknown) => void
}

/**
 * The bytes of a running transcode: one writer, several readers, each at its own place. They lie in a file that grows, so that
 * the encoder runs as fast as it can. When the disk is full, or there is no file, they pass through a small memory instead
 * and the writer waits until every reader has them: music goes on, only nothing is kept.
 */
export class Spool {
  readonly #options: SpoolOptions
  readonly #readers = new Set<SpoolReader>()
  readonly #waiting = new Set<() => void>()
  #file: FileHandle | undefined
  #fileBytes = 0
  #spilled: boolean
  #tail: Uint8Array[] = []
  #tailBytes = 0
  /** Bytes after the file's that all readers had. */
  #passedBytes = 0
  #end: 'running' | 'finished' | AppError = 'running'
  #closed = false

  constructor(options: SpoolOptions) {
    this.#options = options
    this.#spilled = options.path === undefined
  }

  async start(): Promise<void> {
    if (this.#options.path === undefined) return
    try {
      this.#file = await open(this.#options.path, 'w+', 0o600)
    } catch (error) {
      this.#spill(error)
    }
  }

  /** Bytes so far. */
  get length(): number {
    return this.#fileBytes + this.#passedBytes + this.#tailBytes
  }

  get fileBytes(): number {
    return this.#fileBytes
  }

  /** Everything so far lies in the file. */
  get isWhole(): boolean {
    return !this.#spilled
  }

  /** Whether a new reader could begin at the start. */
  get isJoinable(): boolean {
    return this.#passedBytes === 0
  }

  get readerCount(): number {
    return this.#readers.size
  }

  /** Takes over the chunk; resolves when the writer may go on. */
  async append(chunk: Uint8Array): Promise<void> {
    let rest = chunk
    if (!this.#spilled) {
      if (!(await this.#options.reserve(chunk.length))) this.#spill(undefined)
      else rest = await this.#write(chunk)
    }
    if (rest.length > 0) await this.#keep(rest)
    this.#wake()
  }

  finish(): void {
    if (this.#end === 'running') this.#end = 'finished'
    this.#wake()
  }

  /** Readers get what is there and then the error. */
  fail(error: AppError): void {
    if (this.#end === 'running') this.#end = error
    this.#wake()
  }

  /** A reader from the first byte on. */
  attach(): SpoolReader {
    const reader = new SpoolReader(this)
    this.#readers.add(reader)
    return reader
  }

  /** @internal */
  detach(reader: SpoolReader): void {
    this.#readers.delete(reader)
    this.#trim()
    this.#wake()
  }

  /**
   * At least one byte at `position`, 0 at the end. Waits for the writer; rejects with what the writer failed with.
   * @internal
   */
  async readAt(position: number, into: Uint8Array): Promise<number> {
    while (!this.#closed) {
      if (position === 0 && this.length < BEGUN_BYTES && this.#end !== 'finished') {
        if (this.#end !== 'running') throw this.#end
        await this.#change()
        continue
      }
      if (position < this.#fileBytes && this.#file) {
        const length = Math.min(into.length, this.#fileBytes - position)
        const { bytesRead } = await this.#file.read(into, 0, length, position)
        if (bytesRead > 0) return bytesRead
        throw new AppError('TRANSCODE_FAILED', 'The converted song was lost while it was sent. Ask again.')
      }
      if (position < this.length) return this.#copyFromTail(position, into)
      if (this.#end === 'finished') return 0
      if (this.#end !== 'running') throw this.#end
      await this.#change()
    }
    throw new AppError('CANCELLED', 'The stream was closed.')
  }

  /** @internal A reader has moved. */
  moved(): void {
    if (this.#tailBytes === 0) return
    this.#trim()
    this.#wake()
  }

  /** Closes the file. What still reads or waits gets CANCELLED. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#wake()
    await this.#file?.close().catch(() => {})
  }

  async #write(chunk: Uint8Array): Promise<Uint8Array> {
    let done = 0
    try {
      while (done < chunk.length) {
        const { bytesWritten } = await (this.#file as FileHandle).write(
          chunk,
          done,
          chunk.length - done,
          this.#fileBytes + done,
        )
        done += bytesWritten
      }
    } catch (error) {
      this.#spill(error)
    }
    this.#fileBytes += done
    return chunk.subarray(done)
  }

  async #keep(chunk: Uint8Array): Promise<void> {
    while (this.#tailBytes > 0 && this.#tailBytes + chunk.length > TAIL_BYTES && this.#end === 'running') {
      await this.#change()
    }
    this.#tail.push(chunk)
    this.#tailBytes += chunk.length
  }

  #spill(error: unknown): void {
    if (this.#spilled) return
    this.#spilled = true
    this.#options.onSpill(error)
  }

  #copyFromTail(position: number, into: Uint8Array): number {
    let at = this.#fileBytes + this.#passedBytes
    for (const chunk of this.#tail) {
      if (position < at + chunk.length) {
        const part = chunk.subarray(position - at, position - at + into.length)
        into.set(part)
        return part.length
      }
      at += chunk.length
    }
    return 0
  }

  /** Forgets the chunks that every reader has passed. */
  #trim(): void {
    if (this.#readers.size === 0) return
    const slowest = Math.min(...[...this.#readers].map((reader) => reader.position))
    for (let first = this.#tail[0]; first; first = this.#tail[0]) {
      if (slowest < this.#fileBytes + this.#passedBytes + first.length) return
      this.#tail.shift()
      this.#tailBytes -= first.length
      this.#passedBytes += first.length
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve))
  }

  #wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resume of waiting) resume()
  }
}

/** One listener's place in a spool. */
export class SpoolReader {
  readonly #spool: Spool
  #position = 0

  constructor(spool: Spool) {
    this.#spool = spool
  }

  get position(): number {
    return this.#position
  }

  /** Fills part of the buffer; 0 at the end. */
  async read(into: Uint8Array): Promise<number> {
    const count = await this.#spool.readAt(this.#position, into)
    this.#position += count
    this.#spool.moved()
    return count
  }

  close(): void {
    this.#spool.detach(this)
  }
}
