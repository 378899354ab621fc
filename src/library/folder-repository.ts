import type { AlbumId, ArtistId, FolderId, LibraryId } from '../base/ids.ts'
import type { AlbumQuery } from './album-repository.ts'
import { all, type Condition } from './condition.ts'
import type { Folder, Song, Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import { foldersOfArtists } from './folder-meaning.ts'
import { isAtOrBelow } from './folder-range.ts'
import { loadFolders } from './folder-rows.ts'
import { type FolderTally, tallyFolders } from './folder-tally.ts'
import type { LibraryContext } from './library-context.ts'
import { markedFolders } from './marked-folders.ts'
import { nameKey } from './name-key.ts'
import { KIND } from './pending-plays.ts'
import { randomIds } from './random-ids.ts'
import { rankedIds } from './ranked-items.ts'
import type { ScopeSql } from './scope-sql.ts'
import { loadSongs } from './song-rows.ts'
import { countVisible, STARRED_LIMIT, visibleAmong } from './visible-ids.ts'

/** Visible songs of one album and album artist, in a folder and below it. */
export interface FolderShare {
  readonly albumId: AlbumId
  readonly artistId: ArtistId
  readonly songs: number
  /** Those that lie in the folder itself. */
  readonly own: number
}

/** The real tree of folders. Only folders with something visible in or below them exist for a viewer. */
export interface FolderRepository {
  find(viewer: Viewer, id: FolderId): Folder | undefined
  findMany(viewer: Viewer, ids: readonly FolderId[]): readonly Folder[]
  /** Of the visible songs that lie in each of the folders, not below; folders without songs are left out. */
  tallies(viewer: Viewer, ids: readonly FolderId[]): ReadonlyMap<FolderId, FolderTally>
  /** What lies in a folder and below it. */
  contents(viewer: Viewer, id: FolderId): readonly FolderShare[]
  /** The folder of the first level that stands for each of the artists, where there is one. */
  ofArtists(viewer: Viewer, ids: readonly ArtistId[]): ReadonlyMap<ArtistId, Folder>
  /** The root of each visible library. */
  roots(viewer: Viewer): readonly Folder[]
  /** By order name. */
  children(viewer: Viewer, id: FolderId): readonly Folder[]
  /** Folders that directly hold songs, in the manner of getAlbumList: what folder clients call albums. */
  listAlbums(viewer: Viewer, query: AlbumQuery): readonly Folder[]
  /** With a star of their own; albums and artists have those of the folders that stand for them. */
  starred(viewer: Viewer, limit?: number): readonly Folder[]
  /** Songs that lie directly in a library's root folder (Subsonic `indexes.child`). */
  looseSongs(viewer: Viewer, id: LibraryId): readonly Song[]
  /** Visible folders: those that hold visible songs, at any depth. */
  count(viewer: Viewer): number
}

export function createFolderRepository(context: LibraryContext): FolderRepository {
  const { db } = context
  const load = (viewer: Viewer, ids: readonly number[]) => loadFolders(context, viewer, ids)

  const albumIds = (viewer: Viewer, query: AlbumQuery): readonly number[] => {
    const scope = context.scope(viewer)
    const holdsSongs = songFolder(scope, 'i')
    switch (query.order) {
      case 'random':
        return randomIds(context, { table: 'folder', visible: holdsSongs, limit: query.limit, offset: query.offset })
      case 'starred':
      case 'highest':
        return markedFolders(context, viewer, query.order, holdsSongs).slice(query.offset, query.offset + query.limit)
      case 'frequent':
      case 'recent':
        return rankedIds(context, viewer.userId, {
          ranking: query.order,
          kind: KIND.folder,
          table: 'folder',
          visible: holdsSongs,
          limit: query.limit,
          offset: query.offset,
        })
      default: {
        const { order, limit, offset, fromYear, toYear, genre } = query
        const { sql, params } = orderedFolders(query, scope)
        if (order !== 'byYear' && order !== 'byGenre')
          return context.memo(`folders ${order} ${limit} ${offset} ${scope.key}`, () =>
            db.select(sql, [...params, limit, offset], firstColumn),
          )
        // These are sorted as a whole, so the whole order is kept: four bytes a folder.
        const whole = context.memo(`folders ${order} ${fromYear} ${toYear} ${genre} ${scope.key}`, () =>
          Int32Array.from(db.select(sql, [...params, -1, 0], firstColumn)),
        )
        return [...whole.subarray(offset, offset + limit)]
      }
    }
  }

  const findMany = (viewer: Viewer, ids: readonly FolderId[]) => {
    const visible = visibleAmong(context, 'folder', context.scope(viewer).folder('i'), ids)
    return load(
      viewer,
      ids.filter((id) => visible.has(id)),
    )
  }

  return {
    findMany,
    contents: (viewer, id) => {
      const scope = context.scope(viewer)
      const visible = scope.song('s')
      return context.memo(`folder contents ${id} ${scope.key}`, () =>
        db.select(
          `SELECT s.album_id, s.album_artist_id, count(*), sum(s.folder_id = f.id) FROM folder f
             CROSS JOIN folder d ON ${isAtOrBelow('d', 'f')}
             CROSS JOIN song s INDEXED BY song_folder ON s.folder_id = d.id
           WHERE f.id = ? AND ${visible.sql} GROUP BY s.album_id, s.album_artist_id`,
          [id, ...visible.params],
          (row): FolderShare => ({
            albumId: row.number(0) as AlbumId,
            artistId: row.number(1) as ArtistId,
            songs: row.number(2),
            own: row.number(3),
          }),
        ),
      )
    },
    tallies: (viewer, ids) => tallyFolders(db, ids, context.scope(viewer).song('s')),
    ofArtists: (viewer, ids) => {
      const found = foldersOfArtists(db, ids)
      const folders = findMany(viewer, [...found.values()] as FolderId[])
      return new Map(folders.flatMap((folder) => (folder.artistId === undefined ? [] : [[folder.artistId, folder]])))
    },
    count: (viewer) => countVisible(context, viewer, 'folder'),
    find: (viewer, id) => {
      const visible = context.scope(viewer).folder('f')
      const sql = `SELECT f.id FROM folder f WHERE f.id = ? AND ${visible.sql}`
      return load(viewer, db.select(sql, [id, ...visible.params], firstColumn))[0]
    },
    roots: (viewer) => {
      const scope = context.scope(viewer)
      const visible = all(scope.folder('f'), scope.library('f.library_id'))
      const ids = db.select(
        `SELECT f.id FROM library l CROSS JOIN folder f ON f.library_id = l.id AND f.path = ''
         WHERE ${visible.sql} ORDER BY l.id`,
        visible.params,
        firstColumn,
      )
      return load(viewer, ids)
    },
    children: (viewer, id) => {
      const visible = context.scope(viewer).folder('f')
      const ids = db.select(
        `SELECT f.id FROM folder f WHERE f.parent_id = ? AND ${visible.sql} ORDER BY f.order_name, f.id`,
        [id, ...visible.params],
        firstColumn,
      )
      return load(viewer, ids)
    },
    listAlbums: (viewer, query) => (query.limit > 0 ? load(viewer, albumIds(viewer, query)) : []),
    starred: (viewer, limit = STARRED_LIMIT) =>
      load(
        viewer,
        rankedIds(context, viewer.userId, {
          ranking: 'starred',
          kind: KIND.folder,
          table: 'folder',
          visible: context.scope(viewer).folder('i'),
          limit,
          offset: 0,
        }),
      ),
    looseSongs: (viewer, id) => {
      const visible = context.scope(viewer).song('s')
      const ids = db.select(
        `SELECT s.id FROM folder f CROSS JOIN song s ON s.folder_id = f.id
         WHERE f.library_id = ? AND f.path = '' AND ${visible.sql}
         ORDER BY s.disc_number, s.track_number, s.path`,
        [id, ...visible.params],
        firstColumn,
      )
      return loadSongs(context, viewer, ids)
    },
  }
}

/** The folder itself, not only one below it, holds a visible song. */
function songFolder(scope: ScopeSql, alias: string): Condition {
  const holds: Condition = { sql: `${alias}.missing = 0 AND ${alias}.song_count > 0`, params: [] }
  if (scope.whole) return all(holds, scope.library(`${alias}.library_id`))
  const visible = scope.song('s')
  return all(holds, {
    sql: `EXISTS (SELECT 1 FROM song s WHERE s.folder_id = ${alias}.id AND ${visible.sql})`,
    params: visible.params,
  })
}

function orderedFolders(query: AlbumQuery, scope: ScopeSql): Condition {
  const holdsSongs = songFolder(scope, 'f')
  const list = (order: string): Condition => ({
    sql: `SELECT f.id FROM folder f WHERE ${holdsSongs.sql} ORDER BY ${order} LIMIT ? OFFSET ?`,
    params: holdsSongs.params,
  })
  switch (query.order) {
    case 'newest':
      return list('f.created_at DESC, f.id DESC')
    case 'byArtist':
      // Folders of music are laid out by artist: the path is the artist's order that a folder client shows.
      return list('f.path, f.id')
    case 'byYear':
      return foldersByYear(query, scope)
    case 'byGenre': {
      const visible = scope.song('s')
      return {
        sql: `SELECT DISTINCT f.id FROM song_genre sg CROSS JOIN song s INDEXED BY song_page ON s.id = sg.song_id
          CROSS JOIN folder f ON f.id = s.folder_id
          WHERE sg.genre_id = (SELECT id FROM genre WHERE key = ?) AND ${visible.sql}
          ORDER BY f.order_name, f.id LIMIT ? OFFSET ?`,
        params: [nameKey(query.genre ?? ''), ...visible.params],
      }
    }
    default:
      return list('f.order_name, f.id')
  }
}

/** By the newest of the folder's visible songs that lie in the range. */
function foldersByYear(query: AlbumQuery, scope: ScopeSql): Condition {
  const from = query.fromYear ?? 0
  const to = query.toYear ?? 9999
  const visible = scope.song('s')
  const direction = from > to ? 'DESC' : 'ASC'
  return {
    sql: `SELECT s.folder_id FROM song s WHERE s.year BETWEEN ? AND ? AND ${visible.sql}
      GROUP BY s.folder_id ORDER BY max(s.year) ${direction}, s.folder_id ${direction} LIMIT ? OFFSET ?`,
    params: [Math.min(from, to), Math.max(from, to), ...visible.params],
  }
}
