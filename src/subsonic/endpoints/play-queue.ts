import { AppError } from '../../base/errors.ts'
import { decodeIdOf, encodeId, type SongId } from '../../base/ids.ts'
import type { PlayQueue } from '../../library/entities.ts'
import { placeInQueue } from '../../library/queue-place.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { songChild } from '../responses/song.ts'
import { date } from '../responses/values.ts'
import { mapList, type Tree } from '../tree.ts'

/** One queue a user; both pairs of calls read and write it. */
export const playQueueEndpoints: readonly Endpoint[] = [
  tree('getPlayQueue', (call) => {
    const queue = call.services.repositories.playQueues.find(call.viewer)
    const song = queue?.songIds[queue.currentIndex]
    return { playQueue: { current: song && encodeId('song', song), ...queueTree(call, queue) } }
  }),

  tree('getPlayQueueByIndex', (call) => {
    const queue = call.services.repositories.playQueues.find(call.viewer)
    const currentIndex = queue && queue.songIds.length > 0 ? queue.currentIndex : undefined
    return { playQueueByIndex: { currentIndex, ...queueTree(call, queue) } }
  }),

  tree('savePlayQueue', (call) => {
    const songs = call.params.idsOf('song', 'id')
    const current = call.params.optional('current')
    // Some clients leave `current` out while a radio plays, or name a song that is no longer in the list: the first then.
    const index = current === undefined ? 0 : songs.indexOf(decodeIdOf('song', current) ?? (0 as SongId))
    return save(call, songs, Math.max(0, index))
  }),

  tree('savePlayQueueByIndex', (call) => {
    const ids = call.params.all('id').map((text) => decodeIdOf('song', text))
    const index = call.params.integer('currentIndex', undefined)
    const queue = ids.length === 0 ? placeInQueue(ids, 0) : placeInQueue(ids, index ?? -1)
    if (!queue)
      throw new AppError('INVALID_PARAMETER', "Parameter 'currentIndex' must be the place of a song in the queue.")
    return save(call, queue.songs, queue.currentIndex)
  }),
]

/** A queue that was never saved, or was cleared, is empty: the schema wants the element all the same. */
function queueTree(call: Call, queue: PlayQueue | undefined): Tree {
  return {
    position: queue?.positionMs ?? 0,
    username: call.user.name,
    changed: date(queue?.changedAt ?? call.user.createdAt),
    changedBy: queue?.changedBy ?? '',
    entry: mapList(queue?.songs ?? [], (song) => songChild(song, call.rendering)),
  }
}

function save(call: Call, songs: readonly SongId[], currentIndex: number): Tree {
  const { playQueues } = call.services.repositories
  if (songs.length === 0) {
    playQueues.clear(call.user.id)
    return {}
  }
  playQueues.save(call.user.id, {
    songs,
    currentIndex,
    positionMs: Math.max(0, call.params.integer('position', 0)),
    changedBy: call.client,
    changedAt: call.services.clock.now(),
  })
  return {}
}
