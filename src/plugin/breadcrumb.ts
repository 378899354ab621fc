import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * The name of the plugin whose code is on the stack, in a file that outlives the process. If the loop stands still and a
 * watchdog kills us, the next start reads who it was. One write of 64 bytes to memory-backed storage, about a microsecond.
 */
export interface Breadcrumb {
  enter(plugin: string): void
  leave(): void
  /** An orderly end: nobody is to blame. */
  close(): void
}

const SIZE = 64

export const noBreadcrumb: Breadcrumb = { enter: () => {}, leave: () => {}, close: () => {} }

/** Reads what the last process left; undefined when it ended in order, or outside plugins. */
export function readBreadcrumb(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').replaceAll('\0', '').trim() || undefined
  } catch {
    return undefined
  }
}

/** `path` should lie on tmpfs. Where it can't be written, plugins run without. */
export function createBreadcrumb(path: string): Breadcrumb {
  let fd: number
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    fd = openSync(path, 'w', 0o600)
  } catch {
    return noBreadcrumb
  }
  const empty = Buffer.alloc(SIZE)
  const names = new Map<string, Buffer>()
  const stack: Buffer[] = []
  const write = (buffer: Buffer) => {
    try {
      writeSync(fd, buffer, 0, SIZE, 0)
    } catch {
      // A full tmpfs costs the name of a culprit, nothing more.
    }
  }
  return {
    enter(plugin) {
      let buffer = names.get(plugin)
      if (!buffer) {
        buffer = Buffer.alloc(SIZE)
        buffer.write(plugin, 0, SIZE, 'latin1')
        names.set(plugin, buffer)
      }
      stack.push(buffer)
      write(buffer)
    },
    leave() {
      stack.pop()
      write(stack.at(-1) ?? empty)
    },
    close() {
      closeSync(fd)
      rmSync(path, { force: true })
    },
  }
}
