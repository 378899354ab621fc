import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { withDeadline } from '../base/deadline.ts'
import { AppError } from '../base/errors.ts'
import type { Library } from '../library/entities.ts'
import type { ScanFolders } from '../library/scan-folders.ts'
import { joinPath, parentOf } from './folder-listing.ts'
import type { ScanTarget } from './scanner.ts'

/** More folders are better scanned by the one above them. */
const MAX_TARGETS = 200
/** For all of them together: a disk that is away holds no answer. */
const LOOK_MS = 10_000
/** No walk goes deeper. */
const MAX_DEPTH = 100
/** Of a path, in the message. */
const MAX_TOLD = 300

/** See `Scanner.resolve`. */
export async function resolveTargets(
  targets: readonly ScanTarget[],
  libraries: readonly Library[],
  folders: Pick<ScanFolders, 'isKnown'>,
): Promise<readonly ScanTarget[]> {
  if (targets.length > MAX_TARGETS) {
    throw new AppError('BAD_REQUEST', `A scan may have ${MAX_TARGETS} targets; name a folder above them instead.`)
  }
  const looked = new AbortController()
  const looking = targets.map(({ library: id, folder }) => {
    const library = libraries.find((one) => one.id === id)
    if (!library) throw new AppError('NOT_FOUND', `There is no library ${id}.`)
    return { library, folder: relativePath(folder) }
  })
  const resolveAll = async () => {
    const found: ScanTarget[] = []
    for (const { library, folder } of looking) {
      if (looked.signal.aborted) break
      found.push({ library: library.id, folder: await pathOnDisk(library, folder, folders) })
    }
    return found
  }
  try {
    return await withDeadline(resolveAll(), LOOK_MS, 'Looking for the folders to scan')
  } finally {
    looked.abort()
  }
}

/** Without what says nothing: `./A//B/` is `A/B`. */
function relativePath(folder: string): string {
  const names = folder.split('/')
  if (folder.startsWith('/') || names.includes('..')) {
    throw new AppError(
      'INVALID_PARAMETER',
      'A folder to scan is named by its path in the library, as in 1:Artist/Album.',
    )
  }
  const path = names.filter((name) => name !== '' && name !== '.')
  if (path.length > MAX_DEPTH) throw new AppError('NOT_FOUND', 'No folder lies so deep in a library.')
  return path.join('/')
}

/**
 * A folder that no scan has seen is looked for by its exact name (or the same letters in another Unicode form): where
 * capitals don't count, or a name may be written in two ways, its songs would else be there twice.
 */
async function pathOnDisk(library: Library, folder: string, folders: Pick<ScanFolders, 'isKnown'>): Promise<string> {
  if (folder === '' || folders.isKnown(library.id, folder)) return folder
  const name = folder.slice(folder.lastIndexOf('/') + 1)
  const above = await pathOnDisk(library, parentOf(folder), folders)
  const found = await readdir(join(library.path, above), { withFileTypes: true }).catch(() => [])
  const form = name.normalize('NFC')
  const entry = found.find((one) => one.name === name) ?? found.find((one) => one.name.normalize('NFC') === form)
  if (!entry || entry.isFile()) {
    throw new AppError(
      'NOT_FOUND',
      `There is no folder '${folder.slice(0, MAX_TOLD)}' in the library '${library.name}'.`,
    )
  }
  return joinPath(above, entry.name)
}
