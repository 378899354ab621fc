import type { SongId, UserId } from '../base/ids.ts'
import type { PlayQueue, Viewer } from './entities.ts'
import { jsonIds, jsonList } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { loadSongs } from './song-rows.ts'
import { visibleAmong } from './visible-ids.ts'

export interface PlayQueueRepository {
  find(viewer: Viewer): PlayQueue | undefined
  /** One write of one row. */
  save(
    userId: UserId,
    queue: {
      readonly songs: readonly SongId[]
      readonly currentIndex: number
      readonly positionMs: number
      readonly changedBy: string
      readonly changedAt: number
    },
  ): void
  clear(userId: UserId): void
}

export function createPlayQueueRepository(context: LibraryContext): PlayQueueRepository {
  const { db } = context
  return {
    find: (viewer) => {
      const row = db.get<QueueRow>(
        'SELECT song_ids, current_index, position_ms, changed_by, changed_at FROM play_queue WHERE user_id = ?',
        [viewer.userId],
      )
      if (!row) return undefined
      const saved = jsonList<SongId>(row.song_ids)
      const visible = visibleAmong(context, 'song', context.scope(viewer).song('i'), saved)
      const kept = saved.filter((id) => visible.has(id))
      const before = saved.slice(0, row.current_index).filter((id) => visible.has(id)).length
      const currentStays = visible.has(saved[row.current_index] ?? 0)
      return {
        songs: loadSongs(context, viewer, kept),
        currentIndex: Math.max(0, Math.min(before, kept.length - 1)),
        // Without its song the position means nothing; the next song begins at its start.
        positionMs: currentStays ? row.position_ms : 0,
        changedBy: row.changed_by,
        changedAt: row.changed_at,
      }
    },
    save: (userId, queue) => {
      db.run(
        `INSERT INTO play_queue (user_id, song_ids, current_index, position_ms, changed_by, changed_at)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (user_id) DO UPDATE SET song_ids = excluded.song_ids, current_index = excluded.current_index,
           position_ms = excluded.position_ms, changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
        [
          userId,
          jsonIds(queue.songs),
          queue.currentIndex,
          Math.round(queue.positionMs),
          queue.changedBy,
          queue.changedAt,
        ],
      )
    },
    clear: (userId) => {
      db.run('DELETE FROM play_queue WHERE user_id = ?', [userId])
    },
  }
}

interface QueueRow {
  readonly song_ids: string
  readonly current_index: number
  readonly position_ms: number
  readonly changed_by: string
  readonly changed_at: number
}
