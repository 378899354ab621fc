import type { PluginDatabase } from 'tonearm/plugin'
import type { ChannelName } from './channel.ts'

export interface StoredTarget {
  readonly id: number
  readonly userId: number
  readonly channel: ChannelName
  /** As its user calls it. */
  readonly name: string
  /** Secrets included: only for the channel. */
  readonly target: Readonly<Record<string, unknown>>
  readonly enabled: boolean
  readonly sent: number
  readonly sentAt: number | null
  /** '' or why nothing arrived last time. */
  readonly problem: string
  readonly createdAt: number
}

type Row = Omit<StoredTarget, 'target' | 'enabled'> & { readonly target: string; readonly enabled: number }

const COLUMNS = `id, user_id AS userId, channel, name, target, enabled, sent, sent_at AS sentAt, problem,
  created_at AS createdAt`

/** Where users want their notes to go. */
export class TargetStore {
  readonly #db: PluginDatabase

  constructor(db: PluginDatabase) {
    this.#db = db
  }

  async list(userId: number): Promise<readonly StoredTarget[]> {
    const rows = await this.#db.all<Row>(`SELECT ${COLUMNS} FROM notifications_target WHERE user_id = ? ORDER BY id`, [
      userId,
    ])
    return rows.map(targetOfRow)
  }

  async find(userId: number, id: number): Promise<StoredTarget | undefined> {
    const row = await this.#db.get<Row>(`SELECT ${COLUMNS} FROM notifications_target WHERE user_id = ? AND id = ?`, [
      userId,
      id,
    ])
    return row && targetOfRow(row)
  }

  /** The same target again is the one that is there. @returns its id. */
  async add(
    target: Pick<StoredTarget, 'userId' | 'channel' | 'name' | 'target'>,
    at: number,
  ): Promise<{ readonly id: number }> {
    const text = JSON.stringify(target.target)
    await this.#db.run(
      `INSERT INTO notifications_target (user_id, channel, name, target, created_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (user_id, channel, target) DO UPDATE SET name = excluded.name, enabled = 1, problem = ''`,
      [target.userId, target.channel, target.name, text, at],
    )
    const row = await this.#db.get<{ id: number }>(
      'SELECT id FROM notifications_target WHERE user_id = ? AND channel = ? AND target = ?',
      [target.userId, target.channel, text],
    )
    return { id: row?.id ?? 0 }
  }

  async update({ id, userId, name, target, enabled }: StoredTarget): Promise<void> {
    await this.#db.run(
      "UPDATE notifications_target SET name = ?, target = ?, enabled = ?, problem = '' WHERE user_id = ? AND id = ?",
      [name, JSON.stringify(target), Number(enabled), userId, id],
    )
  }

  async remove(userId: number, id: number): Promise<boolean> {
    const { changes } = await this.#db.run('DELETE FROM notifications_target WHERE user_id = ? AND id = ?', [
      userId,
      id,
    ])
    return changes > 0
  }
}

function targetOfRow(row: Row): StoredTarget {
  return {
    ...row,
    enabled: row.enabled === 1,
    target: JSON.parse(row.target) as Readonly<Record<string, unknown>>,
  }
}
