import type { AlbumId, ArtistId, SongId } from '../base/ids.ts'
import type { Database } from '../db/database.ts'
import { jsonList } from './json-column.ts'
import { KIND, type KindNumber } from './pending-plays.ts'
import { takeOut } from './search-index.ts'

/**
 * Keeps what people did with albums and artists when a retag makes other ones of them. Calls belong into a transaction;
 * afterwards both sides want a refresh, and what was cached of names is old.
 */
export interface ScanIdentity {
  /** True while a visible song is still on the album. */
  albumHasSongs(id: AlbumId): boolean
  artistHasSongs(id: ArtistId): boolean
  /** With missing ones. */
  songsOf(id: AlbumId): number
  /** All of `from` became `to`, which is new: the old row, with its id and marks, takes the place of the new one. */
  adoptAlbum(from: AlbumId, to: AlbumId): void
  /** The same for artists. @returns the albums whose lists of artists are old now. */
  adoptArtist(from: ArtistId, to: ArtistId): readonly AlbumId[]
  /** `to` was there before or only got a part: it gets the marks of `from` beside its own. */
  mergeMarks(kind: 'song' | 'album' | 'artist' | 'folder', from: number, to: number): void
}

const TABLE = { song: 'song', album: 'album', artist: 'artist' } as const

export function createScanIdentity(db: Database): ScanIdentity {
  /** The ratings of all users, summed up in the row. */
  function sumRatings(kind: keyof typeof TABLE, id: number): void {
    db.run(
      `UPDATE ${TABLE[kind]} SET (rating_sum, rating_count) =
         (SELECT coalesce(sum(rating), 0), count(*) FROM annotation WHERE kind = ? AND item_id = ? AND rating > 0)
       WHERE id = ?`,
      [KIND[kind], id, id],
    )
  }

  function dropMarks(kind: KindNumber, id: number): void {
    db.run('DELETE FROM annotation WHERE kind = ? AND item_id = ?', [kind, id])
  }

  /** Songs carry their artists' ids once more, in a column of JSON. */
  function replaceArtist(songId: SongId, from: ArtistId, to: ArtistId): void {
    const row = db.get<{ credits: string }>('SELECT credits FROM song WHERE id = ?', [songId])
    const credits = jsonList<readonly [string, ArtistId, string, string]>(row?.credits ?? '[]')
    const replaced = credits.map(([role, id, name, subRole]) => [role, id === from ? to : id, name, subRole])
    db.run(
      `UPDATE song SET credits = ?, artist_id = CASE artist_id WHEN ? THEN ? ELSE artist_id END,
         album_artist_id = CASE album_artist_id WHEN ? THEN ? ELSE album_artist_id END WHERE id = ?`,
      [JSON.stringify(replaced), from, to, from, to, songId],
    )
  }

  return {
    albumHasSongs: (id) =>
      db.get('SELECT 1 AS one FROM song WHERE album_id = ? AND missing = 0 LIMIT 1', [id]) !== undefined,
    artistHasSongs: (id) =>
      db.get(
        `SELECT 1 AS one FROM song_artist c JOIN song s ON s.id = c.song_id
         WHERE c.artist_id = ? AND s.missing = 0 LIMIT 1`,
        [id],
      ) !== undefined,
    songsOf: (id) => db.get<{ n: number }>('SELECT count(*) AS n FROM song WHERE album_id = ?', [id])?.n ?? 0,
    adoptAlbum(from, to) {
      const row = db.get<{ key: string; library_id: number }>('SELECT key, library_id FROM album WHERE id = ?', [to])
      if (!row) return
      db.run('UPDATE song SET album_id = ? WHERE album_id = ?', [from, to])
      dropMarks(KIND.album, to)
      takeOut(db, 'album', [to])
      db.run('DELETE FROM album WHERE id = ?', [to])
      db.run('UPDATE album SET key = ?, library_id = ? WHERE id = ?', [row.key, row.library_id, from])
    },
    adoptArtist(from, to) {
      const row = db.get<{ key: string; name: string; sort_name: string; order_name: string; musicbrainz_id: string }>(
        'SELECT key, name, sort_name, order_name, musicbrainz_id FROM artist WHERE id = ?',
        [to],
      )
      if (!row) return []
      const songs = db.select('SELECT DISTINCT song_id FROM song_artist WHERE artist_id = ?', [to], (song) =>
        song.number(0),
      ) as SongId[]
      const albums = db.select('SELECT DISTINCT album_id FROM album_artist WHERE artist_id = ?', [to], (album) =>
        album.number(0),
      ) as AlbumId[]
      for (const song of songs) replaceArtist(song, to, from)
      db.run('UPDATE song_artist SET artist_id = ? WHERE artist_id = ?', [from, to])
      db.run('UPDATE album_artist SET artist_id = ? WHERE artist_id = ?', [from, to])
      db.run('UPDATE album SET artist_id = ? WHERE artist_id = ?', [from, to])
      dropMarks(KIND.artist, to)
      takeOut(db, 'artist', [from, to])
      db.run('DELETE FROM artist WHERE id = ?', [to])
      db.run(
        `UPDATE artist SET key = ?, name = ?, sort_name = ?, order_name = ?,
           musicbrainz_id = CASE WHEN ? <> '' THEN ? ELSE musicbrainz_id END WHERE id = ?`,
        [row.key, row.name, row.sort_name, row.order_name, row.musicbrainz_id, row.musicbrainz_id, from],
      )
      return albums
    },
    mergeMarks(kind, from, to) {
      db.run(
        `INSERT INTO annotation (user_id, kind, item_id, starred_at, rating, rated_at, play_count, played_at)
         SELECT user_id, kind, ?, starred_at, rating, rated_at, play_count, played_at
         FROM annotation WHERE kind = ? AND item_id = ?
         ON CONFLICT (user_id, kind, item_id) DO UPDATE SET
           starred_at = coalesce(min(annotation.starred_at, excluded.starred_at), annotation.starred_at, excluded.starred_at),
           rated_at = CASE WHEN annotation.rating > 0 THEN annotation.rated_at ELSE excluded.rated_at END,
           rating = CASE WHEN annotation.rating > 0 THEN annotation.rating ELSE excluded.rating END,
           play_count = annotation.play_count + excluded.play_count,
           played_at = coalesce(max(annotation.played_at, excluded.played_at), annotation.played_at, excluded.played_at)`,
        [to, KIND[kind], from],
      )
      dropMarks(KIND[kind], from)
      if (kind === 'folder') return
      sumRatings(kind, from)
      sumRatings(kind, to)
    },
  }
}
