import { AppError } from '../../base/errors.ts'
import type { Database } from '../../db/database.ts'
import type { PluginStateRepository } from '../../library/plugin-state-repository.ts'
import type { PluginDefinition } from '../api/plugin-api.ts'
import type { OwnTables } from '../containment/own-tables.ts'
import { assertKindForeignKeys, assertOwnMigration } from '../containment/table-gate.ts'
import { describe } from './evaluate.ts'

export interface PendingMigrations {
  readonly count: number
  /** The old generation can't live with one of them. */
  readonly breaking: boolean
}

/** Rejects with PLUGIN_FAILED for a plugin older than its tables: it can't know what a newer version made of them. */
export function pendingMigrations(definition: PluginDefinition, version: number): PendingMigrations {
  const { name, migrations = [] } = definition
  if (version > migrations.length) {
    throw new AppError(
      'PLUGIN_FAILED',
      `plugin ${name}: its tables are of a newer version (${version}, it knows ${migrations.length}); install the newer plugin again`,
    )
  }
  const pending = migrations.slice(version)
  if (pending.length > 0 && !definition.permissions?.includes('db'))
    throw new AppError('PERMISSION_DENIED', `plugin ${name} has migrations: it needs the permission db`)
  return { count: pending.length, breaking: pending.some((migration) => migration.breaking === true) }
}

/**
 * Runs what is new, all or nothing, and remembers the version in the same transaction. Statements are data, so there is no
 * code to contain; SQLite can't be stopped half-way, and a statement that never ends is named by the breadcrumb.
 * Rejects with PLUGIN_FAILED; then nothing was changed.
 */
export function migratePlugin(
  parts: { readonly db: Database; readonly states: PluginStateRepository; readonly own: OwnTables },
  definition: PluginDefinition,
  at: number,
): void {
  const { db, states, own } = parts
  const { name, migrations = [] } = definition
  const version = states.find(name)?.schemaVersion ?? 0
  try {
    db.transaction(() => {
      for (const sql of migrations.slice(version).flatMap(({ up }) => up)) {
        assertOwnMigration(db, own, sql)
        db.exec(sql)
      }
      assertKindForeignKeys(db, own)
      states.update(name, { schemaVersion: migrations.length }, at)
    })
  } catch (cause) {
    throw new AppError('PLUGIN_FAILED', `plugin ${name}: a migration failed, nothing was changed: ${describe(cause)}`, {
      cause,
    })
  }
}
