import { fold } from '../base/text.ts'
import type { AlbumRows } from './album-rows.ts'
import { loadArtists } from './artist-rows.ts'
import type { Condition } from './condition.ts'
import type { Album, Artist, Folder, Song, Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import { loadFolders } from './folder-rows.ts'
import type { LibraryContext } from './library-context.ts'
import { isEverything, matchQuery } from './match-query.ts'
import { PageCursors } from './page-cursors.ts'
import type { Rows } from './rows.ts'
import {
  ALBUM_SEARCH,
  ARTIST_SEARCH,
  type SearchPage,
  type SearchTarget,
  SONG_SEARCH,
  searchIds,
} from './search-index.ts'
import { songRows } from './song-rows.ts'

/**
 * Search by words: all must occur, anywhere in title, album or artist, the last letters may be missing; accents and case
 * don't count; Chinese, Japanese and Korean match by characters. Best match first. An empty query (also `""`) lists
 * everything by id, the last page as quick as the first.
 */
export interface SearchRepository {
  artists(viewer: Viewer, query: string, page: SearchPage): readonly Artist[]
  albums(viewer: Viewer, query: string, page: SearchPage): readonly Album[]
  songs(viewer: Viewer, query: string, page: SearchPage): Rows<Song>
  /** Folders by name, for search2: those that hold folders (artists there) and those that hold songs (albums there). */
  folders(
    viewer: Viewer,
    query: string,
    page: SearchPage & { readonly holding: 'folders' | 'songs' },
  ): readonly Folder[]
}

export function createSearchRepository(context: LibraryContext, albumRows: AlbumRows): SearchRepository {
  const cursors = new PageCursors()
  /** Of their own: words typed letter by letter must not push out where a client is that reads everything. */
  const wordCursors = new PageCursors()

  const everything = (viewer: Viewer, target: SearchTarget, page: SearchPage): readonly number[] => {
    const scope = context.scope(viewer)
    const visible = scope[target.table]('i')
    const sql = `SELECT i.id FROM ${target.table} i INDEXED BY ${target.index}
      WHERE i.id > ? AND ${visible.sql} ORDER BY i.id LIMIT ? OFFSET ?`
    return cursors.page(`${target.table} ${scope.key}`, context.catalogue.version, page, (after, limit, offset) =>
      context.db.select(sql, [after, ...visible.params, limit, offset], firstColumn),
    )
  }

  const find = (viewer: Viewer, target: SearchTarget, query: string, page: SearchPage): readonly number[] => {
    if (page.limit <= 0) return []
    if (isEverything(query)) return everything(viewer, target, page)
    const match = matchQuery(query, target.table === 'song' ? 'title' : 'name')
    return match ? searchIds(context, wordCursors, viewer, target, { match, page }) : []
  }

  return {
    artists: (viewer, query, page) => loadArtists(context, viewer, find(viewer, ARTIST_SEARCH, query, page)),
    albums: (viewer, query, page) => albumRows.load(viewer, find(viewer, ALBUM_SEARCH, query, page)),
    songs: (viewer, query, page) => songRows(context, viewer, find(viewer, SONG_SEARCH, query, page)),
    folders: (viewer, query, page) => {
      if (page.limit <= 0) return []
      const conditions = folderConditions(context, viewer, query, page.holding)
      const ids = context.db.select(
        `SELECT i.id FROM folder i WHERE ${conditions.sql} ORDER BY i.id LIMIT ? OFFSET ?`,
        [...conditions.params, page.limit, page.offset],
        firstColumn,
      )
      return loadFolders(context, viewer, ids)
    },
  }
}

/** Each word must begin a word of the folder's name. Folders are few; a walk over them is bound by the page. */
function folderConditions(
  context: LibraryContext,
  viewer: Viewer,
  query: string,
  holding: 'folders' | 'songs',
): Condition {
  const scope = context.scope(viewer)
  const visible = scope.folder('i')
  const song = scope.song('s')
  const below = scope.folder('c')
  const holds: Condition =
    holding === 'songs'
      ? { sql: `EXISTS (SELECT 1 FROM song s WHERE s.folder_id = i.id AND ${song.sql})`, params: song.params }
      : {
          sql: `i.path <> '' AND EXISTS (SELECT 1 FROM folder c WHERE c.parent_id = i.id AND ${below.sql})`,
          params: below.params,
        }
  const words = isEverything(query) ? [] : fold(query).split(' ').filter(Boolean).slice(0, 12)
  return {
    sql: [
      visible.sql,
      ...words.map(() => `instr(' ' || replace(replace(replace(i.order_name, '-', ' '), '_', ' '), '(', ' '), ?) > 0`),
      holds.sql,
    ].join(' AND '),
    params: [...visible.params, ...words.map((word) => ` ${word}`), ...holds.params],
  }
}
