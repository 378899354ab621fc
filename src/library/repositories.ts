import type { Database } from '../db/database.ts'
import { type AlbumRepository, createAlbumRepository } from './album-repository.ts'
import { AlbumRows } from './album-rows.ts'
import { type AnnotationRepository, createAnnotationRepository } from './annotation-repository.ts'
import { type ApiKeyRepository, createApiKeyRepository } from './api-key-repository.ts'
import { type ArtistRepository, createArtistRepository } from './artist-repository.ts'
import { type BookmarkRepository, createBookmarkRepository } from './bookmark-repository.ts'
import { createFamiliarPlaceRepository, type FamiliarPlaceRepository } from './familiar-place-repository.ts'
import { createFolderRepository, type FolderRepository } from './folder-repository.ts'
import { createGenreRepository, type GenreRepository } from './genre-repository.ts'
import { createLibraryContext } from './library-context.ts'
import { createLibraryRepository, type LibraryRepository } from './library-repository.ts'
import { createMissingFileRepository, type MissingFileRepository } from './missing-file-repository.ts'
import { createNarrowedUsersRepository, type NarrowedUsersRepository } from './narrowed-users-repository.ts'
import { createPlayQueueRepository, type PlayQueueRepository } from './play-queue-repository.ts'
import { createPlayRepository, type PlayRepository } from './play-repository.ts'
import { createPlaylistRepository, type PlaylistRepository } from './playlist-repository.ts'
import { createMusicLists, type MusicLists } from './query/music-lists.ts'
import { createRecordDetails, type RecordDetails } from './query/record-details.ts'
import { createRadioRepository, type RadioRepository } from './radio-repository.ts'
import { createSearchRepository, type SearchRepository } from './search-repository.ts'
import { createSessionRepository, type SessionRepository } from './session-repository.ts'
import { createSongRepository, type SongRepository } from './song-repository.ts'
import { createStatisticsRepository, type StatisticsRepository } from './statistics-repository.ts'
import { createUserRepository, type UserRepository } from './user-repository.ts'

/** The whole library room, as the rooms above receive it. */
export interface Repositories {
  readonly songs: SongRepository
  readonly albums: AlbumRepository
  readonly artists: ArtistRepository
  readonly folders: FolderRepository
  readonly genres: GenreRepository
  readonly search: SearchRepository
  readonly annotations: AnnotationRepository
  readonly plays: PlayRepository
  readonly playlists: PlaylistRepository
  readonly bookmarks: BookmarkRepository
  readonly playQueues: PlayQueueRepository
  readonly radios: RadioRepository
  readonly users: UserRepository
  readonly apiKeys: ApiKeyRepository
  readonly sessions: SessionRepository
  readonly familiarPlaces: FamiliarPlaceRepository
  readonly narrowedUsers: NarrowedUsersRepository
  readonly libraries: LibraryRepository
  readonly missingFiles: MissingFileRepository
  readonly statistics: StatisticsRepository
  readonly details: RecordDetails
  readonly lists: MusicLists
}

export interface RepositoryOptions {
  /** Plays that gather in memory before the counts are written; default 500. */
  readonly flushPlaysAt?: number
}

/**
 * The library room over a migrated database. Plays that a crash left in the journal are counted here, so it takes a
 * moment after one. Call `plays.flush()` before the database is closed.
 */
export function createRepositories(db: Database, options: RepositoryOptions = {}): Repositories {
  const context = createLibraryContext(db)
  const plays = createPlayRepository(
    context,
    options.flushPlaysAt === undefined ? {} : { flushAt: options.flushPlaysAt },
  )
  const annotations = createAnnotationRepository(context)
  const albumRows = new AlbumRows(context)
  const details = createRecordDetails(context)
  return {
    songs: createSongRepository(context),
    albums: createAlbumRepository(context, albumRows),
    artists: createArtistRepository(context),
    folders: createFolderRepository(context),
    genres: createGenreRepository(context),
    search: createSearchRepository(context, albumRows),
    annotations,
    plays,
    playlists: createPlaylistRepository(context),
    bookmarks: createBookmarkRepository(context),
    playQueues: createPlayQueueRepository(context),
    radios: createRadioRepository(context),
    users: createUserRepository(context, { plays, annotations }),
    apiKeys: createApiKeyRepository(context),
    sessions: createSessionRepository(context),
    familiarPlaces: createFamiliarPlaceRepository(context),
    narrowedUsers: createNarrowedUsersRepository(context),
    libraries: createLibraryRepository(context),
    missingFiles: createMissingFileRepository(context),
    statistics: createStatisticsRepository(context),
    details,
    lists: createMusicLists(context, albumRows, details),
  }
}
