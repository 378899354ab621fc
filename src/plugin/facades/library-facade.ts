import { mayUseLibrary, narrowToLibraries } from '../../base/access-scope.ts'
import { AppError } from '../../base/errors.ts'
import { type AlbumId, type ArtistId, decodeIdOf, encodeId, type LibraryId, type SongId } from '../../base/ids.ts'
import type { Song, Viewer } from '../../library/entities.ts'
import type { LibraryReader, Track } from '../api/reader-api.ts'
import type { Generation } from '../host/generation.ts'
import { bounded } from './bounded.ts'
import { deferred } from './deferred.ts'
import { ownViewerOf, type ReaderServices, viewerOf } from './viewers.ts'

const MAX_TRACKS = 500
const MAX_SONGS = 10_000
const MAX_ADDED = 1_000

export function createLibraryReader(generation: Generation, services: ReaderServices): LibraryReader {
  const { repositories } = services
  const songsOf = (viewer: Viewer, query: Parameters<LibraryReader['tracks']>[0]): readonly Song[] => {
    const { ids, albumId, playlistId, artistId } = query
    const page = {
      limit: bounded(query.limit, MAX_TRACKS),
      offset: bounded(query.offset ?? 0, Number.MAX_SAFE_INTEGER),
    }
    const cut = (songs: readonly Song[]) => songs.slice(page.offset, page.offset + page.limit)
    if (ids) {
      if (ids.length > MAX_TRACKS) throw new AppError('BAD_REQUEST', `at most ${MAX_TRACKS} ids a call`)
      const keys = ids.map((id) => decodeIdOf('song', id)).filter((id): id is SongId => id !== undefined)
      return cut(repositories.songs.findMany(viewer, keys))
    }
    // An id of nothing has no songs; it must not become a question without a condition.
    if (albumId !== undefined) {
      const key = decodeIdOf('album', albumId)
      return key === undefined ? [] : cut(repositories.songs.ofAlbum(viewer, key))
    }
    if (playlistId !== undefined) {
      const key = decodeIdOf('playlist', playlistId)
      return key === undefined ? [] : cut([...repositories.playlists.songs(viewer, key)])
    }
    if (artistId !== undefined) {
      const key = decodeIdOf('artist', artistId)
      return key === undefined ? [] : repositories.songs.ofArtist(viewer, key, page)
    }
    const { libraryId } = query
    if (libraryId === undefined) return [...repositories.search.songs(viewer, '', page)]
    const { grants = [] } = viewer.scope
    // Of a library that is not the user's there are the songs that were granted one by one.
    if (grants.length > 0 && !mayUseLibrary(viewer.scope, libraryId as LibraryId))
      return cut(repositories.songs.findMany(viewer, grants).filter((song) => song.libraryId === libraryId))
    const scope = narrowToLibraries(viewer.scope, [libraryId as LibraryId])
    return [...repositories.search.songs({ ...viewer, scope }, '', page)]
  }
  return deferred(generation, {
    async track(id: string, as: string) {
      const key = decodeIdOf('song', id)
      const song = key && repositories.songs.find(await viewerOf(services, as), key)
      return song ? toTrack(song) : undefined
    },
    async tracks(query: Parameters<LibraryReader['tracks']>[0], as: string) {
      const viewer = query.ownOnly ? await ownViewerOf(services, as) : await viewerOf(services, as)
      return songsOf(viewer, query).map(toTrack)
    },
    async songIds(things: Parameters<LibraryReader['songIds']>[0], as: string) {
      if (things.length > MAX_TRACKS) throw new AppError('BAD_REQUEST', `at most ${MAX_TRACKS} things a call`)
      const { songs } = repositories
      const viewer = await ownViewerOf(services, as)
      const single = things.flatMap(({ kind, id }) => (kind === 'song' ? (decodeIdOf('song', id) ?? []) : []))
      const visible = songs.lengths(viewer, single)
      return things.map(({ kind, id }) => {
        const key = decodeIdOf(kind, id)
        if (key === undefined) return []
        if (kind === 'song') return visible.has(key as SongId) ? [id] : []
        const of = kind === 'album' ? { album: key as AlbumId } : { artist: key as ArtistId }
        return songs.idsOf(viewer, of, MAX_SONGS).map((song) => encodeId('song', song))
      })
    },
    async added({ after, limit }: Parameters<LibraryReader['added']>[0]) {
      const songs = repositories.statistics.addedAfter(
        bounded(after, Number.MAX_SAFE_INTEGER),
        bounded(limit, MAX_ADDED),
      )
      return songs.map(({ songId, albumId, libraryId, at }) => ({
        id: songId,
        mediaId: encodeId('song', songId),
        albumId: encodeId('album', albumId),
        libraryId,
        at,
      }))
    },
    lastAdded: async () => repositories.statistics.lastAdded(),
    async libraries(as: string) {
      const { scope } = await viewerOf(services, as)
      return repositories.libraries.list(scope).map(({ id, name }) => ({ id, name }))
    },
    async playlist(id: string, as: string) {
      const key = decodeIdOf('playlist', id)
      return named(id, key && repositories.playlists.find(await viewerOf(services, as), key))
    },
    async album(id: string, as: string) {
      const key = decodeIdOf('album', id)
      return named(id, key && repositories.albums.find(await viewerOf(services, as), key))
    },
    async artist(id: string, as: string) {
      const key = decodeIdOf('artist', id)
      return named(id, key && repositories.artists.find(await viewerOf(services, as), key))
    },
    async counts(as: string) {
      const viewer = await viewerOf(services, as)
      const { songs, durationMs, size } = repositories.songs.totals(viewer)
      return {
        artists: repositories.artists.count(viewer),
        albums: repositories.albums.count(viewer),
        tracks: songs,
        folders: repositories.folders.count(viewer),
        durationMs,
        bytes: size,
      }
    },
  })
}

function named(id: string, found: { readonly name: string } | undefined) {
  return found && { id, name: found.name }
}

function toTrack(song: Song): Track {
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
