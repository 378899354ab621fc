import type { FolderId, LibraryId, SongId } from '../base/ids.ts'
import type { AlbumQuery } from './album-repository.ts'
import type { Folder, Song, Viewer } from './entities.ts'

/** The real tree of folders. Only folders with something visible in or below them exist for a viewer. */
export interface FolderRepository {
  find(viewer: Viewer, id: FolderId): Folder | undefined
  /** The root of each visible library. */
  roots(viewer: Viewer): readonly Folder[]
  /** By order name. */
  children(viewer: Viewer, id: FolderId): readonly Folder[]
  /** Folders that directly hold songs, in the manner of getAlbumList: what folder clients call albums. */
  listAlbums(viewer: Viewer, query: AlbumQuery): readonly Folder[]
  starred(viewer: Viewer, limit?: number): readonly Folder[]
  /** Songs that lie directly in a library's root folder (Subsonic `indexes.child`). */
  looseSongs(viewer: Viewer, id: LibraryId): readonly Song[]
  folderOfSong(viewer: Viewer, id: SongId): Folder | undefined
}
