import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError, systemErrorCode } from '../base/errors.ts'

/** A UNIQUE rule was broken: the name, path or key is taken. */
export function isUniqueError(error: unknown): boolean {
  return error instanceof Error && /UNIQUE constraint failed/i.test(error.message)
}

/**
 * Puts a failure of the engine into words. The wasm file layer drops the system's error code, so the folder is probed to
 * tell a full disk from a read-only one. Constraint errors and unknown ones are returned as they are.
 */
export function explainSqlError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error
  const message = error.message
  if (/disk image is malformed|not a database/i.test(message))
    return new AppError(
      'DATA_DAMAGED',
      'The database file is damaged. Run `tonearm doctor`, or put a backup in its place with `tonearm restore`.',
      { cause: error },
    )
  if (/database is locked/i.test(message))
    return new AppError('DATA_LOCKED', 'The database is in use by another program. Stop it, then start again.', {
      cause: error,
    })
  if (/readonly database/i.test(message)) return unwritable(error)
  if (/disk is full/i.test(message)) return full(error)
  if (!/disk I\/O error|unable to open|could not open/i.test(message)) return error
  return fromProbe(dirname(path), error) ?? error
}

/** Tries to write 64 KiB beside the database: what the system says then is why SQLite could not. */
function fromProbe(folder: string, cause: Error): AppError | undefined {
  let probe: string | undefined
  try {
    probe = mkdtempSync(join(folder, '.probe-'))
    writeFileSync(join(probe, 'probe'), Buffer.alloc(65_536), { flush: true })
    return undefined
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOSPC' || code === 'EDQUOT') return full(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return new AppError('DATA_UNWRITABLE', 'The data folder does not exist. Create it or choose another.', { cause })
    return unwritable(cause)
  } finally {
    if (probe) rmSync(probe, { recursive: true, force: true })
  }
}

function full(cause: Error): AppError {
  return new AppError('DISK_FULL', 'The disk that holds the data folder is full. Free some space; nothing was lost.', {
    cause,
  })
}

function unwritable(cause: Error): AppError {
  return new AppError(
    'DATA_UNWRITABLE',
    'The data folder cannot be written. Check its owner and rights, and that its disk is not mounted read-only.',
    { cause },
  )
}
