import { AppError } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'
import type { Database } from './database.ts'
import { initial } from './migrations/0001-initial.ts'
import { plugins } from './migrations/0002-plugins.ts'
import { sessions } from './migrations/0003-sessions.ts'
import { notes } from './migrations/0004-notes.ts'
import { explicit } from './migrations/0005-explicit.ts'
import { searchMarks } from './migrations/0006-search-marks.ts'
import { familiarPlaces } from './migrations/0007-familiar-places.ts'
import { tornPictures } from './migrations/0008-torn-pictures.ts'

/** The statements of one step, run in order. Released steps are never edited, moved or removed. */
export type Migration = readonly string[]

/** Step n brings the schema from version n-1 to n (`PRAGMA user_version`). */
export const MIGRATIONS: readonly Migration[] = [
  initial,
  plugins,
  sessions,
  notes,
  explicit,
  searchMarks,
  familiarPlaces,
  tornPictures,
]

/**
 * Brings the schema up to date: of a new file each step in a transaction of its own, so that a kill leaves a whole version;
 * of one with data all steps in one, so that a failure leaves what the former program reads.
 * Throws DATA_TOO_NEW when a newer program wrote the file: going back would lose what this one doesn't know.
 * @returns the versions before and after.
 */
export function migrate(
  db: Database,
  options: { readonly log: Logger; readonly migrations?: readonly Migration[] },
): { readonly from: number; readonly to: number } {
  const migrations = options.migrations ?? MIGRATIONS
  const from = schemaVersion(db)
  if (from > migrations.length)
    throw new AppError(
      'DATA_TOO_NEW',
      'The database was written by a newer version of Tonearm. Install that version, or restore a backup made before.',
      { details: { database: from, program: migrations.length } },
    )
  const run = () => {
    for (let version = from; version < migrations.length; version++) step(db, { version, migrations, log: options.log })
  }
  if (from > 0) db.transaction(run)
  else run()
  return { from, to: migrations.length }
}

function step(
  db: Database,
  { version, migrations, log }: { version: number; migrations: readonly Migration[]; log: Logger },
): void {
  const started = performance.now()
  db.transaction(() => {
    for (const statement of migrations[version] as Migration) db.exec(statement)
    db.exec(`PRAGMA user_version = ${version + 1}`)
  })
  log.info('database migrated', { version: version + 1, ms: Math.round(performance.now() - started) })
}

export function schemaVersion(db: Database): number {
  return db.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
}

/** Names that the core's own schema takes, lower case; a search index keeps further tables below its name. */
export function coreTables(): ReadonlySet<string> {
  const made = /^\s*CREATE\s+(?:VIRTUAL\s+)?TABLE\s+(\w+)/i
  return new Set(MIGRATIONS.flat().flatMap((statement) => made.exec(statement)?.[1]?.toLowerCase() ?? []))
}
