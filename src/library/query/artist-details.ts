import type { ArtistId } from '../../base/ids.ts'
import type { Artist, Viewer } from '../entities.ts'
import { jsonIds } from '../json-column.ts'
import type { LibraryContext } from '../library-context.ts'
import { KIND } from '../pending-plays.ts'
import type { ArtistDetails, RoleCounts } from './details.ts'

/** Either of the two that name a song's or an album's own artist; '' stands for all roles together. */
const MAIN_CREDIT = 'maincredit'
const NOTHING: RoleCounts = { songCount: 0, albumCount: 0, size: 0 }
const RATED_AT = `SELECT item_id, rated_at FROM annotation
  WHERE user_id = ? AND kind = ${KIND.artist} AND item_id IN (SELECT value FROM json_each(?)) AND rated_at IS NOT NULL`

/** @param artists that the viewer may see, as a repository gave them. */
export function artistDetails(
  context: LibraryContext,
  viewer: Viewer,
  artists: readonly Artist[],
): ReadonlyMap<ArtistId, ArtistDetails> {
  const list = jsonIds(artists.map((artist) => artist.id))
  const found = new Map<number, { stats: Record<string, RoleCounts>; total: RoleCounts; ratedAt: number | undefined }>(
    artists.map(({ id }) => [id, { stats: {}, total: NOTHING, ratedAt: undefined }]),
  )
  const visible = context.scope(viewer).song('s')
  context.db.select(
    `WITH credit AS MATERIALIZED (
       SELECT DISTINCT c.artist_id, c.role, c.song_id, s.album_id, s.size
       FROM song_artist c CROSS JOIN song s INDEXED BY song_page ON s.id = c.song_id
       WHERE c.artist_id IN (SELECT value FROM json_each(?)) AND ${visible.sql})
     SELECT artist_id, role, count(*), count(DISTINCT album_id), sum(size) FROM credit GROUP BY artist_id, role
     UNION ALL SELECT artist_id, '${MAIN_CREDIT}', count(*), count(DISTINCT album_id), sum(size)
       FROM (SELECT DISTINCT artist_id, song_id, album_id, size FROM credit WHERE role IN ('artist', 'albumartist')) GROUP BY artist_id
     UNION ALL SELECT artist_id, '', count(*), count(DISTINCT album_id), sum(size)
       FROM (SELECT DISTINCT artist_id, song_id, album_id, size FROM credit) GROUP BY artist_id`,
    [list, ...visible.params],
    (row) => {
      const details = found.get(row.number(0))
      if (!details) return
      const counts = { songCount: row.number(2), albumCount: row.number(3), size: row.number(4) }
      const role = row.text(1)
      if (role === '') details.total = counts
      else details.stats[role] = counts
    },
  )
  context.db.select(RATED_AT, [viewer.userId, list], (row) => {
    const details = found.get(row.number(0))
    if (details) details.ratedAt = row.number(1)
  })
  return found as ReadonlyMap<number, ArtistDetails> as ReadonlyMap<ArtistId, ArtistDetails>
}
