import type { SongId, UserId } from '../base/ids.ts'
import type { PlayQueue, Viewer } from './entities.ts'
import { jsonIds, jsonList } from './json-column.ts'
import type { LibraryContext } from './library-context.ts'
import { songRows } from './song-rows.ts'
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
  /**
   * Changes in part. `currentIndex` is a place among the songs that the viewer sees; the songs that they may not see stay
   * where they are.
   * @returns false, and nothing is written, when there is no such place. That of an empty queue is 0.
   */
  move(
    viewer: Viewer,
    to: {
      readonly currentIndex?: number
      readonly positionMs?: number
      readonly changedBy: string
      readonly changedAt: number
    },
  ): boolean
  clear(userId: UserId): void
}

export function createPlayQueueRepository(context: LibraryContext): PlayQueueRepository {
  const { db } = context
  /** What is saved, and the places in it of what the viewer sees. */
  const read = (viewer: Viewer) => {
    const row = db.get<QueueRow>(
      'SELECT song_ids, current_index, position_ms, changed_by, changed_at FROM play_queue WHERE user_id = ?',
      [viewer.userId],
    )
    if (!row) return undefined
    const saved = jsonList<SongId>(row.song_ids)
    const visible = visibleAmong(context, 'song', context.scope(viewer).song('i'), saved)
    const places = saved.flatMap((id, place) => (visible.has(id) ? [place] : []))
    const before = places.filter((place) => place < row.current_index).length
    const current = Math.max(0, Math.min(before, places.length - 1))
    return { row, saved, places, current, currentStays: places[current] === row.current_index }
  }

  return {
    find: (viewer) => {
      const queue = read(viewer)
      if (!queue) return undefined
      const { row, saved, places, current, currentStays } = queue
      const songIds = places.map((place) => saved[place] as SongId)
      return {
        songIds,
        songs: songRows(context, viewer, songIds),
        currentIndex: current,
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
    move: (viewer, { currentIndex, positionMs, changedBy, changedAt }) => {
      const queue = read(viewer)
      const count = queue?.places.length ?? 0
      if (currentIndex !== undefined && (currentIndex < 0 || currentIndex >= Math.max(1, count))) return false
      if (!queue || count === 0) return true
      const { row, places, current, currentStays } = queue
      const place = places[currentIndex ?? current] as number
      const stays = currentStays && place === row.current_index
      db.run(
        `UPDATE play_queue SET current_index = ?, position_ms = ?, changed_by = ?, changed_at = ? WHERE user_id = ?`,
        [place, Math.round(positionMs ?? (stays ? row.position_ms : 0)), changedBy, changedAt, viewer.userId],
      )
      return true
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
