import { join } from 'node:path'
import type { AlbumId, ArtistId, FolderId, SongId } from '../base/ids.ts'
import type { SqlParams } from '../db/database.ts'
import type { Condition } from './condition.ts'
import type { EmbeddedLyrics, Song, Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import { jsonIds, jsonList, jsonObject } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { nameKey } from './name-key.ts'
import { KIND } from './pending-plays.ts'
import { rankedIds } from './ranked-items.ts'
import type { Rows } from './rows.ts'
import type { ScopeSql } from './scope-sql.ts'
import { similarSongs } from './similar-songs.ts'
import { randomSongs, songByNames, topSongs } from './song-picks.ts'
import { loadSongs, songRows } from './song-rows.ts'
import { songsAtPaths } from './songs-at-paths.ts'
import { STARRED_LIMIT, visibleAmong } from './visible-ids.ts'

export interface SongRepository {
  /** Undefined when unknown, missing or outside the scope: nobody can tell which. */
  find(viewer: Viewer, id: SongId): Song | undefined
  /** In the order given, duplicates kept; what is not visible is left out. */
  findMany(viewer: Viewer, ids: readonly SongId[]): readonly Song[]
  /** Of these, the ids of visible ones with their length in ms. */
  lengths(viewer: Viewer, ids: readonly SongId[]): ReadonlyMap<SongId, number>
  /**
   * Ids of an album's visible songs by disc, track, title, of an artist's by year, album, disc, track, or of those directly
   * inside a folder by disc, track, file name.
   */
  idsOf(
    viewer: Viewer,
    of: { readonly album: AlbumId } | { readonly artist: ArtistId } | { readonly folder: FolderId },
    limit: number,
  ): readonly SongId[]
  /** By disc, track, title. */
  ofAlbum(viewer: Viewer, id: AlbumId): readonly Song[]
  /** Directly inside, by disc, track, file name. */
  ofFolder(viewer: Viewer, id: FolderId): readonly Song[]
  /** With the artist in any of the roles `artist` and `albumartist`; for similar and top songs. */
  ofArtist(viewer: Viewer, id: ArtistId, page: { readonly limit: number; readonly offset: number }): readonly Song[]
  /** The artist's songs by plays and ratings of all users, then by stars, then the newest. */
  topOfArtist(viewer: Viewer, id: ArtistId, limit: number): readonly Song[]
  /** The songs that are most like the seed by genres, listeners, moods and years, the seed itself left out. */
  similarTo(
    viewer: Viewer,
    seed: { readonly songs: readonly SongId[]; readonly artists: readonly ArtistId[] },
    limit: number,
  ): readonly Song[]
  random(
    viewer: Viewer,
    filter: { readonly genre?: string; readonly fromYear?: number; readonly toYear?: number },
    limit: number,
  ): Rows<Song>
  ofGenre(viewer: Viewer, genre: string, page: { readonly limit: number; readonly offset: number }): Rows<Song>
  /** Most recently starred first. */
  starred(viewer: Viewer, limit?: number): Rows<Song>
  /** First match of artist and title, folded; for getLyrics. */
  byArtistAndTitle(viewer: Viewer, artist: string, title: string): Song | undefined
  /** Embedded lyrics, as the scanner stored them. */
  embeddedLyrics(viewer: Viewer, id: SongId): readonly EmbeddedLyrics[]
  /** The further tags of a song: lower-case names with all values. */
  tags(viewer: Viewer, id: SongId): Readonly<Record<string, readonly string[]>>
  /** By paths relative to the roots of their libraries. */
  atPaths(viewer: Viewer, paths: readonly string[]): ReadonlyMap<string, SongId>
  /** The absolute path of the file, for the rooms that open it; never for clients. */
  absolutePath(viewer: Viewer, id: SongId): string | undefined
  /** Visible songs, their length and size. */
  totals(viewer: Viewer): { readonly songs: number; readonly durationMs: number; readonly size: number }
}

export function createSongRepository(context: LibraryContext): SongRepository {
  const { db } = context
  const load = (viewer: Viewer, ids: readonly number[]) => loadSongs(context, viewer, ids)
  const rows = (viewer: Viewer, ids: readonly number[]) => songRows(context, viewer, ids)

  /** Ids of visible songs `s`; `rest` follows the condition. */
  const visibleIds = (viewer: Viewer, query: { from: string; where: string; rest?: string; params: SqlParams }) => {
    const visible = context.scope(viewer).song('s')
    return db.select(
      `SELECT s.id FROM ${query.from} WHERE ${visible.sql} AND ${query.where} ${query.rest ?? ''}`,
      [...visible.params, ...query.params],
      firstColumn,
    )
  }
  const single = (viewer: Viewer, id: SongId) =>
    visibleIds(viewer, { from: 'song s', where: 's.id = ?', params: [id] })[0]

  return {
    find: (viewer, id) => {
      const visible = single(viewer, id)
      return visible === undefined ? undefined : load(viewer, [visible])[0]
    },
    findMany: (viewer, ids) => {
      const visible = visibleAmong(context, 'song', context.scope(viewer).song('i'), ids)
      return load(
        viewer,
        ids.filter((id) => visible.has(id)),
      )
    },
    lengths: (viewer, ids) => {
      const visible = context.scope(viewer).song('i')
      const pairs = db.select(
        `SELECT i.id, i.duration_ms FROM song i WHERE i.id IN (SELECT value FROM json_each(?)) AND ${visible.sql}`,
        [jsonIds(ids), ...visible.params],
        (row) => [row.number(0) as SongId, row.number(1)] as const,
      )
      return new Map(pairs)
    },
    idsOf: (viewer, of, limit) =>
      visibleIds(viewer, { from: 'song s', ...partOf(of, limit) }).map((id) => id as SongId),
    ofAlbum: (viewer, id) =>
      load(
        viewer,
        visibleIds(viewer, {
          from: 'song s',
          where: 's.album_id = ?',
          rest: 'ORDER BY s.disc_number, s.track_number, s.order_title, s.id',
          params: [id],
        }),
      ),
    ofFolder: (viewer, id) =>
      load(
        viewer,
        visibleIds(viewer, {
          from: 'song s',
          where: 's.folder_id = ?',
          rest: 'ORDER BY s.disc_number, s.track_number, s.path',
          params: [id],
        }),
      ),
    ofArtist: (viewer, id, page) =>
      load(
        viewer,
        visibleIds(viewer, {
          from: 'song s',
          where: `s.id IN (SELECT song_id FROM song_artist WHERE artist_id = ? AND role IN ('artist', 'albumartist'))`,
          rest: 'ORDER BY s.id LIMIT ? OFFSET ?',
          params: [id, page.limit, page.offset],
        }),
      ),
    topOfArtist: (viewer, id, limit) => load(viewer, topSongs(context, viewer, id, limit)),
    similarTo: (viewer, seed, limit) => load(viewer, similarSongs(context, viewer, seed, limit)),
    random: (viewer, filter, limit) => rows(viewer, randomSongs(context, viewer, filter, limit)),
    ofGenre: (viewer, genre, page) =>
      rows(
        viewer,
        visibleIds(viewer, {
          from: 'song_genre sg CROSS JOIN song s INDEXED BY song_page ON s.id = sg.song_id',
          where: 'sg.genre_id = (SELECT id FROM genre WHERE key = ?)',
          rest: 'ORDER BY sg.song_id LIMIT ? OFFSET ?',
          params: [nameKey(genre), page.limit, page.offset],
        }),
      ),
    starred: (viewer, limit = STARRED_LIMIT) =>
      rows(
        viewer,
        rankedIds(context, viewer.userId, {
          ranking: 'starred',
          kind: KIND.song,
          table: 'song',
          visible: context.scope(viewer).song('i'),
          limit,
          offset: 0,
        }),
      ),
    byArtistAndTitle: (viewer, artist, title) => songByNames(context, viewer, artist, title),
    embeddedLyrics: (viewer, id) => {
      if (single(viewer, id) === undefined) return []
      const row = db.get<{ lyrics: string }>('SELECT lyrics FROM song_lyrics WHERE song_id = ?', [id])
      return jsonList<EmbeddedLyrics>(row?.lyrics ?? '')
    },
    tags: (viewer, id) => {
      if (single(viewer, id) === undefined) return {}
      const row = db.get<{ tags: string }>('SELECT tags FROM song_tags WHERE song_id = ?', [id])
      return jsonObject<Readonly<Record<string, readonly string[]>>>(row?.tags ?? '')
    },
    atPaths: (viewer, paths) => songsAtPaths(context, viewer, paths),
    absolutePath: (viewer, id) => {
      const visible = context.scope(viewer).song('s')
      const row = db.get<{ root: string; path: string }>(
        `SELECT l.path AS root, s.path FROM song s CROSS JOIN library l ON l.id = s.library_id
         WHERE s.id = ? AND ${visible.sql}`,
        [id, ...visible.params],
      )
      return row && join(row.root, row.path)
    },
    totals: (viewer) => {
      const scope = context.scope(viewer)
      const { sql, params } = scope.whole ? storedTotals(scope) : visibleTotals(scope)
      return context.memo(`totals ${scope.key}`, () => {
        const [totals] = db.select(sql, params, (row) => ({
          songs: row.number(0),
          durationMs: row.number(1),
          size: row.number(2),
        }))
        return totals ?? { songs: 0, durationMs: 0, size: 0 }
      })
    },
  }
}

function storedTotals(scope: ScopeSql): Condition {
  const library = scope.library('l.id')
  return {
    sql: `SELECT sum(l.song_count), sum(l.duration_ms), sum(l.size) FROM library l WHERE ${library.sql}`,
    params: library.params,
  }
}

function visibleTotals(scope: ScopeSql): Condition {
  const visible = scope.song('s')
  return {
    sql: `SELECT count(*), sum(s.duration_ms), sum(s.size) FROM song s INDEXED BY song_page WHERE ${visible.sql}`,
    params: visible.params,
  }
}

function partOf(of: Parameters<SongRepository['idsOf']>[1], limit: number) {
  if ('album' in of) {
    const rest = 'ORDER BY s.disc_number, s.track_number, s.order_title, s.id LIMIT ?'
    return { where: 's.album_id = ?', rest, params: [of.album, limit] }
  }
  if ('folder' in of) {
    const rest = 'ORDER BY s.disc_number, s.track_number, s.path LIMIT ?'
    return { where: 's.folder_id = ?', rest, params: [of.folder, limit] }
  }
  return {
    where: `s.id IN (SELECT song_id FROM song_artist WHERE artist_id = ? AND role IN ('artist', 'albumartist'))`,
    rest: 'ORDER BY s.year, s.album, s.album_id, s.disc_number, s.track_number, s.id LIMIT ?',
    params: [of.artist, limit],
  }
}
