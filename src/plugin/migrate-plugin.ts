import { AppError } from '../base/errors.ts'
import type { Database } from '../db/database.ts'
import type { PluginStateRepository } from '../library/plugin-state-repository.ts'
import type { PluginDefinition } from './api.ts'
import { describe } from './evaluate.ts'
import { runGuarded } from './sync-guard.ts'
import { assertOwnMigration } from './table-guard.ts'

/** Longest time for all new migrations of a plugin, ms. */
const LIMIT_MS = 10_000

export function pendingMigrations(
  definition: PluginDefinition,
  schemaVersion: number,
): { readonly count: number; readonly breaking: boolean } {
  const pending = (definition.migrations ?? []).slice(schemaVersion)
  return { count: pending.length, breaking: pending.some((migration) => migration.breaking === true) }
}

/**
 * Runs what is new, all or nothing, and remembers the version in the same transaction. A plugin older than its tables is
 * refused: it can't know what a newer version made of them. Rejects with PLUGIN_FAILED.
 */
export function migratePlugin(
  db: Database,
  states: PluginStateRepository,
  definition: PluginDefinition,
  at: number,
): void {
  const { name, migrations = [] } = definition
  const version = states.find(name)?.schemaVersion ?? 0
  if (version > migrations.length) {
    throw new AppError(
      'PLUGIN_FAILED',
      `plugin ${name}: its tables are of a newer version (${version}, it knows ${migrations.length}); install the newer plugin again`,
    )
  }
  if (version === migrations.length) return
  if (!definition.permissions?.includes('db'))
    throw new AppError('PERMISSION_DENIED', `plugin ${name} has migrations: it needs the permission db`)
  try {
    runGuarded(
      () =>
        db.transaction(() => {
          for (const migration of migrations.slice(version)) {
            for (const sql of migration.up) {
              assertOwnMigration(db, name, sql)
              db.exec(sql)
            }
          }
          states.update(name, { schemaVersion: migrations.length }, at)
        }),
      LIMIT_MS,
    )
  } catch (cause) {
    throw new AppError('PLUGIN_FAILED', `plugin ${name}: a migration failed, nothing was changed: ${describe(cause)}`, {
      cause,
    })
  }
}
