import type { AlbumRepository } from './album-repository.ts'
import type { AnnotationRepository } from './annotation-repository.ts'
import type { ApiKeyRepository } from './api-key-repository.ts'
import type { ArtistRepository } from './artist-repository.ts'
import type { BookmarkRepository } from './bookmark-repository.ts'
import type { FolderRepository } from './folder-repository.ts'
import type { GenreRepository } from './genre-repository.ts'
import type { LibraryRepository } from './library-repository.ts'
import type { MissingFileRepository } from './missing-file-repository.ts'
import type { NarrowedUsersRepository } from './narrowed-users-repository.ts'
import type { PlayQueueRepository } from './play-queue-repository.ts'
import type { PlayRepository } from './play-repository.ts'
import type { PlaylistRepository } from './playlist-repository.ts'
import type { RadioRepository } from './radio-repository.ts'
import type { SearchRepository } from './search-repository.ts'
import type { SessionRepository } from './session-repository.ts'
import type { SongRepository } from './song-repository.ts'
import type { StatisticsRepository } from './statistics-repository.ts'
import type { UserRepository } from './user-repository.ts'

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
  readonly narrowedUsers: NarrowedUsersRepository
  readonly libraries: LibraryRepository
  readonly missingFiles: MissingFileRepository
  readonly statistics: StatisticsRepository
}
