import type { UserId } from '../base/ids.ts'
import type { RowReader } from '../db/database.ts'
import type { LibraryContext } from './library-context.ts'

export interface StoredSession {
  readonly id: string
  readonly userId: UserId
  readonly credentialsVersion: number
  readonly client: string
  readonly address: string
  readonly createdAt: number
  /** Written now and then, not at each request. */
  readonly seenAt: number
}

/** Logins of the native API. Times in ms since 1970. */
export interface SessionRepository {
  /** Makes room first: what was not seen since `deadBefore` goes, and of the user all but the `keep` seen last. */
  create(session: StoredSession, room: { readonly deadBefore: number; readonly keep: number }): void
  find(id: string): StoredSession | undefined
  /** Last seen first; those of an older password are not among them. */
  listOf(userId: UserId): readonly StoredSession[]
  touch(id: string, at: number): void
  /** False when the user has no such session. */
  remove(userId: UserId, id: string): boolean
  /** @returns how many there were. */
  removeAllOf(userId: UserId): number
}

export function createSessionRepository({ db }: LibraryContext): SessionRepository {
  const columns = 's.id, s.user_id, s.credentials_version, s.client, s.address, s.created_at, s.seen_at'
  return {
    create: (session, { deadBefore, keep }) =>
      db.transaction(() => {
        db.run('DELETE FROM session WHERE seen_at < ?', [deadBefore])
        db.run(
          `DELETE FROM session WHERE user_id = ?1 AND (credentials_version <> ?2 OR id NOT IN
             (SELECT id FROM session WHERE user_id = ?1 ORDER BY seen_at DESC, created_at DESC LIMIT ?3))`,
          [session.userId, session.credentialsVersion, keep - 1],
        )
        db.run(
          `INSERT INTO session (id, user_id, credentials_version, client, address, created_at, seen_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
          [
            session.id,
            session.userId,
            session.credentialsVersion,
            session.client,
            session.address,
            session.createdAt,
            session.seenAt,
          ],
        )
      }),
    find: (id) => db.select(`SELECT ${columns} FROM session s WHERE s.id = ?`, [id], readSession)[0],
    listOf: (userId) =>
      db.select(
        `SELECT ${columns} FROM session s JOIN user u ON u.id = s.user_id AND u.credentials_version = s.credentials_version
         WHERE s.user_id = ? ORDER BY s.seen_at DESC, s.id`,
        [userId],
        readSession,
      ),
    touch: (id, at) => {
      db.run('UPDATE session SET seen_at = ? WHERE id = ?', [at, id])
    },
    remove: (userId, id) => db.run('DELETE FROM session WHERE id = ? AND user_id = ?', [id, userId]).changes > 0,
    removeAllOf: (userId) => db.run('DELETE FROM session WHERE user_id = ?', [userId]).changes,
  }
}

function readSession(row: RowReader): StoredSession {
  return {
    id: row.text(0),
    userId: row.number(1) as UserId,
    credentialsVersion: row.number(2),
    client: row.text(3),
    address: row.text(4),
    createdAt: row.number(5),
    seenAt: row.number(6),
  }
}
