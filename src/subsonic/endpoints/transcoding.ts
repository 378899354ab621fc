import { AppError } from '../../base/errors.ts'
import type { SongId } from '../../base/ids.ts'
import type { Negotiated } from '../../media/negotiate/decide.ts'
import type { Sound } from '../../media/negotiate/sound.ts'
import { type Call, viewerFor } from '../call.ts'
import { readClientInfo } from '../client-info.ts'
import { bytes, type Endpoint, tree } from '../endpoint.ts'
import { known } from '../responses/values.ts'
import type { Tree } from '../tree.ts'
import { found } from './found.ts'

const BODY_BYTES = 1024 * 1024
const MEDIA_TYPES = ['song', 'podcast']
const NOTHING_FITS = 'no compatible playback profile found'

export const transcodingEndpoints: readonly Endpoint[] = [
  tree(
    'getTranscodeDecision',
    async (call) => {
      const { services, user, request } = call
      const songId = mediaOf(call)
      const wishes = readClientInfo(await request.body(BODY_BYTES))
      const song = found(services.repositories.songs.find(await viewerFor(call, 'stream'), songId), 'Song')
      const decision = await services.streamer.negotiate(user, song, wishes)
      const conversion = decision.kind === 'convert' ? decision.conversion : undefined
      const params = decision.kind === 'none' ? undefined : services.agreements.issue(user, song, conversion)
      return { transcodeDecision: decisionTree(decision, params) }
    },
    { needs: 'stream', method: 'POST', ownBody: true },
  ),

  bytes(
    'getTranscodeStream',
    async (call) => {
      const { services, user, params, client, proof } = call
      const songId = mediaOf(call)
      const text = params.string('transcodeParams')
      const offset = params.decimal('offset', 0)
      const viewer = await viewerFor(call, 'stream')
      found(services.repositories.songs.find(viewer, songId), 'Song')
      const agreement = services.agreements.open(user, songId, text)
      if (!agreement) throw new AppError('GONE', 'These transcodeParams no longer hold. Ask for another decision.')
      const request = { songId, agreement, timeOffset: Math.max(0, offset), client, login: proof }
      return { kind: 'source', headers: {}, source: await services.streamer.agreed(user, viewer, request) }
    },
    { needs: 'stream', plainFailures: true },
  ),
]

function mediaOf({ params }: Call): SongId {
  const mediaId = params.string('mediaId')
  const type = params.string('mediaType')
  if (!MEDIA_TYPES.includes(type))
    throw new AppError('BAD_REQUEST', `Parameter 'mediaType' must be one of ${MEDIA_TYPES.join(', ')}.`)
  if (type === 'podcast') throw new AppError('NOT_FOUND', `There is no podcast episode '${mediaId.slice(0, 64)}' here.`)
  return params.idOf('song', 'mediaId')
}

function decisionTree(decision: Negotiated, params: string | undefined): Tree {
  return {
    canDirectPlay: decision.kind === 'direct',
    canTranscode: decision.kind === 'convert',
    errorReason: decision.kind === 'none' ? NOTHING_FITS : undefined,
    transcodeParams: params,
    transcodeReason: decision.reasons.length > 0 ? decision.reasons : undefined,
    sourceStream: soundTree(decision.source),
    transcodeStream: decision.kind === 'convert' ? soundTree(decision.made) : undefined,
  }
}

function soundTree(sound: Sound): Tree {
  return {
    protocol: 'http',
    container: sound.container,
    codec: sound.codec,
    audioChannels: known(sound.channels),
    audioBitrate: known(sound.bitRate),
    audioProfile: sound.profile || undefined,
    audioSamplerate: known(sound.sampleRate),
    audioBitdepth: known(sound.bitDepth),
  }
}
