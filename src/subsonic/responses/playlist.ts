import { encodeId, type UserId } from '../../base/ids.ts'
import type { Playlist } from '../../library/entities.ts'
import { isEditable } from '../../library/playlist-rows.ts'
import type { Tree } from '../tree.ts'
import { inView, type Rendering } from './rendering.ts'
import { coverId, date, seconds } from './values.ts'

export function playlistTree(playlist: Playlist, userId: UserId, rendering: Rendering): Tree {
  const required = {
    id: encodeId('playlist', playlist.id),
    name: playlist.name,
    songCount: playlist.songCount,
    duration: seconds(playlist.durationMs),
    created: date(playlist.createdAt),
    changed: date(playlist.updatedAt),
  }
  if (rendering.view === 'minimal') return required
  const full = {
    ...required,
    comment: playlist.comment,
    owner: playlist.ownerName,
    public: playlist.public,
    coverArt: coverId('playlist', playlist, rendering),
    readonly: !isEditable(playlist, userId),
  }
  return inView('playlist', full, rendering.view)
}
