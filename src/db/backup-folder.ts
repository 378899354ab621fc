import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError, systemErrorCode } from '../base/errors.ts'
import { programVersion } from '../config/version.ts'
import {
  CONFIG_FILE,
  copyPrivate,
  describeFile,
  KEYS_FOLDER,
  keyFiles,
  MANIFEST_FILE,
  type Manifest,
  secure,
} from './backup-files.ts'
import { DATABASE_FILE } from './data-lock.ts'
import type { Database } from './database.ts'
import { schemaVersion } from './migrate.ts'

const SPARE_BYTES = 16 << 20

export interface BackupSource {
  readonly db: Database
  /** The data folder. */
  readonly data: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Copies database, keys and `config.yaml` into a new folder that appears whole or not at all. Others are served meanwhile.
 * `target`: absolute, must not exist. Rejects with CONFLICT, DATA_UNWRITABLE or DISK_FULL.
 * @returns the bytes of all files.
 */
export async function writeBackup(source: BackupSource, target: string): Promise<number> {
  if (existsSync(target)) throw new AppError('CONFLICT', `${target} exists already. Name a new folder.`)
  const parent = dirname(target)
  try {
    mkdirSync(parent, { recursive: true, mode: 0o700 })
    const { bavail, bsize } = statfsSync(parent)
    if (bavail * bsize < source.db.stats().fileBytes + SPARE_BYTES) {
      throw new AppError(
        'DISK_FULL',
        `There is not enough space for a backup in ${parent}. Make room or name another folder.`,
      )
    }
    const work = mkdtempSync(`${target}.part-`)
    try {
      return await fill(source, work, target)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  } catch (error) {
    throw explain(error, parent)
  }
}

async function fill({ db, data, now }: BackupSource, work: string, target: string): Promise<number> {
  await db.backup(join(work, DATABASE_FILE))
  secure(join(work, DATABASE_FILE))
  const keys = keyFiles(data)
  mkdirSync(join(work, KEYS_FOLDER), { mode: 0o700 })
  const copied = [...keys, ...(existsSync(join(data, CONFIG_FILE)) ? [CONFIG_FILE] : [])]
  for (const name of copied) copyPrivate(join(data, name), join(work, name))
  const names = [DATABASE_FILE, ...copied]
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await describeFile(join(work, name))] as const)),
  )
  const manifest: Manifest = {
    format: 1,
    version: programVersion(),
    madeAt: new Date(now).toISOString(),
    schema: schemaVersion(db),
    files,
  }
  writeFileSync(join(work, MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 2)}\n`)
  secure(join(work, MANIFEST_FILE))
  secure(work)
  renameSync(work, target)
  return Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0)
}

/** To the second, as folders carry it in their names. */
export function timeInName(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}Z`
}

function explain(error: unknown, parent: string): unknown {
  const code = systemErrorCode(error)
  if (error instanceof AppError || code === undefined) return error
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('DISK_FULL', `The disk of ${parent} is full. Make room or name another folder.`, {
      cause: error,
    })
  }
  return new AppError('DATA_UNWRITABLE', `${parent} can not be written to (${code}). Name another folder.`, {
    cause: error,
  })
}
