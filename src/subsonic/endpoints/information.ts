import { AppError } from '../../base/errors.ts'
import { decodeId, encodeId, type PublicId, type SongId } from '../../base/ids.ts'
import type { Album, Artist, Song } from '../../library/entities.ts'
import { nameKey } from '../../library/name-key.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { absentArtist, artistAsFolder, artistId3 } from '../responses/artist.ts'
import { albumInfo, artistInfo } from '../responses/info.ts'
import { songChild } from '../responses/song.ts'
import { mapList, type Tree } from '../tree.ts'
import { clamp, found } from './found.ts'
import { albumOfFolder, artistOfFolder, songsOfFolder } from './stands-for.ts'

/** Rows of similar and top songs. */
const MOST = 500

/** Small, medium and large, in pixels. */
const IMAGE_SIZES = [150, 300, 600]

export const informationEndpoints: readonly Endpoint[] = [
  tree('getArtistInfo', async (call) => ({ artistInfo: await artistInformation(call, artistAsFolder) })),
  tree('getArtistInfo2', async (call) => ({ artistInfo2: await artistInformation(call, artistId3) })),
  tree('getAlbumInfo', albumInformation),
  tree('getAlbumInfo2', albumInformation),
  tree('getSimilarSongs', async (call) => ({ similarSongs: await similarSongs(call) })),
  tree('getSimilarSongs2', async (call) => ({ similarSongs2: await similarSongs(call) })),
  tree('getTopSongs', topSongs),
]

/** What an id stands for, whichever way of browsing it comes from. */
interface Subject {
  readonly artist?: Artist
  readonly album?: Album
  readonly songs: readonly Song[]
}

function subjectOf(call: Call): Subject {
  const { repositories } = call.services
  const { viewer } = call
  const id = decodeId(call.params.string('id'))
  switch (id?.kind) {
    case 'artist':
      return { artist: found(repositories.artists.find(viewer, id.key), 'Artist'), songs: [] }
    case 'album':
      return { album: found(repositories.albums.find(viewer, id.key), 'Album'), songs: [] }
    case 'song':
      return { songs: [found(repositories.songs.find(viewer, id.key), 'Song')] }
    case 'folder': {
      const album = albumOfFolder(call, id.key)
      const artist = artistOfFolder(call, id.key)
      const songs = songsOfFolder(album, call).slice(0, MOST)
      // An artist's folder is asked about the artist: its one album says nothing more.
      const isAlbum = album.item !== undefined && album.folder.artistId === undefined
      return {
        ...(artist.item ? { artist: artist.item } : {}),
        ...(isAlbum ? { album: album.item } : {}),
        songs,
      }
    }
    default:
      throw new AppError('NOT_FOUND', 'Nothing is known by this id.')
  }
}

function artistOf(call: Call, subject: Subject): Artist | undefined {
  const id = subject.album?.artistId ?? subject.songs[0]?.albumArtistId
  return subject.artist ?? (id === undefined ? undefined : call.services.repositories.artists.find(call.viewer, id))
}

function albumOf(call: Call, subject: Subject): Album | undefined {
  const id = subject.songs[0]?.albumId
  return subject.album ?? (id === undefined ? undefined : call.services.repositories.albums.find(call.viewer, id))
}

async function artistInformation(call: Call, render: typeof artistId3): Promise<Tree> {
  const count = clamp(call.params.integer('count', 20), MOST)
  const withAbsent = call.params.boolean('includeNotPresent', false)
  const artist = artistOf(call, subjectOf(call))
  if (!artist) return artistInfo({}, '', [])
  const input = { artistId: encodeId('artist', artist.id), name: artist.name }
  const provided = (await call.services.hooks.provide('artist.info', input)) ?? {}
  const beside = provided.biography ? undefined : await call.services.localInfo.ofArtist(call.viewer, artist)
  const info = {
    ...provided,
    ...(beside?.text ? { biography: beside.text } : {}),
    images: imagesOf(call, { kind: 'artist', key: artist.id }, artist, provided.images),
  }
  const musicBrainzId = artist.musicBrainzId || (beside?.musicBrainzId ?? '')
  if (!info.similar) {
    const similar = call.services.repositories.artists.similarTo(call.viewer, artist.id, count)
    return artistInfo(
      info,
      musicBrainzId,
      similar.map((one) => render(one, call.rendering)),
    )
  }
  const names = info.similar.slice(0, MOST)
  const present = new Map(
    call.services.repositories.artists.findByNames(call.viewer, names).map((one) => [nameKey(one.name), one]),
  )
  const similar = names
    .map((name) => {
      const one = present.get(nameKey(name))
      if (one) return render(one, call.rendering)
      return withAbsent ? absentArtist(name) : undefined
    })
    .filter((one) => one !== undefined)
  return artistInfo(info, musicBrainzId, similar.slice(0, count))
}

