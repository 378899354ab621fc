import type { ArtistId } from '../base/ids.ts'
import { loadArtists } from './artist-rows.ts'
import { type Condition, markCondition } from './condition.ts'
import type { Artist, Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import type { LibraryContext } from './library-context.ts'
import { nameKey } from './name-key.ts'
import { KIND } from './pending-plays.ts'
import { rankedIds } from './ranked-items.ts'
import type { ScopeSql } from './scope-sql.ts'
import { similarArtists } from './similar-songs.ts'
import { countVisible, STARRED_LIMIT } from './visible-ids.ts'

export interface ArtistRepository {
  find(viewer: Viewer, id: ArtistId): Artist | undefined
  /** By name, folded; for getTopSongs. */
  findByName(viewer: Viewer, name: string): Artist | undefined
  /** All album artists with something visible, by order name: getArtists and getIndexes by tags. */
  albumArtists(viewer: Viewer): Iterable<Artist>
  /** Most recently starred first. */
  starred(viewer: Viewer, limit?: number): readonly Artist[]
  /** Names → artists of the library, for similar artists that a plugin names. */
  findByNames(viewer: Viewer, names: readonly string[]): readonly Artist[]
  /** Those whose songs are most like the artist's; see `likeness.ts`. */
  similarTo(viewer: Viewer, id: ArtistId, limit: number): readonly Artist[]
  count(viewer: Viewer): number
}

/** Artists read at once while all are listed: constant memory, and no statement left open between pages. */
const PAGE = 500

export function createArtistRepository(context: LibraryContext): ArtistRepository {
  const { db } = context

  const byKeys = (viewer: Viewer, keys: readonly string[]): readonly number[] => {
    const visible = context.scope(viewer).artist('r')
    return db.select(
      `SELECT r.id FROM json_each(?) k CROSS JOIN artist r ON r.key = k.value WHERE ${visible.sql} ORDER BY k.key`,
      [JSON.stringify(keys), ...visible.params],
      firstColumn,
    )
  }

  function* albumArtists(viewer: Viewer): IterableIterator<Artist> {
    let after: readonly [name: string, id: number] = ['', 0]
    for (;;) {
      // Anew for each page: whoever reads them may wait between two, and the catalogue moves meanwhile.
      const scope = context.scope(viewer)
      const [name, id] = after
      const page = context.memo(`album artists ${scope.key} ${id} ${name}`, () => albumArtistsAfter(scope, after))
      yield* loadArtists(context, viewer, page.ids)
      if (!page.last) return
      after = page.last
    }
  }

  const albumArtistsAfter = (scope: ScopeSql, after: readonly [string, number]) => {
    const albumArtist = albumArtistCondition(scope)
    const page = db.select(
      `SELECT r.id, r.order_name FROM artist r
       WHERE r.missing = 0 AND (r.order_name, r.id) > (?, ?) AND ${albumArtist.sql}
       ORDER BY r.order_name, r.id LIMIT ${PAGE}`,
      [...after, ...albumArtist.params],
      (row): readonly [string, number] => [row.text(1), row.number(0)],
    )
    return { ids: page.map(([, id]) => id), last: page.length < PAGE ? undefined : page.at(-1) }
  }

  return {
    find: (viewer, id) => {
      const visible = context.scope(viewer).artist('r')
      const sql = `SELECT r.id FROM artist r WHERE r.id = ? AND ${visible.sql}`
      return loadArtists(context, viewer, db.select(sql, [id, ...visible.params], firstColumn))[0]
    },
    findByName: (viewer, name) => loadArtists(context, viewer, byKeys(viewer, [nameKey(name)]))[0],
    findByNames: (viewer, names) => loadArtists(context, viewer, byKeys(viewer, [...new Set(names.map(nameKey))])),
    similarTo: (viewer, id, limit) => loadArtists(context, viewer, similarArtists(context, viewer, id, limit)),
    albumArtists: (viewer) => ({ [Symbol.iterator]: () => albumArtists(viewer) }),
    starred: (viewer, limit = STARRED_LIMIT) =>
      loadArtists(
        context,
        viewer,
        rankedIds(context, viewer.userId, {
          ranking: 'starred',
          kind: KIND.artist,
          table: 'artist',
          visible: context.scope(viewer).artist('i'),
          limit,
          offset: 0,
        }),
      ),
    count: (viewer) => countVisible(context, viewer, 'artist'),
  }
}

/** The artist `r` has an album of its own with something visible on it. */
function albumArtistCondition(scope: ScopeSql): Condition {
  const library = scope.library('t.library_id')
  const stored: Condition = {
    sql: `EXISTS (SELECT 1 FROM artist_stats t
      WHERE t.artist_id = r.id AND t.role = 'albumartist' AND t.song_count > 0 AND ${library.sql})`,
    params: library.params,
  }
  if (scope.whole) return stored
  const visible = scope.song('s')
  const found: Condition = {
    sql: `EXISTS (SELECT 1 FROM song_artist c CROSS JOIN song s INDEXED BY song_page ON s.id = c.song_id
      WHERE c.artist_id = r.id AND c.role = 'albumartist' AND ${visible.sql})`,
    params: visible.params,
  }
  return scope.marks ? markCondition('r.id', scope.marks.of('artist'), { untouched: stored, partial: found }) : found
}
