import type { FileHandle } from 'node:fs/promises'
import { systemErrorCode } from '../base/errors.ts'

/** The system's code of an error that a disk gave (EIO, ENOENT, ESTALE, ...); undefined for what is wrong with a file. */
export function diskErrorOf(error: unknown): string | undefined {
  const code = systemErrorCode(error)
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/**
 * Remembers the first error that reading through a handle gave. Parsers take a failing read for the end of the file and
 * answer with half of its tags, or say that it is broken: `check` throws what really happened.
 */
export function noteDiskErrors(handle: FileHandle): { check(): void } {
  const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>
  let failure: unknown
  const noting = (...args: unknown[]) =>
    read(...args).catch((error: unknown) => {
      if (diskErrorOf(error) !== undefined) failure ??= error
      throw error
    })
  handle.read = noting as typeof handle.read
  return {
    check() {
      if (failure !== undefined) throw failure
    },
  }
}
