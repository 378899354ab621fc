import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError, systemErrorCode } from '../base/errors.ts'
import { programVersion } from '../config/version.ts'
import type { Core } from '../core.ts'
import { DATABASE_FILE } from '../db/data-lock.ts'
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

export interface BackupResult {
  readonly folder: string
  readonly bytes: number
}

const NAME = /^tonearm-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/
const SPARE_BYTES = 16 << 20

/**
 * Copies database, keys and `config.yaml` into a new folder that appears whole or not at all. The database stands still
 * while SQLite writes its copy: about a second for each 200 MB on an SSD.
 * `folder`: absolute, must not exist; absent: a folder named after the time, where `backup.path` says.
 * Rejects with CONFLICT, DATA_UNWRITABLE or DISK_FULL.
 */
export async function makeBackup(core: Core, folder?: string): Promise<BackupResult> {
  const { data } = core.config.paths
  const target = folder ?? join(core.config.backup.path, nameFor(core.clock.now()))
  if (existsSync(target)) throw new AppError('CONFLICT', `${target} exists already. Name a new folder.`)
  const parent = dirname(target)
  try {
    mkdirSync(parent, { recursive: true, mode: 0o700 })
    const { bavail, bsize } = statfsSync(parent)
    if (bavail * bsize < core.db.stats().fileBytes + SPARE_BYTES) {
      throw new AppError(
        'DISK_FULL',
        `There is not enough space for a backup in ${parent}. Make room or name another folder.`,
      )
    }
    const work = mkdtempSync(`${target}.part-`)
    try {
      return { folder: target, bytes: await fill(core, { data, work, target }) }
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  } catch (error) {
    throw explain(error, parent)
  }
}

async function fill(core: Core, at: { data: string; work: string; target: string }): Promise<number> {
  const { data, work, target } = at
  core.db.backup(join(work, DATABASE_FILE))
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
    madeAt: new Date(core.clock.now()).toISOString(),
    files,
  }
  writeFileSync(join(work, MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 2)}\n`)
  secure(join(work, MANIFEST_FILE))
  secure(work)
  renameSync(work, target)
  return Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0)
}

function nameFor(now: number): string {
  return `tonearm-${new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')}Z`
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

/** Removes the oldest backups that were made by themselves, so that `count` stay; 0 keeps all. */
export function pruneBackups(folder: string, count: number): readonly string[] {
  if (count === 0) return []
  const old = readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort()
    .slice(0, -count)
  for (const name of old) rmSync(join(folder, name), { recursive: true, force: true })
  return old
}
