import type { PluginDatabase } from 'tonearm/plugin'
import type { NewNote } from './note.ts'
import type { Statement } from './note-store.ts'

/** Something that happened, and whom it concerns. */
export interface Cause {
  /** What tells it from every other: taken in twice, it is told once. */
  readonly source: string
  readonly at: number
  readonly to:
    | { readonly kind: 'user'; readonly id: string }
    | { readonly kind: 'admins' }
    /** Everybody who sees one of these songs, with what they see of them. */
    | { readonly kind: 'music'; readonly songs: readonly string[]; readonly truncated: boolean }
    /** Administrators, and users who may use the library. */
    | { readonly kind: 'library'; readonly id: number }
  readonly note: NewNote
}

/** Takes in what has happened; resolves when it is written down, and in the same transaction whatever belongs to it. */
export type Take = (cause: Cause, more?: readonly Statement[]) => Promise<void>

interface Row {
  readonly id: number
  readonly cause: string
}

/** What has happened and is not told yet: written at once, so that a stop in between loses nothing. */
export class CauseStore {
  readonly #db: PluginDatabase

  constructor(db: PluginDatabase) {
    this.#db = db
  }

  /** Writes it down, and in the same transaction what belongs to it. @returns false when it was taken in before. */
  async add(cause: Cause, more: readonly Statement[] = []): Promise<boolean> {
    const [added = 0] = await this.#db.batch([
      [
        `INSERT OR IGNORE INTO notifications_cause (source, cause, at)
         SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM notifications_seen WHERE source = ?)`,
        [cause.source, JSON.stringify(cause), cause.at, cause.source],
      ],
      ...more,
    ])
    return added > 0
  }

  /** The oldest after a number. */
  async next(after: number): Promise<{ readonly id: number; readonly cause: Cause } | undefined> {
    const row = await this.#db.get<Row>('SELECT id, cause FROM notifications_cause WHERE id > ? ORDER BY id LIMIT 1', [
      after,
    ])
    return row && { id: row.id, cause: JSON.parse(row.cause) as Cause }
  }

  /** Of what was told so long ago that it will not come again. */
  async sweep(before: number): Promise<void> {
    const old = await this.#db.get('SELECT 1 FROM notifications_seen WHERE at < ? LIMIT 1', [before])
    if (old) await this.#db.run('DELETE FROM notifications_seen WHERE at < ?', [before])
  }
}
