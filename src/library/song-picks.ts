import type { ArtistId } from '../base/ids.ts'
import { searchWords } from '../base/search-words.ts'
import { all, type Condition } from './condition.ts'
import type { Song, Viewer } from './entities.ts'
import { firstColumn } from './first-column.ts'
import { jsonIds } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { nameKey } from './name-key.ts'
import { KIND } from './pending-plays.ts'
import { randomIds } from './random-ids.ts'
import { loadSongs } from './song-rows.ts'

/** Characters of an artist and a title together; what is longer is no name, and folding it would hold up everybody. */
const LONGEST_NAMES = 2_000
/** Songs with the same words that are compared letter by letter. */
const NAME_CANDIDATES = 200

/**
 * Ids of an artist's songs (album artists: of their albums): most played by everybody first, then best rated, then starred
 * by most. What nobody has touched follows as it came out, the newest first, in the order of its album.
 */
export function topSongs(context: LibraryContext, viewer: Viewer, artist: ArtistId, limit: number): readonly number[] {
  const visible = context.scope(viewer).song('s')
  const ofRole = (role: 'artist' | 'albumartist') =>
    context.db.select(
      `SELECT s.id FROM song_artist c CROSS JOIN song s ON s.id = c.song_id
         LEFT JOIN annotation n ON n.kind = ${KIND.song} AND n.item_id = s.id
         LEFT JOIN json_each(?) p ON p.key = CAST(s.id AS TEXT)
       WHERE c.artist_id = ? AND c.role = ? AND ${visible.sql}
       GROUP BY s.id
       ORDER BY coalesce(sum(n.play_count), 0) + coalesce(max(p.value), 0) DESC,
         CASE s.rating_count WHEN 0 THEN 0 ELSE 1.0 * s.rating_sum / s.rating_count END DESC,
         count(n.starred_at) DESC, s.year DESC, s.album_id, s.disc_number, s.track_number, s.id
       LIMIT ?`,
      [waiting, artist, role, ...visible.params, limit],
      firstColumn,
    )
  const waiting = JSON.stringify(waitingPlays(context))
  const performed = ofRole('artist')
  return performed.length > 0 ? performed : ofRole('albumartist')
}

/** Plays of all users by song that are not in the tables yet. */
function waitingPlays(context: LibraryContext): Record<string, number> {
  const plays: Record<string, number> = {}
  for (const { kind, itemId, tally } of context.plays.entries())
    if (kind === KIND.song) plays[itemId] = (plays[itemId] ?? 0) + tally.count
  return plays
}

export function randomSongs(
  context: LibraryContext,
  viewer: Viewer,
  filter: { readonly genre?: string; readonly fromYear?: number; readonly toYear?: number },
  limit: number,
): readonly number[] {
  const conditions = [context.scope(viewer).song('i')]
  if (filter.fromYear !== undefined || filter.toYear !== undefined) {
    const years = [filter.fromYear ?? 0, filter.toYear ?? 9999].sort((a, b) => a - b)
    conditions.push({ sql: 'i.year BETWEEN ? AND ?', params: years })
  }
  if (filter.genre === undefined) return randomIds(context, { table: 'song', visible: all(...conditions), limit })
  const genres = context.db.select('SELECT id FROM genre WHERE key = ?', [nameKey(filter.genre)], firstColumn)
  return randomOfGenres(context, all(...conditions), { genres, limit })
}

/** Darts for genres that cover much of the library, else a walk over the songs of the genres. */
function randomOfGenres(
  context: LibraryContext,
  visible: Condition,
  wanted: { readonly genres: readonly number[]; readonly limit: number },
): readonly number[] {
  if (wanted.genres.length === 0) return []
  const genres = jsonIds(wanted.genres)
  return randomIds(context, {
    table: 'song',
    visible: all(visible, {
      sql: `EXISTS (SELECT 1 FROM song_genre sg
        WHERE sg.song_id = i.id AND sg.genre_id IN (SELECT value FROM json_each(?)))`,
      params: [genres],
    }),
    limit: wanted.limit,
    walk: {
      sql: `SELECT DISTINCT i.id FROM song_genre sg CROSS JOIN song i ON i.id = sg.song_id
        WHERE sg.genre_id IN (SELECT value FROM json_each(?)) AND ${visible.sql}`,
      params: [genres, ...visible.params],
    },
  })
}

/** The first song whose title and one of whose artists are the same, folded. An empty artist matches any. */
export function songByNames(context: LibraryContext, viewer: Viewer, artist: string, title: string): Song | undefined {
  if (artist.length + title.length > LONGEST_NAMES) return undefined
  const words = (column: string, text: string) => searchWords(text).map((word) => `${column} : "${word}"`)
  const titleWords = words('title', title)
  if (titleWords.length === 0) return undefined
  const visible = context.scope(viewer).song('s')
  const ids = context.db.select(
    `SELECT s.id FROM song_search f CROSS JOIN song s INDEXED BY song_page ON s.id = f.rowid
     WHERE f.song_search MATCH ? AND ${visible.sql} ORDER BY f.rowid LIMIT ${NAME_CANDIDATES}`,
    [[...titleWords, ...words('artist', artist)].join(' AND '), ...visible.params],
    firstColumn,
  )
  const wanted = { title: nameKey(title), artist: nameKey(artist) }
  return loadSongs(context, viewer, ids).find(
    (song) =>
      nameKey(song.title) === wanted.title &&
      (wanted.artist === '' ||
        nameKey(song.artist) === wanted.artist ||
        song.credits.some((credit) => nameKey(credit.name) === wanted.artist)),
  )
}
