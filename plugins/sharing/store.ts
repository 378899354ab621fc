import { type PluginDatabase, publicIdOf, rowIdOf, type SqlValue } from 'tonearm/plugin'
import { createIncomingStore } from './incoming-store.ts'
import type { Statement } from './note-store.ts'
import { ALIVE, MAX_LISTED, type Row, rowOf } from './rows.ts'
import type { Recipient, Share, Target } from './share.ts'

export type Action =
  | 'created'
  | 'viewed'
  | 'streamed'
  | 'downloaded'
  | 'updated'
  | 'revoked'
  | 'expired'
  | 'password_failed'

export type NewShare = Omit<Share, 'views' | 'downloads' | 'lastVisitedAt' | 'revokedAt'> & {
  /** Songs of playlist targets, by the target's place. */
  readonly snapshots: ReadonlyMap<number, readonly string[]>
  /** 1: its end is no news to anybody. */
  readonly told: number
}

export type Count = 'view' | 'download'

export interface LogEntry {
  readonly at: number
  readonly action: Action
  readonly actor: string
  readonly address: string
  readonly agent: string
}

/** Entries in the log of one share. */
const MAX_LOGGED = 10_000
/** What lists may be ordered by without looking into what is shared. */
export const SORT_COLUMNS = {
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  expiresAt: 'expires_at',
  lastVisitedAt: 'last_visited_at',
  visitCount: 'views',
  maxBitRate: 'max_bit_rate',
} as const
export type SortColumn = (typeof SORT_COLUMNS)[keyof typeof SORT_COLUMNS]

const HEIRS = `WITH RECURSIVE dead(id) AS (SELECT value FROM json_each(?1) UNION
  SELECT s.id FROM sharing_share s JOIN dead ON s.source_id = dead.id)`

export type Store = ReturnType<typeof createStore>

