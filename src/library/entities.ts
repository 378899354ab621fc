import type { AccessScope } from '../base/access-scope.ts'
import type {
  AlbumId,
  ApiKeyId,
  ArtistId,
  FolderId,
  GenreId,
  LibraryId,
  PlaylistId,
  RadioId,
  SongId,
  UserId,
} from '../base/ids.ts'
import type { LyricsVersion } from '../base/lyrics/lyrics-text.ts'
import type { Rows } from './rows.ts'

/** Who reads: whose stars, ratings and plays are joined, and what is visible. */
export interface Viewer {
  readonly userId: UserId
  readonly scope: AccessScope
}

/** What one user did with an item. Times in ms since 1970; `rating` 0 = none. */
export interface Annotation {
  readonly starredAt: number | undefined
  readonly rating: number
  readonly playCount: number
  readonly playedAt: number | undefined
  /** Over all users, 1 to 5; undefined when nobody rated. */
  readonly averageRating: number | undefined
}

export interface ArtistRef {
  readonly id: ArtistId
  readonly name: string
}

/** The roles of Navidrome's mapping (section 6.4). */
export type CreditRole =
  | 'artist'
  | 'albumartist'
  | 'composer'
  | 'lyricist'
  | 'conductor'
  | 'arranger'
  | 'producer'
  | 'director'
  | 'engineer'
  | 'mixer'
  | 'remixer'
  | 'djmixer'
  | 'performer'

export interface Credit extends ArtistRef {
  readonly role: CreditRole
  /** The instrument of a performer, else ''. */
  readonly subRole: string
}

/** dB and linear peaks; undefined = not in the file. */
export interface ReplayGain {
  readonly trackGain?: number
  readonly albumGain?: number
  readonly trackPeak?: number
  readonly albumPeak?: number
  /** What decoders apply of themselves: the gain in the head of an Opus stream. */
  readonly baseGain?: number
}

/** '' unknown, 'e' explicit, 'c' clean. */
export type Explicit = '' | 'e' | 'c'

export interface Song extends Annotation {
  readonly id: SongId
  readonly libraryId: LibraryId
  readonly folderId: FolderId
  readonly albumId: AlbumId
  /** Relative to the library's root, `/` between names. */
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
  /** Lower case, without the dot. */
  readonly suffix: string
  readonly title: string
  readonly sortTitle: string
  readonly album: string
  /** As displayed: several names joined. */
  readonly artist: string
  readonly artistId: ArtistId
  readonly albumArtist: string
  readonly albumArtistId: ArtistId
  /** All credits, artist and album artist among them, in order. */
  readonly credits: readonly Credit[]
  /** 0 = unknown. */
  readonly trackNumber: number
  /** 1 when unknown. */
  readonly discNumber: number
  readonly discSubtitle: string
  /** 0 = unknown. */
  readonly year: number
  /** `YYYY[-MM[-DD]]` or ''. */
  readonly date: string
  readonly originalDate: string
  readonly releaseDate: string
  readonly durationMs: number
  /** kbit/s */
  readonly bitRate: number
  /** Hz */
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
  readonly hasEmbeddedCover: boolean
  readonly hasEmbeddedLyrics: boolean
  /** Names of lyrics files beside the song, in order of the setting. */
  readonly lyricsFiles: readonly string[]
  /** Hex; '' = no picture of its own nor of its album. */
  readonly coverVersion: string
  readonly missing: boolean
  /** When the library learned of it. */
  readonly createdAt: number
  readonly updatedAt: number
  /** ms, of the viewer's bookmark. */
  readonly bookmarkPositionMs: number | undefined
}

export interface Album extends Annotation {
  readonly id: AlbumId
  readonly libraryId: LibraryId
  /** The folder that holds its songs (of several discs: their common parent). */
  readonly folderId: FolderId | undefined
  readonly name: string
  readonly sortName: string
  readonly version: string
  readonly artist: string
  readonly artistId: ArtistId
  readonly artists: readonly ArtistRef[]
  readonly minYear: number
  readonly maxYear: number
  readonly date: string
  readonly originalDate: string
  readonly releaseDate: string
  readonly compilation: boolean
  readonly explicit: Explicit
  /** Songs that the viewer may see. */
  readonly songCount: number
  readonly durationMs: number
  readonly size: number
  readonly genres: readonly string[]
  readonly moods: readonly string[]
  readonly recordLabels: readonly string[]
  readonly releaseTypes: readonly string[]
  /** `cover`: the version of the disc's own picture; '' or absent = it has none. */
  readonly discTitles: readonly { readonly disc: number; readonly title: string; readonly cover?: string }[]
  readonly catalogNumber: string
  readonly musicBrainzId: string
  readonly musicBrainzReleaseGroupId: string
  readonly coverVersion: string
  readonly createdAt: number
  readonly updatedAt: number
}

