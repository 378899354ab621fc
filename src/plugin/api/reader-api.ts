import type { AccessScope } from './scope-api.ts'
import type { PlayCredits } from './statistics-api.ts'

/** Reading the core: part of `tonearm/plugin`. */

/** Always as a user sees it: every read names one by public id. */
export interface LibraryReader {
  /** Undefined when there is none that the user may see. */
  track(id: string, as: string): Promise<Track | undefined>
  /** At most 500 a call; `ids` in the order given. */
  tracks(
    query: {
      readonly ids?: readonly string[]
      readonly albumId?: string
      readonly artistId?: string
      readonly playlistId?: string
      readonly libraryId?: number
      /** Without what `access.grants` gives the user: for those who answer it, or would pass things on. */
      readonly ownOnly?: true
      readonly limit?: number
      readonly offset?: number
    },
    as: string,
  ): Promise<readonly Track[]>
  /**
   * Ids of the songs of many things at once, at most 500 a call, as the user `as` sees them without what `access.grants`
   * adds: for each thing in the order given its songs in their order, at most 10,000; none for what is not visible.
   */
  songIds(
    things: readonly { readonly kind: 'song' | 'album' | 'artist'; readonly id: string }[],
    as: string,
  ): Promise<readonly (readonly string[])[]>
  /**
   * Songs that came after a cursor and are there, oldest first, at most 1,000 a call: what was missed while nobody
   * listened. Ids alone, of all libraries: names are for those who may see them.
   */
  added(query: { readonly after: number; readonly limit?: number }): Promise<readonly AddedSong[]>
  /** The cursor of what came last; 0 = nothing. */
  lastAdded(): Promise<number>
  /** Those that the user may see. */
  libraries(as: string): Promise<readonly { readonly id: number; readonly name: string }[]>
  /** Undefined when there is none that the user may see. */
  playlist(id: string, as: string): Promise<{ readonly id: string; readonly name: string } | undefined>
  /** Likewise. */
  album(id: string, as: string): Promise<{ readonly id: string; readonly name: string } | undefined>
  /** Likewise. */
  artist(id: string, as: string): Promise<{ readonly id: string; readonly name: string } | undefined>
  /** How much the user sees of everything. */
  counts(as: string): Promise<{
    readonly artists: number
    readonly albums: number
    readonly tracks: number
    readonly folders: number
    readonly durationMs: number
    readonly bytes: number
  }>
}

export interface AddedSong {
  /** Grows; the cursor. */
  readonly id: number
  readonly mediaId: string
  readonly albumId: string
  readonly libraryId: number
  readonly at: number
}

/** Accounts, without secrets. Ids are public ones. */
export interface UserReader {
  /** Undefined when there is none. */
  get(id: string): Promise<User | undefined>
  /** All of them. */
  list(): Promise<readonly User[]>
  /** What a user may browse, by grants and plugins together. */
  scopeOf(id: string): Promise<AccessScope>
  /** After a change of what `access.scope` or `access.grants` would answer. Without an id: of everybody. */
  invalidateScope(id?: string): void
}

export interface PlaybackReader {
  /** Counted plays, oldest first, after a cursor; at most 1,000 a call. */
  plays(query: { readonly after?: number; readonly limit?: number }): Promise<readonly Play[]>
  /** What plays of these songs count for, missing ones too; at most 1,000 a call. Purged songs are left out. */
  credits(mediaIds: readonly string[]): Promise<readonly PlayCredits[]>
}

export interface Play {
  /** Grows; the cursor. */
  readonly id: number
  readonly userId: string
  readonly mediaId: string
  readonly at: number
  readonly client: string
}

export type Role = 'admin' | 'stream' | 'download' | 'share' | 'playlist' | 'jukebox'

export interface User {
  readonly id: string
  readonly name: string
  readonly isAdmin: boolean
  readonly roles: readonly string[]
}

export interface Track {
  readonly id: string
  readonly title: string
  readonly album: string
  readonly albumId: string
  readonly artist: string
  readonly artistId: string
  readonly albumArtist: string
  readonly trackNumber: number
  readonly discNumber: number
  readonly year: number
  readonly genres: readonly string[]
  readonly durationMs: number
  readonly suffix: string
  readonly bitRate: number
  readonly size: number
  readonly isrc: readonly string[]
  readonly musicBrainzId: string
  /** '' = none. */
  readonly coverId: string
  readonly libraryId: number
}
