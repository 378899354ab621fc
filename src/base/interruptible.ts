import type { ByteSource, ByteStream } from './byte-source.ts'
import type { AppError } from './errors.ts'

export interface InterruptibleOptions {
  /** What reads reject with from the interruption on. */
  readonly reason: () => AppError
  /** Asked before each read: true is an interruption. */
  readonly isOver?: () => boolean
  /** Before the stream itself is closed. */
  readonly onClose: () => void
}

/** The same stream, which somebody else can end: also while its reader waits. */
export function interruptible(
  stream: ByteStream,
  { reason, isOver = () => false, onClose }: InterruptibleOptions,
): { readonly stream: ByteStream; interrupt(): void } {
  let over = false
  let rejectRead: (() => void) | undefined
  const read = () => {
    if (over || isOver()) return Promise.reject(reason())
    return new Promise<Uint8Array | undefined>((resolve, reject) => {
      rejectRead = () => reject(reason())
      const settled = () => {
        // It would hold on to the promise, and with it to the bytes.
        rejectRead = undefined
      }
      stream.read().then(
        (chunk) => {
          settled()
          resolve(chunk)
        },
        (error: unknown) => {
          settled()
          reject(error)
        },
      )
    })
  }
  const close = () => {
    onClose()
    stream.close()
  }
  return {
    stream: { read, close, ...(stream.unread ? { unread: (count: number) => stream.unread?.(count) } : {}) },
    interrupt: () => {
      over = true
      rejectRead?.()
    },
  }
}

/** The same source with something around each of its streams, and of those that are sent in its place. */
export function aroundStreams(source: ByteSource, around: (stream: ByteStream) => ByteStream): ByteSource {
  return {
    ...source,
    open: async (range, signal) => around(await source.open(range, signal)),
    instead: async (error) => {
      const other = await source.instead?.(error)
      return other && aroundStreams(other, around)
    },
  }
}
