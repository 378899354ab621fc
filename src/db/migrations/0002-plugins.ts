/**
 * What the plugin host remembers. JSON: config (what people set), granted (permission names), gates (hooks that fail closed
 * without it), surface (paths and endpoints that answer 503 without it).
 */
export const plugins: readonly string[] = [
  `CREATE TABLE plugin (
    name TEXT PRIMARY KEY,
    enabled INTEGER NOT NULL DEFAULT 1,
    config TEXT NOT NULL DEFAULT '{}',
    granted TEXT NOT NULL DEFAULT '[]',
    gates TEXT NOT NULL DEFAULT '[]',
    surface TEXT NOT NULL DEFAULT '{}',
    schema_version INTEGER NOT NULL DEFAULT 0,
    quarantine TEXT NOT NULL DEFAULT '',
    last_error TEXT NOT NULL DEFAULT '',
    updated_at INTEGER NOT NULL
  ) WITHOUT ROWID`,
  `CREATE TABLE plugin_setting (
    plugin TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (plugin, key)
  ) WITHOUT ROWID`,
]
