import type { PluginDatabase } from 'tonearm/plugin'
import type { Play, ServiceId } from './service.ts'

/** Tables of the plugin. Both go with their user. */
export const MIGRATIONS = [
  {
    up: [
      `CREATE TABLE scrobble_link (
        user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
        service TEXT NOT NULL,
        account TEXT NOT NULL,
        secret TEXT NOT NULL,
        problem TEXT NOT NULL DEFAULT '',
        dropped INTEGER NOT NULL DEFAULT 0,
        refused INTEGER NOT NULL DEFAULT 0,
        sent INTEGER NOT NULL DEFAULT 0,
        sent_at INTEGER,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (user_id, service)
      ) WITHOUT ROWID`,
      `CREATE TABLE scrobble_queue (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
        service TEXT NOT NULL,
        at INTEGER NOT NULL,
        media_id TEXT NOT NULL,
        play TEXT NOT NULL,
        UNIQUE (user_id, service, at, media_id)
      )`,
    ],
  },
]

export interface Link {
  readonly userId: number
  readonly service: ServiceId
  readonly account: string
  readonly secret: string
  /** '' or why nothing is sent until the user links again. */
  readonly problem: string
  /** Plays that were the oldest of a full queue. */
  readonly dropped: number
  /** Plays that the service did not want. */
  readonly refused: number
  readonly sent: number
  readonly sentAt: number | null
}

export interface Waiting {
  readonly id: number
  readonly play: Play
}

/** Links of users to services, and what waits to be sent. A play leaves the queue only when it was taken or refused. */
export interface Store {
  link(link: Pick<Link, 'userId' | 'service' | 'account' | 'secret'>, now: number): Promise<void>
  /** With what waits. @returns false when there was none. */
  unlink(userId: number, service: ServiceId): Promise<boolean>
  links(userId: number): Promise<readonly Link[]>
  /** Links that work and have something to send. */
  due(service: ServiceId): Promise<readonly Link[]>
  setProblem(link: Link, problem: string): Promise<void>
  /** The same play twice is one. The oldest beyond `most` are dropped and counted. */
  enqueue(link: Link, entry: { readonly mediaId: string; readonly play: Play }, most: number): Promise<void>
  next(link: Link, count: number): Promise<readonly Waiting[]>
  done(
    link: Link,
    entries: readonly Waiting[],
    result: { readonly refused: boolean; readonly now: number },
  ): Promise<void>
  waiting(userId: number): Promise<ReadonlyMap<string, number>>
}

const LINK = `user_id AS userId, service, account, secret, problem, dropped, refused, sent, sent_at AS sentAt`

export function createStore(db: PluginDatabase): Store {
  return {
    async link({ userId, service, account, secret }, now) {
      await db.run(
        `INSERT INTO scrobble_link (user_id, service, account, secret, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (user_id, service) DO UPDATE SET account = excluded.account, secret = excluded.secret, problem = ''`,
        [userId, service, account, secret, now],
      )
    },
    async unlink(userId, service) {
      const [links] = await db.batch([
        ['DELETE FROM scrobble_link WHERE user_id = ? AND service = ?', [userId, service]],
        ['DELETE FROM scrobble_queue WHERE user_id = ? AND service = ?', [userId, service]],
      ])
      return (links ?? 0) > 0
    },
    links: (userId) => db.all<Link>(`SELECT ${LINK} FROM scrobble_link WHERE user_id = ? ORDER BY service`, [userId]),
    due: (service) =>
      db.all<Link>(
        `SELECT ${LINK} FROM scrobble_link WHERE service = ? AND problem = ''
         AND EXISTS (SELECT 1 FROM scrobble_queue AS q WHERE q.user_id = scrobble_link.user_id AND q.service = scrobble_link.service)`,
        [service],
      ),
    async setProblem({ userId, service }, problem) {
      await db.run('UPDATE scrobble_link SET problem = ? WHERE user_id = ? AND service = ?', [problem, userId, service])
    },
    async enqueue({ userId, service }, { mediaId, play }, most) {
      await db.run(
        'INSERT OR IGNORE INTO scrobble_queue (user_id, service, at, media_id, play) VALUES (?, ?, ?, ?, ?)',
        [userId, service, play.at, mediaId, JSON.stringify(play)],
      )
      const dropped = await db.run(
        `DELETE FROM scrobble_queue WHERE id IN (
           SELECT id FROM scrobble_queue WHERE user_id = ? AND service = ? ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?)`,
        [userId, service, most],
      )
      if (dropped.changes === 0) return
      await db.run('UPDATE scrobble_link SET dropped = dropped + ? WHERE user_id = ? AND service = ?', [
        dropped.changes,
        userId,
        service,
      ])
    },
    async next({ userId, service }, count) {
      const rows = await db.all<{ id: number; play: string }>(
        'SELECT id, play FROM scrobble_queue WHERE user_id = ? AND service = ? ORDER BY at, id LIMIT ?',
        [userId, service, count],
      )
      return rows.map(({ id, play }) => ({ id, play: JSON.parse(play) as Play }))
    },
    async done({ userId, service }, entries, { refused, now }) {
      if (entries.length === 0) return
      const count = entries.length
      await db.batch([
        ...entries.map(({ id }) => ['DELETE FROM scrobble_queue WHERE id = ?', [id]] as const),
        refused
          ? ([
              'UPDATE scrobble_link SET refused = refused + ? WHERE user_id = ? AND service = ?',
              [count, userId, service],
            ] as const)
          : ([
              'UPDATE scrobble_link SET sent = sent + ?, sent_at = ? WHERE user_id = ? AND service = ?',
              [count, now, userId, service],
            ] as const),
      ])
    },
    async waiting(userId) {
      const rows = await db.all<{ service: string; count: number }>(
        'SELECT service, count(*) AS count FROM scrobble_queue WHERE user_id = ? GROUP BY service',
        [userId],
      )
      return new Map(rows.map(({ service, count }) => [service, count]))
    },
  }
}
