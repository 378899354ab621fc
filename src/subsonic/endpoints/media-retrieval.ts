import type { ByteSource } from '../../base/byte-source.ts'
import { AppError } from '../../base/errors.ts'
import type { HttpReply } from '../../http/types.ts'
import { titleName } from '../../media/archive-names.ts'
import { askedFormat } from '../../media/asked-format.ts'
import { avatarPng } from '../avatar.ts'
import { type Call, viewerFor } from '../call.ts'
import { bytes, type Endpoint, tree } from '../endpoint.ts'
import { unknownId } from '../params.ts'
import { enhancedLyrics, plainLyrics, structuredLyrics } from '../responses/lyrics.ts'
import type { Tree } from '../tree.ts'
import { coverIdOf } from './cover-id.ts'
import { archiveContent, downloadIdOf } from './download.ts'
import { found } from './found.ts'

/** Longest edge that may be asked for; larger wishes get this. */
const LARGEST_COVER = 4096

export const mediaRetrievalEndpoints: readonly Endpoint[] = [
  bytes(
    'stream',
    async (call) => {
      const { params, services, user } = call
      const songId = params.idOf('song', 'id')
      const maxBitRate = params.integer('maxBitRate', undefined)
      const format = params.optional('format')
      const timeOffset = params.decimal('timeOffset', undefined)
      return media(
        await services.streamer.stream(user, await viewerFor(call, 'stream'), {
          songId,
          client: call.client,
          login: call.proof,
          estimateContentLength: params.boolean('estimateContentLength', false),
          ...(maxBitRate === undefined ? {} : { maxBitRate: Math.max(0, maxBitRate) }),
          ...(format === undefined ? {} : { format }),
          ...(timeOffset === undefined ? {} : { timeOffset: Math.max(0, timeOffset) }),
        }),
      )
    },
    { needs: 'stream' },
  ),

  bytes(
    'download',
    async (call) => {
      const id = downloadIdOf(call.params.string('id')) ?? unknownId('id')
      const viewer = await viewerFor(call, 'download')
      const { streamer } = call.services
      const format = call.params.optional('format')
      const maxBitRate = call.params.integer('bitrate', call.params.integer('bitRate', undefined))
      const request = {
        client: call.client,
        login: call.proof,
        ...(format === undefined ? {} : { format }),
        ...(maxBitRate === undefined ? {} : { maxBitRate: Math.max(0, maxBitRate) }),
      }
      if (id.kind === 'song') return media(await streamer.download(call.user, viewer, { ...request, songId: id.key }))
      const { title, list, isPlaylist } = await archiveContent(call, viewer, id, (song) =>
        askedFormat(format) === undefined ? song.suffix : streamer.plan(call.user, song, request).suffix,
      )
      const names = isPlaylist ? { playlistName: `${titleName(title)}.m3u8` } : {}
      const downloadName = `${titleName(title)}.zip`
      return media(await streamer.archive(call.user, { ...request, ...names, downloadName, list }))
    },
    { needs: 'download' },
  ),

  bytes('getCoverArt', async (call) => {
    const { id, ...which } = coverIdOf(call.params.string('id')) ?? unknownId('id')
    const size = call.params.integer('size', 0)
    const square = call.params.boolean('square', false)
    const viewer = await viewerFor(call, 'cover')
    const edge = size > 0 ? Math.min(size, LARGEST_COVER) : undefined
    const { signal } = call.request
    return media(await call.services.artwork.cover(viewer, id, edge, { ...which, square, client: call.client, signal }))
  }),

  tree('getLyrics', async (call) => ({ lyrics: await lyricsByName(call) })),

  tree('getLyricsBySongId', async ({ services, viewer, params }) => {
    const song = found(services.repositories.songs.find(viewer, params.idOf('song', 'id')), 'Song')
    const enhanced = params.boolean('enhanced', false)
    const all = await services.lyrics.ofSong(viewer, song.id, { enhanced })
    const answer = enhanced ? enhancedLyrics : structuredLyrics
    return { lyricsList: { structuredLyrics: all.map((lyrics) => answer(song, lyrics)) } }
  }),

  // Drawn from the name alone, so that it tells nobody which users exist.
  bytes('getAvatar', ({ params }) => ({
    kind: 'bytes',
    status: 200,
    headers: { 'content-type': 'image/png', 'cache-control': 'private, max-age=86400' },
    body: avatarPng(params.string('username')),
  })),

  bytes('getCaptions', ({ params }) => {
    params.string('id')
    throw new AppError('NOT_FOUND', 'There are no videos on this server.')
  }),
]

function media(source: ByteSource): HttpReply {
  return { kind: 'source', headers: {}, source }
}

async function lyricsByName({ services, viewer, params }: Call): Promise<Tree> {
  const artist = params.optional('artist')
  const title = params.optional('title')
  if (artist === undefined || title === undefined) return { value: '' }
  const song = services.repositories.songs.byArtistAndTitle(viewer, artist, title)
  const lyrics = song && (await services.lyrics.ofSong(viewer, song.id))[0]
  return song && lyrics ? { artist: song.artist, title: song.title, value: plainLyrics(lyrics) } : { value: '' }
}
