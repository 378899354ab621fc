import { AppError } from '../../base/errors.ts'
import type { Album, Artist, Viewer } from '../../library/entities.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { albumWithSongs } from '../responses/album.ts'
import { artistId3, artistWithAlbums } from '../responses/artist.ts'
import { folderArtist, folderWithAlbums, folderWithSongs } from '../responses/folder.ts'
import { indexGroups } from '../responses/index-groups.ts'
import { songChild } from '../responses/song.ts'
import { mapList, type Tree } from '../tree.ts'
import { directory } from './directory.ts'
import { found } from './found.ts'
import { narrowed } from './narrowed.ts'
import { albumOfFolder, artistOfFolder, songsOfFolder } from './stands-for.ts'

export const browsingEndpoints: readonly Endpoint[] = [
  tree('getMusicFolders', ({ services, viewer }) => ({
    musicFolders: {
      musicFolder: services.repositories.libraries.list(viewer.scope).map(({ id, name }) => ({ id, name })),
    },
  })),

  tree('getIndexes', (call) => {
    const viewer = narrowed(call)
    const since = call.params.integer('ifModifiedSince', undefined)
    const { libraries } = call.services.repositories
    const lastModified = libraries.changedAt(viewer.scope)
    const { ignoredArticles } = call.services.settings
    if (since !== undefined && lastModified <= since) {
      return { indexes: { lastModified, ignoredArticles, index: [], child: [] } }
    }
    return { indexes: { lastModified, ignoredArticles, ...folderIndexes(call, viewer) } }
  }),

  tree('getMusicDirectory', (call) => ({ directory: directory(call, call.params.string('id')) })),

  tree('getGenres', ({ services, viewer }) => ({
    genres: {
      genre: services.repositories.genres
        .list(viewer)
        .filter((genre) => genre.name !== '')
        .map(({ name, songCount, albumCount }) => ({ songCount, albumCount, value: name })),
    },
  })),

  tree('getArtists', (call) => {
    const artists = call.services.repositories.artists.albumArtists(narrowed(call))
    return {
      artists: {
        ignoredArticles: call.services.settings.ignoredArticles,
        index: indexGroups(artists).map(({ name, items }) => ({
          name,
          artist: mapList(items, (artist) => artistId3(artist, call.rendering)),
        })),
      },
    }
  }),

  tree('getArtist', (call) => {
    const { artists } = call.services.repositories
    const id = call.params.id('id')
    if (id.kind === 'folder') {
      const { folder, item, albums } = artistOfFolder(call, id.key)
      return { artist: item ? artistTree(call, item) : folderWithAlbums(folder, albums, call.rendering) }
    }
    const artist = id.kind === 'artist' ? artists.find(call.viewer, id.key) : undefined
    return { artist: artistTree(call, found(artist, 'Artist')) }
  }),

  tree('getAlbum', (call) => {
    const { albums } = call.services.repositories
    const id = call.params.id('id')
    if (id.kind === 'folder') {
      const standIn = albumOfFolder(call, id.key)
      if (standIn.item) return { album: albumTree(call, standIn.item) }
      return { album: folderWithSongs(standIn.folder, songsOfFolder(standIn, call), call.rendering) }
    }
    const album = id.kind === 'album' ? albums.find(call.viewer, id.key) : undefined
    return { album: albumTree(call, found(album, 'Album')) }
  }),

  tree('getSong', ({ services, viewer, params, rendering }) => {
    const song = found(services.repositories.songs.find(viewer, params.idOf('song', 'id')), 'Song')
    return { song: songChild(song, rendering) }
  }),

  tree('getVideos', () => ({ videos: { video: [] } })),

  tree('getVideoInfo', ({ params }) => {
    params.string('id')
    throw new AppError('NOT_FOUND', 'There are no videos on this server.')
  }),
]

/** The folders of the first level stand for artists; the roots themselves stay out of sight. */
function folderIndexes(call: Call, viewer: Viewer): Tree {
  const { folders } = call.services.repositories
  const roots = folders.roots(viewer)
  const first = roots.flatMap((root) => folders.children(viewer, root.id))
  if (roots.length > 1) first.sort((a, b) => (a.orderName < b.orderName ? -1 : a.orderName > b.orderName ? 1 : 0))
  const loose = roots.flatMap((root) => folders.looseSongs(viewer, root.libraryId))
  return {
    index: indexGroups(first).map(({ name, items }) => ({
      name,
      artist: mapList(items, (folder) => folderArtist(folder, call.rendering)),
    })),
    child: mapList(loose, (song) => songChild(song, call.rendering)),
  }
}

function artistTree(call: Call, artist: Artist): Tree {
  return artistWithAlbums(artist, albumsOf(call, artist), call.rendering)
}

function albumTree(call: Call, album: Album): Tree {
  return albumWithSongs(album, call.services.repositories.songs.ofAlbum(call.viewer, album.id), call.rendering)
}

/** The artist's own albums; who has none is shown with those they appear on, so that no link leads to an empty page. */
function albumsOf(call: Call, artist: Artist) {
  const { albums } = call.services.repositories
  const own = albums.ofArtist(call.viewer, artist.id)
  return own.length > 0 ? own : albums.ofArtist(call.viewer, artist.id, { appearsOn: true })
}
