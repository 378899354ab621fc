import { type PluginDatabase, publicIdOf, type SqlValue } from 'tonearm/plugin'
import { type Row, rowOf } from './rows.ts'
import type { NewsType } from './share.ts'

export type Statement = readonly [sql: string, params?: readonly SqlValue[]]

/** What somebody is to be told. */
export interface NewNote {
  readonly shareId: string
  readonly userId: string
  readonly type: NewsType
  readonly title: string
  /** The words of the share's owner. */
  readonly body: string
}

/** A note that nobody beyond this plugin has heard of. */
export interface PendingNote extends NewNote {
  readonly id: number
  readonly at: number
}

const INSERT = 'INSERT INTO sharing_note (share_id, user_id, type, created_at, title, body, pending)'

export type NoteStore = ReturnType<typeof createNoteStore>

/**
 * What users were told of shares, and what is still to be said aloud. Notes are written in the transaction of what they
 * tell, so that a stop at any moment loses neither without the other.
 */
export function createNoteStore(db: PluginDatabase) {
  return {
    /** Part of a transaction: notes of those of the shares that live at this point of it, with `told` below the given. */
    put(notes: readonly NewNote[], at: number, told = 3): readonly Statement[] {
      if (notes.length === 0) return []
      const list = notes.map(({ shareId, userId, type, title, body }) => [shareId, rowOf(userId), type, title, body])
      return [
        [
          `${INSERT} SELECT s.id, json_extract(n.value, '$[1]'), json_extract(n.value, '$[2]'), ?2,
             json_extract(n.value, '$[3]'), json_extract(n.value, '$[4]'), 1
           FROM json_each(?1) n JOIN sharing_share s ON s.id = json_extract(n.value, '$[0]')
           WHERE s.revoked_at IS NULL AND s.told < ?3 ORDER BY n.key`,
          [JSON.stringify(list), at, told],
        ],
      ]
    },

    /** Part of a transaction, right behind the statement that counts visits: the owner's notes of a first and a last one. */
    putCounted(
      shareId: string,
      [view, download]: readonly [number, number],
      titles: { readonly first: string; readonly last: string },
      at: number,
    ): Statement {
      return [
        `${INSERT} SELECT s.id, s.owner_id, n.type, ?4, n.title, s.description, 1 FROM sharing_share s,
           (SELECT 'link_first_used' AS type, ?5 AS title UNION ALL SELECT 'link_exhausted', ?6) n
         WHERE changes() = 1 AND s.id = ?1 AND CASE n.type
           WHEN 'link_first_used' THEN ?2 = 1 AND s.views = 1 AND s.recipient = 'link'
           ELSE (?2 = 1 AND s.max_views > 0 AND s.views = s.max_views)
             OR (?3 = 1 AND s.max_downloads > 0 AND s.downloads = s.max_downloads) END`,
        [shareId, view, download, at, titles.first, titles.last],
      ]
    },

    /** The oldest that are still to be said. */
    async pending(limit: number): Promise<readonly PendingNote[]> {
      const rows = await db.all<Row>(
        'SELECT id, share_id, user_id, type, created_at, title, body FROM sharing_note WHERE pending = 1 ORDER BY id LIMIT ?',
        [limit],
      )
      return rows.map((row) => ({
        id: Number(row.id),
        shareId: String(row.share_id),
        userId: publicIdOf('user', Number(row.user_id)),
        type: row.type as NewsType,
        at: Number(row.created_at),
        title: String(row.title),
        body: String(row.body),
      }))
    },
    /** They were said. @returns those that nobody else had said. */
    async said(ids: readonly number[]): Promise<ReadonlySet<number>> {
      const rows = await db.all<Row>(
        'UPDATE sharing_note SET pending = 0 WHERE pending = 1 AND id IN (SELECT value FROM json_each(?)) RETURNING id',
        [JSON.stringify(ids)],
      )
      return new Set(rows.map((row) => Number(row.id)))
    },

    unread: (userId: string) =>
      db.all<Row>(
        'SELECT id, share_id, type, created_at, read_at, title, body FROM sharing_note WHERE user_id = ? AND read_at IS NULL ORDER BY id DESC LIMIT 500',
        [rowOf(userId)],
      ),
    /** Without an id: all of the user. */
    read: (userId: string, now: number, id?: number) =>
      db.run(
        `UPDATE sharing_note SET read_at = ? WHERE user_id = ? AND read_at IS NULL${id === undefined ? '' : ' AND id = ?'}`,
        [now, rowOf(userId), ...(id === undefined ? [] : [id])],
      ),
  }
}