export interface Artist extends Annotation {
  readonly id: ArtistId
  readonly name: string
  readonly sortName: string
  /** Folded, without article: the index letter comes from its first character. */
  readonly orderName: string
  readonly musicBrainzId: string
  /** Albums as album artist, that the viewer may see. */
  readonly albumCount: number
  readonly songCount: number
  readonly roles: readonly string[]
  readonly coverVersion: string
  readonly createdAt: number
}

export interface Folder extends Annotation {
  readonly id: FolderId
  readonly libraryId: LibraryId
  readonly parentId: FolderId | undefined
  /** Relative to the library's root; '' = the root itself. */
  readonly path: string
  readonly name: string
  readonly orderName: string
  readonly coverVersion: string
  /** Visible songs in it, without and with the folders below. */
  readonly songCount: number
  readonly totalSongs: number
  /** File names of pictures in it. */
  readonly images: readonly string[]
  /** What it stands for; stars and ratings are that one's. */
  readonly albumId: AlbumId | undefined
  readonly artistId: ArtistId | undefined
  readonly createdAt: number
}

export interface Genre {
  readonly id: GenreId
  readonly name: string
  readonly songCount: number
  readonly albumCount: number
}

export interface Playlist {
  readonly id: PlaylistId
  readonly ownerId: UserId
  readonly ownerName: string
  readonly name: string
  readonly comment: string
  readonly public: boolean
  /** Set when it mirrors a file of a library: read-only while `sync`. */
  readonly path: string | undefined
  readonly sync: boolean
  /** Of the songs that the viewer may see. */
  readonly songCount: number
  readonly durationMs: number
  readonly size: number
  /** Changes when its picture would: for the cover id. Hex; '' = none. */
  readonly coverVersion: string
  readonly createdAt: number
  readonly updatedAt: number
}

export interface Bookmark {
  readonly song: Song
  readonly positionMs: number
  readonly comment: string
  readonly createdAt: number
  readonly updatedAt: number
}

export interface PlayQueue {
  readonly songIds: readonly SongId[]
  /** Those of `songIds`; queues may be as long as the library. */
  readonly songs: Rows<Song>
  /** Index into `songIds`, re-mapped when songs before it are gone; 0 when empty. */
  readonly currentIndex: number
  readonly positionMs: number
  readonly changedBy: string
  readonly changedAt: number
}

export interface RadioStation {
  readonly id: RadioId
  readonly name: string
  readonly streamUrl: string
  readonly homePageUrl: string
  readonly createdAt: number
  readonly updatedAt: number
}

export const ROLES = [
  'settings',
  'download',
  'upload',
  'playlist',
  'coverArt',
  'comment',
  'podcast',
  'stream',
  'jukebox',
  'share',
  'videoConversion',
] as const
/** The rights of Subsonic's `user` element, without the suffix `Role`; `admin` stands apart. */
export type Role = (typeof ROLES)[number]

export interface User {
  readonly id: UserId
  readonly name: string
  readonly fullName: string
  readonly email: string
  readonly isAdmin: boolean
  readonly roles: readonly Role[]
  /** kbit/s; 0 = no limit. */
  readonly maxBitRate: number
  /** False when the user switched token login off (error 41). */
  readonly tokenLogin: boolean
  /** Grows with each change of password: old sessions end. */
  readonly credentialsVersion: number
  readonly lastLoginAt: number | undefined
  readonly lastAccessAt: number | undefined
  readonly createdAt: number
  readonly updatedAt: number
}

export interface ApiKey {
  readonly id: ApiKeyId
  readonly userId: UserId
  readonly name: string
  /** The first characters, to recognise it by. */
  readonly hint: string
  readonly lastUsedAt: number | undefined
  readonly createdAt: number
}

export interface Library {
  readonly id: LibraryId
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly recursive: boolean
  readonly followSymlinks: boolean
  readonly excludePatterns: readonly string[]
  readonly defaultNewUsers: boolean
  /** Kept in step with the configuration at each start. */
  readonly fromConfig: boolean
  readonly state: 'new' | 'ok' | 'lost'
  readonly stateReason: string
  /** '' or the kind of scan that did not come to its end. */
  readonly scanPending: '' | 'quick' | 'full'
  readonly songCount: number
  readonly albumCount: number
  readonly artistCount: number
  readonly folderCount: number
  readonly missingCount: number
  readonly durationMs: number
  readonly size: number
  readonly lastScanStartedAt: number | undefined
  readonly lastScanAt: number | undefined
  /** When a scan last changed something (Subsonic `lastModified`). */
  readonly changedAt: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** As the scanner found them in a file. */
export type EmbeddedLyrics = LyricsVersion
