/** Inclusive byte offsets, as in HTTP. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Bytes in order. One reader; `read` is never called again before it settled. */
export interface ByteStream {
  /**
   * The next bytes, undefined at the end. The buffer belongs to the stream: it is valid until the next `read` or `close`.
   * Rejects with an AppError when the bytes can't be had.
   */
  read(): Promise<Uint8Array | undefined>
  /**
   * The last `count` bytes of what `read` gave were not taken: they come again with the next read, and their buffer is for
   * others until then. Who calls it does so after each read, with 0 when all were taken, and keeps none of the bytes.
   * Absent where bytes can't be had twice.
   */
  unread?(count: number): void
  /** Lets go of files, processes and places in queues. Called exactly once, also after an error or half-way. */
  close(): void
}

/**
 * Something that can be sent: a description, nothing is open before `open`. Media rooms make them, the HTTP room answers
 * ranges and conditions from the fields, adapters pump.
 */
export interface ByteSource {
  readonly contentType: string
  /** Exact number of bytes. Absent for a live transcode: sent chunked, without ranges. */
  readonly length?: number
  /** A promised length that may be off (Subsonic `estimateContentLength`); the pump pads or cuts to keep it. */
  readonly estimatedLength?: number
  /** Strong validator, quoted. */
  readonly etag?: string
  readonly lastModified?: Date
  /** `Cache-Control`. */
  readonly cacheControl?: string
  /** File name for `Content-Disposition: attachment`. */
  readonly downloadName?: string
  /** Further headers, lower case (`x-content-duration`). */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * `range` is given only when `length` is known and the range lies inside. Must fail before the first byte if it can. What
   * takes long gives up, and gives back what it holds, when the signal aborts: nobody waits any more. None is given
   * where the length is known: such a source opens at once.
   */
  open(range?: ByteRange, signal?: AbortSignal): Promise<ByteStream>
  /** What is sent in its place when `open` or the first `read` failed with `error`; undefined: the error it is. */
  instead?(error: unknown): Promise<ByteSource | undefined>
}
