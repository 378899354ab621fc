import type { PluginDatabase } from 'tonearm/plugin'
import type { ChannelName } from './channel.ts'
import type { Statement } from './note-store.ts'
import type { Level } from './topics.ts'

/** One message to one target: of one note, or a digest. It leaves the table when it was taken. */
export interface QueuedDelivery {
  readonly id: number
  /** What receivers know it by; the same in every attempt. */
  readonly uid: string
  readonly userId: number
  readonly targetId: number
  readonly channel: ChannelName
  readonly digest: boolean
  readonly topic: string
  readonly level: Level
  readonly dueAt: number
  readonly attempts: number
  readonly error: string
  readonly createdAt: number
}

export interface DeadLetter extends QueuedDelivery {
  readonly targetName: string
}

export interface Plan {
  readonly uid: string
  readonly userId: number
  readonly targetId: number
  readonly channel: ChannelName
  readonly digest: boolean
  readonly topic: string
  readonly level: Level
  readonly dueAt: number
  readonly at: number
}

const LONGEST_SETTLE_MS = 900_000

const COLUMNS = `d.id, d.uid, d.user_id AS userId, d.target_id AS targetId, d.channel, d.digest, d.topic, d.level,
  d.due_at AS dueAt, d.attempts, d.error, d.created_at AS createdAt`

export const DELIVERY_QUERIES = {
  due: `SELECT ${COLUMNS} FROM notifications_delivery AS d WHERE d.state = 'waiting' AND d.due_at <= ?
    AND d.channel NOT IN (SELECT value FROM json_each(?)) ORDER BY d.due_at LIMIT ?`,
  next: `SELECT due_at AS dueAt FROM notifications_delivery WHERE state = 'waiting'
    AND channel NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at LIMIT 1`,
} as const

/** The note that the statements before have put down. */
const NOTE = `(SELECT id FROM notifications_note WHERE user_id = ? AND seq = (SELECT value FROM notifications_counter))`

type Row = Omit<QueuedDelivery, 'digest'> & { readonly digest: number }

export class DeliveryStore {
  readonly #db: PluginDatabase

  constructor(db: PluginDatabase) {
    this.#db = db
  }

  /**
   * Queues the note that the statements before have put down. One that a waiting message holds already is not queued again:
   * a note that grows is one message, and what waits for the same digest is one digest.
   */
  plan(plan: Plan): readonly Statement[] {
    const { uid, userId, targetId, channel, digest, topic, level, dueAt, at } = plan
    const row = [uid, userId, targetId, channel, Number(digest), topic, level, dueAt, at]
    const insert = `INSERT INTO notifications_delivery
      (uid, user_id, target_id, channel, digest, topic, level, due_at, created_at) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?`
    const waiting = `FROM notifications_delivery AS d WHERE d.target_id = ? AND d.state = 'waiting' AND d.attempts = 0`
    if (digest)
      return [
        [`${insert} WHERE NOT EXISTS (SELECT 1 ${waiting} AND d.digest = 1)`, [...row, targetId]],
        [
          `INSERT OR IGNORE INTO notifications_item (delivery_id, note_id)
           SELECT d.id, ${NOTE} ${waiting} AND d.digest = 1`,
          [userId, targetId],
        ],
      ]
    const holds = `${waiting} AND d.digest = 0 AND EXISTS (
      SELECT 1 FROM notifications_item AS i WHERE i.delivery_id = d.id AND i.note_id = ${NOTE})`
    return [
      // What still grows waits on, but not for ever.
      [
        `UPDATE notifications_delivery SET due_at = max(due_at, min(?, created_at + ?))
         WHERE id IN (SELECT d.id ${holds})`,
        [dueAt, LONGEST_SETTLE_MS, targetId, userId],
      ],
      [`${insert} WHERE NOT EXISTS (SELECT 1 ${holds})`, [...row, targetId, userId]],
      [
        `INSERT OR IGNORE INTO notifications_item (delivery_id, note_id)
         SELECT d.id, ${NOTE} FROM notifications_delivery AS d WHERE d.uid = ?`,
        [userId, uid],
      ],
    ]
  }

  /** What is due, the oldest first, but for these channels. */
  async due(now: number, limit: number, but: readonly string[]): Promise<readonly QueuedDelivery[]> {
    return (await this.#db.all<Row>(DELIVERY_QUERIES.due, [now, JSON.stringify(but), limit])).map(fromRow)
  }

  /** When the next one is due, but for these channels; undefined when nothing waits. */
  async next(but: readonly string[]): Promise<number | undefined> {
    return (await this.#db.get<{ dueAt: number }>(DELIVERY_QUERIES.next, [JSON.stringify(but)]))?.dueAt
  }

  /** Takes one for an attempt. @returns false when somebody else has it, or it is gone. */
  async claim(id: number, owner: string): Promise<boolean> {
    const { changes } = await this.#db.run(
      "UPDATE notifications_delivery SET state = 'sending', owner = ? WHERE id = ? AND state = 'waiting'",
      [owner, id],
    )
    return changes === 1
  }

  /** What was being sent when somebody stopped who is no more. `owned`: those that are. */
  async interrupted(isOwned: (owner: string) => boolean): Promise<readonly QueuedDelivery[]> {
    const rows = await this.#db.all<Row & { owner: string }>(
      `SELECT ${COLUMNS}, d.owner FROM notifications_delivery AS d WHERE d.state = 'sending'`,
    )
    return rows.filter(({ owner }) => !isOwned(owner)).map(fromRow)
  }

