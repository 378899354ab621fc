import { existsSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError } from '../base/errors.ts'
import type { Config } from '../config/load.ts'
import { CONFIG_FILE, checkBackup, copyPrivate, KEYS_FOLDER, keyFiles, secure } from '../db/backup-files.ts'
import { timeInName } from '../db/backup-folder.ts'
import { acquireDataLock, DATABASE_FILE } from '../db/data-lock.ts'
import { checkIntegrity } from '../db/integrity.ts'
import { migrate } from '../db/migrate.ts'
import { openDatabase } from '../db/sqlite-database.ts'
import type { Logger } from '../log/logger.ts'

export interface RestoreResult {
  readonly madeAt: string
  /** Where the former data lie; undefined when there were none. */
  readonly aside: string | undefined
  readonly configKept: boolean
}

/**
 * Puts a backup in place of the data, after checking it; what was there is kept in a folder beside it. The database is
 * there at every moment, the old one or the new one. Rejects with DATA_LOCKED while a server runs, DATA_DAMAGED or
 * NOT_FOUND for the backup.
 */
export async function restoreBackup(options: {
  readonly backup: string
  readonly config: Config
  readonly log: Logger
  readonly now: number
}): Promise<RestoreResult> {
  const { backup, config, log, now } = options
  const { data } = config.paths
  const manifest = await checkBackup(backup)
  if (manifest.files[DATABASE_FILE] === undefined) throw new AppError('DATA_DAMAGED', 'The backup holds no database.')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const lock = acquireDataLock(data)
  const work = mkdtempSync(join(data, 'restore-'))
  try {
    for (const name of Object.keys(manifest.files)) {
      mkdirSync(dirname(join(work, name)), { recursive: true, mode: 0o700 })
      copyPrivate(join(backup, name), join(work, name))
    }
    await examineDatabase(join(work, DATABASE_FILE), log)
    const aside = existsSync(join(data, DATABASE_FILE)) ? keepOld(data, now, log) : undefined
    mkdirSync(join(data, KEYS_FOLDER), { recursive: true, mode: 0o700 })
    for (const name of keyFiles(data)) rmSync(join(data, name))
    for (const name of keyFiles(work)) renameSync(join(work, name), join(data, name))
    renameSync(join(work, DATABASE_FILE), join(data, DATABASE_FILE))
    const configKept = existsSync(join(data, CONFIG_FILE))
    if (!configKept && manifest.files[CONFIG_FILE]) renameSync(join(work, CONFIG_FILE), join(data, CONFIG_FILE))
    secure(join(data, KEYS_FOLDER))
    secure(data)
    return { madeAt: manifest.madeAt, aside, configKept: configKept && manifest.files[CONFIG_FILE] !== undefined }
  } finally {
    rmSync(work, { recursive: true, force: true })
    lock.release()
  }
}

/** Opens the copy, since opening changes a file: the backup itself stays as it is. */
async function examineDatabase(path: string, log: Logger): Promise<void> {
  const db = openDatabase({ path, log })
  try {
    const { ok, problems } = checkIntegrity(db)
    if (!ok) {
      throw new AppError('DATA_DAMAGED', 'The database in the backup is damaged. Take another backup.', {
        details: { problems },
      })
    }
    migrate(db, { log })
  } finally {
    db.close()
  }
}

/** Links the old files into a folder of their own; the names in the data folder stay until the new ones replace them. */
function keepOld(data: string, now: number, log: Logger): string {
  const aside = join(data, `before-restore-${timeInName(now)}`)
  foldLog(join(data, DATABASE_FILE), log)
  mkdirSync(join(aside, KEYS_FOLDER), { recursive: true, mode: 0o700 })
  for (const name of [DATABASE_FILE, ...keyFiles(data)]) keep(join(data, name), join(aside, name))
  for (const suffix of ['-wal', '-shm', '-journal']) {
    const rest = join(data, DATABASE_FILE + suffix)
    if (existsSync(rest)) renameSync(rest, join(aside, DATABASE_FILE + suffix))
  }
  secure(aside)
  return aside
}

/** Disks without hard links get a copy. */
function keep(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    copyPrivate(from, to)
  }
}

/** Brings the write-ahead log home by opening and closing; a database that is too damaged for that is kept as it is. */
function foldLog(path: string, log: Logger): void {
  try {
    openDatabase({ path, log }).close()
  } catch (error) {
    log.warn('the old database could not be opened', { error })
  }
}
