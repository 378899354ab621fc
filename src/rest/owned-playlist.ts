import { AppError } from '../base/errors.ts'
import { decodeIdOf } from '../base/ids.ts'
import type { Playlist, Viewer } from '../library/entities.ts'
import type { PlaylistRepository } from '../library/playlist-repository.ts'
import { isEditable } from '../library/playlist-rows.ts'

/** A playlist that the viewer may see. NOT_FOUND for any other. */
export function visiblePlaylist(playlists: PlaylistRepository, viewer: Viewer, id: string | undefined): Playlist {
  const key = decodeIdOf('playlist', id ?? '')
  const playlist = key === undefined ? undefined : playlists.find(viewer, key)
  if (!playlist) throw new AppError('NOT_FOUND', 'There is no such playlist.')
  return playlist
}

/** FORBIDDEN for those of others, also for administrators. */
export function ownedPlaylist(playlists: PlaylistRepository, viewer: Viewer, id: string | undefined): Playlist {
  const playlist = visiblePlaylist(playlists, viewer, id)
  if (playlist.ownerId !== viewer.userId) throw new AppError('FORBIDDEN', 'Only its owner may change a playlist.')
  return playlist
}

/** CONFLICT for one whose songs are those of a file. */
export function editablePlaylist(playlists: PlaylistRepository, viewer: Viewer, id: string | undefined): Playlist {
  const playlist = ownedPlaylist(playlists, viewer, id)
  if (!isEditable(playlist, viewer.userId))
    throw new AppError('CONFLICT', 'This playlist mirrors a file of the library: change the file, or end the sync.')
  return playlist
}
