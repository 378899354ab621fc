import type { AlbumId } from '../../base/ids.ts'
import type { Album, Folder, Viewer } from '../../library/entities.ts'
import { folderChild } from '../responses/folder.ts'
import type { Tree } from '../tree.ts'
import type { Asker } from './stands-for.ts'

/** Folders as `Child`, each with what is known of the music in it. */
export function folderChildren(
  call: Pick<Asker, 'services' | 'rendering'>,
  viewer: Viewer,
  list: readonly Folder[],
): readonly Tree[] {
  const { albums, folders } = call.services.repositories
  const meant = list.map(({ albumId }) => albumId).filter((id) => id !== undefined)
  const byId = new Map<AlbumId, Album>(albums.findMany(viewer, [...new Set(meant)]).map((album) => [album.id, album]))
  const albumOf = ({ albumId }: Folder) => (albumId === undefined ? undefined : byId.get(albumId))
  // A folder that is an album's only one is told by the album alone.
  const summed = list.filter((folder) => folder.songCount > 0 && albumOf(folder)?.songCount !== folder.totalSongs)
  const tallies = folders.tallies(
    viewer,
    summed.map(({ id }) => id),
  )
  return list.map((folder) =>
    folderChild(folder, { album: albumOf(folder), tally: tallies.get(folder.id) }, call.rendering),
  )
}
