import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, isAppError } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'
import { readManifest } from './backup-files.ts'
import { type BackupSource, timeInName, writeBackup } from './backup-folder.ts'
import { MIGRATIONS, type Migration, migrate, schemaVersion } from './migrate.ts'

const PREFIX = 'before-upgrade-'
const KEPT = 2

/**
 * Brings the database of a data folder to this program's schema. One that holds data is copied first, as a backup that
 * `tonearm restore` takes, beside it: `before-upgrade-<schema>-<time>`; of these the last two stay.
 * Rejects with DATA_TOO_NEW for the file of a newer program, with DATA_DAMAGED when a step fails (nothing is changed then),
 * and as `writeBackup` when there is no room for the copy. The messages say how to go back.
 */
export async function upgradeDatabase(
  source: BackupSource,
  options: { readonly log: Logger; readonly migrations?: readonly Migration[] },
): Promise<void> {
  const { db, data } = source
  const { log, migrations = MIGRATIONS } = options
  const from = schemaVersion(db)
  if (from > migrations.length) throw tooNew(data, from, migrations.length)
  if (from === 0 || from === migrations.length) {
    migrate(db, { log, migrations })
    return
  }
  const folder = join(data, `${PREFIX}${from}-${timeInName(source.now)}`)
  rmSync(folder, { recursive: true, force: true })
  forgetUnfinished(data)
  await writeBackup(source, folder)
  log.info('database copied before the upgrade', { folder, schema: from })
  forgetOld(data, folder)
  try {
    migrate(db, { log, migrations })
  } catch (error) {
    throw explain(error, folder)
  }
}

/** What a copy left behind that was killed; the data folder is this process's alone. */
function forgetUnfinished(data: string): void {
  for (const name of readdirSync(data))
    if (name.startsWith(PREFIX) && name.includes('.part-')) rmSync(join(data, name), { recursive: true, force: true })
}

/** The copies in a data folder, the oldest first, with the schema of each. */
function copies(data: string): readonly { readonly folder: string; readonly schema: number }[] {
  return (
    readdirSync(data)
      .filter((name) => name.startsWith(PREFIX) && !name.includes('.part-'))
      .flatMap((name) => {
        const folder = join(data, name)
        try {
          const { schema, madeAt } = readManifest(folder)
          return schema === undefined ? [] : [{ folder, schema, madeAt }]
        } catch {
          return []
        }
      })
      // By schema first: the clock may have been wrong at an upgrade.
      .sort((a, b) => a.schema - b.schema || a.madeAt.localeCompare(b.madeAt))
  )
}

/** An upgrade that is tried again and again must not push out the copy of the version before: of each schema one stays. */
function forgetOld(data: string, fresh: string): void {
  const all = copies(data)
  const schema = all.find(({ folder }) => folder === fresh)?.schema
  const others = all.filter((copy) => copy.folder !== fresh)
  const repeated = others.filter((copy) => copy.schema === schema)
  const old = others.filter((copy) => copy.schema !== schema).slice(0, 1 - KEPT)
  for (const { folder } of [...repeated, ...old]) rmSync(folder, { recursive: true, force: true })
}

function tooNew(data: string, database: number, program: number): AppError {
  const backup = copies(data).findLast(({ schema }) => schema <= program)?.folder
  const back = backup
    ? `go back to the state before the upgrade: tonearm restore ${backup}`
    : 'restore a backup made before: tonearm restore FOLDER'
  return new AppError(
    'DATA_TOO_NEW',
    `The database was written by a newer version of Tonearm. Install that version again, or ${back}`,
    { details: { database, program, backup } },
  )
}

function explain(error: unknown, backup: string): unknown {
  if (isAppError(error)) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new AppError(
    'DATA_DAMAGED',
    `The database could not be brought to this version (${reason}). Nothing was changed: install the former version to go on. A copy lies in ${backup}`,
    { cause: error, details: { backup } },
  )
}
