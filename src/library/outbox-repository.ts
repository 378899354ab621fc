import type { Database, RowReader } from '../db/database.ts'
import type { Note, Notification, Outbox, WaitingNote } from '../notify/note.ts'

/** Notes that are kept; the oldest go when there are more, whoever waits for them. */
const MAX_NOTES = 2_000

/** The notes that channels have not acknowledged. What is added inside a transaction is part of it. */
export function createOutboxRepository(db: Database): Outbox {
  const channels = new Set(db.select('SELECT name FROM outbox_channel', [], (row) => row.text(0)))
  return {
    wanted: () => channels.size > 0,

    keepFor(channel) {
      if (channels.has(channel)) return
      db.run(
        `INSERT OR IGNORE INTO outbox_channel (name, seen)
         VALUES (?, coalesce((SELECT max(id) FROM outbox_note), (SELECT seq FROM sqlite_sequence WHERE name = 'outbox_note'), 0))`,
        [channel],
      )
      channels.add(channel)
    },

    add({ id: key, at, ...note }) {
      const { lastId } = db.run('INSERT INTO outbox_note (key, at, note) VALUES (?, ?, ?)', [
        key,
        at,
        JSON.stringify(note),
      ])
      return db.run('DELETE FROM outbox_note WHERE id <= ?', [lastId - MAX_NOTES]).changes
    },

    waiting: (channel, limit) =>
      db.select(
        `SELECT n.id, n.key, n.at, n.note FROM outbox_note n
         WHERE n.id > (SELECT seen FROM outbox_channel WHERE name = ?) ORDER BY n.id LIMIT ?`,
        [channel, limit],
        readNote,
      ),

    acknowledge(channel, seq) {
      db.transaction(() => {
        db.run('UPDATE outbox_channel SET seen = ?2 WHERE name = ?1 AND seen < ?2', [channel, seq])
        db.run('DELETE FROM outbox_note WHERE id <= (SELECT min(seen) FROM outbox_channel)')
      })
    },
  }
}

function readNote(row: RowReader): WaitingNote {
  const note = JSON.parse(row.text(3)) as Notification
  return { seq: row.number(0), note: Object.freeze({ ...note, id: row.text(1), at: row.number(2) }) satisfies Note }
}
