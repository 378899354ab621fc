import type { CreditRole, EmbeddedLyrics, Explicit, ReplayGain } from './entities.ts'

export interface DraftCredit {
  readonly role: CreditRole
  readonly name: string
  /** The instrument of a performer, else ''. */
  readonly subRole: string
  /** '' = the file does not tell. */
  readonly sortName: string
  readonly musicBrainzId: string
}

/** One song as the scanner's mapper made it of a file: names, not ids. The texts of `order*` are folded already. */
export interface SongDraft {
  /** What the song is by its tags, to know it again under another path. */
  readonly pid: string
  readonly title: string
  readonly sortTitle: string
  readonly orderTitle: string
  readonly artist: string
  readonly albumArtist: string
  readonly credits: readonly DraftCredit[]
  readonly trackNumber: number
  readonly discNumber: number
  readonly discSubtitle: string
  readonly year: number
  readonly date: string
  readonly originalDate: string
  readonly releaseDate: string
  readonly durationMs: number
  readonly bitRate: number
  readonly sampleRate: number
  readonly bitDepth: number
  readonly channels: number
  readonly codec: string
  readonly bpm: number
  readonly comment: string
  readonly compilation: boolean
  readonly explicit: Explicit
  readonly genres: readonly string[]
  readonly moods: readonly string[]
  readonly isrc: readonly string[]
  readonly works: readonly { readonly name: string; readonly musicBrainzId?: string }[]
  readonly movements: readonly { readonly name: string; readonly number?: number; readonly count?: number }[]
  readonly groupings: readonly string[]
  readonly replayGain: ReplayGain
  readonly musicBrainzRecordingId: string
  readonly musicBrainzTrackId: string
  /** Hash of the embedded picture, '' = none. */
  readonly picture: string
  readonly lyrics: readonly EmbeddedLyrics[]
  /** What has no column. */
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly album: {
    /** Songs with equal keys are one album of their library. */
    readonly key: string
    readonly name: string
    readonly orderName: string
    readonly facts: AlbumFacts
  }
}

/** What the key of an album is made of. */
export interface AlbumFacts {
  /** MusicBrainz id, else '': then the rest counts. */
  readonly release: string
  readonly artistKeys: readonly string[]
  readonly nameKey: string
  readonly version: string
  readonly releaseDate: string
  /** The folder of what names no album, else ''. */
  readonly place: string
  readonly isNamed: boolean
  /** The file itself names the album's artist. */
  readonly ownArtist: boolean
}

/** Where the file is and how it looked. */
export interface SongFile {
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
  readonly suffix: string
  /** Names of lyrics files beside it. */
  readonly lyricsFiles: readonly string[]
}
