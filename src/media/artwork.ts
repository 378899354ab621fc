import type { ByteSource } from '../base/byte-source.ts'
import type { PublicId } from '../base/ids.ts'
import type { Viewer } from '../library/entities.ts'

export interface CoverRequest {
  /** The version that the client's cover id carried (`a1f_<version>`): when it is the current one, the answer may be kept for ever. */
  readonly version?: string
  /** Of an album: the picture of this disc, else the album's. */
  readonly disc?: number
  /** On a square: what is none gets clear edges (a PNG), as wide as it needs. Never enlarged either. */
  readonly square?: boolean
  /** The Subsonic `c`, for `stream.authorize`. */
  readonly client?: string
  /** Aborts when the client has gone: what waits to be made for nobody else is not made. */
  readonly signal?: AbortSignal
}

/** Covers. Resizing happens in another process, results are cached on disk; thumbnails never touch the music disks. */
export interface Artwork {
  /**
   * The picture of a song (its own, else its album's), album, artist, folder or playlist (a 2x2 grid). Radio stations have
   * none.
   * `size`: longest edge in pixels, never enlarged; absent or below 1 = the original.
   * Rejects with NOT_FOUND (unknown, not visible, or no picture and no placeholder configured), FORBIDDEN (a plugin), or BUSY.
   */
  cover(viewer: Viewer, id: PublicId, size: number | undefined, request?: CoverRequest): Promise<ByteSource>
  /** After a scan: makes the thumbnails of what is new while the disks are awake. Bounded; may be aborted. */
  prepare(signal: AbortSignal): Promise<{ readonly made: number; readonly failed: number }>
  /** Ends the image process. */
  stop(): Promise<void>
}
