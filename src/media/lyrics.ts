import type { SongId } from '../base/ids.ts'
import type { EmbeddedLyrics, Viewer } from '../library/entities.ts'

/** Lyrics of a song: files beside it, embedded, then plugins (`media.lyrics`), in the order of the setting. */
export interface Lyrics {
  /** [] when there are none. Rejects with NOT_FOUND for an unknown song. */
  ofSong(viewer: Viewer, id: SongId): Promise<readonly EmbeddedLyrics[]>
}
