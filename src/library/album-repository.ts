import type { AlbumId, ArtistId } from '../base/ids.ts'
import { AlbumOrders } from './album-orders.ts'
import type { AlbumRows } from './album-rows.ts'
import { all, type Condition } from './condition.ts'
import type { Album, Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import type { LibraryContext } from './library-context.ts'
import { nameKey } from './name-key.ts'
import { KIND } from './pending-plays.ts'
import { randomIds } from './random-ids.ts'
import { rankedIds } from './ranked-items.ts'
import { countVisible, STARRED_LIMIT, visibleAmong } from './visible-ids.ts'

export type AlbumOrder =
  | 'random'
  | 'newest'
  | 'highest'
  | 'frequent'
  | 'recent'
  | 'byName'
  | 'byArtist'
  | 'starred'
  | 'byYear'
  | 'byGenre'

export interface AlbumQuery {
  readonly order: AlbumOrder
  readonly limit: number
  readonly offset: number
  /** byYear; `fromYear > toYear` lists backwards. */
  readonly fromYear?: number
  readonly toYear?: number
  /** byGenre */
  readonly genre?: string
}

export interface AlbumRepository {
  find(viewer: Viewer, id: AlbumId): Album | undefined
  findMany(viewer: Viewer, ids: readonly AlbumId[]): readonly Album[]
  /** Pages are full until the end, then empty; the order is stable. 'random' is a fresh draw. */
  list(viewer: Viewer, query: AlbumQuery): readonly Album[]
  /** As album artist, by year then name; `appearsOn` adds those with the artist on a song only. */
  ofArtist(viewer: Viewer, id: ArtistId, options?: { readonly appearsOn?: boolean }): readonly Album[]
  /** Most recently starred first. */
  starred(viewer: Viewer, limit?: number): readonly Album[]
  count(viewer: Viewer): number
}

/** Pages of whole-library orders are kept as ids; a page of 500 is 4 KB. */
const MEMO_LIMIT = 500
const PRESENT: Condition = { sql: 'a.missing = 0', params: [] }

export function createAlbumRepository(context: LibraryContext, rows: AlbumRows): AlbumRepository {
  const { db } = context

  const list = (viewer: Viewer, query: AlbumQuery): readonly number[] => {
    switch (query.order) {
      case 'random':
        return randomIds(context, {
          table: 'album',
          visible: context.scope(viewer).album('i'),
          limit: query.limit,
          offset: query.offset,
        })
      case 'starred':
      case 'highest':
      case 'frequent':
      case 'recent':
        return rankedIds(context, viewer.userId, {
          ranking: query.order,
          kind: KIND.album,
          table: 'album',
          visible: context.scope(viewer).album('i'),
          limit: query.limit,
          offset: query.offset,
        })
      default:
        return orderedIds(viewer, query)
    }
  }

  const orders = new AlbumOrders(context)
  const orderedIds = (viewer: Viewer, query: AlbumQuery): readonly number[] => {
    const scope = context.scope(viewer)
    const { order, limit, offset, fromYear, toYear, genre } = query
    const key = `${order} ${fromYear} ${toYear} ${genre}`
    const known = orders.page(scope, { key, ...orderedAlbums(query, PRESENT) }, query)
    if (known) return known
    const compute = () => {
      const { sql, params } = orderedAlbums(query, scope.album('a'))
      return db.select(`${sql} LIMIT ? OFFSET ?`, [...params, limit, offset], firstColumn)
    }
    return limit > MEMO_LIMIT ? compute() : context.memo(`albums ${limit} ${offset} ${scope.key} ${key}`, compute)
  }

  return {
    find: (viewer, id) => {
      const visible = context.scope(viewer).album('a')
      const ids = db.select(
        `SELECT a.id FROM album a WHERE a.id = ? AND ${visible.sql}`,
        [id, ...visible.params],
        firstColumn,
      )
      return rows.load(viewer, ids)[0]
    },
    findMany: (viewer, ids) => {
      const visible = visibleAmong(context, 'album', context.scope(viewer).album('i'), ids)
      return rows.load(
        viewer,
        ids.filter((id) => visible.has(id)),
      )
    },
    list: (viewer, query) => (query.limit > 0 ? rows.load(viewer, list(viewer, query)) : []),
    ofArtist: (viewer, id, options) => {
      const scope = context.scope(viewer)
      const visible = scope.album('a')
      const song = scope.song('s')
      const own = `SELECT album_id FROM album_artist WHERE artist_id = ? AND role = 'albumartist'`
      const credited = `SELECT album_id FROM album_artist WHERE artist_id = ?`
      const appearing = `SELECT s.album_id FROM song_artist c CROSS JOIN song s ON s.id = c.song_id
        WHERE c.artist_id = ? AND ${song.sql}`
      const from = options?.appearsOn ? `${credited} UNION ${appearing}` : own
      const params = options?.appearsOn ? [id, id, ...song.params] : [id]
      const ids = db.select(
        `SELECT a.id FROM album a WHERE a.id IN (${from}) AND ${visible.sql} ORDER BY a.max_year, a.order_name, a.id`,
        [...params, ...visible.params],
        firstColumn,
      )
      return rows.load(viewer, ids)
    },
    starred: (viewer, limit = STARRED_LIMIT) =>
      rows.load(
        viewer,
        rankedIds(context, viewer.userId, {
          ranking: 'starred',
          kind: KIND.album,
          table: 'album',
          visible: context.scope(viewer).album('i'),
          limit,
          offset: 0,
        }),
      ),
    count: (viewer) => countVisible(context, viewer, 'album'),
  }
}

/** A query for albums and their libraries in a stable order; each walks an index that holds all it needs. */
function orderedAlbums(query: AlbumQuery, visible: Condition): Condition {
  switch (query.order) {
    case 'newest':
      return select('album a', visible, 'a.created_at DESC, a.id DESC')
    case 'byArtist':
      return select('album a', visible, 'a.order_artist, a.order_name, a.id')
    case 'byYear': {
      const from = query.fromYear ?? 0
      const to = query.toYear ?? 9999
      const years: Condition = {
        sql: 'a.max_year BETWEEN ? AND ? AND (a.min_year = 0 OR a.min_year >= ?)',
        params: [Math.min(from, to), Math.max(from, to), Math.min(from, to)],
      }
      const order = from > to ? 'a.max_year DESC, a.order_name DESC, a.id DESC' : 'a.max_year, a.order_name, a.id'
      return select('album a', all(years, visible), order)
    }
    case 'byGenre': {
      const genre: Condition = {
        sql: 'ag.genre_id = (SELECT id FROM genre WHERE key = ?)',
        params: [nameKey(query.genre ?? '')],
      }
      return select(
        'album_genre ag CROSS JOIN album a ON a.id = ag.album_id',
        all(genre, visible),
        'a.order_name, a.id',
      )
    }
    default:
      return select('album a', visible, 'a.order_name, a.id')
  }
}

function select(from: string, where: Condition, order: string): Condition {
  return { sql: `SELECT a.id, a.library_id FROM ${from} WHERE ${where.sql} ORDER BY ${order}`, params: where.params }
}
