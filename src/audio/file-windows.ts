import type { FileHandle } from 'node:fs/promises'

const WINDOW = 64 * 1024
const MOST = 4
/** Bigger requests (a picture) go past the windows. */
const DIRECT = 32 * 1024

interface Window {
  start: number
  bytes: Uint8Array
}

/**
 * Reads a file through some windows of 64 KiB, for its head, its tail and where the sound begins, so that hundreds of small
 * reads are a few of the disk. The handle stays the caller's.
 */
export class FileWindows {
  readonly size: number
  readonly #handle: FileHandle
  /** The one that was loaded last comes first. */
  readonly #windows: Window[] = []

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle
    this.size = size
  }

  /** Up to `length` bytes from `position`; fewer where the file ends. */
  bytesAt(position: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.size - position))
    const window = this.#windowAt(position)
    const from = window ? position - window.start : 0
    // Most reads are of some bytes that are there already. A copy: windows are used again.
    if (window && from + wanted <= window.bytes.length)
      return Promise.resolve(Buffer.from(window.bytes.subarray(from, from + wanted)))
    return this.#read(position, wanted)
  }

  async #read(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.subarray(0, await this.fill(bytes, 0, length, position))
  }

  #windowAt(position: number): Window | undefined {
    return this.#windows.find(({ start, bytes }) => position >= start && position < start + bytes.length)
  }

  /** Copies into `target` from `start` on. @returns how many bytes there were. */
  async fill(target: Uint8Array, start: number, length: number, position: number): Promise<number> {
    let done = 0
    while (done < length) {
      const at = position + done
      const window = this.#windowAt(at)
      if (window) {
        const from = at - window.start
        const part = window.bytes.subarray(from, from + length - done)
        target.set(part, start + done)
        done += part.length
      } else if (length - done >= DIRECT) {
        const { bytesRead } = await this.#handle.read(target, start + done, length - done, at)
        if (bytesRead === 0) break
        done += bytesRead
      } else if (!(await this.#load(at))) break
    }
    return done
  }

  /** Replaces the window that was loaded longest ago. @returns false at the end of the file. */
  async #load(position: number): Promise<boolean> {
    const length = Math.min(WINDOW, this.size)
    const oldest = this.#windows.length < MOST ? undefined : this.#windows.pop()
    const bytes = oldest ? Buffer.from(oldest.bytes.buffer) : Buffer.allocUnsafeSlow(length)
    // The tail is asked for in pieces from its end: begin the window early, so that they share it.
    const start = Math.min(position, this.size - length)
    const { bytesRead } = await this.#handle.read(bytes, 0, length, start)
    if (bytesRead <= position - start) return false
    this.#windows.unshift({ start, bytes: bytes.subarray(0, bytesRead) })
    return true
  }
}
