import { decodeIdOf, encodeId, type SongId } from '../../base/ids.ts'
import type { VirtualPlaylist } from '../../hooks/hooks.ts'
import type { Song } from '../../library/entities.ts'
import type { Call } from '../call.ts'
import { inView } from '../responses/rendering.ts'
import { songChild, songCover } from '../responses/song.ts'
import { date, seconds } from '../responses/values.ts'
import { mapList, type Tree } from '../tree.ts'

/** Ids of real playlists have a digit or letter there. */
const PREFIX = 'v-'

export function isVirtualId(id: string): boolean {
  return id.startsWith(PREFIX)
}

/** The playlists that plugins lay beside a user's own, as far as the user may see their songs. */
export async function virtualPlaylists(call: Call): Promise<readonly Tree[]> {
  return (await listOf(call)).map((playlist) => headOf(call, playlist, songsOf(call, playlist)))
}

/** With its songs; undefined when no plugin gives it to this user now. */
export async function virtualPlaylist(call: Call, id: string): Promise<Tree | undefined> {
  const playlist = (await listOf(call)).find((one) => PREFIX + one.id === id)
  if (!playlist) return undefined
  const songs = songsOf(call, playlist)
  return { ...headOf(call, playlist, songs), entry: mapList(songs, (song) => songChild(song, call.rendering)) }
}

export function hasVirtualPlaylists({ services }: Call): boolean {
  return services.hooks.has('playlists.virtual')
}

async function listOf({ services, user }: Call): Promise<readonly VirtualPlaylist[]> {
  return services.hooks.collect('playlists.virtual', { userId: encodeId('user', user.id) })
}

function songsOf(call: Call, playlist: VirtualPlaylist): readonly Song[] {
  const ids = playlist.songIds.map((id) => decodeIdOf('song', id)).filter((id): id is SongId => id !== undefined)
  return call.services.repositories.songs.findMany(call.viewer, ids)
}

function headOf({ rendering }: Call, playlist: VirtualPlaylist, songs: readonly Song[]): Tree {
  const required = {
    id: PREFIX + playlist.id,
    name: playlist.name,
    songCount: songs.length,
    duration: seconds(songs.reduce((sum, song) => sum + song.durationMs, 0)),
    created: date(playlist.createdAt),
    changed: date(playlist.changedAt),
  }
  if (rendering.view === 'minimal') return required
  const first = songs[0]
  const full = {
    ...required,
    comment: playlist.comment,
    owner: playlist.owner,
    public: false,
    coverArt: first && songCover(first, rendering),
    readonly: true,
  }
  return inView('playlist', full, rendering.view)
}
