import type { AlbumId, ArtistId, FolderId, LibraryId, SongId, UserId } from '../../src/base/ids.ts'
import type { Album, Artist, Folder, Song, User } from '../../src/library/entities.ts'

/** Milliseconds of 2026-01-02T03:04:05.678Z. */
export const CREATED = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

const UNMARKED = { starredAt: undefined, rating: 0, playCount: 0, playedAt: undefined, averageRating: undefined }

/** An untagged song, but for what is given. */
export function songOf(given: Partial<Song> = {}): Song {
  return {
    ...UNMARKED,
    id: 1 as SongId,
    libraryId: 1 as LibraryId,
    folderId: 2 as FolderId,
    albumId: 3 as AlbumId,
    path: 'Folder/file.mp3',
    size: 1000,
    mtimeMs: CREATED,
    suffix: 'mp3',
    title: 'file',
    sortTitle: '',
    album: '[Unknown Album]',
    artist: '[Unknown Artist]',
    artistId: 4 as ArtistId,
    albumArtist: '[Unknown Artist]',
    albumArtistId: 4 as ArtistId,
    credits: [],
    trackNumber: 0,
    discNumber: 1,
    discSubtitle: '',
    year: 0,
    date: '',
    originalDate: '',
    releaseDate: '',
    durationMs: 61_400,
    bitRate: 128,
    sampleRate: 44_100,
    bitDepth: 0,
    channels: 2,
    codec: 'mp3',
    bpm: 0,
    comment: '',
    compilation: false,
    explicit: '',
    genres: [],
    moods: [],
    isrc: [],
    works: [],
    movements: [],
    groupings: [],
    replayGain: {},
    musicBrainzRecordingId: '',
    musicBrainzTrackId: '',
    hasEmbeddedCover: false,
    hasEmbeddedLyrics: false,
    lyricsFiles: [],
    coverVersion: '',
    missing: false,
    createdAt: CREATED,
    updatedAt: CREATED,
    bookmarkPositionMs: undefined,
    ...given,
  }
}

export function albumOf(given: Partial<Album> = {}): Album {
  return {
    ...UNMARKED,
    id: 3 as AlbumId,
    libraryId: 1 as LibraryId,
    folderId: 2 as FolderId,
    name: '[Unknown Album]',
    sortName: '',
    version: '',
    artist: '[Unknown Artist]',
    artistId: 4 as ArtistId,
    artists: [],
    minYear: 0,
    maxYear: 0,
    date: '',
    originalDate: '',
    releaseDate: '',
    compilation: false,
    explicit: '',
    songCount: 1,
    durationMs: 61_400,
    size: 1000,
    genres: [],
    moods: [],
    recordLabels: [],
    releaseTypes: [],
    discTitles: [],
    catalogNumber: '',
    musicBrainzId: '',
    musicBrainzReleaseGroupId: '',
    coverVersion: '',
    createdAt: CREATED,
    updatedAt: CREATED,
    ...given,
  }
}

export function artistOf(given: Partial<Artist> = {}): Artist {
  return {
    ...UNMARKED,
    id: 4 as ArtistId,
    name: '[Unknown Artist]',
    sortName: '',
    orderName: 'unknown artist',
    musicBrainzId: '',
    albumCount: 1,
    songCount: 1,
    roles: [],
    coverVersion: '',
    createdAt: CREATED,
    ...given,
  }
}

export function folderOf(given: Partial<Folder> = {}): Folder {
  return {
    ...UNMARKED,
    id: 2 as FolderId,
    libraryId: 1 as LibraryId,
    parentId: 1 as FolderId,
    path: 'Folder',
    name: 'Folder',
    orderName: 'folder',
    coverVersion: '',
    songCount: 1,
    totalSongs: 1,
    images: [],
    albumId: undefined,
    artistId: undefined,
    createdAt: CREATED,
    ...given,
  }
}

export function userOf(given: Partial<User> = {}): User {
  return {
    id: 1 as UserId,
    name: 'ann',
    fullName: '',
    email: '',
    isAdmin: false,
    roles: [],
    maxBitRate: 0,
    tokenLogin: true,
    credentialsVersion: 1,
    lastLoginAt: undefined,
    lastAccessAt: undefined,
    createdAt: CREATED,
    updatedAt: CREATED,
    ...given,
  }
}
