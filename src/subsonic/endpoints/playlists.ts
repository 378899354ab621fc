import { AppError } from '../../base/errors.ts'
import type { PlaylistId } from '../../base/ids.ts'
import type { Playlist } from '../../library/entities.ts'
import type { PlaylistChanges } from '../../library/playlist-repository.ts'
import { isEditable } from '../../library/playlist-rows.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import type { Params } from '../params.ts'
import { playlistTree } from '../responses/playlist.ts'
import { songChild } from '../responses/song.ts'
import { mapList, type Tree } from '../tree.ts'
import { found } from './found.ts'
import { hasVirtualPlaylists, isVirtualId, virtualPlaylist, virtualPlaylists } from './virtual-playlists.ts'

export const playlistEndpoints: readonly Endpoint[] = [
  tree('getPlaylists', (call) => {
    const { playlists, users } = call.services.repositories
    const owner = call.params.optional('username')
    const listed =
      owner === undefined
        ? playlists.list(call.viewer)
        : playlists.listOf(call.viewer, ownerId(call, owner, users.findByName(owner)?.id))
    const own = mapList(listed, (one) => playlistTree(one, call.user.id, call.rendering))
    // Those of plugins are the caller's, not those of the user that is asked about.
    const others = owner !== undefined && owner !== call.user.name
    if (others || !hasVirtualPlaylists(call)) return { playlists: { playlist: own } }
    return virtualPlaylists(call).then((virtual) => ({ playlists: { playlist: [...own, ...virtual] } }))
  }),

  tree('getPlaylist', (call) => {
    const id = call.params.string('id')
    if (!isVirtualId(id)) return { playlist: withSongs(call, call.params.idOf('playlist', 'id')) }
    return virtualPlaylist(call, id).then((playlist) => ({ playlist: found(playlist, 'Playlist') }))
  }),

  tree('createPlaylist', (call) => {
    const { params, services, viewer } = call
    const { playlists } = services.repositories
    const songs = params.idsOf('song', 'songId')
    const now = services.clock.now()
    if (params.optional('playlistId') !== undefined) {
      const playlist = editable(call, params.idOf('playlist', 'playlistId'))
      playlists.replaceSongs(viewer, playlist.id, songs, now)
      const name = params.optional('name')
      if (name !== undefined) playlists.edit(viewer, playlist.id, [], [], { name }, now)
      return { playlist: withSongs(call, playlist.id) }
    }
    return { playlist: withSongs(call, playlists.create(viewer, params.string('name'), songs, now)) }
  }),

  tree('updatePlaylist', (call) => {
    const { params } = call
    const id = params.idOf('playlist', 'playlistId')
    const append = params.idsOf('song', 'songIdToAdd')
    const remove = params.integers('songIndexToRemove').filter((index) => index !== undefined)
    // The songs of one that mirrors a file are the file's; its name and its visibility are the owner's.
    const changesSongs = params.all('songIdToAdd').length > 0 || remove.length > 0
    const playlist = changesSongs ? editable(call, id) : owned(call, id)
    const { playlists } = call.services.repositories
    playlists.edit(call.viewer, playlist.id, remove, append, changesOf(params), call.services.clock.now())
    return {}
  }),

  tree('deletePlaylist', (call) => {
    call.services.repositories.playlists.remove(editable(call, call.params.idOf('playlist', 'id')).id)
    return {}
  }),
]

function ownerId(call: Call, name: string, id: Playlist['ownerId'] | undefined): Playlist['ownerId'] {
  if (id === call.user.id) return id
  if (!call.user.isAdmin) throw new AppError('FORBIDDEN', "Only administrators may list another user's playlists.")
  return found(id, `User '${name.slice(0, 64)}'`)
}

function withSongs(call: Call, id: PlaylistId): Tree {
  const { playlists } = call.services.repositories
  const playlist = found(playlists.find(call.viewer, id), 'Playlist')
  return {
    ...playlistTree(playlist, call.user.id, call.rendering),
    entry: mapList(playlists.songs(call.viewer, id), (song) => songChild(song, call.rendering)),
  }
}

function owned(call: Call, id: PlaylistId): Playlist {
  const playlist = found(call.services.repositories.playlists.find(call.viewer, id), 'Playlist')
  if (playlist.ownerId !== call.user.id) throw new AppError('FORBIDDEN', 'Only its owner may change a playlist.')
  return playlist
}

function editable(call: Call, id: PlaylistId): Playlist {
  const playlist = owned(call, id)
  if (!isEditable(playlist, call.user.id)) {
    throw new AppError('FORBIDDEN', 'This playlist mirrors a file of the library: change the file.')
  }
  return playlist
}

function changesOf(params: Params): PlaylistChanges {
  const name = params.optional('name')
  const comment = params.raw('comment')
  const isPublic = params.boolean('public', undefined)
  return {
    ...(name === undefined ? {} : { name }),
    ...(comment === undefined ? {} : { comment }),
    ...(isPublic === undefined ? {} : { public: isPublic }),
  }
}
