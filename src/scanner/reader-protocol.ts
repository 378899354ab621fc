import type { AudioFacts } from '../audio/audio-facts.ts'
import type { RawTags } from '../hooks/hooks.ts'
import type { EmbeddedLyrics } from '../library/entities.ts'

export interface FileTags {
  readonly tags: RawTags
  readonly audio: AudioFacts
  readonly lyrics: readonly EmbeddedLyrics[]
  /** A hash of the embedded picture's bytes, hex; '' = none. */
  readonly picture: string
  /** What is wrong with the file although it is a song, in one line for people; '' = nothing. */
  readonly note: string
}

/** To the child: absolute paths, read in any order. */
export interface ReadRequest {
  readonly id: number
  readonly path: string
}

/**
 * From the child. `unstable`: the file changed while it was read. `disk`: the system's code (EIO, ENOENT, EACCES, ...) when
 * it was not the file that could not be read but its disk; it says nothing about the file.
 */
export type ReadReply =
  | { readonly id: number; readonly ok: true; readonly file: FileTags; readonly size: number; readonly mtimeMs: number }
  | {
      readonly id: number
      readonly ok: false
      readonly reason: string
      readonly unstable: boolean
      readonly disk?: string
    }

/** The child's first message: its code is loaded. */
export interface ReaderReady {
  readonly ready: true
}
