import type { SongId } from '../base/ids.ts'
import type { Song, User, Viewer } from '../library/entities.ts'

export interface NowPlayingEntry {
  readonly user: User
  readonly song: Song
  readonly client: string
  /** Small integer, stable for a user's client. */
  readonly playerId: number
  readonly minutesAgo: number
}

export interface Playback {
  /** Subsonic `scrobble` with submission=false. Unknown or invisible songs are ignored. */
  nowPlaying(user: User, viewer: Viewer, songId: SongId, client: string): void
  /** Subsonic `scrobble`: counts plays. Durable when it returns. Times in the future are brought to now. */
  scrobble(
    user: User,
    viewer: Viewer,
    plays: readonly { readonly songId: SongId; readonly at: number }[],
    client: string,
  ): void
  /** What others listen to, as far as the viewer may see those songs; entries end with the song. */
  listNowPlaying(viewer: Viewer): readonly NowPlayingEntry[]
}
