import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DecisionInput, decideStream } from '../../src/media/stream-decision.ts'
import { DEFAULT_PROFILES } from '../../src/media/transcode/profiles.ts'

const FLAC = { suffix: 'flac', codec: 'FLAC', bitRate: 900, size: 27_000_000, durationMs: 240_000, channels: 2 }
const MP3 = { ...FLAC, suffix: 'mp3', codec: 'MPEG 1 Layer 3', bitRate: 320, size: 9_600_000 }
const MP3_LOW = { ...MP3, bitRate: 128 }
const AAC = { ...MP3, suffix: 'm4a', codec: 'MPEG-4/AAC', bitRate: 256 }
const ALAC = { ...FLAC, suffix: 'm4a', codec: 'ALAC' }
const OPUS_IN_OGG = { ...MP3, suffix: 'ogg', codec: 'Opus', bitRate: 160 }
const WMA = { ...MP3, suffix: 'wma', codec: 'Windows Media Audio 9.2', bitRate: 192 }

interface Case {
  readonly name: string
  readonly song: DecisionInput['song']
  readonly format?: string
  readonly max?: number
  readonly user?: number
  readonly server?: number
  readonly profiles?: readonly string[]
  readonly defaultFormat?: string
  readonly gives: string
}

const CASES: readonly Case[] = [
  { name: 'nothing asked', song: FLAC, gives: 'raw' },
  { name: 'raw asked', song: FLAC, format: 'raw', gives: 'raw' },
  { name: 'raw asked with a limit', song: FLAC, format: 'raw', max: 128, gives: 'raw' },
  { name: 'raw asked in capitals', song: FLAC, format: 'RAW', max: 128, gives: 'raw' },
  { name: 'raw asked of a limited user', song: FLAC, format: 'raw', user: 128, gives: 'raw' },
  { name: 'no limit, as DSub says it', song: FLAC, max: 0, gives: 'raw' },
  { name: 'a negative limit is none', song: FLAC, max: -1, gives: 'raw' },
  { name: 'a limit above the song', song: MP3, max: 400, gives: 'raw' },
  { name: 'a limit that the song just meets', song: MP3, max: 320, gives: 'raw' },
  { name: 'a limit below the song', song: MP3, max: 128, gives: 'mp3 128' },
  { name: 'a limit below a lossless song', song: FLAC, max: 320, gives: 'mp3 320' },
  { name: 'a limit between two steps', song: FLAC, max: 100, gives: 'mp3 96' },
  { name: 'a limit below the smallest step', song: FLAC, max: 1, gives: 'mp3 32' },
  { name: 'the limit of the user', song: MP3, user: 96, gives: 'mp3 96' },
  { name: 'the smaller of both limits', song: MP3, max: 256, user: 160, gives: 'mp3 160' },
  { name: 'the smaller of both limits, the other way', song: MP3, max: 64, user: 160, gives: 'mp3 64' },
  { name: 'the limit of the server', song: FLAC, server: 224, gives: 'mp3 192' },
  { name: 'the limit of the server beats a wish', song: FLAC, max: 320, server: 224, gives: 'mp3 224' },
  { name: 'a format without a limit', song: FLAC, format: 'opus', gives: 'opus 128' },
  { name: 'a format in capitals', song: FLAC, format: 'OPUS', gives: 'opus 128' },
  { name: 'a format with a wish', song: FLAC, format: 'opus', max: 96, gives: 'opus 96' },
  { name: 'a format with a wish above the profile', song: FLAC, format: 'mp3', max: 320, gives: 'mp3 320' },
  { name: 'the same format', song: MP3, format: 'mp3', gives: 'raw' },
  { name: 'the same format within the limit', song: MP3, format: 'mp3', max: 320, gives: 'raw' },
  { name: 'the same format above the limit', song: MP3, format: 'mp3', max: 192, gives: 'mp3 192' },
  { name: 'another lossy format is not blown up', song: AAC, format: 'mp3', max: 320, gives: 'mp3 256' },
  { name: 'a poor song gets the profile, not the wish', song: MP3_LOW, format: 'opus', max: 320, gives: 'opus 128' },
  { name: 'aac for an m4a that is one', song: AAC, format: 'aac', gives: 'raw' },
  { name: 'aac for an m4a that is lossless', song: ALAC, format: 'aac', gives: 'aac 192' },
  { name: 'opus for an ogg that holds it', song: OPUS_IN_OGG, format: 'opus', gives: 'raw' },
  { name: 'ogg for an ogg', song: OPUS_IN_OGG, format: 'ogg', gives: 'raw' },
  { name: 'flac for a flac', song: FLAC, format: 'flac', gives: 'raw' },
  { name: 'flac for another lossless song', song: ALAC, format: 'flac', gives: 'flac 0' },
  { name: 'flac for a lossy song is refused', song: MP3, format: 'flac', gives: 'raw' },
  { name: 'flac for a lossy song above the limit', song: MP3, format: 'flac', max: 128, gives: 'mp3 128' },
  { name: 'flac within a limit is not possible', song: ALAC, format: 'flac', max: 320, gives: 'mp3 320' },
  { name: 'an unknown format', song: FLAC, format: 'xyz', gives: 'mp3 192' },
  { name: 'an unknown format for what is the default already', song: MP3, format: 'xyz', gives: 'raw' },
  { name: 'an unknown format that the song has', song: WMA, format: 'wma', gives: 'raw' },
  { name: 'an empty format', song: FLAC, format: '', gives: 'raw' },
  { name: 'another default', song: FLAC, max: 128, defaultFormat: 'opus', gives: 'opus 128' },
  { name: 'a lossless default can not limit', song: FLAC, max: 128, defaultFormat: 'flac', gives: 'mp3 128' },
  { name: 'a default that there is not', song: FLAC, max: 128, defaultFormat: 'xyz', gives: 'mp3 128' },
  { name: 'a profile that the engine lacks', song: FLAC, format: 'opus', profiles: ['mp3', 'ogg'], gives: 'mp3 192' },
  { name: 'no profile at all', song: FLAC, format: 'mp3', max: 64, profiles: [], gives: 'raw' },
  { name: 'only lossless profiles', song: FLAC, max: 128, profiles: ['flac'], gives: 'raw' },
  { name: 'an unknown bit rate is computed', song: { ...MP3, bitRate: 0 }, max: 128, gives: 'mp3 128' },
  { name: 'a song that nothing is known of', song: { ...MP3, bitRate: 0, durationMs: 0 }, max: 128, gives: 'raw' },
  {
    name: 'one channel has a smaller maximum',
    song: { ...FLAC, channels: 1 },
    format: 'ogg',
    max: 320,
    gives: 'ogg 192',
  },
]

for (const { name, gives, ...rest } of CASES) {
  test(`decides: ${name} gives ${gives}`, () => {
    const decision = decideStream({
      song: rest.song,
      format: rest.format,
      requestedBitRate: rest.max ?? 0,
      userBitRate: rest.user ?? 0,
      serverBitRate: rest.server ?? 0,
      profiles: DEFAULT_PROFILES.filter((profile) => rest.profiles?.includes(profile.name) ?? true),
      defaultFormat: rest.defaultFormat ?? 'mp3',
    })
    assert.equal(decision.raw ? 'raw' : `${decision.profile.name} ${decision.bitRate}`, gives)
  })
}
