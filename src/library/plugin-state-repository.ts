import type { Database } from '../db/database.ts'

/** What is remembered of a plugin between starts. */
export interface PluginState {
  readonly name: string
  readonly enabled: boolean
  /** What people set; defaults are not in it. */
  readonly config: Readonly<Record<string, unknown>>
  readonly granted: readonly string[]
  /** Gates that it held when it last ran: they stay shut while it should run and does not. */
  readonly gates: readonly string[]
  /** What it answered when it last ran: root paths and Subsonic endpoints. */
  readonly surface: PluginSurface
  /** Migrations that ran. */
  readonly schemaVersion: number
  /** '' or why it is not started. */
  readonly quarantine: string
  readonly lastError: string
}

export interface PluginSurface {
  readonly roots: readonly string[]
  readonly endpoints: readonly string[]
}

export interface PluginStateRepository {
  find(name: string): PluginState | undefined
  list(): readonly PluginState[]
  /** Makes the row with defaults if there is none. */
  update(name: string, changes: Partial<Omit<PluginState, 'name'>>, at: number): void
  remove(name: string): void
  setting(name: string, key: string): string | undefined
  setSetting(name: string, key: string, value: string): void
}

interface Row {
  name: string
  enabled: number
  config: string
  granted: string
  gates: string
  surface: string
  schema_version: number
  quarantine: string
  last_error: string
}

export function createPluginStateRepository(db: Database): PluginStateRepository {
  const find = (name: string) => {
    const row = db.get<Row>('SELECT * FROM plugin WHERE name = ?', [name])
    return row && toState(row)
  }
  return {
    find,
    list: () => db.all<Row>('SELECT * FROM plugin ORDER BY name').map(toState),
    update(name, changes, at) {
      const next = { ...DEFAULTS, ...find(name), ...changes }
      db.run(
        `INSERT INTO plugin (name, enabled, config, granted, gates, surface, schema_version, quarantine, last_error, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled, config = excluded.config, granted = excluded.granted, gates = excluded.gates, surface = excluded.surface,
           schema_version = excluded.schema_version, quarantine = excluded.quarantine, last_error = excluded.last_error,
           updated_at = excluded.updated_at`,
        [
          name,
          next.enabled ? 1 : 0,
          JSON.stringify(next.config),
          JSON.stringify(next.granted),
          JSON.stringify(next.gates),
          JSON.stringify(next.surface),
          next.schemaVersion,
          next.quarantine,
          next.lastError,
          at,
        ],
      )
    },
    remove(name) {
      db.transaction(() => {
        db.run('DELETE FROM plugin_setting WHERE plugin = ?', [name])
        db.run('DELETE FROM plugin WHERE name = ?', [name])
      })
    },
    setting: (name, key) =>
      db.get<{ value: string }>('SELECT value FROM plugin_setting WHERE plugin = ? AND key = ?', [name, key])?.value,
    setSetting(name, key, value) {
      db.run(
        `INSERT INTO plugin_setting (plugin, key, value) VALUES (?, ?, ?)
         ON CONFLICT (plugin, key) DO UPDATE SET value = excluded.value`,
        [name, key, value],
      )
    },
  }
}

const DEFAULTS: Omit<PluginState, 'name'> = {
  enabled: true,
  config: {},
  granted: [],
  gates: [],
  surface: { roots: [], endpoints: [] },
  schemaVersion: 0,
  quarantine: '',
  lastError: '',
}

function toState(row: Row): PluginState {
  return {
    name: row.name,
    enabled: row.enabled === 1,
    config: JSON.parse(row.config),
    granted: JSON.parse(row.granted),
    gates: JSON.parse(row.gates),
    surface: { roots: [], endpoints: [], ...JSON.parse(row.surface) },
    schemaVersion: row.schema_version,
    quarantine: row.quarantine,
    lastError: row.last_error,
  }
}
