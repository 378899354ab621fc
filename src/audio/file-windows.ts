import type { FileHandle } from 'node:fs/promises'

const WINDOW = 64 * 1024
/** Bigger requests (a picture) go past the windows. */
const DIRECT = 32 * 1024

interface Window {
  start: number
  bytes: Uint8Array
}

/**
 * Reads a file through two windows of 64 KiB, one for the head and one for the tail, so that hundreds of small reads are
 * two of the disk. The handle stays the caller's.
 */
export class FileWindows {
  readonly size: number
  readonly #handle: FileHandle
  readonly #windows: [Window, Window] = [
    { start: -1, bytes: new Uint8Array(0) },
    { start: -1, bytes: new Uint8Array(0) },
  ]
  #latest: 0 | 1 = 0

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle
    this.size = size
  }

  /** Up to `length` bytes from `position`; fewer where the file ends. */
  async bytesAt(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, this.size - position)))
    return bytes.subarray(0, await this.fill(bytes, 0, bytes.length, position))
  }

  /** Copies into `target` from `start` on. @returns how many bytes there were. */
  async fill(target: Uint8Array, start: number, length: number, position: number): Promise<number> {
    let done = 0
    while (done < length) {
      const at = position + done
      const window = this.#windows.find(({ start, bytes }) => at >= start && at < start + bytes.length)
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

  /** Replaces the window that was used longer ago. @returns false at the end of the file. */
  async #load(position: number): Promise<boolean> {
    const slot = this.#latest === 0 ? 1 : 0
    const bytes = new Uint8Array(WINDOW)
    // The tail is asked for in pieces from its end: begin the window early, so that they share it.
    const start = position + WINDOW > this.size ? Math.max(0, this.size - WINDOW) : position
    const { bytesRead } = await this.#handle.read(bytes, 0, WINDOW, start)
    if (bytesRead <= position - start) return false
    this.#windows[slot] = { start, bytes: bytes.subarray(0, bytesRead) }
    this.#latest = slot
    return true
  }
}
