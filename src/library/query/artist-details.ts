import { LRUCache } from 'lru-cache'
import type { ArtistId } from '../../base/ids.ts'
import type { RowReader } from '../../db/database.ts'
import type { Artist, Viewer } from '../entities.ts'
import { jsonIds } from '../json-column.ts'
import type { LibraryContext } from '../library-context.ts'
import { KIND } from '../pending-plays.ts'
import type { ScopeSql } from '../scope-sql.ts'
import type { ArtistDetails, RoleCounts } from './details.ts'

/** Either of the two roles that name the artist of a song or an album. */
const MAIN_CREDIT = 'maincredit'
const NOTHING: RoleCounts = { songCount: 0, albumCount: 0, size: 0 }
/** Artists whose counts are remembered, as one scope shows them: those with most songs take some ms each. */
const MAX_KEPT = 4000
const RATED_AT = `SELECT item_id, rated_at FROM annotation
  WHERE user_id = ? AND kind = ${KIND.artist} AND item_id IN (SELECT value FROM json_each(?)) AND rated_at IS NOT NULL`

interface Counts {
  stats: Record<string, RoleCounts>
  total: RoleCounts
}

/** Counts of artists by role, of what a viewer sees. */
export class ArtistCounts {
  readonly #context: LibraryContext
  readonly #kept = new LRUCache<string, Counts>({ max: MAX_KEPT })
  #version = -1

  constructor(context: LibraryContext) {
    this.#context = context
  }

  /** @param artists that the viewer may see, as a repository gave them. */
  details(viewer: Viewer, artists: readonly Artist[]): ReadonlyMap<ArtistId, ArtistDetails> {
    const ids = artists.map(({ id }) => id)
    const counts = this.#counts(this.#context.scope(viewer), ids)
    const rated = new Map<number, number>()
    this.#context.db.select(RATED_AT, [viewer.userId, jsonIds(ids)], (row) => rated.set(row.number(0), row.number(1)))
    return new Map(
      ids.map((id) => [id, { ...(counts.get(id) ?? { stats: {}, total: NOTHING }), ratedAt: rated.get(id) }]),
    )
  }

  #counts(scope: ScopeSql, ids: readonly number[]): ReadonlyMap<number, Counts> {
    const { version } = this.#context.catalogue
    if (version !== this.#version) this.#kept.clear()
    this.#version = version
    const found = new Map<number, Counts>()
    for (const id of ids) {
      const known = this.#kept.get(`${id} ${scope.key}`)
      if (known) found.set(id, known)
    }
    const absent = ids.filter((id) => !found.has(id))
    if (absent.length === 0) return found
    for (const [id, counts] of this.#read(scope, absent)) {
      found.set(id, counts)
      this.#kept.set(`${id} ${scope.key}`, counts)
    }
    return found
  }

  #read(scope: ScopeSql, ids: readonly number[]): ReadonlyMap<number, Counts> {
    const found = new Map<number, Counts>(ids.map((id) => [id, { stats: {}, total: NOTHING }]))
    const add = (row: RowReader) => {
      const artist = found.get(row.number(0))
      const counts = { songCount: row.number(2), albumCount: row.number(3), size: row.number(4) }
      if (!artist || counts.songCount === 0) return
      if (row.text(1) === '') artist.total = counts
      else artist.stats[row.text(1)] = counts
    }
    const { db } = this.#context
    const list = jsonIds(ids)
    const visible = scope.song('s')
    const library = scope.library('library_id')
    if (scope.whole)
      db.select(
        `SELECT artist_id, role, sum(song_count), sum(album_count), sum(size) FROM artist_stats
         WHERE artist_id IN (SELECT value FROM json_each(?)) AND ${library.sql} GROUP BY artist_id, role`,
        [list, ...library.params],
        add,
      )
    db.select(
      `WITH page_credits AS MATERIALIZED (
         SELECT DISTINCT c.artist_id, c.role, c.song_id, s.album_id, s.size
         FROM song_artist c CROSS JOIN song s INDEXED BY song_page ON s.id = c.song_id
         WHERE c.artist_id IN (SELECT value FROM json_each(?))${scope.whole ? ` AND ${MAIN_ROLES}` : ''} AND ${visible.sql})
       SELECT artist_id, '${MAIN_CREDIT}', count(*), count(DISTINCT album_id), sum(size)
         FROM (SELECT DISTINCT artist_id, song_id, album_id, size FROM page_credits WHERE ${MAIN_ROLES}) GROUP BY artist_id
       ${scope.whole ? '' : OTHER_COUNTS}`,
      [list, ...visible.params],
      add,
    )
    return found
  }
}

const MAIN_ROLES = `role IN ('artist', 'albumartist')`
const OTHER_COUNTS = `UNION ALL SELECT artist_id, role, count(*), count(DISTINCT album_id), sum(size) FROM page_credits GROUP BY artist_id, role
  UNION ALL SELECT artist_id, '', count(*), count(DISTINCT album_id), sum(size)
    FROM (SELECT DISTINCT artist_id, song_id, album_id, size FROM page_credits) GROUP BY artist_id`
