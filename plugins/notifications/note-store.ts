import type { PluginDatabase, SqlValue } from 'tonearm/plugin'
import type { Note, NoteData } from './note.ts'
import { PINAKES_TYPES } from './topics.ts'

const COLUMNS = `id, user_id AS userId, seq, topic, level, group_key AS groupKey, data, created_at AS createdAt,
  updated_at AS updatedAt, read_at AS readAt`
const SHARE_TOPICS = Object.keys(PINAKES_TYPES)
const IS_SHARE = `topic IN (${SHARE_TOPICS.map((topic) => `'${topic}'`).join(', ')})`

/** Questions that are asked often; each is answered from one index, without sorting. */
export const QUERIES = {
  page: `SELECT ${COLUMNS} FROM notifications_note WHERE user_id = ? AND listed = 1 ORDER BY seq DESC LIMIT ? OFFSET ?`,
  count: 'SELECT count(*) AS count FROM notifications_note WHERE user_id = ? AND listed = 1',
  unreadPage: `SELECT ${COLUMNS} FROM notifications_note WHERE user_id = ? AND read_at IS NULL AND listed = 1
    ORDER BY seq DESC LIMIT ? OFFSET ?`,
  unread: 'SELECT count(*) AS count FROM notifications_note WHERE user_id = ? AND read_at IS NULL AND listed = 1',
  unreadShares: `SELECT ${COLUMNS} FROM notifications_note WHERE user_id = ? AND read_at IS NULL AND listed = 1 AND ${IS_SHARE}
    ORDER BY seq DESC LIMIT 500`,
  since: `SELECT ${COLUMNS} FROM notifications_note WHERE user_id = ? AND listed = 1 AND seq > ? ORDER BY seq LIMIT ?`,
  last: 'SELECT max(seq) AS seq FROM notifications_note WHERE user_id = ? AND listed = 1',
  one: `SELECT ${COLUMNS} FROM notifications_note WHERE user_id = ? AND id = ?`,
  group: `SELECT ${COLUMNS} FROM notifications_note WHERE user_id = ? AND read_at IS NULL AND group_key = ? AND group_key <> ''`,
  albumNotes: `SELECT count(*) AS count FROM notifications_note WHERE user_id = ? AND read_at IS NULL AND group_key <> ''
    AND group_key >= 'music ' AND group_key < 'music!' AND created_at > ?`,
} as const

export type Statement = readonly [sql: string, params?: readonly SqlValue[]]

type Row = Omit<Note, 'data'> & { readonly data: string }

/** Notes of users. Everything names the user: nobody reaches another's. */
export class NoteStore {
  readonly #db: PluginDatabase

  constructor(db: PluginDatabase) {
    this.#db = db
  }

