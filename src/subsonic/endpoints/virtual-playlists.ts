import { decodeIdOf, encodeId, type SongId } from '../../base/ids.ts'
import type { VirtualPlaylist } from '../../hooks/hooks.ts'
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

/** Songs that are loaded at a time: only their covers are kept. */
const CHUNK = 500

/** What a list says of a playlist's songs. */
interface Summary {
  readonly count: number
  readonly durationMs: number
  readonly cover: string | undefined
}

/** The playlists that plugins lay beside a user's own, as far as the user may see their songs. */
export async function virtualPlaylists(call: Call): Promise<readonly Tree[]> {
  const playlists = await listOf(call)
  const { songs } = call.services.repositories
  const lists = playlists.map(songIdsOf)
  const lengths = songs.lengths(call.viewer, [...new Set(lists.flat())])
  const visible = lists.map((ids) => ids.filter((id) => lengths.has(id)))
  const firsts = [...new Set(visible.flatMap((ids) => ids[0] ?? []))]
  const covers = new Map<SongId, string | undefined>()
  for (let at = 0; at < firsts.length; at += CHUNK)
    for (const song of songs.findMany(call.viewer, firsts.slice(at, at + CHUNK)))
      covers.set(song.id, songCover(song, call.rendering))
  return playlists.map((playlist, index) => {
    const ids = visible[index] ?? []
    return headOf(call, playlist, {
      count: ids.length,
      durationMs: ids.reduce((sum, id) => sum + (lengths.get(id) ?? 0), 0),
      cover: ids[0] === undefined ? undefined : covers.get(ids[0]),
    })
  })
}

/** With its songs; undefined when no plugin gives it to this user now. */
export async function virtualPlaylist(call: Call, id: string): Promise<Tree | undefined> {
  const wanted = id.slice(PREFIX.length)
  const playlist = (await listOf(call, wanted)).find((one) => one.id === wanted)
  if (!playlist) return undefined
  const songs = call.services.repositories.songs.findMany(call.viewer, songIdsOf(playlist))
  const first = songs[0]
  const head = headOf(call, playlist, {
    count: songs.length,
    durationMs: songs.reduce((sum, song) => sum + song.durationMs, 0),
    cover: first && songCover(first, call.rendering),
  })
  return { ...head, entry: mapList(songs, (song) => songChild(song, call.rendering)) }
}

/** Its songs, whoever may see them; undefined when no plugin gives it to this user now. */
export async function virtualPlaylistSongs(
  call: Call,
  id: string,
): Promise<{ readonly name: string; readonly songIds: readonly SongId[] } | undefined> {
  const wanted = id.slice(PREFIX.length)
  const playlist = (await listOf(call, wanted)).find((one) => one.id === wanted)
  return playlist && { name: playlist.name, songIds: songIdsOf(playlist) }
}

export function hasVirtualPlaylists({ services }: Call): boolean {
  return services.hooks.has('playlists.virtual')
}

async function listOf({ services, user }: Call, id?: string): Promise<readonly VirtualPlaylist[]> {
  const userId = encodeId('user', user.id)
  return services.hooks.collect('playlists.virtual', id === undefined ? { userId } : { userId, id })
}

function songIdsOf(playlist: VirtualPlaylist): readonly SongId[] {
  return playlist.songIds.map((id) => decodeIdOf('song', id)).filter((id): id is SongId => id !== undefined)
}

function headOf({ rendering }: Call, playlist: VirtualPlaylist, { count, durationMs, cover }: Summary): Tree {
  const required = {
    id: PREFIX + playlist.id,
    name: playlist.name,
    songCount: count,
    duration: seconds(durationMs),
    created: date(playlist.createdAt),
    changed: date(playlist.changedAt),
  }
  if (rendering.view === 'minimal') return required
  const full = {
    ...required,
    comment: playlist.comment,
    owner: playlist.owner,
    public: false,
    coverArt: cover,
    readonly: true,
  }
  return inView('playlist', full, rendering.view)
}
