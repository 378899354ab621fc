import { accessSync, constants, opendirSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { AppError, systemErrorCode } from '../base/errors.ts'
import type { Library } from './entities.ts'

/**
 * Checks the music folders at the start. Any may be away for a while (a disk that isn't mounted, a share that isn't there
 * yet): it is returned, and the scanner leaves what it knows of it alone and looks for it. `known` are the libraries of
 * the database, undefined at the first start.
 * Throws LIBRARY_UNREADABLE when there is none, or at the first start all are away; CONFIG_INVALID when one lies in another.
 */
export function checkMusicFolders(
  configured: readonly NamedFolder[],
  known: readonly KnownFolder[] | undefined,
): readonly { readonly path: string; readonly reason: string }[] {
  if (configured.length === 0 && (known ?? []).length === 0) {
    throw new AppError(
      'LIBRARY_UNREADABLE',
      'No music folder is known. Name one: tonearm --music DIR (or music: [DIR] in config.yaml, or TONEARM_MUSIC).',
    )
  }
  const away = configured.flatMap(({ path }) => {
    const reason = whyUnreadable(path)
    return reason === undefined ? [] : [{ path, reason }]
  })
  if (known === undefined && away.length === configured.length) {
    const list = away.map(({ path, reason }) => `${path} ${reason}`).join('; ')
    throw new AppError('LIBRARY_UNREADABLE', `The music can not be read: ${list}. Correct the path or its rights.`)
  }
  checkFoldersApart(configured, known ?? [])
  return away
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

type KnownFolder = Pick<Library, 'name' | 'path' | 'fromConfig'>

interface NamedFolder {
  readonly name: string
  readonly path: string
}

/**
 * A song belongs to one library, so that no folder may lie in another. `known` are the libraries of the database; one
 * that shares its name or its path with a configured one becomes that one, and one of the configuration leaves with it.
 */
function checkFoldersApart(configured: readonly NamedFolder[], known: readonly KnownFolder[]): void {
  const staying = known.filter(({ fromConfig }) => !fromConfig || configured.length === 0)
  const others = staying.filter(({ name, path }) => !configured.some((one) => one.name === name || one.path === path))
  const problems = configured.flatMap((one, index) => [
    ...configured
      .slice(0, index)
      .filter((other) => overlap(one.path, other.path))
      .map((other) => `${one.path} and ${other.path}: one lies in the other. Name only the outer one`),
    ...others
      .filter((other) => overlap(one.path, other.path))
      .map(
        (other) =>
          `${one.path} and ${other.path}, the folder of the library ${other.name}: one lies in the other. Leave the new ` +
          `one out, or let the library move there: libraries: {${JSON.stringify(other.name)}: ${JSON.stringify(one.path)}}`,
      ),
  ])
  if (problems.length > 0)
    throw new AppError('CONFIG_INVALID', `A song belongs to one music folder, but: ${problems.join('; ')}.`)
}

/** Whether two folders are the same or one lies in the other, whatever links lead there. */
export function overlap(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one)
}

/** Whether a folder is another one or lies in it, whatever links lead there. */
export function isWithin(one: string, other: string): boolean {
  return isAtOrBelow(realOr(one), realOr(other))
}

function realOr(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}

function isAtOrBelow(path: string, parent: string): boolean {
  const way = relative(parent, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}
