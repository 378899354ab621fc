import { AppError } from '../../base/errors.ts'
import type { Song } from '../../library/entities.ts'
import { segmentsOf } from '../../media/hls/segments.ts'
import { type Call, viewerFor } from '../call.ts'
import { bytes, type Endpoint } from '../endpoint.ts'
import { masterPlaylist, mediaPlaylist, PLAYLIST_TYPE } from '../hls/playlist.ts'
import { found } from './found.ts'

/** Variants that one playlist names at most. */
const MOST_VARIANTS = 8
/** Relative to `/rest/`, so that it holds behind any proxy. */
const BASE = '../hls/'
/** kbit/s; who wants less gets that. */
const LOWEST = 32
/** The list of a longer recording would itself be longer than a song. */
const LONGEST_MS = 24 * 3_600_000

export const hlsEndpoints: readonly Endpoint[] = [
  bytes(
    'hls.m3u8',
    async (call) => {
      const { services, params } = call
      const songId = params.idOf('song', 'id')
      const song = found(services.repositories.songs.find(await viewerFor(call, 'stream'), songId), 'Song')
      if (song.durationMs <= 0 || song.durationMs > LONGEST_MS)
        throw new AppError('UNSUPPORTED', 'A song of this length has no segments. Play it by stream.')
      const variants = await variantsOf(call, song, wishesOf(params.all('bitRate')))
      const [only] = variants
      const body =
        variants.length === 1 && only
          ? mediaPlaylist(segmentsOf(song.durationMs, only.sampleRate), BASE, only.ticket)
          : masterPlaylist(
              variants.map(({ bitRate, ticket }) => ({ bitRate, address: `${BASE}list.m3u8?t=${ticket}` })),
            )
      const headers = { 'content-type': PLAYLIST_TYPE, 'cache-control': 'no-store' }
      return { kind: 'bytes', status: 200, headers, body }
    },
    { needs: 'stream' },
  ),
]

/** kbit/s, each once; 0 = no wish. The size of a picture (`1000@480x360`) means nothing here, nor does what is no number. */
function wishesOf(texts: readonly string[]): readonly number[] {
  const rates = texts.flatMap((text) => {
    const rate = /^(\d{1,7})(@\d+x\d+)?$/.exec(text)?.[1]
    return rate === undefined ? [] : [Number(rate) === 0 ? 0 : Math.max(LOWEST, Number(rate))]
  })
  const all = [...new Set(rates)].slice(0, MOST_VARIANTS)
  return all.length === 0 ? [0] : all
}

interface Made {
  /** bit/s */
  readonly bitRate: number
  readonly sampleRate: number
  readonly ticket: string
}

/** Wishes that come to the same within all limits are one variant. */
async function variantsOf(call: Call, song: Song, wishes: readonly number[]): Promise<readonly Made[]> {
  const { services, user } = call
  const made = new Map<number, Made>()
  for (const rate of wishes) {
    const decision = await services.streamer.negotiate(user, song, {
      maxAudioBitrate: 0,
      maxTranscodingAudioBitrate: rate * 1000,
      directPlayProfiles: [],
      transcodingProfiles: [{ container: 'aac', audioCodec: 'aac', protocol: 'http', maxAudioChannels: 2 }],
      codecProfiles: [],
    })
    if (decision.kind !== 'convert')
      throw new AppError('UNAVAILABLE', 'This server can not make segments of this song.')
    const { conversion, made: sound } = decision
    made.set(conversion.bitRate, {
      bitRate: conversion.bitRate * 1000,
      sampleRate: sound.sampleRate,
      ticket: services.hls.issue(call, song, conversion),
    })
  }
  return [...made.values()]
}
