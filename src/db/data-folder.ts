import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError, systemErrorCode } from '../base/errors.ts'

/**
 * Makes the data folder, for its owner only. A folder that is there keeps its rights: they may be meant.
 * Throws DATA_UNWRITABLE or DISK_FULL.
 */
export function makeDataFolder(path: string): void {
  try {
    if (makeFolders(path)) chmodSync(path, 0o700)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new AppError('DISK_FULL', 'The disk that holds the data folder is full. Free some space.', { cause: error })
    }
    const reason =
      code === 'EROFS'
        ? 'its disk is read-only'
        : code === 'ENOTDIR' || code === 'EEXIST'
          ? 'a file is in its way'
          : `the system says ${code}`
    throw new AppError(
      'DATA_UNWRITABLE',
      `The data folder can not be made: ${reason}. Choose another by --data DIR, or let this user write there.`,
      { cause: error, details: { path } },
    )
  }
}

/**
 * Step by step: mkdir with `recursive` loops for ever where the system says ENOENT below a folder that exists (/proc).
 * @returns whether it was made just now.
 */
function makeFolders(path: string): boolean {
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) return false
    throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' })
  }
  if (dirname(path) !== path) makeFolders(dirname(path))
  mkdirSync(path, { mode: 0o700 })
  return true
}
