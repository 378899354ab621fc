import type { Database } from '../db/database.ts'
import { createAlbumRepository } from './album-repository.ts'
import { AlbumRows } from './album-rows.ts'
import { createAnnotationRepository } from './annotation-repository.ts'
import { createApiKeyRepository } from './api-key-repository.ts'
import { createArtistRepository } from './artist-repository.ts'
import { createBookmarkRepository } from './bookmark-repository.ts'
import { createFolderRepository } from './folder-repository.ts'
import { createGenreRepository } from './genre-repository.ts'
import { createLibraryContext } from './library-context.ts'
import { createLibraryRepository } from './library-repository.ts'
import { createMissingFileRepository } from './missing-file-repository.ts'
import { createNarrowedUsersRepository } from './narrowed-users-repository.ts'
import { createPlayQueueRepository } from './play-queue-repository.ts'
import { createPlayRepository } from './play-repository.ts'
import { createPlaylistRepository } from './playlist-repository.ts'
import { createRadioRepository } from './radio-repository.ts'
import type { Repositories } from './repositories.ts'
import { createSearchRepository } from './search-repository.ts'
import { createSessionRepository } from './session-repository.ts'
import { createSongRepository } from './song-repository.ts'
import { createStatisticsRepository } from './statistics-repository.ts'
import { createUserRepository } from './user-repository.ts'

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
    narrowedUsers: createNarrowedUsersRepository(context),
    libraries: createLibraryRepository(context),
    missingFiles: createMissingFileRepository(context),
    statistics: createStatisticsRepository(context),
  }
}
