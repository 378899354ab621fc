import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'

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

const NAME = /^[a-z][a-z0-9-]{1,39}$/

/**
 * Reads what the last process left; undefined when it ended in order, or outside plugins, or when the plugin had been
 * running for less than `minAgeMs` even now: then it was no hang that the process was killed for.
 */
export function readBreadcrumb(path: string, now: number, minAgeMs: number): string | undefined {
  try {
    const age = now - statSync(path).mtimeMs
    if (age >= 0 && age < minAgeMs) return undefined
    const name = readFileSync(path, 'latin1').replaceAll(/[\0\n]/g, '')
    return NAME.test(name) ? name : undefined
  } catch {
    return undefined
  }
}

/** `path` should lie in memory (see runtimeFolder). Where it can't be written, plugins run without. */
export function createBreadcrumb(path: string): Breadcrumb {
  let fd: number
  try {
    fd = openSync(path, 'w', 0o600)
  } catch {
    return noBreadcrumb
  }
  const empty = Buffer.alloc(SIZE)
  const names = new Map<string, Buffer>()
  const stack: Buffer[] = []
  let closed = false
  const write = (buffer: Buffer) => {
    if (closed) return
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
      if (closed) return
      closed = true
      closeSync(fd)
      rmSync(path, { force: true })
    },
  }
}
