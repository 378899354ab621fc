import { encodeId } from '../../base/ids.ts'
import type { Folder } from '../../library/entities.ts'
import type { Tree } from '../tree.ts'
import { inView, type Rendering } from './rendering.ts'
import { averageRating, coverId, date, known } from './values.ts'

/** A folder as the `Artist` of getIndexes, getStarred and search2. */
export function folderArtist(folder: Folder, rendering: Rendering): Tree {
  const full = {
    id: encodeId('folder', folder.id),
    name: folder.name,
    coverArt: coverId('folder', folder, rendering),
    starred: date(folder.starredAt),
    userRating: known(folder.rating),
    averageRating: averageRating(folder),
  }
  return inView('folderArtist', full, rendering.view)
}

/** A folder as `Child`: in its parent's directory, and in the lists of what folder clients call albums. */
export function folderChild(folder: Folder, rendering: Rendering): Tree {
  const full = {
    id: encodeId('folder', folder.id),
    parent: parentId(folder),
    isDir: true,
    title: folder.name,
    name: folder.name,
    album: folder.name,
    artist: parentName(folder),
    coverArt: coverId('folder', folder, rendering),
    songCount: folder.songCount || folder.totalSongs,
    isVideo: false,
    userRating: known(folder.rating),
    averageRating: averageRating(folder),
    playCount: folder.playCount,
    created: date(folder.createdAt),
    starred: date(folder.starredAt),
  }
  return inView('child', full, rendering.view)
}

/** The head of a `directory`; the children follow. */
export function folderDirectory(folder: Folder): Tree {
  return {
    id: encodeId('folder', folder.id),
    parent: parentId(folder),
    name: folder.name,
    starred: date(folder.starredAt),
    userRating: known(folder.rating),
    averageRating: averageRating(folder),
    playCount: folder.playCount,
  }
}

/** Folders of the first level have none: the roots stay out of sight, as in getIndexes. */
function parentId(folder: Folder): string | undefined {
  return folder.parentId === undefined || !folder.path.includes('/') ? undefined : encodeId('folder', folder.parentId)
}

function parentName(folder: Folder): string | undefined {
  return folder.path.split('/').at(-2)
}
