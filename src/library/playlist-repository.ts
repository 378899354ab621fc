import type { LibraryId, PlaylistId, SongId, UserId } from '../base/ids.ts'
import type { Playlist, Song, Viewer } from './entities.ts'

export interface PlaylistChanges {
  readonly name?: string
  readonly comment?: string
  readonly public?: boolean
  readonly sync?: boolean
}

/** Visible: one's own and public ones (also for administrators: private means private). */
export interface PlaylistRepository {
  list(viewer: Viewer): readonly Playlist[]
  /** Own and public playlists of one owner, as that owner's library would count them for the viewer. */
  listOf(viewer: Viewer, owner: UserId): readonly Playlist[]
  find(viewer: Viewer, id: PlaylistId): Playlist | undefined
  /** Visible songs in order. */
  songs(viewer: Viewer, id: PlaylistId): readonly Song[]
  create(viewer: Viewer, name: string, songs: readonly SongId[], at: number): PlaylistId
  /** The whole content; songs outside the scope are refused quietly (left out). */
  replaceSongs(viewer: Viewer, id: PlaylistId, songs: readonly SongId[], at: number): void
  /** Removes by index into the list as the viewer saw it (`songs`), then appends; both in one transaction. */
  edit(
    viewer: Viewer,
    id: PlaylistId,
    remove: readonly number[],
    append: readonly SongId[],
    changes: PlaylistChanges,
    at: number,
  ): void
  remove(id: PlaylistId): void

  /** The scanner's side: playlists that mirror files. */
  findByFile(
    libraryId: LibraryId,
    path: string,
  ): { readonly id: PlaylistId; readonly sync: boolean; readonly fileSignature: string } | undefined
  importFile(file: {
    readonly libraryId: LibraryId
    readonly path: string
    readonly name: string
    readonly fileSignature: string
    readonly owner: UserId
    readonly public: boolean
    readonly songs: readonly SongId[]
    readonly at: number
  }): PlaylistId
  /** Files of a library that are mirrored, to find those that are gone. */
  importedPaths(libraryId: LibraryId): readonly string[]
  /** The file is gone: the playlist stays, editable. */
  detachFile(id: PlaylistId): void
}
