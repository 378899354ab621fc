import type { SongId } from '../base/ids.ts'
import type { Bookmark, Viewer } from './entities.ts'

export interface BookmarkRepository {
  list(viewer: Viewer): readonly Bookmark[]
  /** @returns false when the song is not visible. */
  save(viewer: Viewer, songId: SongId, positionMs: number, comment: string, at: number): boolean
  remove(viewer: Viewer, songId: SongId): void
}
