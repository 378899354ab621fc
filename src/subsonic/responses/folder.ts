import { encodeId } from '../../base/ids.ts'
import type { Album, Folder, Song } from '../../library/entities.ts'
import type { FolderTally } from '../../library/folder-tally.ts'
import { mapList, type Tree } from '../tree.ts'
import { albumItem, childOfAlbum } from './album.ts'
import { inView, type Rendering } from './rendering.ts'
import { songChild } from './song.ts'
import { averageRating, coverId, date, explicitStatus, known, names, seconds } from './values.ts'

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

/** What is known of the music in a folder: the album that it stands for, and sums over its songs where that says less. */
export interface FolderContent {
  readonly album: Album | undefined
  readonly tally: FolderTally | undefined
}

/** A folder as `Child`: in its parent's directory, and in the lists of what folder clients call albums. */
export function folderChild(folder: Folder, { album, tally }: FolderContent, rendering: Rendering): Tree {
  const durationMs = tally?.durationMs ?? album?.durationMs
  const playedAt = folder.playedAt ?? album?.playedAt
  const full = {
    id: encodeId('folder', folder.id),
    parent: parentId(folder),
    isDir: true,
    title: folder.name,
    name: folder.name,
    coverArt: coverId('folder', folder, rendering),
    duration: durationMs === undefined ? undefined : seconds(durationMs),
    songCount: folder.songCount || folder.totalSongs,
    isVideo: false,
    userRating: known(folder.rating),
    averageRating: averageRating(folder),
    playCount: folder.playCount,
    created: date(folder.createdAt),
    starred: date(folder.starredAt),
    played: date(playedAt),
    ...(album ? childOfAlbum(album, rendering) : childOfSongs(folder, tally, rendering)),
  }
  return inView('child', full, rendering.view)
}

/** What a `Child` tells of a folder that is no single album. */
function childOfSongs(folder: Folder, tally: FolderTally | undefined, rendering: Rendering): Tree {
  const named =
    folder.artistId === undefined
      ? (tally?.artist ?? { id: undefined, name: parentName(folder) })
      : { id: folder.artistId, name: folder.name }
  const artistId = named.id === undefined ? undefined : encodeId('artist', named.id)
  return {
    album: folder.name,
    artist: named.name,
    year: known(tally?.year ?? 0),
    genre: tally?.genres[0],
    artistId,
    mediaType: folder.songCount > 0 ? 'album' : undefined,
    sortName: rendering.sortName(folder.name),
    musicBrainzId: '',
    genres: names(tally?.genres ?? []),
    moods: [],
    artists: artistId === undefined || named.name === undefined ? [] : [{ id: artistId, name: named.name }],
    displayArtist: named.name,
    explicitStatus: explicitStatus(tally?.explicit ?? ''),
  }
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

/** A folder of several albums in the shape of one. */
export function folderWithSongs(folder: Folder, songs: readonly Song[], rendering: Rendering): Tree {
  const [first] = songs
  const single = songs.every((song) => song.albumArtistId === first?.albumArtistId) ? first : undefined
  const genres = [...new Set(songs.flatMap((song) => song.genres))]
  const full = {
    id: encodeId('folder', folder.id),
    name: folder.name,
    artist: single?.albumArtist ?? 'Various Artists',
    artistId: single && encodeId('artist', single.albumArtistId),
    coverArt: coverId('folder', folder, rendering),
    songCount: songs.length,
    duration: seconds(songs.reduce((sum, song) => sum + song.durationMs, 0)),
    playCount: folder.playCount,
    created: date(folder.createdAt),
    starred: date(folder.starredAt),
    year: known(Math.max(0, ...songs.map((song) => song.year))),
    genre: genres[0],
    userRating: folder.rating,
    averageRating: averageRating(folder),
    genres: names(genres),
    displayArtist: single?.albumArtist ?? 'Various Artists',
    sortName: rendering.sortName(folder.name),
    isCompilation: single === undefined,
  }
  return { ...inView('album', full, rendering.view), song: mapList(songs, (song) => songChild(song, rendering)) }
}

/** A folder that is no single artist's in the shape of one. */
export function folderWithAlbums(folder: Folder, albums: readonly Album[], rendering: Rendering): Tree {
  const full = {
    id: encodeId('folder', folder.id),
    name: folder.name,
    coverArt: coverId('folder', folder, rendering),
    albumCount: albums.length,
    starred: date(folder.starredAt),
    userRating: folder.rating,
    averageRating: averageRating(folder),
    sortName: rendering.sortName(folder.name),
    roles: ['albumartist'],
  }
  return { ...inView('artist', full, rendering.view), album: mapList(albums, (album) => albumItem(album, rendering)) }
}

/** Folders of the first level have none: the roots stay out of sight, as in getIndexes. */
function parentId(folder: Folder): string | undefined {
  return folder.parentId === undefined || !folder.path.includes('/') ? undefined : encodeId('folder', folder.parentId)
}

function parentName(folder: Folder): string | undefined {
  return folder.path.split('/').at(-2)
}
