import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AlbumId, ArtistId, GenreId, LibraryId, SongId, UserId } from '../base/ids.ts'
import type { Condition } from './condition.ts'
import type { Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { KIND } from './pending-plays.ts'
import { type LibraryTally, SongTally } from './song-tally.ts'

/** Figures about the library, and what roll-ups of plays need of it. */
export interface StatisticsRepository {
  /** Walks the visible songs in slices with other work between; the answer is kept until the catalogue moves. */
  library(viewer: Viewer): Promise<LibraryStatistics>
  /** What of these the viewer sees, in the order given. */
  names(viewer: Viewer, kind: NamedKind, ids: readonly number[]): readonly ItemName[]
  /** What plays of these songs count for; also of songs whose file is missing. Names nothing. Purged songs are left out. */
  credits(songIds: readonly SongId[]): readonly SongCredits[]
  /** Songs that came after this one and are there, oldest first. Names nothing. */
  addedAfter(id: number, limit: number): readonly AddedSong[]
  /** The song that came last; 0 = none. */
  lastAdded(): number
  /** Visible songs that a user, or nobody at all (undefined), has played; newest first. */
  unplayed(viewer: Viewer, by: UserId | undefined, page: { readonly limit: number; readonly offset: number }): Unplayed
}

export type NamedKind = 'song' | 'album' | 'artist' | 'genre'

export interface ItemName {
  readonly id: number
  readonly name: string
  /** Of songs and albums; else ''. */
  readonly artist: string
  /** Of songs; else ''. */
  readonly album: string
}

export interface SongCredits {
  readonly songId: SongId
  readonly libraryId: LibraryId
  readonly albumId: AlbumId
  readonly artistIds: readonly ArtistId[]
  readonly genreIds: readonly GenreId[]
  readonly durationMs: number
}

export interface AddedSong {
  readonly songId: SongId
  readonly albumId: AlbumId
  readonly libraryId: LibraryId
  /** ms since 1970 */
  readonly at: number
}

export interface Unplayed {
  readonly count: number
  readonly ids: readonly SongId[]
}

export interface LibraryStatistics extends LibraryTally {
  readonly albums: number
  readonly artists: number
  readonly albumsWithoutCover: number
  /** Songs whose files are gone and wait to come back; undefined where rules narrow what the viewer sees. */
  readonly missing: number | undefined
}

/** About 4 ms of a desktop's processor. */
const SLICE = 1000

export function createStatisticsRepository(context: LibraryContext): StatisticsRepository {
  const { db } = context
  /** Of the scope that was asked for last: other scopes of many users would hold much for little. */
  let kept: { readonly key: string; readonly answer: Promise<LibraryStatistics> } | undefined

  const collect = async (viewer: Viewer): Promise<LibraryStatistics> => {
    const visible = context.scope(viewer).song('s')
    const tally = new SongTally()
    for (let after = 0; ; await nextTurn()) {
      const ids = db.select(
        `SELECT s.id, s.suffix, s.bit_rate, s.year, s.genres, s.duration_ms, s.size, s.created_at, s.artist_id,
           s.order_title, s.artist, s.album, s.cover_version = ''
         FROM song s WHERE ${visible.sql} AND s.id > ? ORDER BY s.id LIMIT ${SLICE}`,
        [...visible.params, after],
        (row) => {
          tally.add({
            id: row.number(0) as SongId,
            suffix: row.text(1),
            bitRate: row.number(2),
            year: row.number(3),
            genres: row.text(4),
            durationMs: row.number(5),
            size: row.number(6),
            createdAt: row.number(7),
            artistId: row.number(8),
            title: row.text(9),
            artist: row.text(10),
            album: row.text(11),
            withoutCover: row.number(12) === 1,
          })
          return row.number(0)
        },
      )
      after = ids.at(-1) ?? after
      if (ids.length < SLICE) break
    }
    return { ...tally.result(), ...totals(context, viewer) }
  }

  const names = (kind: NamedKind, visible: Condition, ids: readonly number[]) =>
    db.select(`${NAMES[kind]} AND ${visible.sql} ORDER BY k.key`, [jsonIds(ids), ...visible.params], (row) => ({
      id: row.number(0),
      name: row.text(1),
      artist: row.text(2),
      album: row.text(3),
    }))

  return {
    library: (viewer) => {
      const key = `statistics ${context.scope(viewer).key} ${context.catalogue.version}`
      if (kept?.key === key) return kept.answer
      const answer = collect(viewer)
      kept = { key, answer }
      answer.catch(() => {
        if (kept?.answer === answer) kept = undefined
      })
      return answer
    },
    names: (viewer, kind, ids) => {
      if (ids.length === 0) return []
      const scope = context.scope(viewer)
      return names(kind, kind === 'genre' ? genreCondition(context, viewer) : scope[kind]('i'), ids)
    },
    credits: (songIds) => creditsOf(context, songIds),
    addedAfter: (id, limit) =>
      db.select(
        'SELECT id, album_id, library_id, created_at FROM song WHERE id > ? AND missing = 0 ORDER BY id LIMIT ?',
        [id, limit],
        (row) => ({
          songId: row.number(0) as SongId,
          albumId: row.number(1) as AlbumId,
          libraryId: row.number(2) as LibraryId,
          at: row.number(3),
        }),
      ),
    lastAdded: () =>
      db.select(`SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'song'), 0)`, [], firstColumn)[0] ?? 0,
    unplayed: (viewer, by, { limit, offset }) => {
      const visible = context.scope(viewer).song('s')
      const played = playedSongs(context, by)
      const from = `FROM song s INDEXED BY song_page WHERE ${visible.sql}`
      const params = [...visible.params, ...played.params]
      const [all = 0] = db.select(`SELECT count(*) ${from}`, visible.params, firstColumn)
      const [heard = 0] = db.select(`SELECT count(*) ${from} AND s.id IN (${played.sql})`, params, firstColumn)
      const ids =
        limit === 0
          ? []
          : db.select(
              `SELECT s.id ${from} AND s.id NOT IN (${played.sql}) ORDER BY s.id DESC LIMIT ? OFFSET ?`,
              [...params, limit, offset],
              (row) => row.number(0) as SongId,
            )
      return { count: all - heard, ids }
    },
  }
}

const NAMES: Readonly<Record<NamedKind, string>> = {
  song: `SELECT i.id, i.title, i.artist, i.album FROM json_each(?) k CROSS JOIN song i ON i.id = k.value WHERE 1`,
  album: `SELECT i.id, i.name, i.artist, '' FROM json_each(?) k CROSS JOIN album i ON i.id = k.value WHERE 1`,
  artist: `SELECT i.id, i.name, '', '' FROM json_each(?) k CROSS JOIN artist i ON i.id = k.value WHERE 1`,
  genre: `SELECT i.id, i.name, '', '' FROM json_each(?) k CROSS JOIN genre i ON i.id = k.value WHERE 1`,
}

/** A genre exists for whoever sees one of its songs. */
function genreCondition(context: LibraryContext, viewer: Viewer): Condition {
  const scope = context.scope(viewer)
  if (scope.whole) {
    const library = scope.library('gs.library_id')
    return {
      sql: `EXISTS (SELECT 1 FROM genre_stats gs WHERE gs.genre_id = i.id AND gs.song_count > 0 AND ${library.sql})`,
      params: library.params,
    }
  }
  const visible = scope.song('s')
  return {
    sql: `EXISTS (SELECT 1 FROM song_genre g CROSS JOIN song s INDEXED BY song_page ON s.id = g.song_id
      WHERE g.genre_id = i.id AND ${visible.sql})`,
    params: visible.params,
  }
}

/** Songs that were counted, those whose counts still wait among them. */
function playedSongs({ plays }: LibraryContext, by: UserId | undefined): Condition {
  if (by !== undefined) {
    const waiting = [...(plays.of(by, KIND.song)?.keys() ?? [])]
    return {
      sql: `SELECT item_id FROM annotation WHERE user_id = ? AND kind = ${KIND.song} AND play_count > 0
        UNION ALL SELECT value FROM json_each(?)`,
      params: [by, jsonIds(waiting)],
    }
  }
  const waiting = [...plays.entries()].filter(({ kind }) => kind === KIND.song).map(({ itemId }) => itemId)
  return {
    sql: `SELECT item_id FROM annotation WHERE kind = ${KIND.song} AND play_count > 0
      UNION ALL SELECT value FROM json_each(?)`,
    params: [jsonIds(waiting)],
  }
}

function creditsOf({ db }: LibraryContext, songIds: readonly SongId[]): readonly SongCredits[] {
  const ids = jsonIds(songIds)
  const listed = (sql: string) => {
    const lists = new Map<number, number[]>()
    db.select(sql, [ids], (row) => {
      const list = lists.get(row.number(0))
      if (list?.includes(row.number(1))) return
      if (list) list.push(row.number(1))
      else lists.set(row.number(0), [row.number(1)])
    })
    return lists
  }
  const artists = listed(
    `SELECT c.song_id, c.artist_id FROM json_each(?) k CROSS JOIN song_artist c ON c.song_id = k.value
     WHERE c.role = 'artist'`,
  )
  const genres = listed(
    `SELECT g.song_id, g.genre_id FROM json_each(?) k CROSS JOIN song_genre g ON g.song_id = k.value`,
  )
  return db.select(
    `SELECT s.id, s.library_id, s.album_id, s.duration_ms FROM json_each(?) k CROSS JOIN song s ON s.id = k.value`,
    [ids],
    (row) => ({
      songId: row.number(0) as SongId,
      libraryId: row.number(1) as LibraryId,
      albumId: row.number(2) as AlbumId,
      artistIds: (artists.get(row.number(0)) ?? []) as ArtistId[],
      genreIds: (genres.get(row.number(0)) ?? []) as GenreId[],
      durationMs: row.number(3),
    }),
  )
}

function totals({ db, scope: compiled }: LibraryContext, viewer: Viewer) {
  const scope = compiled(viewer)
  const count = (table: 'album' | 'artist', extra: string) => {
    const visible = scope[table]('i')
    return (
      db.select(`SELECT count(*) FROM ${table} i WHERE ${visible.sql}${extra}`, visible.params, firstColumn)[0] ?? 0
    )
  }
  const library = scope.library('l.id')
  const missing = () =>
    db.select(`SELECT sum(l.missing_count) FROM library l WHERE ${library.sql}`, library.params, firstColumn)[0] ?? 0
  return {
    albums: count('album', ''),
    artists: count('artist', ''),
    albumsWithoutCover: count('album', ` AND i.cover_version = ''`),
    missing: scope.whole ? missing() : undefined,
  }
}
