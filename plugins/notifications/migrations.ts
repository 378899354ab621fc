/** Tables of the plugin. Whatever is a user's goes with the user. */
export const MIGRATIONS = [
  {
    up: [
      // One number for all changes of notes: what came after it is what a client missed.
      'CREATE TABLE notifications_counter (id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL)',
      'INSERT INTO notifications_counter (id, value) VALUES (1, 0)',
      // The library's cursor of the newest song that was told of; none before the first look.
      'CREATE TABLE notifications_cursor (id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL)',
      // What has happened and is not told yet.
      `CREATE TABLE notifications_cause (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL UNIQUE,
        cause TEXT NOT NULL,
        at INTEGER NOT NULL
      )`,
      // What was told, so that it is not told twice.
      'CREATE TABLE notifications_seen (source TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID',
      'CREATE INDEX notifications_seen_at ON notifications_seen (at)',
      `CREATE TABLE notifications_note (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        topic TEXT NOT NULL,
        level TEXT NOT NULL,
        group_key TEXT NOT NULL,
        listed INTEGER NOT NULL,
        data TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        read_at INTEGER
      )`,
      'CREATE INDEX notifications_note_user ON notifications_note (user_id, listed, seq)',
      'CREATE INDEX notifications_note_unread ON notifications_note (user_id, seq) WHERE read_at IS NULL AND listed = 1',
      'CREATE INDEX notifications_note_seq ON notifications_note (user_id, seq)',
      `CREATE UNIQUE INDEX notifications_note_group ON notifications_note (user_id, group_key)
       WHERE read_at IS NULL AND group_key <> ''`,
      'CREATE INDEX notifications_note_old ON notifications_note (updated_at)',
      `CREATE TABLE notifications_preference (
        user_id INTEGER PRIMARY KEY REFERENCES user(id) ON DELETE CASCADE,
        value TEXT NOT NULL
      )`,
      `CREATE TABLE notifications_target (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
        channel TEXT NOT NULL,
        name TEXT NOT NULL,
        target TEXT NOT NULL,
        enabled INTEGER NOT NULL DEFAULT 1,
        sent INTEGER NOT NULL DEFAULT 0,
        sent_at INTEGER,
        problem TEXT NOT NULL DEFAULT '',
        created_at INTEGER NOT NULL,
        UNIQUE (user_id, channel, target)
      )`,
      `CREATE TABLE notifications_delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT NOT NULL UNIQUE,
        user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
        target_id INTEGER NOT NULL REFERENCES notifications_target(id) ON DELETE CASCADE,
        channel TEXT NOT NULL,
        digest INTEGER NOT NULL,
        topic TEXT NOT NULL,
        level TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting',
        owner TEXT NOT NULL DEFAULT '',
        due_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        error TEXT NOT NULL DEFAULT '',
        created_at INTEGER NOT NULL
      )`,
      'CREATE INDEX notifications_delivery_due ON notifications_delivery (state, due_at)',
      'CREATE INDEX notifications_delivery_target ON notifications_delivery (target_id, state)',
      'CREATE INDEX notifications_delivery_user ON notifications_delivery (user_id)',
      `CREATE TABLE notifications_item (
        delivery_id INTEGER NOT NULL REFERENCES notifications_delivery(id) ON DELETE CASCADE,
        note_id INTEGER NOT NULL REFERENCES notifications_note(id) ON DELETE CASCADE,
        PRIMARY KEY (delivery_id, note_id)
      ) WITHOUT ROWID`,
      'CREATE INDEX notifications_item_note ON notifications_item (note_id)',
      // Networks from which somebody logged in: a login from another is news.
      `CREATE TABLE notifications_network (
        user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
        network TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (user_id, network)
      ) WITHOUT ROWID`,
    ],
  },
]