  async notes(id: number): Promise<readonly number[]> {
    const rows = await this.#db.all<{ id: number }>(
      'SELECT note_id AS id FROM notifications_item WHERE delivery_id = ? ORDER BY note_id',
      [id],
    )
    return rows.map((row) => row.id)
  }

  async done({ id, targetId }: QueuedDelivery, at: number): Promise<void> {
    await this.#db.batch([
      ['DELETE FROM notifications_delivery WHERE id = ?', [id]],
      ["UPDATE notifications_target SET sent = sent + 1, sent_at = ?, problem = '' WHERE id = ?", [at, targetId]],
    ])
  }

  /** There is nothing to tell any more. */
  async drop(id: number): Promise<void> {
    await this.#db.run('DELETE FROM notifications_delivery WHERE id = ?', [id])
  }

  /** Back into the queue. `failed`: what went wrong; without it the attempt does not count. */
  async postpone({ id, targetId }: QueuedDelivery, dueAt: number, failed?: string): Promise<void> {
    await this.#db.batch([
      [
        `UPDATE notifications_delivery SET state = 'waiting', owner = '', due_at = ?, attempts = attempts + ?,
         error = coalesce(?, error) WHERE id = ?`,
        [dueAt, failed === undefined ? 0 : 1, failed ?? null, id],
      ],
      ...(failed === undefined
        ? []
        : [['UPDATE notifications_target SET problem = ? WHERE id = ?', [failed, targetId]] as const]),
    ])
  }

  async bury({ id, targetId }: QueuedDelivery, error: string): Promise<void> {
    await this.#db.batch([
      [
        `UPDATE notifications_delivery SET state = 'dead', owner = '', attempts = attempts + 1, error = ? WHERE id = ?`,
        [error, id],
      ],
      ['UPDATE notifications_target SET problem = ? WHERE id = ?', [error, targetId]],
    ])
  }

  async dead(page: { readonly limit: number; readonly offset: number }): Promise<{
    readonly items: readonly DeadLetter[]
    readonly total: number
  }> {
    const rows = await this.#db.all<Row & { targetName: string }>(
      `SELECT ${COLUMNS}, t.name AS targetName FROM notifications_delivery AS d JOIN notifications_target AS t ON t.id = d.target_id
       WHERE d.state = 'dead' ORDER BY d.due_at DESC, d.id DESC LIMIT ? OFFSET ?`,
      [page.limit, page.offset],
    )
    const count = await this.#db.get<{ count: number }>(
      "SELECT count(*) AS count FROM notifications_delivery WHERE state = 'dead'",
    )
    return { items: rows.map((row) => ({ ...fromRow(row), targetName: row.targetName })), total: count?.count ?? 0 }
  }

  /** @returns how many go out again. */
  async retry(now: number, id?: number): Promise<number> {
    const { changes } = await this.#db.run(
      `UPDATE notifications_delivery SET state = 'waiting', attempts = 0, due_at = ? WHERE state = 'dead'${id === undefined ? '' : ' AND id = ?'}`,
      [now, ...(id === undefined ? [] : [id])],
    )
    return changes
  }

  async forget(id?: number): Promise<number> {
    const { changes } = await this.#db.run(
      `DELETE FROM notifications_delivery WHERE state = 'dead'${id === undefined ? '' : ' AND id = ?'}`,
      id === undefined ? [] : [id],
    )
    return changes
  }

  /** How many messages of one target wait. */
  async waiting(targetId: number): Promise<number> {
    const row = await this.#db.get<{ count: number }>(
      "SELECT count(*) AS count FROM notifications_delivery WHERE target_id = ? AND state = 'waiting'",
      [targetId],
    )
    return row?.count ?? 0
  }

  /** Dead letters do not stay for ever, and messages without a note have nothing to say. */
  async sweep(before: number): Promise<void> {
    const old = await this.#db.get("SELECT 1 FROM notifications_delivery WHERE state = 'dead' AND due_at < ? LIMIT 1", [
      before,
    ])
    if (old) await this.#db.run("DELETE FROM notifications_delivery WHERE state = 'dead' AND due_at < ?", [before])
  }
}

function fromRow(row: Row): QueuedDelivery {
  return { ...row, digest: row.digest === 1 }
}
