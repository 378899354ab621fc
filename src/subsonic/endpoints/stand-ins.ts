import { AppError } from '../../base/errors.ts'
import type { Role } from '../../library/entities.ts'
import type { Call } from '../call.ts'
import { absent, type Endpoint, tree } from '../endpoint.ts'
import type { Tree } from '../tree.ts'
import { found } from './found.ts'

const NO_SHARING = 'Sharing is not available on this server.'
const NO_PODCASTS = 'Podcasts are not available on this server.'

/**
 * Features that the core doesn't have, and a plugin may bring. What clients read while they synchronise answers ok and
 * empty (one failing call stops some of them); what would change something answers an error.
 */
export const standIns: readonly Endpoint[] = [
  absent('getShares', NO_SHARING),
  absent('createShare', NO_SHARING),
  absent('updateShare', NO_SHARING),
  absent('deleteShare', NO_SHARING),

  tree('getPodcasts', () => ({ podcasts: { channel: [] } }), { standIn: true }),
  tree('getNewestPodcasts', () => ({ newestPodcasts: { episode: [] } }), { standIn: true }),
  tree('getPodcastEpisode', ({ params }) => noEpisode(params.string('id')), { standIn: true }),
  refused('refreshPodcasts', NO_PODCASTS, 'podcast'),
  refused('createPodcastChannel', NO_PODCASTS, 'podcast'),
  refused('deletePodcastChannel', NO_PODCASTS, 'podcast'),
  refused('deletePodcastEpisode', NO_PODCASTS, 'podcast'),
  refused('downloadPodcastEpisode', NO_PODCASTS, 'podcast'),

  tree('getSonicSimilarTracks', (call) => withoutAnalysis(call, ['id']), { standIn: true }),
  tree('findSonicPath', (call) => withoutAnalysis(call, ['startSongId', 'endSongId']), { standIn: true }),

  tree('getChatMessages', () => ({ chatMessages: { chatMessage: [] } }), { standIn: true }),
  refused('addChatMessage', 'There is no chat on this server.'),

  refused('jukeboxControl', 'This server has no jukebox.', 'jukebox'),
]

function noEpisode(id: string): never {
  throw new AppError('NOT_FOUND', `There is no podcast episode '${id}'.`)
}

/** Songs that nobody has listened to for how they sound are like no other: the answer of `sonicSimilarity` before an analysis. */
function withoutAnalysis(call: Call, songs: readonly string[]): Tree {
  for (const name of songs)
    found(call.services.repositories.songs.find(call.viewer, call.params.idOf('song', name)), 'Song')
  return { sonicMatch: [] }
}

function refused(name: string, reason: string, needs?: Role): Endpoint {
  const handle = () => {
    throw new AppError('UNSUPPORTED', reason)
  }
  return tree(name, handle, { standIn: true, ...(needs ? { needs } : {}) })
}