  async page(
    userId: number,
    query: { readonly unread: boolean; readonly topic: string; readonly limit: number; readonly offset: number },
  ): Promise<{ readonly notes: readonly Note[]; readonly total: number }> {
    const { unread, topic, limit, offset } = query
    if (topic !== '') {
      const where = `user_id = ? AND listed = 1 AND topic = ?${unread ? ' AND read_at IS NULL' : ''}`
      const params = [userId, topic]
      return {
        notes: await this.#notes(
          `SELECT ${COLUMNS} FROM notifications_note WHERE ${where} ORDER BY seq DESC LIMIT ? OFFSET ?`,
          [...params, limit, offset],
        ),
        total: await this.#number(`SELECT count(*) AS count FROM notifications_note WHERE ${where}`, params),
      }
    }
    return {
      notes: await this.#notes(unread ? QUERIES.unreadPage : QUERIES.page, [userId, limit, offset]),
      total: await this.#number(unread ? QUERIES.unread : QUERIES.count, [userId]),
    }
  }

  unread(userId: number): Promise<number> {
    return this.#number(QUERIES.unread, [userId])
  }

  unreadShares(userId: number): Promise<readonly Note[]> {
    return this.#notes(QUERIES.unreadShares, [userId])
  }

  async find(userId: number, id: number): Promise<Note | undefined> {
    return (await this.#notes(QUERIES.one, [userId, id]))[0]
  }

  /** By ids of one user's notes; what is gone is left out. Oldest first. */
  async findMany(userId: number, ids: readonly number[]): Promise<readonly Note[]> {
    return this.#notes(
      `SELECT ${COLUMNS} FROM notifications_note WHERE user_id = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY seq`,
      [userId, JSON.stringify(ids)],
    )
  }

  /** The unread note of this key that a new one would become part of. */
  async group(userId: number, key: string): Promise<Note | undefined> {
    return key === '' ? undefined : (await this.#notes(QUERIES.group, [userId, key]))[0]
  }

  /** Unread notes of one album each that came after `at`. */
  albumNotes(userId: number, at: number): Promise<number> {
    return this.#number(QUERIES.albumNotes, [userId, at])
  }

  /** What was made or changed after a number, oldest first. */
  since(userId: number, seq: number, limit: number): Promise<readonly Note[]> {
    return this.#notes(QUERIES.since, [userId, seq, limit])
  }

  async last(userId: number): Promise<number> {
    return (await this.#db.get<{ seq: number | null }>(QUERIES.last, [userId]))?.seq ?? 0
  }

  /** @returns how many were unread. Without ids: all; `shares`: of shares only. */
  async read(
    userId: number,
    at: number,
    which: { readonly id?: number; readonly shares?: boolean } = {},
  ): Promise<number> {
    const { changes } = await this.#db.run(
      `UPDATE notifications_note SET read_at = ? WHERE user_id = ? AND read_at IS NULL${which.id === undefined ? '' : ' AND id = ?'}${which.shares ? ` AND ${IS_SHARE}` : ''}`,
      [at, userId, ...(which.id === undefined ? [] : [which.id])],
    )
    return changes
  }

  async remove(userId: number, id?: number): Promise<number> {
    const { changes } = await this.#db.run(
      `DELETE FROM notifications_note WHERE user_id = ?${id === undefined ? '' : ' AND id = ?'}`,
      [userId, ...(id === undefined ? [] : [id])],
    )
    return changes
  }

  /**
   * Puts a note down, or in the place of the unread one of its key. The statements belong into one transaction with what
   * caused them; the note is then the newest of its user.
   */
  put(note: Omit<Note, 'id' | 'seq' | 'readAt'> & { readonly listed: boolean }): readonly Statement[] {
    const { userId, topic, level, groupKey, listed, createdAt, updatedAt } = note
    const data = JSON.stringify(note.data)
    const next: Statement = ['UPDATE notifications_counter SET value = value + 1']
    const value = '(SELECT value FROM notifications_counter)'
    const insert = `INSERT INTO notifications_note (user_id, seq, topic, level, group_key, listed, data, created_at, updated_at)
      SELECT ?, ${value}, ?, ?, ?, ?, ?, ?, ?`
    const row = [userId, topic, level, groupKey, Number(listed), data, createdAt, updatedAt]
    if (groupKey === '') return [next, [insert, row]]
    return [
      next,
      [
        `UPDATE notifications_note SET seq = ${value}, level = ?, data = ?, updated_at = ?
         WHERE user_id = ? AND read_at IS NULL AND group_key = ? AND group_key <> ''`,
        [level, data, updatedAt, userId, groupKey],
      ],
      [
        `${insert} WHERE NOT EXISTS (
           SELECT 1 FROM notifications_note WHERE user_id = ? AND read_at IS NULL AND group_key = ? AND group_key <> '')`,
        [...row, userId, groupKey],
      ],
    ]
  }

  /** Drops what is too old or too much; the newest stay. */
  async sweep(limits: { readonly before: number; readonly perUser: number }): Promise<void> {
    const { before, perUser } = limits
    const old = await this.#db.get('SELECT 1 FROM notifications_note WHERE updated_at < ? LIMIT 1', [before])
    if (old) await this.#db.run('DELETE FROM notifications_note WHERE updated_at < ?', [before])
    const full = await this.#db.all<{ userId: number }>(
      'SELECT user_id AS userId FROM notifications_note GROUP BY user_id HAVING count(*) > ?',
      [perUser],
    )
    for (const { userId } of full) await this.#db.run(...this.trim(userId, perUser))
  }

  trim(userId: number, perUser: number): [sql: string, params: readonly SqlValue[]] {
    return [
      `DELETE FROM notifications_note WHERE user_id = ?1 AND seq <= (
         SELECT seq FROM notifications_note WHERE user_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)`,
      [userId, perUser],
    ]
  }

  async #notes(sql: string, params: readonly SqlValue[]): Promise<readonly Note[]> {
    const rows = await this.#db.all<Row>(sql, params)
    return rows.map((row) => ({ ...row, data: JSON.parse(row.data) as NoteData }))
  }

  async #number(sql: string, params: readonly SqlValue[]): Promise<number> {
    return (await this.#db.get<{ count: number }>(sql, params))?.count ?? 0
  }
}
