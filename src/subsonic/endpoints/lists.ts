import type { AlbumId } from '../../base/ids.ts'
import type { AlbumOrder, AlbumQuery } from '../../library/album-repository.ts'
import type { Folder, Viewer } from '../../library/entities.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { invalid, type Params } from '../params.ts'
import { albumChild, albumItem } from '../responses/album.ts'
import { artistAsFolder, artistId3 } from '../responses/artist.ts'
import { folderArtist } from '../responses/folder.ts'
import { songChild } from '../responses/song.ts'
import { mapList, type Tree } from '../tree.ts'
import { folderChildren } from './folder-children.ts'
import { clamp } from './found.ts'
import { narrowed } from './narrowed.ts'

/** Rows of a page, as the specification bounds them. */
const MOST = 500

const ORDER: Readonly<Record<string, AlbumOrder>> = {
  random: 'random',
  newest: 'newest',
  highest: 'highest',
  frequent: 'frequent',
  recent: 'recent',
  alphabeticalByName: 'byName',
  alphabeticalByArtist: 'byArtist',
  starred: 'starred',
  byYear: 'byYear',
  byGenre: 'byGenre',
}

export const listEndpoints: readonly Endpoint[] = [
  tree('getAlbumList', (call) => {
    const viewer = narrowed(call)
    const albums = call.services.repositories.folders.listAlbums(viewer, albumQuery(call.params))
    return { albumList: { album: folderChildren(call, viewer, albums) } }
  }),

  tree('getAlbumList2', (call) => {
    const albums = call.services.repositories.albums.list(narrowed(call), albumQuery(call.params))
    return { albumList2: { album: albums.map((album) => albumItem(album, call.rendering)) } }
  }),

  tree('getRandomSongs', (call) => {
    const { params } = call
    const size = clamp(params.integer('size', 10), MOST)
    const genre = params.optional('genre')
    const songs = call.services.repositories.songs.random(
      narrowed(call),
      { ...(genre === undefined ? {} : { genre }), ...years(params) },
      size,
    )
    return { randomSongs: { song: mapList(songs, (song) => songChild(song, call.rendering)) } }
  }),

  tree('getSongsByGenre', (call) => {
    const { params } = call
    const page = { limit: clamp(params.integer('count', 10), MOST), offset: offsetOf(params) }
    const songs = call.services.repositories.songs.ofGenre(narrowed(call), params.string('genre'), page)
    return { songsByGenre: { song: mapList(songs, (song) => songChild(song, call.rendering)) } }
  }),

  tree('getStarred', (call) => ({ starred: starredInFolders(call) })),

  tree('getStarred2', (call) => {
    const viewer = narrowed(call)
    const { albums, artists, songs } = call.services.repositories
    const { rendering } = call
    return {
      starred2: {
        artist: mapList(artists.starred(viewer), (artist) => artistId3(artist, rendering)),
        album: mapList(albums.starred(viewer), (album) => albumItem(album, rendering)),
        song: mapList(songs.starred(viewer), (song) => songChild(song, rendering)),
      },
    }
  }),
]

function albumQuery(params: Params): AlbumQuery {
  const type = params.string('type')
  const order = Object.hasOwn(ORDER, type) ? ORDER[type] : undefined
  if (order === undefined) return invalid('type', `one of ${Object.keys(ORDER).join(', ')}`)
  const page = { order, limit: clamp(params.integer('size', 10), MOST), offset: offsetOf(params) }
  if (order === 'byYear') return { ...page, fromYear: params.integer('fromYear'), toYear: params.integer('toYear') }
  if (order === 'byGenre') return { ...page, genre: params.string('genre') }
  return page
}

function years(params: Params): { readonly fromYear?: number; readonly toYear?: number } {
  const from = params.integer('fromYear', undefined)
  const to = params.integer('toYear', undefined)
  return { ...(from === undefined ? {} : { fromYear: from }), ...(to === undefined ? {} : { toYear: to }) }
}

function offsetOf(params: Params): number {
  return Math.max(0, params.integer('offset', 0))
}

/**
 * What is starred, as folder clients see it: an album or artist as the folder that stands for it, where there is one.
 * Other folders with a star are albums when songs lie in them, else artists.
 */
function starredInFolders(call: Call): Tree {
  const viewer = narrowed(call)
  const { folders, songs } = call.services.repositories
  const { rendering } = call
  const marked = folders.starred(viewer)
  return {
    artist: starredArtists(
      call,
      viewer,
      marked.filter((folder) => folder.songCount === 0),
    ),
    album: starredAlbums(
      call,
      viewer,
      marked.filter((folder) => folder.songCount > 0),
    ),
    song: mapList(songs.starred(viewer), (song) => songChild(song, rendering)),
  }
}

function starredArtists(call: Call, viewer: Viewer, marked: readonly Folder[]): readonly Tree[] {
  const { artists, folders } = call.services.repositories
  const starred = artists.starred(viewer)
  const byArtist = folders.ofArtists(
    viewer,
    starred.map(({ id }) => id),
  )
  const shown = new Set([...byArtist.values()].map(({ id }) => id))
  const others = marked.filter(({ id }) => !shown.has(id))
  return latestFirst([
    ...others.map((folder) => ({ at: folder.starredAt, tree: folderArtist(folder, call.rendering) })),
    ...starred.map((artist) => {
      const folder = byArtist.get(artist.id)
      const tree = folder ? folderArtist(folder, call.rendering) : artistAsFolder(artist, call.rendering)
      return { at: artist.starredAt, tree }
    }),
  ])
}

function starredAlbums(call: Call, viewer: Viewer, marked: readonly Folder[]): readonly Tree[] {
  const { albums, folders } = call.services.repositories
  const starred = albums.starred(viewer)
  const ids = new Set<AlbumId | undefined>(starred.map(({ id }) => id))
  const homes = folders
    .findMany(viewer, [...new Set(starred.map(({ folderId }) => folderId).filter((id) => id !== undefined))])
    .filter(({ albumId }) => ids.has(albumId))
  const byAlbum = new Map(homes.map((folder) => [folder.albumId, folder]))
  const shown = new Set(homes.map(({ id }) => id))
  const own = [...marked.filter(({ id }) => !shown.has(id)), ...byAlbum.values()]
  const trees = folderChildren(call, viewer, own)
  return latestFirst([
    ...own.map((folder, index) => ({ at: folder.starredAt, tree: trees[index] as Tree })),
    ...starred
      .filter(({ id }) => !byAlbum.has(id))
      .map((album) => ({ at: album.starredAt, tree: albumChild(album, call.rendering) })),
  ])
}

function latestFirst(list: readonly { readonly at: number | undefined; readonly tree: Tree }[]): readonly Tree[] {
  return [...list].sort((a, b) => (b.at ?? 0) - (a.at ?? 0)).map(({ tree }) => tree)
}
