import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Core } from '../core.ts'
import { timeInName, writeBackup } from '../db/backup-folder.ts'

export interface BackupResult {
  readonly folder: string
  readonly bytes: number
}

const NAME = /^tonearm-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/

/** `folder`: as `writeBackup`'s; absent: a folder named after the time, where `backup.path` says. */
export async function makeBackup(core: Core, folder?: string): Promise<BackupResult> {
  const now = core.clock.now()
  const target = folder ?? join(core.config.backup.path, `tonearm-${timeInName(now)}`)
  return { folder: target, bytes: await writeBackup({ db: core.db, data: core.config.paths.data, now }, target) }
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
