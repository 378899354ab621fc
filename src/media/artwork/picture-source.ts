import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import type { ByteRange, ByteSource, ByteStream } from '../../base/byte-source.ts'
import { AppError } from '../../base/errors.ts'
import { pictureType, SNIFF_BYTES } from '../../base/picture-type.ts'
import { openConfined } from '../confined-file.ts'
import { HEADER_BYTES, type StoredPicture } from './stored-picture.ts'

/** What the description of a cover says beside its bytes. */
export interface CoverFacts {
  readonly etag?: string
  readonly lastModified?: Date
  readonly cacheControl: string
}

const CHUNK = 64 << 10

/** A picture of the cover cache as something that can be sent. */
export function storedSource(stored: StoredPicture, facts: CoverFacts): ByteSource {
  const { data } = stored
  return {
    contentType: stored.type,
    length: stored.bytes,
    ...facts,
    open: async (range) => {
      if (data) return memoryStream(range ? data.subarray(range.start, range.end + 1) : data)
      const file = await open(stored.path, 'r').catch((error: unknown) => {
        throw new AppError('UNAVAILABLE', 'The cover is gone; ask again.', { cause: error })
      })
      return fileStream(file, HEADER_BYTES, stored.bytes, range)
    },
  }
}

/**
 * A picture file on the music disks, untouched. The type is what its bytes say.
 * @returns undefined when it is missing, too big, or no picture.
 */
export async function originalSource(
  path: string,
  within: string,
  options: { readonly maxBytes: number; readonly cacheControl: string },
): Promise<ByteSource | undefined> {
  const file = await openConfined(path, within).catch(() => undefined)
  if (!file) return undefined
  try {
    const { size, mtime, mtimeMs } = await file.stat()
    const head = Buffer.alloc(SNIFF_BYTES)
    await file.read(head, 0, SNIFF_BYTES, 0)
    const contentType = pictureType(head)
    if (!contentType || size > options.maxBytes) return undefined
    return {
      contentType,
      length: size,
      etag: `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`,
      lastModified: mtime,
      cacheControl: options.cacheControl,
      open: async (range) => {
        const again = await openConfined(path, within).catch(() => undefined)
        if (!again) throw new AppError('MEDIA_UNREADABLE', 'The picture cannot be read.')
        return fileStream(again, 0, size, range)
      },
    }
  } catch {
    return undefined
  } finally {
    await file.close()
  }
}

function memoryStream(bytes: Uint8Array): ByteStream {
  let sent = bytes.length === 0
  return {
    async read() {
      if (sent) return undefined
      sent = true
      return bytes
    },
    close() {},
  }
}

function fileStream(file: FileHandle, offset: number, length: number, range: ByteRange | undefined): ByteStream {
  let position = offset + (range?.start ?? 0)
  const end = offset + (range ? range.end + 1 : length)
  const block = Buffer.allocUnsafe(Math.min(CHUNK, end - position))
  return {
    async read() {
      if (position >= end) return undefined
      const { bytesRead } = await file.read(block, 0, Math.min(block.length, end - position), position)
      if (bytesRead === 0) throw new AppError('MEDIA_UNREADABLE', 'The picture ended too early.')
      position += bytesRead
      return block.subarray(0, bytesRead)
    },
    close() {
      file.close().catch(() => {})
    },
  }
}
