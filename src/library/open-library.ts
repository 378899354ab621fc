import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FULL_SCOPE } from '../base/access-scope.ts'
import type { Clock } from '../base/clock.ts'
import { yieldToLoop } from '../base/deadline.ts'
import type { Scope } from '../base/disposable.ts'
import { makeDataFolder } from '../db/data-folder.ts'
import { acquireDataLock, DATABASE_FILE } from '../db/data-lock.ts'
import type { Database } from '../db/database.ts'
import { openDatabase } from '../db/sqlite-database.ts'
import { upgradeDatabase } from '../db/upgrade.ts'
import type { Logger } from '../log/logger.ts'
import { checkMusicFolders } from './library-folders.ts'
import { homeFinder } from './library-home.ts'
import type { LibrarySettings } from './library-repository.ts'
import { createRepositories, type Repositories } from './repositories.ts'
import { applyWordRules } from './word-rules.ts'

export interface LibraryOptions {
  readonly dataDir: string
  /** As configured; the table follows them. */
  readonly libraries: readonly LibrarySettings[]
  readonly clock: Clock
  readonly log: Logger
  /** A command works on the data for a moment: libraries that it does not name stay. */
  readonly isCommand?: boolean
}

export interface OpenLibrary {
  readonly db: Database
  readonly repositories: Repositories
}

/**
 * Takes the data folder, and brings the schema and the libraries up to date. What is to undo lies in the scope, also after
 * a failure. Rejects with LIBRARY_UNREADABLE, CONFIG_INVALID or a code of the data (DATA_*, DISK_FULL).
 */
export async function openLibrary(
  { dataDir, libraries, clock, log, isCommand = false }: LibraryOptions,
  scope: Scope,
): Promise<OpenLibrary> {
  const path = join(dataDir, DATABASE_FILE)
  const dbLog = log.child({ room: 'db' })
  // Where nothing can be played nothing is made.
  const isNew = !existsSync(path)
  const awayAtFirst = isNew ? checkMusicFolders(libraries, undefined) : []
  makeDataFolder(dataDir)
  const lock = acquireDataLock(dataDir)
  scope.add('data lock', () => lock.release())
  const db = openDatabase({ path, log: dbLog })
  scope.add('database', () => db.close())
  await upgradeDatabase({ db, data: dataDir, now: clock.now() }, { log: dbLog })
  applyWordRules(db, log.child({ room: 'library' }))
  const repositories = createRepositories(db)
  scope.add('play counts', () => repositories.plays.flush())
  const away = isNew ? awayAtFirst : checkMusicFolders(libraries, repositories.libraries.list(FULL_SCOPE))
  for (const folder of away) log.warn('music folder is away: the rest is served, and it is looked for', folder)
  // Where none is named (by a command, say) nothing is said about any.
  const leaving = isCommand || libraries.length === 0 ? 'stay' : 'hide'
  repositories.libraries.syncWithConfig(libraries, clock.now(), { leaving, isHome: homeFinder(db) })
  for (const _ of repositories.libraries.retirement(clock.now())) await yieldToLoop()
  return { db, repositories }
}
