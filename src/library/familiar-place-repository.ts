import type { UserId } from '../base/ids.ts'
import type { LibraryContext } from './library-context.ts'

/** A client of a user at an address (`addressGroup`), by which a login has succeeded. */
export interface FamiliarPlace {
  readonly place: string
  readonly client: string
  /** Ms since 1970, as exact as it was written. */
  readonly seenAt: number
}

export interface FamiliarPlaceRepository {
  of(userId: UserId): readonly FamiliarPlace[]
  /** Adds it, or moves its time. Nothing happens for a user that is gone. */
  set(userId: UserId, place: FamiliarPlace): void
  /** One client of a place, or all of it. */
  remove(userId: UserId, place: string, client?: string): void
}

export function createFamiliarPlaceRepository({ db }: LibraryContext): FamiliarPlaceRepository {
  return {
    of: (userId) =>
      db.select('SELECT place, client, seen_at FROM familiar_place WHERE user_id = ?', [userId], (row) => ({
        place: row.text(0),
        client: row.text(1),
        seenAt: row.number(2),
      })),
    set: (userId, { place, client, seenAt }) => {
      db.run(
        `INSERT INTO familiar_place (user_id, place, client, seen_at)
         SELECT id, ?, ?, ? FROM user WHERE id = ?
         ON CONFLICT (user_id, place, client) DO UPDATE SET seen_at = excluded.seen_at`,
        [place, client, seenAt, userId],
      )
    },
    remove: (userId, place, client) => {
      if (client === undefined) db.run('DELETE FROM familiar_place WHERE user_id = ? AND place = ?', [userId, place])
      else db.run('DELETE FROM familiar_place WHERE user_id = ? AND place = ? AND client = ?', [userId, place, client])
    },
  }
}
