import { closeSync, constants, openSync, write, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** Lines of the log on their way to a descriptor which may be full, slow, or nobody's any more. */
export interface LineSink {
  /** Never throws and never waits: beyond the bound the text is dropped, and counted. */
  write(text: string): void
  /** Resolves when nothing waits any more, or when the descriptor took nothing for the whole deadline. */
  settled(): Promise<void>
  /** Writes what waits before it returns, for as long as the descriptor takes it; for the end of the process. */
  flush(): void
}

/** The two calls of the system, for tests; `node:fs` otherwise. */
export interface DescriptorWrites {
  write(fd: number, bytes: Uint8Array, done: (error: NodeJS.ErrnoException | null, written: number) => void): void
  writeSync(fd: number, bytes: Uint8Array): number
}

export interface LineSinkOptions {
  readonly fd: number
  /** Told how many texts were dropped, once there is room again. */
  readonly onLost?: (count: number) => void
  readonly writes?: DescriptorWrites
  /** Bytes that wait at most. */
  readonly maxWaiting?: number
  /** How long `settled` and `flush` wait for a descriptor that takes nothing. */
  readonly deadlineMs?: number
}

/** A descriptor that refused (ENOSPC, EIO, EPIPE) or was full (EAGAIN) is tried again after the first, then ever later. */
const RETRY_MS = { first: 25, most: 2000 }
/** Bytes of one write: a slow disk or reader holds up no more. */
const BATCH_BYTES = 16_384
const SYSTEM_WRITES: DescriptorWrites = {
  write: (fd, bytes, done) => write(fd, bytes, 0, bytes.byteLength, null, done),
  writeSync: (fd, bytes) => writeSync(fd, bytes),
}

/**
 * Writes in order, one write at a time, in a thread of the system's. What could not be written is tried again; so a disk
 * that was full for a while loses only what was beyond the bound.
 */
export function createLineSink(options: LineSinkOptions): LineSink {
  const { fd, writes = SYSTEM_WRITES, maxWaiting = 1 << 20, deadlineMs = 1000 } = options
  const waiting: string[] = []
  let bytes = 0
  let lost = 0
  /** Being written, or what is left of it. */
  let batch: Buffer | undefined
  let writing = false
  let retryMs = RETRY_MS.first
  let retry: NodeJS.Timeout | undefined
  let settle: (() => void)[] = []

  function next(): Buffer | undefined {
    if (batch || waiting.length === 0) return batch
    let length = 0
    let count = 0
    while (count < waiting.length && (count === 0 || length < BATCH_BYTES)) length += waiting[count++]?.length ?? 0
    batch = Buffer.from(waiting.splice(0, count).join(''))
    return batch
  }

  function took(written: number): void {
    bytes -= written
    batch = batch && written < batch.byteLength ? batch.subarray(written) : undefined
  }

  function start(): void {
    if (writing || retry) return
    const now = next()
    if (!now) {
      rest()
      return
    }
    writing = true
    writes.write(fd, now, (error, written) => {
      writing = false
      // Flushed meanwhile: the process ends.
      if (batch !== now) return
      if (error || written === 0) {
        later()
        return
      }
      retryMs = RETRY_MS.first
      took(written)
      start()
    })
  }

  function later(): void {
    retry = setTimeout(() => {
      retry = undefined
      start()
    }, retryMs)
    retry.unref()
    retryMs = Math.min(retryMs * 2, RETRY_MS.most)
  }

  function rest(): void {
    const count = lost
    lost = 0
    if (count > 0) options.onLost?.(count)
    if (bytes > 0) return
    for (const done of settle) done()
    settle = []
  }

  return {
    write(text) {
      const length = Buffer.byteLength(text)
      // Once one is lost, so are those behind it, until all before it are written: then the gap is told in its place.
      if (lost > 0 || bytes + length > maxWaiting) {
        lost += 1
        return
      }
      bytes += length
      waiting.push(text)
      start()
    },
    settled: () =>
      new Promise((resolve) => {
        if (bytes === 0) return resolve()
        let before = bytes
        const look = setInterval(() => {
          if (bytes === before) done()
          before = bytes
        }, deadlineMs)
        const done = () => {
          clearInterval(look)
          resolve()
        }
        settle.push(done)
        clearTimeout(retry)
        retry = undefined
        retryMs = RETRY_MS.first
        start()
      }),
    flush() {
      // A write under way ends by itself.
      if (writing) batch = undefined
      const until = performance.now() + deadlineMs
      for (let now = next(); now; now = next()) {
        try {
          took(writes.writeSync(fd, now))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > until) return
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS.first)
        }
      }
    },
  }
}

/**
 * Standard output as a descriptor on which writes don't wait for the reader. Pipes and sockets Node has made such itself
 * when `process.stdout` was first asked for; a terminal, which Ctrl+S stops, is opened anew.
 */
export function standardOutput(): number {
  if (!isatty(1)) return 1
  try {
    const fd = openSync('/dev/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    if (isatty(fd)) return fd
    closeSync(fd)
  } catch {
    // Its owner may be another; then a stopped terminal holds up one thread.
  }
  return 1
}
