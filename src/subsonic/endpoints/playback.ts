import { AppError, isAppError } from '../../base/errors.ts'
import { decodeIdOf } from '../../base/ids.ts'
import type { PlayReport } from '../../playback/play-report.ts'
import type { NowPlayingEntry } from '../../playback/playback.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { invalid, type Params } from '../params.ts'
import { inView } from '../responses/rendering.ts'
import { songChild } from '../responses/song.ts'
import type { Tree } from '../tree.ts'

const STATES: readonly PlayReport['state'][] = ['starting', 'playing', 'paused', 'stopped']
const TYPES = ['song', 'podcast'] as const
/** Nothing plays slower or faster than this, and a clock that does would make nonsense of positions and ends. */
const SLOWEST = 0.01
const FASTEST = 100

export const playbackEndpoints: readonly Endpoint[] = [
  tree('reportPlayback', async ({ services, viewer, params, client }) => {
    const { id, type, ...report } = asTheExtensionFails(() => reportOf(params))
    const songId = type === 'song' ? decodeIdOf('song', id) : undefined
    if (songId === undefined || !services.playback.report(viewer, { ...report, songId }, client))
      throw new AppError('NOT_FOUND', "Nothing is known by the 'mediaId' that was sent.")
    await services.playback.kept()
    return {}
  }),

  tree('getNowPlaying', ({ services, viewer, rendering }) => ({
    nowPlaying: {
      entry: services.playback.listNowPlaying(viewer).map((entry) => ({
        ...songChild(entry.song, rendering),
        ...inView('player', playerOf(entry), rendering.view),
      })),
    },
  })),
]

function reportOf(params: Params) {
  const id = params.string('mediaId')
  const type = oneOf(params, 'mediaType', TYPES)
  const positionMs = params.integer('positionMs')
  if (positionMs < 0) return invalid('positionMs', 'at least 0')
  const state = oneOf(params, 'state', STATES)
  return {
    id,
    type,
    positionMs,
    state,
    playbackRate: rateOf(params),
    ignoreScrobble: params.boolean('ignoreScrobble', false),
  }
}

/** Code 10 is only for what is missing here, and 0 for what is wrong. */
function asTheExtensionFails<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isAppError(error) && error.code === 'INVALID_PARAMETER') throw new AppError('BAD_REQUEST', error.message)
    throw error
  }
}

function playerOf({ user, minutesAgo, playerId, client, state, positionMs, playbackRate }: NowPlayingEntry): Tree {
  return { username: user.name, minutesAgo, playerId, playerName: client, state, positionMs, playbackRate }
}

function oneOf<T extends string>(params: Params, name: string, known: readonly T[]): T {
  const text = params.string(name)
  return known.find((one) => one === text) ?? invalid(name, `one of ${known.join(', ')}`)
}

/** Unlike other numbers that need not be sent it has to be one: a wrong guess would run the clock wrongly. */
function rateOf(params: Params): number {
  const rate = params.optional('playbackRate') === undefined ? 1 : params.decimal('playbackRate', undefined)
  if (rate === undefined || rate < SLOWEST || rate > FASTEST)
    return invalid('playbackRate', `a number from ${SLOWEST} to ${FASTEST}`)
  return rate
}
