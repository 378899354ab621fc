import { type PluginDatabase, publicIdOf } from 'tonearm/plugin'
import { ALIVE, MAX_LISTED, type Row, rowOf } from './rows.ts'
import type { Share, Target } from './share.ts'

/** Permissions by what somebody wants to do. */
const MAY = {
  look: '(can_view = 1 OR can_stream = 1)',
  stream: 'can_stream = 1',
  download: 'can_download = 1',
} as const
export type Allowed = keyof typeof MAY

/** Something that is shared, and in whose rights. */
export interface RootTarget extends Target {
  readonly rootId: string
}
/** Shares by whom they are addressed to, for users who got many thousands. */
export function createIncomingStore(db: PluginDatabase, sharesOf: (rows: readonly Row[]) => Promise<readonly Share[]>) {
  const LASTING = `${ALIVE} AND (expires_at IS NULL OR expires_at > ?2)`
  /** Two walks in order, each by an index of its own, merged. */
  const incoming = (columns: string, more = '') =>
    `SELECT ${columns} FROM sharing_share WHERE recipient_id = ?1 AND ${LASTING} ${more}
     UNION ALL SELECT ${columns} FROM sharing_share WHERE recipient = 'everyone' AND owner_id <> ?1 AND ${LASTING} ${more}`

  return {
    incoming: async (userId: string, now: number, page = { limit: MAX_LISTED, offset: 0 }) =>
      sharesOf(
        await db.all<Row>(`${incoming('*')} ORDER BY created_at DESC, id LIMIT ?3 OFFSET ?4`, [
          rowOf(userId),
          now,
          page.limit,
          page.offset,
        ]),
      ),
    /** How many, and how many of them were passed on: whether those live is for others to say. */
    async countIncoming(userId: string, now: number): Promise<{ readonly all: number; readonly passedOn: number }> {
      const row = await db.get<Row>(
        `SELECT count(*) AS n, count(source_id) AS passed FROM (${incoming('source_id')})`,
        [rowOf(userId), now],
      )
      return { all: Number(row?.n ?? 0), passedOn: Number(row?.passed ?? 0) }
    },
    /** Passed on ones among the incoming. */
    incomingPassedOn: async (userId: string, now: number) =>
      sharesOf(await db.all<Row>(incoming('*', 'AND source_id IS NOT NULL'), [rowOf(userId), now])),
    /** What the incoming ones hold that were not passed on, each once; songs of playlists by themselves. `may`: what they allow. */
    async incomingTargets(userId: string, now: number, may: Allowed): Promise<readonly RootTarget[]> {
      const shares = incoming('id, root_id', `AND source_id IS NULL AND ${MAY[may]}`)
      const params = [rowOf(userId), now]
      const targets = await db.all<Row>(
        `SELECT DISTINCT s.root_id, t.kind, t.ref FROM (${shares}) s JOIN sharing_target t ON t.share_id = s.id
         WHERE t.kind <> 'playlist'`,
        params,
      )
      const songs = await db.all<Row>(
        `SELECT DISTINCT s.root_id, p.song_id FROM (${shares}) s JOIN sharing_song p ON p.share_id = s.id`,
        params,
      )
      const rootOf = (row: Row) => publicIdOf('user', Number(row.root_id))
      return [
        ...targets.map((row) => ({ rootId: rootOf(row), kind: row.kind as Target['kind'], id: String(row.ref) })),
        ...songs.map((row) => ({
          rootId: rootOf(row),
          kind: 'song' as const,
          id: publicIdOf('song', Number(row.song_id)),
        })),
      ]
    },

    /** Songs of the playlist targets of shares, by `<share> <playlist>`, in order. */
    async snapshots(ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
      const rows = await db.all<Row>(
        `SELECT p.share_id, t.ref, p.song_id FROM json_each(?) k CROSS JOIN sharing_song p ON p.share_id = k.value
         JOIN sharing_target t ON t.share_id = p.share_id AND t.position = p.target
         ORDER BY p.share_id, p.target, p.position`,
        [JSON.stringify(ids)],
      )
      const songs = new Map<string, string[]>()
      for (const { share_id, ref, song_id } of rows) {
        const key = `${share_id} ${ref}`
        const list = songs.get(key) ?? []
        list.push(publicIdOf('song', Number(song_id)))
        songs.set(key, list)
      }
      return songs
    },
  }
}
