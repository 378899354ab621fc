import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientWishes, CodecProfile, Limitation } from '../../src/media/negotiate/client-wishes.ts'
import { type Negotiated, negotiate } from '../../src/media/negotiate/decide.ts'
import type { SongFacts, Sound } from '../../src/media/negotiate/sound.ts'
import { targetsOf } from '../../src/media/negotiate/targets.ts'
import { DEFAULT_PROFILES } from '../../src/media/transcode/profiles.ts'

export const CD: SongFacts = {
  suffix: 'flac',
  codec: 'flac',
  bitRate: 900,
  size: 27_000_000,
  durationMs: 240_000,
  channels: 2,
  sampleRate: 44_100,
  bitDepth: 16,
}
export const STUDIO: SongFacts = { ...CD, bitRate: 4600, sampleRate: 192_000, bitDepth: 24 }
export const SURROUND: SongFacts = { ...CD, bitRate: 3000, sampleRate: 96_000, bitDepth: 24, channels: 6 }
export const WAV: SongFacts = { ...CD, suffix: 'wav', codec: 'pcm', bitRate: 1411 }
export const WAV_LOW: SongFacts = { ...WAV, bitRate: 176, sampleRate: 11_025, channels: 1 }
export const DSD: SongFacts = { ...CD, suffix: 'dsf', codec: 'dsd', bitRate: 5645, sampleRate: 2_822_400, bitDepth: 1 }
export const MP3: SongFacts = { ...CD, suffix: 'mp3', codec: 'mp3', bitRate: 320, bitDepth: 0 }
export const MP3_LOW: SongFacts = { ...MP3, bitRate: 96 }
export const AAC: SongFacts = { ...MP3, suffix: 'm4a', codec: 'aac', bitRate: 256 }
export const ALAC: SongFacts = { ...CD, suffix: 'm4a', codec: 'alac' }
export const OPUS: SongFacts = { ...MP3, suffix: 'opus', codec: 'opus', bitRate: 160, sampleRate: 48_000 }
export const VORBIS: SongFacts = { ...MP3, suffix: 'oga', codec: 'vorbis', bitRate: 192 }
export const WMA: SongFacts = { ...MP3, suffix: 'wma', codec: 'wma', bitRate: 192 }
export const MONO: SongFacts = { ...CD, channels: 1, bitRate: 450 }
export const UNKNOWN: SongFacts = { ...CD, bitRate: 0, size: 0, durationMs: 0, channels: 0, sampleRate: 0, bitDepth: 0 }

type Direct = `${string}/${string}`

/** `mp4/aac` as a profile; `*` = an empty list. */
export const plays = (...all: Direct[]) =>
  all.map((one) => {
    const [containers = [], audioCodecs = []] = one.split('/').map((text) => (text === '*' ? [] : text.split('+')))
    return { containers, audioCodecs, protocols: [] as string[], maxAudioChannels: 0 }
  })
export const becomes = (...all: Direct[]) =>
  all.map((one) => {
    const [container = '', audioCodec = ''] = one.split('/')
    return { container, audioCodec, protocol: 'http', maxAudioChannels: 0 }
  })
export const limit = (
  name: Limitation['name'],
  comparison: Limitation['comparison'],
  values: string,
  required = true,
): Limitation => ({
  name,
  comparison,
  values: values.split(' ').filter((one) => one !== ''),
  required,
})
export const codec = (name: string, ...limitations: Limitation[]): CodecProfile => ({ name, limitations })
export const wish = (given: Partial<ClientWishes>): ClientWishes => ({
  maxAudioBitrate: 0,
  maxTranscodingAudioBitrate: 0,
  directPlayProfiles: [],
  transcodingProfiles: [],
  codecProfiles: [],
  ...given,
})

export interface NegotiationCase {
  readonly name: string
  readonly song: SongFacts
  readonly wishes: Partial<ClientWishes>
  readonly limits?: readonly number[]
  /** Encoders of the engine; absent = all that the profiles want. */
  readonly encoders?: readonly string[]
  readonly gives: string
}

export const MP3_ONLY = { directPlayProfiles: plays('mp3/mp3'), transcodingProfiles: becomes('mp3/mp3') }
export const FLAC_ONLY = { directPlayProfiles: plays('flac/flac'), transcodingProfiles: becomes('flac/flac') }
export const TO_MP3 = { transcodingProfiles: becomes('mp3/mp3') }
export const TO_AAC = { transcodingProfiles: becomes('mp4/aac') }
export const TO_FLAC = { transcodingProfiles: becomes('flac/flac') }
/** What bonob says of a Sonos. */
export const SONOS: Partial<ClientWishes> = {
  directPlayProfiles: plays('mp3/mp3', 'ogg/vorbis', 'flac/flac', 'mp4/aac'),
  transcodingProfiles: becomes('flac/flac', 'mp3/mp3'),
  codecProfiles: [
    codec('flac', limit('audioSamplerate', 'LessThanEqual', '48000'), limit('audioChannels', 'Equals', '1 2')),
    codec('mp3', limit('audioSamplerate', 'LessThanEqual', '48000')),
  ],
}

/** One test each. */
export function tryAll(cases: readonly NegotiationCase[]): void {
  for (const one of cases) {
    test(`${one.name}: ${one.gives}`, () => {
      const profiles = DEFAULT_PROFILES.filter(({ encoder }) => one.encoders?.includes(encoder) ?? true)
      const { song, limits = [] } = one
      assert.equal(told(negotiate({ song, wishes: wish(one.wishes), limits, targets: targetsOf(profiles) })), one.gives)
    })
  }
}

/** `direct`, `none` or what is made. */
export function told(decision: Negotiated): string {
  return decision.kind === 'convert' ? soundOf(decision.made) : decision.kind
}

function soundOf({ container, codec: name, bitRate, sampleRate, channels, bitDepth }: Sound): string {
  const depth = bitDepth > 0 ? ` ${bitDepth}bit` : ''
  return `${container}/${name} ${bitRate / 1000}k ${sampleRate} ${channels}ch${depth}`
}
