import { AppError } from '../../base/errors.ts'
import { decodeIdOf, encodeId } from '../../base/ids.ts'
import type { Repositories } from '../../library/repositories.ts'
import type { PlaybackReader } from '../api/reader-api.ts'
import type { PlayCredits } from '../api/statistics-api.ts'
import type { Generation } from '../host/generation.ts'
import { bounded } from './bounded.ts'
import { deferred } from './deferred.ts'
import type { ReaderServices } from './viewers.ts'

const MAX_PLAYS = 1_000
const MAX_CREDITS = 1_000

export function createPlaybackReader(generation: Generation, services: ReaderServices): PlaybackReader {
  return deferred(generation, {
    async plays(query: Parameters<PlaybackReader['plays']>[0]) {
      return services.repositories.plays
        .journal(bounded(query.after ?? 0, Number.MAX_SAFE_INTEGER), bounded(query.limit, MAX_PLAYS))
        .map((play) => ({
          id: play.id,
          userId: encodeId('user', play.userId),
          mediaId: encodeId('song', play.songId),
          at: play.at,
          client: play.client,
        }))
    },
    credits: async (mediaIds: readonly string[]) => creditsOf(services.repositories, mediaIds),
  })
}

function creditsOf({ statistics }: Repositories, mediaIds: readonly string[]): readonly PlayCredits[] {
  if (mediaIds.length > MAX_CREDITS) throw new AppError('BAD_REQUEST', `at most ${MAX_CREDITS} ids a call`)
  const keys = mediaIds.map((id) => decodeIdOf('song', id)).filter((key) => key !== undefined)
  return statistics.credits(keys).map((credits) => ({
    mediaId: encodeId('song', credits.songId),
    libraryId: credits.libraryId,
    albumId: encodeId('album', credits.albumId),
    artistIds: credits.artistIds.map((id) => encodeId('artist', id)),
    genreIds: credits.genreIds,
    durationMs: credits.durationMs,
  }))
}
