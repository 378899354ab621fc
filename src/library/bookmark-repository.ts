import type { SongId } from '../base/ids.ts'
import type { Bookmark, Song, Viewer } from './entities.ts'
import type { LibraryContext } from './library-context.ts'
import { loadSongs } from './song-rows.ts'

export interface BookmarkRepository {
  list(viewer: Viewer): readonly Bookmark[]
  /** @returns false when the song is not visible. */
  save(viewer: Viewer, songId: SongId, positionMs: number, comment: string, at: number): boolean
  remove(viewer: Viewer, songId: SongId): void
}

export function createBookmarkRepository(context: LibraryContext): BookmarkRepository {
  const { db } = context
  return {
    list: (viewer) => {
      const visible = context.scope(viewer).song('s')
      const marks = db.select(
        `SELECT b.song_id, b.position_ms, b.comment, b.created_at, b.updated_at
         FROM bookmark b CROSS JOIN song s ON s.id = b.song_id
         WHERE b.user_id = ? AND ${visible.sql} ORDER BY b.updated_at DESC, b.song_id`,
        [viewer.userId, ...visible.params],
        (row) => ({
          songId: row.number(0),
          positionMs: row.number(1),
          comment: row.text(2),
          createdAt: row.number(3),
          updatedAt: row.number(4),
        }),
      )
      const songs = loadSongs(
        context,
        viewer,
        marks.map((mark) => mark.songId),
      )
      const byId = new Map<number, Song>(songs.map((song) => [song.id, song]))
      return marks.flatMap(({ songId, ...mark }) => {
        const song = byId.get(songId)
        return song ? [{ song, ...mark }] : []
      })
    },
    save: (viewer, songId, positionMs, comment, at) => {
      const visible = context.scope(viewer).song('s')
      return (
        db.run(
          `INSERT INTO bookmark (user_id, song_id, position_ms, comment, created_at, updated_at)
           SELECT ?, s.id, ?, ?, ?, ? FROM song s WHERE s.id = ? AND ${visible.sql}
           ON CONFLICT (user_id, song_id) DO UPDATE SET position_ms = excluded.position_ms,
             comment = excluded.comment, updated_at = excluded.updated_at`,
          [viewer.userId, Math.round(positionMs), comment, at, at, songId, ...visible.params],
        ).changes > 0
      )
    },
    remove: (viewer, songId) => {
      db.run('DELETE FROM bookmark WHERE user_id = ? AND song_id = ?', [viewer.userId, songId])
    },
  }
}
