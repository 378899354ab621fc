import { fstatSync, statSync } from 'node:fs'
import { AppError, systemErrorCode } from '../base/errors.ts'

interface Place {
  readonly dev: number
  readonly ino: number
}

/**
 * Whether the files that SQLite has open are still those under their names. A folder that was deleted, moved away or
 * replaced takes writes as before, but nobody finds them again.
 */
export class FilePlace {
  readonly #path: string
  readonly #file: Place | undefined

  /** To be made when the file is open. */
  constructor(path: string) {
    this.#path = path
    this.#file = placeOf(path)
  }

  /** Undefined: all is in its place, or the system does not tell now. `log`: the descriptor of the open log, if it is. */
  fault(log: number | undefined): AppError | undefined {
    try {
      if (!same(placeOf(this.#path), this.#file)) return gone()
      if (log !== undefined && !same(placeOf(`${this.#path}-wal`), fstatSync(log))) return gone()
      return undefined
    } catch {
      return undefined
    }
  }
}

/** Undefined: there is none. Throws what else the system says. */
function placeOf(path: string): Place | undefined {
  try {
    return statSync(path)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

function same(now: Place | undefined, then: Place | undefined): boolean {
  return now?.ino === then?.ino && now?.dev === then?.dev
}

function gone(): AppError {
  return new AppError(
    'DATA_UNWRITABLE',
    'The data folder was deleted, moved or replaced while the server runs: nothing can be saved. Put it back, or restart the server.',
  )
}
