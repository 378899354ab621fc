import { type AlbumId, type ArtistId, decodeId, encodeId, type FolderId } from '../../base/ids.ts'
import type { Call } from '../call.ts'
import { albumChild } from '../responses/album.ts'
import { folderDirectory } from '../responses/folder.ts'
import { songChild } from '../responses/song.ts'
import { averageRating, date, known } from '../responses/values.ts'
import { mapList, type Tree } from '../tree.ts'
import { folderChildren } from './folder-children.ts'
import { found } from './found.ts'

/**
 * The content of a folder. Clients mix the two ways of browsing, so albums and artists open here too, and the number of
 * a music folder opens its root.
 */
export function directory(call: Call, text: string): Tree {
  const id = decodeId(text)
  switch (id?.kind) {
    case 'folder':
      return folder(call, id.key)
    case 'album':
      return album(call, id.key)
    case 'artist':
      return artist(call, id.key)
    default: {
      const roots = call.services.repositories.folders.roots(call.viewer)
      return folder(call, found(roots.find((root) => String(root.libraryId) === text)?.id, 'Directory'))
    }
  }
}

function folder(call: Call, id: FolderId): Tree {
  const { folders, songs } = call.services.repositories
  const { viewer, rendering } = call
  const self = found(folders.find(viewer, id), 'Directory')
  const inside = folderChildren(call, viewer, folders.children(viewer, id))
  const files = mapList(songs.ofFolder(viewer, id), (song) => songChild(song, rendering))
  return { ...folderDirectory(self), child: inside.length === 0 ? files : [...inside, ...files] }
}

function album(call: Call, id: AlbumId): Tree {
  const { albums, songs } = call.services.repositories
  const self = found(albums.find(call.viewer, id), 'Directory')
  return {
    id: encodeId('album', self.id),
    parent: encodeId('artist', self.artistId),
    name: self.name,
    ...marks(self),
    child: mapList(songs.ofAlbum(call.viewer, id), (song) => songChild(song, call.rendering)),
  }
}

function artist(call: Call, id: ArtistId): Tree {
  const { albums, artists } = call.services.repositories
  const self = found(artists.find(call.viewer, id), 'Directory')
  return {
    id: encodeId('artist', self.id),
    name: self.name,
    ...marks(self),
    child: mapList(albums.ofArtist(call.viewer, id), (one) => albumChild(one, call.rendering)),
  }
}

function marks(self: Parameters<typeof averageRating>[0]): Tree {
  return {
    starred: date(self.starredAt),
    userRating: known(self.rating),
    averageRating: averageRating(self),
    playCount: self.playCount,
  }
}
