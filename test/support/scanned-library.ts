import { createRequire } from 'node:module'
import type { TestContext } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { LibraryId, UserId } from '../../src/base/ids.ts'
import type { Database } from '../../src/db/database.ts'
import type { HookBus } from '../../src/hooks/hook-bus.ts'
import { createArtworkRepository } from '../../src/library/artwork-repository.ts'
import type { Library, Song, Viewer } from '../../src/library/entities.ts'
import type { LibrarySettings } from '../../src/library/library-repository.ts'
import { createRepositories, type Repositories } from '../../src/library/repositories.ts'
import { type Logger, silentLogger } from '../../src/log/logger.ts'
import { createScanner } from '../../src/scanner/create-scanner.ts'
import type { Scanner, ScanSummary } from '../../src/scanner/scanner.ts'
import type { ScannerSettings } from '../../src/scanner/settings.ts'
import type { ChildEntry } from '../../src/scanner/tag-reader.ts'
import { quietHooks } from './hooks.ts'
import { type LibrarySpec, makeMusicLibrary } from './music-library.ts'
import { DEFAULT_SCANNER_SETTINGS } from './scanner-settings.ts'
import { tempDatabase, tempFolder } from './temp-database.ts'

/** A module of the project or a test as a reading process, run from TypeScript. */
export function childEntry(module = '../../src/scanner/tag-reader-child.ts'): ChildEntry {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  return { path: fileURLToPath(new URL(module, import.meta.url)), execArgv: ['--import', tsx] }
}

export const ADMIN = 1 as UserId
export const EVERYTHING: Viewer = { userId: ADMIN, scope: FULL_SCOPE }

export interface ScanRig {
  readonly db: Database
  readonly repositories: Repositories
  readonly scanner: Scanner
  readonly folder: string
  readonly libraryId: LibraryId
  /** Writes or overwrites files of the library. */
  write(spec: LibrarySpec): Promise<void>
  scan(kind?: 'quick' | 'full', options?: { readonly acceptMissing?: boolean }): Promise<ScanSummary>
  library(): Library
  /** All visible songs, by path. */
  songs(): readonly Song[]
  song(title: string): Song
  problems(): readonly { readonly path: string; readonly reason: string }[]
}

export interface ScanRigOptions {
  readonly settings?: Partial<ScannerSettings>
  readonly library?: Partial<LibrarySettings>
  readonly hooks?: HookBus
  readonly log?: Logger
  readonly childEntry?: ChildEntry
  readonly folder?: string
  readonly clock?: Clock
}

/** A scanner over a real database and a folder of real files, with one administrator. */
export async function scanRig(
  t: Pick<TestContext, 'after'>,
  spec: LibrarySpec,
  options: ScanRigOptions = {},
): Promise<ScanRig> {
  const folder = options.folder ?? tempFolder(t, 'tonearm-music-')
  await makeMusicLibrary(folder, spec)
  const db = tempDatabase(t)
  const repositories = createRepositories(db)
  const admin = { name: 'admin', isAdmin: true, roles: [], passwordHash: 'x', passwordSealed: null }
  if (repositories.users.create(admin, 0) !== ADMIN) throw new Error('the administrator is not the first user')
  const settings: ScannerSettings = { ...DEFAULT_SCANNER_SETTINGS, watch: 'off', readers: 1, ...options.settings }
  const libraryId = repositories.libraries.create(
    { name: 'Music', path: folder, recursive: true, followSymlinks: true, excludePatterns: [], ...options.library },
    0,
  )
  const scanner = createScanner({
    db,
    libraries: repositories.libraries,
    playlists: repositories.playlists,
    artwork: createArtworkRepository(db, settings.coverPriority),
    hooks: options.hooks ?? quietHooks,
    log: options.log ?? silentLogger,
    clock: options.clock ?? systemClock,
    settings,
    childEntry: options.childEntry ?? childEntry(),
    firstAdmin: () => ADMIN,
    flushPlays: () => repositories.plays.flush(),
  })
  t.after(() => scanner.stop())
  const songs = () => {
    const ids = db.select(
      'SELECT id FROM song WHERE missing = 0 ORDER BY path',
      [],
      (row) => row.number(0) as Song['id'],
    )
    return repositories.songs.findMany(EVERYTHING, ids)
  }
  return {
    db,
    repositories,
    scanner,
    folder,
    libraryId,
    write: (files) => makeMusicLibrary(folder, files),
    scan: (kind = 'quick', { acceptMissing } = {}) =>
      scanner.scan({ kind, ...(acceptMissing === undefined ? {} : { acceptMissing }) }),
    library: () => repositories.libraries.find(FULL_SCOPE, libraryId) as Library,
    songs,
    song(title) {
      const found = songs().filter((song) => song.title === title)
      if (found.length !== 1) throw new Error(`${found.length} songs are called ${title}`)
      return found[0] as Song
    },
    problems: () => db.all('SELECT path, reason FROM scan_problem ORDER BY path'),
  }
}
