import type { ArtistId } from '../../base/ids.ts'
import type { EmbeddedLyrics } from '../entities.ts'

/** What the records of the native API tell of a song beside the entity. Texts are '' and lists empty when nothing is known. */
export interface SongDetails {
  readonly libraryName: string
  /** Absolute: for administrators. */
  readonly libraryPath: string
  readonly orderTitle: string
  readonly orderAlbumName: string
  readonly orderArtistName: string
  readonly orderAlbumArtistName: string
  readonly sortAlbumName: string
  readonly sortArtistName: string
  readonly sortAlbumArtistName: string
  readonly artistMusicBrainzId: string
  readonly albumArtistMusicBrainzId: string
  readonly albumMusicBrainzId: string
  readonly releaseGroupMusicBrainzId: string
  readonly albumVersion: string
  readonly catalogNumber: string
  /** As many as the song's genres, in their order; '' for one without a row. */
  readonly genreIds: readonly string[]
  /** The tags without a column of their own, lower-case names with all values. */
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly lyrics: readonly EmbeddedLyrics[]
  readonly ratedAt: number | undefined
}

/** The same of an album, of its visible songs alone. */
export interface AlbumDetails {
  readonly libraryName: string
  readonly libraryPath: string
  readonly orderAlbumName: string
  readonly orderAlbumArtistName: string
  readonly sortAlbumArtistName: string
  readonly albumArtistMusicBrainzId: string
  readonly genreIds: readonly string[]
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly participants: readonly { readonly role: string; readonly id: ArtistId; readonly name: string }[]
  readonly ratedAt: number | undefined
}

export interface RoleCounts {
  readonly songCount: number
  readonly albumCount: number
  readonly size: number
}

/** The same of an artist, of what is visible. */
export interface ArtistDetails {
  /** By role; `maincredit` stands for artist or album artist. */
  readonly stats: Readonly<Record<string, RoleCounts>>
  /** Of all roles together. */
  readonly total: RoleCounts
  readonly ratedAt: number | undefined
}
