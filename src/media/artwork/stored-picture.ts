import { randomBytes } from 'node:crypto'
import { close, fstatSync, open, read } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { PICTURE_TYPES, type PictureType } from '../../base/picture-type.ts'

/**
 * A file of the cover cache: 16 bytes that tell type and size, then the picture. So one read answers a request, and a
 * file that a power cut left short or empty is recognised and made again.
 */
export interface PictureHeader {
  readonly type: PictureType
  /** Pixels; 0 = unknown. */
  readonly width: number
  readonly height: number
  readonly bytes: number
}

export const HEADER_BYTES = 16
const MAGIC = 0x544e4131

function encodeHeader(header: PictureHeader): Buffer {
  const block = Buffer.alloc(HEADER_BYTES)
  block.writeUInt32BE(MAGIC, 0)
  block.writeUInt8(PICTURE_TYPES.indexOf(header.type), 4)
  block.writeUInt16BE(Math.min(header.width, 0xffff), 6)
  block.writeUInt16BE(Math.min(header.height, 0xffff), 8)
  block.writeUInt32BE(header.bytes, 12)
  return block
}

/** @param fileBytes what the file system says; anything but header and picture exactly is a damaged file. */
export function decodeHeader(block: Uint8Array, fileBytes: number): PictureHeader | undefined {
  if (block.length < HEADER_BYTES) return undefined
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  const type = PICTURE_TYPES[view.getUint8(4)]
  const bytes = view.getUint32(12)
  if (view.getUint32(0) !== MAGIC || !type || bytes === 0 || fileBytes !== HEADER_BYTES + bytes) return undefined
  return { type, width: view.getUint16(6), height: view.getUint16(8), bytes }
}

export interface StoredPicture extends PictureHeader {
  readonly path: string
  readonly mtimeMs: number
  /** The whole picture when it is small; undefined: read the file from `HEADER_BYTES` on. */
  readonly data: Uint8Array | undefined
}

/** Pictures up to this size are read with their header: thumbnails take one visit of the disk. */
const READ_AT_ONCE = 128 << 10

const openFile = promisify(open)
const readFile = promisify(read)

/** Undefined when there is none or it is damaged. Rejects with the system's error when the cache can't be read. */
export async function readStored(path: string): Promise<StoredPicture | undefined> {
  const file = await openFile(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    // The system knows it of a file that it has just opened.
    const { size, mtimeMs } = fstatSync(file)
    const whole = size <= READ_AT_ONCE
    const block = Buffer.allocUnsafeSlow(whole ? size : HEADER_BYTES)
    const { bytesRead } = await readFile(file, block, 0, block.length, 0)
    const header = bytesRead === block.length ? decodeHeader(block, size) : undefined
    return header && { ...header, path, mtimeMs, data: whole ? block.subarray(HEADER_BYTES) : undefined }
  } finally {
    close(file, () => {})
  }
}

/**
 * Written beside its place, then renamed: readers see all of it or nothing. Makes the folder.
 * @returns bytes on disk. Rejects with the system's error.
 */
export async function writeStored(
  path: string,
  facts: Omit<PictureHeader, 'bytes'>,
  data: Uint8Array,
): Promise<number> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const block = Buffer.concat([encodeHeader({ ...facts, bytes: data.length }), data])
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(temporary, block, { flag: 'wx', mode: 0o640 })
    await rename(temporary, path)
    return block.length
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}
