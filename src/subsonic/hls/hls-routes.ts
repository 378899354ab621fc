import { AppError, ERROR_CODES, isAppError } from '../../base/errors.ts'
import { text as textReply } from '../../http/reply.ts'
import type { Route, RouteParams } from '../../http/router.ts'
import type { HttpReply, HttpRequest } from '../../http/types.ts'
import type { Song, User, Viewer } from '../../library/entities.ts'
import { adtsFrames, timestampTag } from '../../media/hls/packed-audio.ts'
import { segmentsOf } from '../../media/hls/segments.ts'
import type { SubsonicServices } from '../services.ts'
import { mediaPlaylist, PLAYLIST_TYPE } from './playlist.ts'
import type { HlsTicket } from './tickets.ts'

/** A segment at the highest rate is half of that. */
const MOST_BYTES = 1 << 20

/**
 * What the addresses in a playlist lead to: playlists of one variant, and segments. The ticket in them is the login, and
 * stands in the query, which is in no log.
 */
export function hlsRoutes(services: SubsonicServices): readonly Route[] {
  const answer = (reply: (visit: Visit, params: RouteParams) => HttpReply | Promise<HttpReply>) => {
    return async (request: HttpRequest, params: RouteParams): Promise<HttpReply> => {
      try {
        return await reply(
          { request, ...(await admitted(services, new URLSearchParams(request.query).get('t') ?? '')) },
          params,
        )
      } catch (error) {
        return refusal(services, request, error)
      }
    }
  }
  return [
    { method: 'GET', path: '/hls/list.m3u8', handler: answer(listReply) },
    {
      method: 'GET',
      path: '/hls/:segment',
      handler: answer((visit, { segment }) => segmentReply(services, visit, String(segment))),
    },
  ]
}

interface Admitted {
  readonly ticket: HlsTicket
  /** As it came. */
  readonly text: string
  readonly user: User
  readonly viewer: Viewer
  readonly song: Song
}

interface Visit extends Admitted {
  readonly request: HttpRequest
}

/** The ticket and all that it stands for, as of now. */
async function admitted({ hls, repositories, scopes }: SubsonicServices, text: string): Promise<Admitted> {
  const ticket = hls.open(text)
  const user = ticket && repositories.users.find(ticket.userId)
  if (!ticket || !user || !isStillTrue(ticket, user)) throw gone()
  const { login } = ticket
  if ('keyId' in login && !repositories.apiKeys.listOf(user.id).some(({ id }) => id === login.keyId)) throw gone()
  const viewer = await scopes.viewer(user, 'stream')
  const song = repositories.songs.find(viewer, ticket.songId)
  if (!song) throw new AppError('NOT_FOUND', 'There is no such song.')
  return { ticket, text, user, viewer, song }
}

function isStillTrue({ login, maxBitRate }: HlsTicket, user: User): boolean {
  const isSameLogin = !('credentialsVersion' in login) || login.credentialsVersion === user.credentialsVersion
  return isSameLogin && maxBitRate === user.maxBitRate
}

function listReply({ song, ticket: { agreement }, text: ticket }: Visit): HttpReply {
  const segments = segmentsOf(song.durationMs, agreement.conversion.exact.sampleRate)
  return textReply(200, mediaPlaylist(segments, '', ticket), {
    'content-type': PLAYLIST_TYPE,
    'cache-control': 'private',
  })
}

async function segmentReply(services: SubsonicServices, visit: Visit, name: string): Promise<HttpReply> {
  const { ticket, user, viewer, song, request } = visit
  const { agreement, songId, client, login } = ticket
  const segments = segmentsOf(song.durationMs, agreement.conversion.exact.sampleRate)
  const index = Number(/^(\d{1,6})\.aac$/.exec(name)?.[1] ?? Number.NaN)
  if (!(index < segments.count)) throw new AppError('NOT_FOUND', 'There is no such segment.')
  const piece = segments.pieceOf(index)
  const source = await services.streamer.agreed(user, viewer, {
    songId,
    agreement,
    timeOffset: 0,
    piece,
    client,
    login,
  })
  const headers = { 'content-type': 'audio/aac', 'cache-control': 'private, max-age=86400' }
  // Nothing is converted for a look; how long it will be is not known then.
  if (request.method === 'HEAD')
    return { kind: 'source', headers, source: { contentType: 'audio/aac', open: source.open } }
  const stream = await source.open(undefined, request.signal)
  const parts: Uint8Array[] = []
  try {
    let bytes = 0
    for (let part = await stream.read(); part && bytes < MOST_BYTES; part = await stream.read()) {
      parts.push(part.slice())
      bytes += part.length
    }
  } finally {
    stream.close()
  }
  const frames = adtsFrames(Buffer.concat(parts), piece.skip, piece.frames)
  if (!frames) throw new AppError('TRANSCODE_FAILED', 'This part of the song could not be converted.')
  return { kind: 'bytes', status: 200, headers, body: Buffer.concat([timestampTag(piece.ticks), frames]) }
}

function refusal({ log }: SubsonicServices, request: HttpRequest, error: unknown): HttpReply {
  if (!isAppError(error)) log.error('an HLS segment failed', { request: request.id, err: error })
  const failure = isAppError(error) ? error : new AppError('INTERNAL', 'The server failed. Its log tells why.')
  const retry: Readonly<Record<string, string>> =
    failure.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(failure.retryAfter)) }
  return textReply(ERROR_CODES[failure.code].http, `${failure.message}\n`, { 'cache-control': 'no-store', ...retry })
}

function gone(): AppError {
  return new AppError('GONE', 'This address no longer holds. Ask for the playlist again.')
}
