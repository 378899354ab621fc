import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { ByteRange, ByteSource, ByteStream } from '../base/byte-source.ts'
import { withDeadline } from '../base/deadline.ts'
import { AppError } from '../base/errors.ts'
import { type BufferPool, StreamBuffer } from './buffer-pool.ts'
import { type OpenFile, openFile, unreadable } from './file-reading.ts'

const STAT_DEADLINE_MS = 30_000

export interface FileSourceOptions {
  readonly path: string
  readonly contentType: string
  /** Makes the validator differ between files of the same size and time: the song's public id, a cache key. */
  readonly tag: string
  readonly pool: BufferPool
  readonly cacheControl?: string
  readonly downloadName?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A file of known length, with ranges and validators. Rejects with MEDIA_UNREADABLE when it isn't there. */
export async function fileSource(options: FileSourceOptions): Promise<ByteSource> {
  const stats = await statFile(options.path)
  const { size, mtimeMs } = stats
  return {
    contentType: options.contentType,
    length: size,
    etag: `"${options.tag}-${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`,
    lastModified: stats.mtime,
    ...(options.cacheControl === undefined ? {} : { cacheControl: options.cacheControl }),
    ...(options.downloadName === undefined ? {} : { downloadName: options.downloadName }),
    ...(options.headers === undefined ? {} : { headers: options.headers }),
    open: async (range) => {
      const { file, stats: now } = await openFile(options.path)
      if (now.size !== size || now.mtimeMs !== mtimeMs) {
        file.close()
        throw changed('The file changed while it was asked for. Ask again.')
      }
      return fileStream(file, range ?? { start: 0, end: size - 1 }, options.pool)
    },
  }
}

/** Sends exactly the range. A file that got shorter meanwhile ends with an error: the client must notice. */
export function fileStream(file: OpenFile, range: ByteRange, pool: BufferPool): ByteStream {
  const buffer = new StreamBuffer(pool)
  const end = range.end + 1
  let position = range.start
  let closed = false
  return {
    read: async () => {
      if (position >= end) return undefined
      const turn = pool.turn()
      if (turn) {
        buffer.release()
        await turn
      }
      try {
        // A buffer that is taken now would never be given back.
        if (closed) throw changed('The stream was closed while it waited for its turn.')
        const into = buffer.next(performance.now(), end - position)
        const count = await file.read(into, Math.min(into.length, end - position), position)
        if (count === 0) throw changed('The file became shorter while it was sent.')
        position += count
        buffer.handedOut(performance.now(), count)
        return into.subarray(0, count)
      } finally {
        pool.done()
      }
    },
    unread: (count) => {
      position -= count
      buffer.returned(count)
    },
    close: () => {
      closed = true
      file.close(() => buffer.release())
    },
  }
}

function changed(message: string): AppError {
  return new AppError('MEDIA_UNREADABLE', message)
}

/** What is known of a file before it is opened. Rejects with MEDIA_UNREADABLE when it isn't a file. */
export async function statFile(path: string): Promise<Stats> {
  try {
    const stats = await withDeadline(stat(path), STAT_DEADLINE_MS, 'looking at a file')
    if (!stats.isFile()) throw new Error('not a file')
    return stats
  } catch (error) {
    throw unreadable(error)
  }
}
