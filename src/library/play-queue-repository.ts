import type { SongId, UserId } from '../base/ids.ts'
import type { PlayQueue, Viewer } from './entities.ts'

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
