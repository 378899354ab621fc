import { AppError } from '../../base/errors.ts'
import type { Role } from '../../library/entities.ts'
import { absent, type Endpoint, tree } from '../endpoint.ts'

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
  refused('refreshPodcasts', NO_PODCASTS, 'podcast'),
  refused('createPodcastChannel', NO_PODCASTS, 'podcast'),
  refused('deletePodcastChannel', NO_PODCASTS, 'podcast'),
  refused('deletePodcastEpisode', NO_PODCASTS, 'podcast'),
  refused('downloadPodcastEpisode', NO_PODCASTS, 'podcast'),

  tree('getChatMessages', () => ({ chatMessages: { chatMessage: [] } }), { standIn: true }),
  refused('addChatMessage', 'There is no chat on this server.'),

  refused('jukeboxControl', 'This server has no jukebox.', 'jukebox'),
]

function refused(name: string, reason: string, needs?: Role): Endpoint {
  const handle = () => {
    throw new AppError('UNSUPPORTED', reason)
  }
  return tree(name, handle, { standIn: true, ...(needs ? { needs } : {}) })
}
