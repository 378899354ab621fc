import { accessSync, constants, opendirSync, statSync } from 'node:fs'
import { AppError, systemErrorCode } from '../base/errors.ts'
import type { Library } from './entities.ts'

/**
 * Checks the music folders at the start. One that was never scanned must be readable; one that was may be away for a
 * while (a disk that isn't mounted): it is returned, and the scanner leaves what it knows of it alone.
 * Throws LIBRARY_UNREADABLE with all that are wrong.
 */
export function checkMusicFolders(
  configured: readonly { readonly path: string }[],
  known: readonly Pick<Library, 'path' | 'lastScanAt'>[],
): readonly { readonly path: string; readonly reason: string }[] {
  if (configured.length === 0 && known.length === 0) {
    throw new AppError(
      'LIBRARY_UNREADABLE',
      'No music folder is known. Name one: tonearm --music DIR (or music: [DIR] in config.yaml, or TONEARM_MUSIC).',
    )
  }
  const scanned = new Set(known.filter(({ lastScanAt }) => lastScanAt !== undefined).map(({ path }) => path))
  const broken = configured.flatMap(({ path }) => {
    const reason = whyUnreadable(path)
    return reason === undefined ? [] : [{ path, reason }]
  })
  const fatal = broken.filter(({ path }) => !scanned.has(path))
  if (fatal.length > 0) {
    const list = fatal.map(({ path, reason }) => `${path} ${reason}`).join('; ')
    throw new AppError('LIBRARY_UNREADABLE', `The music can not be read: ${list}. Correct the path or its rights.`)
  }
  return broken
}

function whyUnreadable(path: string): string | undefined {
  try {
    if (!statSync(path).isDirectory()) return 'is no folder'
    accessSync(path, constants.R_OK | constants.X_OK)
    opendirSync(path).closeSync()
    return undefined
  } catch (error) {
    const code = systemErrorCode(error)
    return code === 'ENOENT'
      ? 'does not exist'
      : code === 'EACCES'
        ? 'is not readable for this user'
        : `fails (${code})`
  }
}