export function createStore(db: PluginDatabase) {
  async function sharesOf(rows: readonly Row[]): Promise<readonly Share[]> {
    const ids = JSON.stringify(rows.map((row) => row.id))
    const targets = await db.all<Row>(
      `SELECT share_id, kind, ref FROM sharing_target WHERE share_id IN (SELECT value FROM json_each(?)) ORDER BY share_id, position`,
      [ids],
    )
    const byShare = new Map<string, Target[]>()
    for (const { share_id, kind, ref } of targets) {
      const list = byShare.get(String(share_id)) ?? []
      list.push({ kind: kind as Target['kind'], id: String(ref) })
      byShare.set(String(share_id), list)
    }
    return rows.map((row) => toShare(row, byShare.get(String(row.id)) ?? []))
  }
  const listed = async (where: string, params: readonly SqlValue[], page = { limit: MAX_LISTED, offset: 0 }) =>
    sharesOf(
      await db.all<Row>(`SELECT * FROM sharing_share WHERE ${where} ORDER BY created_at DESC, id LIMIT ? OFFSET ?`, [
        ...params,
        page.limit,
        page.offset,
      ]),
    )
  const counted = async (where: string, params: readonly SqlValue[]) =>
    Number((await db.get<Row>(`SELECT count(*) AS n FROM sharing_share WHERE ${where}`, params))?.n ?? 0)

  return {
    ...createIncomingStore(db, sharesOf),

    async secret(fresh: string): Promise<string> {
      await db.run('INSERT OR IGNORE INTO sharing_key (id, secret) VALUES (1, ?)', [fresh])
      return String((await db.get<Row>('SELECT secret FROM sharing_key WHERE id = 1'))?.secret)
    },

    /** Revoked ones too. */
    async find(id: string): Promise<Share | undefined> {
      const row = await db.get<Row>('SELECT * FROM sharing_share WHERE id = ?', [id])
      return row && (await sharesOf([row]))[0]
    },
    all: () => listed(ALIVE, []),
    /** A page in the order of a column, of one owner or of all. */
    async page(
      userId: string | undefined,
      { column, descending, limit, offset }: { column: SortColumn; descending: boolean; limit: number; offset: number },
    ): Promise<{ readonly shares: readonly Share[]; readonly total: number }> {
      const [where, params] = userId === undefined ? [ALIVE, []] : [`${ALIVE} AND owner_id = ?`, [rowOf(userId)]]
      const rows = await db.all<Row>(
        `SELECT * FROM sharing_share WHERE ${where} ORDER BY ${column}${descending ? ' DESC' : ''}, id LIMIT ? OFFSET ?`,
        [...params, limit, offset],
      )
      return { shares: await sharesOf(rows), total: await counted(where, params) }
    },
    ownedBy: (userId: string, page?: { limit: number; offset: number }) =>
      listed(`${ALIVE} AND owner_id = ?`, [rowOf(userId)], page),
    countOwned: (userId: string) => counted(`${ALIVE} AND owner_id = ?`, [rowOf(userId)]),
    /** `more`: what belongs to it, in the same transaction; so with the others. */
    async insert(share: NewShare, more: readonly Statement[]): Promise<void> {
      const { recipient, permissions } = share
      await db.batch([
        [
          `INSERT INTO sharing_share (id, owner_id, root_id, source_id, recipient, recipient_id, description, contents,
            format, max_bit_rate, can_view, can_stream, can_download, can_reshare, password, salt, expires_at, max_views,
            max_downloads, created_at, updated_at, told) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
          [
            share.id,
            rowOf(share.ownerId),
            rowOf(share.rootId),
            share.sourceId ?? null,
            recipient.kind,
            recipient.kind === 'user' ? rowOf(recipient.id) : null,
            share.description,
            share.contents,
            share.format,
            share.maxBitRate,
            ...[permissions.view, permissions.stream, permissions.download, permissions.reshare].map(Number),
            share.password,
            share.salt,
            share.expiresAt ?? null,
            share.maxViews,
            share.maxDownloads,
            share.createdAt,
            share.updatedAt,
            share.told,
          ],
        ],
        ...share.targets.map(({ kind, id }, position): [string, SqlValue[]] => [
          'INSERT INTO sharing_target (share_id, position, kind, ref, song_id, album_id, artist_id, library_id) VALUES (?,?,?,?,?,?,?,?)',
          [
            share.id,
            position,
            kind,
            id,
            ...(['song', 'album', 'artist'] as const).map((one) => (kind === one ? (rowIdOf(one, id) ?? null) : null)),
            kind === 'library' ? Number(id) : null,
          ],
        ]),
        ...[...share.snapshots].map(([target, songs]): [string, SqlValue[]] => [
          'INSERT INTO sharing_song (share_id, target, position, song_id) SELECT ?, ?, key, value FROM json_each(?)',
          [share.id, target, JSON.stringify(songs.map((song) => rowIdOf('song', song)))],
        ]),
        ...more,
      ])
    },

    /** `changes`: columns. */
    async update(id: string, changes: Readonly<Record<string, SqlValue>>, more: readonly Statement[]): Promise<void> {
      const columns = Object.keys(changes)
      await db.batch([
        [
          `UPDATE sharing_share SET ${columns.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`,
          [...Object.values(changes), id],
        ],
        ...more,
      ])
    },

    /** These, and all that was passed on from them. */
    async heirs(ids: readonly string[]): Promise<readonly string[]> {
      const rows = await db.all<Row>(`${HEIRS} SELECT id FROM dead`, [JSON.stringify(ids)])
      return rows.map((row) => String(row.id))
    },
    /** With all that was passed on from them; `before` is done ahead of it, `entry` is logged for those that die now. */
    async revoke(ids: readonly string[], now: number, before: readonly Statement[], entry: LogEntry): Promise<void> {
      const dying = `sharing_share WHERE id IN (SELECT id FROM dead) AND ${ALIVE}`
      const list = JSON.stringify(ids)
      await db.batch([
        ...before,
        [
          `${HEIRS} INSERT INTO sharing_activity (share_id, at, action, actor, address, agent) SELECT id, ?, ?, ?, ?, ? FROM ${dying}`,
          [list, entry.at, entry.action, entry.actor, entry.address, entry.agent],
        ],
        [
          `${HEIRS} UPDATE sharing_share SET revoked_at = ?2 WHERE id IN (SELECT id FROM dead) AND ${ALIVE}`,
          [list, now],
        ],
      ])
    },

    /** Songs of a playlist target, in order. */
    async snapshot(id: string, target: number): Promise<readonly string[]> {
      const rows = await db.all<Row>(
        'SELECT song_id FROM sharing_song WHERE share_id = ? AND target = ? ORDER BY position',
        [id, target],
      )
      return rows.map((row) => publicIdOf('song', Number(row.song_id)))
    },
    async targetPlaces(id: string): Promise<readonly { readonly place: number; readonly target: Target }[]> {
      const rows = await db.all<Row>(
        'SELECT position, kind, ref FROM sharing_target WHERE share_id = ? ORDER BY position',
        [id],
      )
      return rows.map(({ position, kind, ref }) => ({
        place: Number(position),
        target: { kind: kind as Target['kind'], id: String(ref) },
      }))
    },

    /** Checks and counts in one statement: of two at once, one gets the last. `next` follows it. @returns whether it counted. */
    async count(
      id: string,
      [view, download]: readonly [number, number],
      now: number,
      next: Statement,
    ): Promise<boolean> {
      const [counted] = await db.batch([
        [
          `UPDATE sharing_share SET views = views + ?3, downloads = downloads + ?4, last_visited_at = ?1
            WHERE id = ?2 AND ${ALIVE} AND (expires_at IS NULL OR expires_at > ?1)
              AND (?3 = 0 OR max_views = 0 OR views < max_views)
              AND (?4 = 0 OR max_downloads = 0 OR downloads < max_downloads)`,
          [now, id, view, download],
        ],
        next,
      ])
      return counted === 1
    },

    log: (shareId: string, entry: LogEntry) =>
      db.run('INSERT INTO sharing_activity (share_id, at, action, actor, address, agent) VALUES (?,?,?,?,?,?)', [
        shareId,
        entry.at,
        entry.action,
        entry.actor,
        entry.address,
        entry.agent,
      ]),
    async activity(shareId: string, page: { limit: number; offset: number }) {
      const rows = await db.all<Row>(
        'SELECT at, action, actor, address, agent FROM sharing_activity WHERE share_id = ? ORDER BY id DESC LIMIT ? OFFSET ?',
        [shareId, page.limit, page.offset],
      )
      const total = await db.get<Row>('SELECT count(*) AS n FROM sharing_activity WHERE share_id = ?', [shareId])
      return { rows, total: Number(total?.n ?? 0) }
    },

    /** Alive ones whose end lies at or before `by`, with `told` below the given. */
    ending: (by: number, told: number) =>
      listed(`${ALIVE} AND expires_at <= ? AND told < ?`, [by, told], { limit: 500, offset: 0 }),
    /** Of all that call this at once, one is answered true; with it `before` is done, which counts on what is not claimed. */
    async claim(id: string, told: number, before: readonly Statement[] = []): Promise<boolean> {
      const changes = await db.batch([
        ...before,
        ['UPDATE sharing_share SET told = ?2 WHERE id = ?1 AND told < ?2', [id, told]],
      ])
      return changes.at(-1) === 1
    },
    /** When the next one ends. */
    async nextEnd(): Promise<number> {
      const row = await db.get<Row>(`SELECT min(expires_at) AS at FROM sharing_share WHERE ${ALIVE} AND told < 2`)
      return row?.at === null || row?.at === undefined ? Number.POSITIVE_INFINITY : Number(row.at)
    },
    /** Drops what nobody asks for any more, and of each share all but the newest entries of its log. */
    sweep: (before: number) =>
      db.batch([
        ['DELETE FROM sharing_share WHERE revoked_at < ?', [before]],
        ['DELETE FROM sharing_activity WHERE at < ?', [before - 300 * 86_400_000]],
        [
          `WITH long AS MATERIALIZED (SELECT share_id FROM sharing_activity GROUP BY share_id HAVING count(*) > ?1),
            cut AS MATERIALIZED (SELECT share_id, (SELECT id FROM sharing_activity b WHERE b.share_id = long.share_id
              ORDER BY id DESC LIMIT 1 OFFSET ?1) AS last FROM long)
          DELETE FROM sharing_activity WHERE id IN
            (SELECT a.id FROM cut JOIN sharing_activity a ON a.share_id = cut.share_id AND a.id <= cut.last)`,
          [MAX_LOGGED],
        ],
        ['DELETE FROM sharing_note WHERE created_at < ?', [before]],
      ]),
  }
}

function toShare(row: Row, targets: readonly Target[]): Share {
  const at = (name: string) => (row[name] === null ? undefined : Number(row[name]))
  const recipient: Recipient =
    row.recipient === 'user'
      ? { kind: 'user', id: publicIdOf('user', Number(row.recipient_id)) }
      : { kind: row.recipient as 'link' | 'everyone' }
  return {
    id: String(row.id),
    ownerId: publicIdOf('user', Number(row.owner_id)),
    rootId: publicIdOf('user', Number(row.root_id)),
    sourceId: row.source_id === null ? undefined : String(row.source_id),
    recipient,
    targets,
    description: String(row.description),
    contents: String(row.contents),
    format: String(row.format),
    maxBitRate: Number(row.max_bit_rate),
    permissions: {
      view: row.can_view === 1,
      stream: row.can_stream === 1,
      download: row.can_download === 1,
      reshare: row.can_reshare === 1,
    },
    password: String(row.password),
    salt: String(row.salt),
    expiresAt: at('expires_at'),
    maxViews: Number(row.max_views),
    views: Number(row.views),
    maxDownloads: Number(row.max_downloads),
    downloads: Number(row.downloads),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    lastVisitedAt: at('last_visited_at'),
    revokedAt: at('revoked_at'),
  }
}
