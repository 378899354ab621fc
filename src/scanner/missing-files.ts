import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FULL_SCOPE } from '../base/access-scope.ts'
import { AppError, systemErrorCode } from '../base/errors.ts'
import type { LibraryId, SongId } from '../base/ids.ts'
import type { Library } from '../library/entities.ts'
import type { LibraryRepository } from '../library/library-repository.ts'
import type { MissingFile, MissingFileRepository } from '../library/missing-file-repository.ts'
import type { Logger } from '../log/logger.ts'
import { checkRoot } from './library-root.ts'
import type { Scanner } from './scanner.ts'

export interface MissingFilesParts {
  readonly libraries: Pick<LibraryRepository, 'list'>
  readonly missingFiles: MissingFileRepository
  readonly scanner: Scanner
  readonly log: Logger
}

export interface Purge {
  /** Absent: all that are missing. */
  readonly ids?: readonly SongId[]
  /** Only tell what would go. */
  readonly dryRun?: boolean
}

/** Giving up songs whose files are gone. */
export interface MissingFiles {
  /**
   * Never while a library's root looks lost (LIBRARY_LOST), and never a song whose file is there again. @returns what
   * went, or would go.
   */
  purge(request: Purge): Promise<readonly SongId[]>
}

const SLICE = 200

export function createMissingFiles({ libraries, missingFiles, scanner, log }: MissingFilesParts): MissingFiles {
  /** All libraries that the rows belong to must be there: otherwise their disk may only be away. */
  async function assertPresent(ids: readonly SongId[] | undefined): Promise<ReadonlyMap<LibraryId, Library>> {
    const affected = new Map<LibraryId, Library>()
    for (const library of libraries.list(FULL_SCOPE)) {
      if (missingFiles.count({ libraries: [library.id], ...(ids ? { ids } : {}) }) === 0) continue
      const root = library.state === 'lost' ? undefined : await checkRoot(library.path)
      if (root?.state !== 'ok') {
        throw new AppError(
          'LIBRARY_LOST',
          `The folder of the library '${library.name}' looks lost, so nothing is removed. Mount its disk and scan, or confirm the loss by a scan that accepts it.`,
          { details: { library: library.id } },
        )
      }
      affected.set(library.id, library)
    }
    return affected
  }

  async function stillGone(files: readonly MissingFile[], from: ReadonlyMap<LibraryId, Library>): Promise<SongId[]> {
    const there = await Promise.all(
      files.map(async ({ libraryId, path }) => {
        const library = from.get(libraryId)
        if (!library) return true
        // Only a clear answer counts: a disk that fails says nothing about the file.
        return stat(join(library.path, path)).then(
          () => true,
          (error: unknown) => !['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? ''),
        )
      }),
    )
    return files.filter((_, index) => !there[index]).map(({ id }) => id)
  }

  async function purge({ ids, dryRun = false }: Purge): Promise<readonly SongId[]> {
    const affected = await assertPresent(ids)
    const gone: SongId[] = []
    let afterId = 0 as SongId
    for (;;) {
      const files = missingFiles.list({ ...(ids ? { ids } : {}), afterId, sort: 'id', limit: SLICE })
      const last = files.at(-1)
      if (!last) break
      afterId = last.id
      const chosen = await stillGone(files, affected)
      gone.push(...(dryRun ? chosen : missingFiles.remove(chosen)))
    }
    if (!dryRun && gone.length > 0) {
      missingFiles.tidy([...affected.keys()])
      log.info('missing files given up', { songs: gone.length })
    }
    return gone
  }

  return {
    purge: (request) => (request.dryRun ? purge(request) : scanner.exclusive(() => purge(request))),
  }
}
