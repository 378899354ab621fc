/**
 * Logins of the native API, so that they can be listed and ended at once. `credentials_version`: the user's when it
 * began; a changed password ends all before it.
 * `access_guard`: users whose view a plugin narrows. While that plugin does not answer, they see nothing.
 */
export const sessions: readonly string[] = [
  `CREATE TABLE session (
    id TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
    credentials_version INTEGER NOT NULL,
    client TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
  ) WITHOUT ROWID`,
  `CREATE INDEX session_user ON session (user_id, seen_at)`,
  `CREATE TABLE access_guard (
    plugin TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, plugin)
  ) WITHOUT ROWID`,
]