/** Those of a plugin, else addresses of the picture that the library has, which need no login. */
function imagesOf(
  { services, request, user }: Call,
  id: PublicId,
  { coverVersion }: Pick<Artist, 'coverVersion'>,
  provided: readonly string[] | undefined,
): readonly string[] {
  if (provided && provided.length > 0) return provided
  if (coverVersion === '') return []
  return IMAGE_SIZES.map((size) => request.origin + services.pictures.of(user, { id, size }))
}

async function albumInformation(call: Call): Promise<Tree> {
  const album = albumOf(call, subjectOf(call))
  if (!album) return { albumInfo: albumInfo({}, '') }
  const input = { albumId: encodeId('album', album.id), name: album.name, artist: album.artist }
  const provided = (await call.services.hooks.provide('album.info', input)) ?? {}
  const beside = provided.notes ? undefined : await call.services.localInfo.ofAlbum(call.viewer, album)
  const info = {
    ...provided,
    ...(beside?.text ? { notes: beside.text } : {}),
    images: imagesOf(call, { kind: 'album', key: album.id }, album, provided.images),
  }
  return { albumInfo: albumInfo(info, album.musicBrainzId || (beside?.musicBrainzId ?? '')) }
}

/** What a plugin names, else songs that are alike by what this server knows. */
async function similarSongs(call: Call): Promise<Tree> {
  const count = clamp(call.params.integer('count', 50), MOST)
  const subject = subjectOf(call)
  const { songs } = call.services.repositories
  const mediaId = call.params.string('id')
  const named = await call.services.hooks.provide('similar.songs', {
    userId: encodeId('user', call.user.id),
    mediaId,
    count,
  })
  const similar = named
    ? songs.findMany(
        call.viewer,
        named
          .slice(0, MOST)
          .map(songKey)
          .filter((key) => key !== undefined),
      )
    : songs.similarTo(call.viewer, seedOf(call, subject), count)
  return { song: mapList(similar.slice(0, count), (song) => songChild(song, call.rendering)) }
}

function songKey(text: string): SongId | undefined {
  const id = decodeId(text)
  return id?.kind === 'song' ? id.key : undefined
}

function seedOf(call: Call, { artist, album, songs }: Subject) {
  const seeds = album ? call.services.repositories.songs.ofAlbum(call.viewer, album.id) : songs
  return { songs: seeds.slice(0, MOST).map((song) => song.id), artists: artist ? [artist.id] : [] }
}

/** By id (extension topSongsByArtistId), else by name. */
function topSongs(call: Call): Tree {
  const { params, viewer } = call
  const { artists, songs } = call.services.repositories
  const count = clamp(params.integer('count', 50), MOST)
  const artist = params.has('id')
    ? found(namedArtist(call, params.id('id')), 'Artist')
    : artists.findByName(viewer, params.string('artist'))
  const top = artist ? songs.topOfArtist(viewer, artist.id, count) : []
  return { topSongs: { song: mapList(top, (song) => songChild(song, call.rendering)) } }
}

function namedArtist(call: Call, id: PublicId): Artist | undefined {
  if (id.kind === 'folder') return artistOfFolder(call, id.key).item
  return id.kind === 'artist' ? call.services.repositories.artists.find(call.viewer, id.key) : undefined
}
