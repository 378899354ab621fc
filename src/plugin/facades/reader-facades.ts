import { AppError } from '../../base/errors.ts'
import { decodeIdOf, encodeId, type SongId, type UserId } from '../../base/ids.ts'
import type { Purpose } from '../../hooks/hooks.ts'
import type { Song, User as StoredUser, Viewer } from '../../library/entities.ts'
import type { Repositories } from '../../library/repositories.ts'
import type { LibraryReader, PlaybackReader, Track, User, UserReader } from '../api.ts'
import { toPublicScope } from './hook-facade.ts'

/** What the readers need of the rooms below. */
export interface ReaderServices {
  readonly repositories: Repositories
  readonly scopes: {
    viewer(user: StoredUser, purpose: Purpose): Viewer | Promise<Viewer>
    invalidate(userId?: UserId): void
  }
}

const MAX_TRACKS = 500
const MAX_PLAYS = 1_000

export function createLibraryReader(services: ReaderServices): LibraryReader {
  const { repositories } = services
  const songsOf = (viewer: Viewer, query: Parameters<LibraryReader['tracks']>[0]): readonly Song[] => {
    if (query.ids) {
      if (query.ids.length > MAX_TRACKS) throw new AppError('BAD_REQUEST', `at most ${MAX_TRACKS} ids a call`)
      const ids = query.ids.map((id) => decodeIdOf('song', id)).filter((id): id is SongId => id !== undefined)
      return repositories.songs.findMany(viewer, ids)
    }
    const album = query.albumId === undefined ? undefined : decodeIdOf('album', query.albumId)
    if (album) return repositories.songs.ofAlbum(viewer, album)
    const playlist = query.playlistId === undefined ? undefined : decodeIdOf('playlist', query.playlistId)
    if (playlist) return repositories.playlists.songs(viewer, playlist)
    const artist = query.artistId === undefined ? undefined : decodeIdOf('artist', query.artistId)
    const page = { limit: Math.min(query.limit ?? MAX_TRACKS, MAX_TRACKS), offset: query.offset ?? 0 }
    if (artist) return repositories.songs.ofArtist(viewer, artist, page)
    return repositories.search.songs(viewer, '', page)
  }
  return {
    async track(id, as) {
      const key = decodeIdOf('song', id)
      const song = key && repositories.songs.find(await viewerOf(services, as), key)
      return song ? toTrack(song) : undefined
    },
    async tracks(query, as) {
      const songs = songsOf(await viewerOf(services, as), query)
      const offset = query.albumId || query.playlistId ? (query.offset ?? 0) : 0
      return songs.slice(offset, offset + Math.min(query.limit ?? MAX_TRACKS, MAX_TRACKS)).map(toTrack)
    },
    async libraries(as) {
      const { scope } = await viewerOf(services, as)
      return repositories.libraries.list(scope).map(({ id, name }) => ({ id, name }))
    },
    async counts(as) {
      const viewer = await viewerOf(services, as)
      const { songs, durationMs, size } = repositories.songs.totals(viewer)
      return {
        artists: repositories.artists.count(viewer),
        albums: repositories.albums.count(viewer),
        tracks: songs,
        durationMs,
        bytes: size,
      }
    },
  }
}

export function createUserReader(services: ReaderServices): UserReader {
  const { repositories, scopes } = services
  return {
    async get(id) {
      const user = findUser(services, id)
      return user ? toPublicUser(user) : undefined
    },
    list: async () => repositories.users.list().map(toPublicUser),
    scopeOf: async (id) => toPublicScope((await viewerOf(services, id)).scope),
    invalidateScope(id) {
      const key = id === undefined ? undefined : decodeIdOf('user', id)
      if (id !== undefined && key === undefined) throw new AppError('BAD_REQUEST', `${id} is no id of a user`)
      if (key === undefined) scopes.invalidate()
      else scopes.invalidate(key)
    },
  }
}

export function createPlaybackReader(services: ReaderServices): PlaybackReader {
  return {
    async plays(query) {
      return services.repositories.plays
        .journal(query.after ?? 0, Math.min(query.limit ?? MAX_PLAYS, MAX_PLAYS))
        .map((play) => ({
          id: play.id,
          userId: encodeId('user', play.userId),
          mediaId: encodeId('song', play.songId),
          at: play.at,
          client: play.client,
        }))
    },
  }
}

export function toPublicUser(user: StoredUser): User {
  return { id: encodeId('user', user.id), name: user.name, isAdmin: user.isAdmin, roles: [...user.roles] }
}

export function findUser(services: ReaderServices, id: string): StoredUser | undefined {
  const key = decodeIdOf('user', id)
  return key === undefined ? undefined : services.repositories.users.find(key)
}

/** Rejects with NOT_FOUND for an unknown user: nobody reads as nobody. */
export async function viewerOf(services: ReaderServices, userId: string, purpose: Purpose = 'browse'): Promise<Viewer> {
  const user = findUser(services, userId)
  if (!user) throw new AppError('NOT_FOUND', `there is no user ${userId}`)
  return services.scopes.viewer(user, purpose)
}

export function toTrack(song: Song): Track {
  return {
    id: encodeId('song', song.id),
    title: song.title,
    album: song.album,
    albumId: encodeId('album', song.albumId),
    artist: song.artist,
    artistId: encodeId('artist', song.artistId),
    albumArtist: song.albumArtist,
    trackNumber: song.trackNumber,
    discNumber: song.discNumber,
    year: song.year,
    genres: song.genres,
    durationMs: song.durationMs,
    suffix: song.suffix,
    bitRate: song.bitRate,
    size: song.size,
    isrc: song.isrc,
    musicBrainzId: song.musicBrainzRecordingId,
    coverId: song.coverVersion ? `${encodeId('song', song.id)}_${song.coverVersion}` : '',
    libraryId: song.libraryId,
  }
}
