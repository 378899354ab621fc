import type { FileHandle } from 'node:fs/promises'
import { AbstractTokenizer, EndOfStreamError, type IRandomAccessFileInfo, type IReadChunkOptions } from 'strtok3'

const WINDOW = 64 * 1024
/** Bigger requests (a picture) go past the windows. */
const DIRECT = 32 * 1024
/** No tag is so big; a request beyond it is a damaged or hostile length. */
export const MAX_TAG_BYTES = 64 * 1024 * 1024

interface Window {
  start: number
  bytes: Uint8Array
}

/**
 * Reads a file for the tag parser through two windows of 64 KiB, one for the head and one for the tail, so that hundreds
 * of small reads are two of the disk. The handle stays the caller's.
 */
export class FileTokenizer extends AbstractTokenizer {
  readonly fileInfo: IRandomAccessFileInfo
  readonly #handle: FileHandle
  readonly #windows: [Window, Window] = [
    { start: -1, bytes: new Uint8Array(0) },
    { start: -1, bytes: new Uint8Array(0) },
  ]
  #latest: 0 | 1 = 0

  constructor(handle: FileHandle, info: IRandomAccessFileInfo) {
    super({ maxBufferSize: MAX_TAG_BYTES })
    this.#handle = handle
    this.fileInfo = info
  }

  supportsRandomAccess(): boolean {
    return true
  }

  setPosition(position: number): void {
    this.position = position
  }

  async readBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { length, position, mayBeLess } = this.normalizeOptions(target, options)
    const count = await this.#fill(target, length, position)
    this.position = position + count
    if (count < length && !mayBeLess) throw new EndOfStreamError()
    return count
  }

  async peekBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { length, position, mayBeLess } = this.normalizeOptions(target, options)
    const count = await this.#fill(target, length, position)
    if (count < length && !mayBeLess) throw new EndOfStreamError()
    return count
  }

  async #fill(target: Uint8Array, length: number, position: number): Promise<number> {
    let done = 0
    while (done < length) {
      const at = position + done
      const window = this.#windows.find(({ start, bytes }) => at >= start && at < start + bytes.length)
      if (window) {
        const from = at - window.start
        const part = window.bytes.subarray(from, from + length - done)
        target.set(part, done)
        done += part.length
      } else if (length - done >= DIRECT) {
        const { bytesRead } = await this.#handle.read(target, done, length - done, at)
        if (bytesRead === 0) break
        done += bytesRead
      } else if (!(await this.#load(at))) break
    }
    return done
  }

  /** Replaces the window that was used longer ago. @returns false at the end of the file. */
  async #load(position: number): Promise<boolean> {
    const slot = this.#latest === 0 ? 1 : 0
    const bytes = new Uint8Array(WINDOW)
    // The tail is asked for in pieces from its end: begin the window early, so that they share it.
    const start = position + WINDOW > this.fileInfo.size ? Math.max(0, this.fileInfo.size - WINDOW) : position
    const { bytesRead } = await this.#handle.read(bytes, 0, WINDOW, start)
    if (bytesRead <= position - start) return false
    this.#windows[slot] = { start, bytes: bytes.subarray(0, bytesRead) }
    this.#latest = slot
    return true
  }
}
