/**
 * Notifications that wait for channels which acknowledge them, and how far each such channel is (`seen`: the last note that
 * it has). `note`: JSON with topic, title, body, level, userId, data.
 */
export const notes: readonly string[] = [
  `CREATE TABLE outbox_note (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    note TEXT NOT NULL
  )`,
  `CREATE TABLE outbox_channel (
    name TEXT PRIMARY KEY,
    seen INTEGER NOT NULL
  ) WITHOUT ROWID`,
]
