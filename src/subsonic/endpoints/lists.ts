import type { AlbumOrder, AlbumQuery } from '../../library/album-repository.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { invalid, type Params } from '../params.ts'
import { albumChild, albumItem } from '../responses/album.ts'
import { artistAsFolder, artistId3 } from '../responses/artist.ts'
import { folderArtist, folderChild } from '../responses/folder.ts'
import { songChild } from '../responses/song.ts'
import { mapList, type Tree } from '../tree.ts'
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
    const albums = call.services.repositories.folders.listAlbums(narrowed(call), albumQuery(call.params))
    return { albumList: { album: albums.map((folder) => folderChild(folder, call.rendering)) } }
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
    return { randomSongs: { song: songs.map((song) => songChild(song, call.rendering)) } }
  }),

  tree('getSongsByGenre', (call) => {
    const { params } = call
    const page = { limit: clamp(params.integer('count', 10), MOST), offset: offsetOf(params) }
    const songs = call.services.repositories.songs.ofGenre(narrowed(call), params.string('genre'), page)
    return { songsByGenre: { song: songs.map((song) => songChild(song, call.rendering)) } }
  }),

  tree('getNowPlaying', ({ services, viewer, rendering }) => ({
    nowPlaying: {
      entry: services.playback.listNowPlaying(viewer).map((entry) => ({
        ...songChild(entry.song, rendering),
        username: entry.user.name,
        minutesAgo: entry.minutesAgo,
        playerId: entry.playerId,
        playerName: entry.client,
      })),
    },
  })),

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

/** Folders with songs are albums, others artists; stars set on albums and artists of the tags follow. */
function starredInFolders(call: Call): Tree {
  const viewer = narrowed(call)
  const { albums, artists, folders, songs } = call.services.repositories
  const { rendering } = call
  const marked = folders.starred(viewer)
  const [holders, others] = [
    marked.filter((folder) => folder.songCount > 0),
    marked.filter((folder) => folder.songCount === 0),
  ]
  return {
    artist: [
      ...others.map((folder) => folderArtist(folder, rendering)),
      ...artists.starred(viewer).map((artist) => artistAsFolder(artist, rendering)),
    ],
    album: [
      ...holders.map((folder) => folderChild(folder, rendering)),
      ...albums.starred(viewer).map((album) => albumChild(album, rendering)),
    ],
    song: mapList(songs.starred(viewer), (song) => songChild(song, rendering)),
  }
}
