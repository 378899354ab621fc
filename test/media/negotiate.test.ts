import assert from 'node:assert/strict'
import { test } from 'node:test'
import { negotiate } from '../../src/media/negotiate/decide.ts'
import { targetsOf } from '../../src/media/negotiate/targets.ts'
import { mergeProfiles } from '../../src/media/transcode/profiles.ts'
import {
  AAC,
  ALAC,
  becomes,
  CD,
  codec,
  FLAC_ONLY,
  limit,
  MONO,
  MP3,
  MP3_LOW,
  MP3_ONLY,
  type NegotiationCase,
  OPUS,
  plays,
  STUDIO,
  SURROUND,
  TO_AAC,
  TO_FLAC,
  TO_MP3,
  told,
  tryAll,
  UNKNOWN,
  VORBIS,
  WAV,
  WMA,
  wish,
} from './negotiate-case.ts'

const CASES: readonly NegotiationCase[] = [
  // Containers and codecs.
  { name: 'the same', song: MP3, wishes: MP3_ONLY, gives: 'direct' },
  { name: 'another codec', song: CD, wishes: MP3_ONLY, gives: 'mp3/mp3 192k 44100 2ch' },
  { name: 'any container and codec', song: WMA, wishes: { directPlayProfiles: plays('*/*') }, gives: 'direct' },
  { name: 'a star is any too', song: WMA, wishes: { directPlayProfiles: plays('*+*/*+*') }, gives: 'direct' },
  { name: 'any codec in a container', song: OPUS, wishes: { directPlayProfiles: plays('ogg/*') }, gives: 'direct' },
  { name: 'any container of a codec', song: OPUS, wishes: { directPlayProfiles: plays('*/opus') }, gives: 'direct' },
  { name: 'capitals', song: MP3, wishes: { directPlayProfiles: plays('MP3/MP3') }, gives: 'direct' },
  { name: 'm4a is mp4', song: AAC, wishes: { directPlayProfiles: plays('mp4/aac') }, gives: 'direct' },
  { name: 'mp4 by its ending', song: AAC, wishes: { directPlayProfiles: plays('m4a/mp4a.40.2') }, gives: 'direct' },
  { name: 'raw AAC is not mp4', song: AAC, wishes: { directPlayProfiles: plays('adts/aac') }, gives: 'none' },
  { name: 'lossless m4a is no aac', song: ALAC, wishes: { directPlayProfiles: plays('mp4/aac') }, gives: 'none' },
  { name: 'lossless m4a', song: ALAC, wishes: { directPlayProfiles: plays('mp4/aac+alac') }, gives: 'direct' },
  { name: 'opus as a container', song: OPUS, wishes: { directPlayProfiles: plays('opus/opus') }, gives: 'direct' },
  { name: 'oga is ogg', song: VORBIS, wishes: { directPlayProfiles: plays('ogg/vorbis') }, gives: 'direct' },
  { name: 'vorbis is no opus', song: VORBIS, wishes: { directPlayProfiles: plays('ogg/opus') }, gives: 'none' },
  { name: 'wav as a codec', song: WAV, wishes: { directPlayProfiles: plays('wav/wav') }, gives: 'direct' },
  { name: 'pcm of that width', song: WAV, wishes: { directPlayProfiles: plays('wav/pcm_s16le') }, gives: 'direct' },
  { name: 'pcm of another width', song: WAV, wishes: { directPlayProfiles: plays('wav/pcm_s24le') }, gives: 'none' },
  {
    name: 'a name that lies',
    song: { ...CD, suffix: 'mp3' },
    wishes: { directPlayProfiles: plays('mp3/*', 'flac/flac') },
    gives: 'direct',
  },
  { name: 'a name that nobody knows', song: MP3, wishes: { directPlayProfiles: plays('xyz/zyx') }, gives: 'none' },
  { name: 'no profile at all', song: MP3, wishes: {}, gives: 'none' },
  { name: 'no direct profile', song: MP3, wishes: TO_MP3, gives: 'mp3/mp3 192k 44100 2ch' },
  // Order and what is at hand.
  {
    name: 'the first that can be made',
    song: CD,
    wishes: { transcodingProfiles: becomes('x/y', 'ogg/opus') },
    gives: 'ogg/opus 128k 48000 2ch',
  },
  {
    name: 'the order of the client',
    song: CD,
    wishes: { transcodingProfiles: becomes('ogg/opus', 'mp3/mp3') },
    gives: 'ogg/opus 128k 48000 2ch',
  },
  {
    name: 'vorbis',
    song: CD,
    wishes: { transcodingProfiles: becomes('ogg/vorbis') },
    gives: 'ogg/vorbis 192k 44100 2ch',
  },
  {
    name: 'aac as it is',
    song: CD,
    wishes: { transcodingProfiles: becomes('aac/aac') },
    gives: 'aac/aac 192k 44100 2ch',
  },
  { name: 'aac in mp4', song: CD, wishes: TO_AAC, gives: 'mp4/aac 192k 44100 2ch' },
  {
    name: 'opus in webm',
    song: CD,
    wishes: { transcodingProfiles: becomes('webm/opus') },
    gives: 'webm/opus 128k 48000 2ch',
  },
  {
    name: 'a container alone',
    song: CD,
    wishes: { transcodingProfiles: becomes('mp4/') },
    gives: 'mp4/aac 192k 44100 2ch',
  },
  {
    name: 'a codec alone',
    song: CD,
    wishes: { transcodingProfiles: becomes('/opus') },
    gives: 'ogg/opus 128k 48000 2ch',
  },
  {
    name: 'opus as a container to convert to',
    song: CD,
    wishes: { transcodingProfiles: becomes('opus/') },
    gives: 'ogg/opus 128k 48000 2ch',
  },
  {
    name: 'a codec in a foreign container',
    song: CD,
    wishes: { transcodingProfiles: becomes('mp4/opus') },
    gives: 'none',
  },
  {
    name: 'hls is not made here',
    song: CD,
    wishes: { transcodingProfiles: becomes('mp3/mp3').map((one) => ({ ...one, protocol: 'hls' })) },
    gives: 'none',
  },
  {
    name: 'hls is not played here',
    song: MP3,
    wishes: { directPlayProfiles: plays('mp3/mp3').map((one) => ({ ...one, protocols: ['hls'] })) },
    gives: 'none',
  },
  {
    name: 'an engine without opus',
    song: CD,
    encoders: ['libmp3lame', 'aac'],
    wishes: { transcodingProfiles: becomes('ogg/opus', 'mp3/mp3') },
    gives: 'mp3/mp3 192k 44100 2ch',
  },
  { name: 'no engine', song: CD, encoders: [], wishes: MP3_ONLY, gives: 'none' },
  { name: 'no engine, and it plays', song: MP3, encoders: [], wishes: MP3_ONLY, gives: 'direct' },
  { name: 'lossless from lossless', song: WAV, wishes: FLAC_ONLY, gives: 'flac/flac 0k 44100 2ch 16bit' },
  { name: 'lossless never from lossy', song: MP3, wishes: FLAC_ONLY, gives: 'none' },
  {
    name: 'lossless never from lossy, the next is',
    song: AAC,
    wishes: { transcodingProfiles: becomes('flac/flac', 'mp3/mp3') },
    gives: 'mp3/mp3 192k 44100 2ch',
  },
  // Bit rates.
  { name: 'a limit above the song', song: MP3, wishes: { ...MP3_ONLY, maxAudioBitrate: 320_000 }, gives: 'direct' },
  {
    name: 'a limit below the song',
    song: MP3,
    wishes: { ...MP3_ONLY, maxAudioBitrate: 128_000 },
    gives: 'mp3/mp3 128k 44100 2ch',
  },
  { name: 'kbit/s by mistake leave nothing', song: MP3, wishes: { ...MP3_ONLY, maxAudioBitrate: 128 }, gives: 'none' },
  {
    name: 'a wish for what is converted',
    song: CD,
    wishes: { ...MP3_ONLY, maxTranscodingAudioBitrate: 256_000 },
    gives: 'mp3/mp3 256k 44100 2ch',
  },
  {
    name: 'that wish leaves the song alone',
    song: MP3,
    wishes: { ...MP3_ONLY, maxTranscodingAudioBitrate: 64_000 },
    gives: 'direct',
  },
  {
    name: 'a wish above all encoders',
    song: CD,
    wishes: { ...MP3_ONLY, maxTranscodingAudioBitrate: 9_999_999_999 },
    gives: 'mp3/mp3 320k 44100 2ch',
  },
  {
    name: 'both: the smaller counts',
    song: CD,
    wishes: { ...MP3_ONLY, maxTranscodingAudioBitrate: 256_000, maxAudioBitrate: 200_000 },
    gives: 'mp3/mp3 192k 44100 2ch',
  },
  {
    name: 'lossy is not blown up',
    song: MP3_LOW,
    wishes: { transcodingProfiles: becomes('ogg/opus'), maxTranscodingAudioBitrate: 320_000 },
    gives: 'ogg/opus 128k 48000 2ch',
  },
  {
    name: 'lossless above the limit becomes lossy',
    song: CD,
    wishes: { transcodingProfiles: becomes('flac/flac', 'mp3/mp3'), maxAudioBitrate: 500_000 },
    gives: 'mp3/mp3 320k 44100 2ch',
  },
  {
    name: 'lossless within the limit',
    song: CD,
    wishes: { ...TO_FLAC, maxAudioBitrate: 1_000_000 },
    gives: 'flac/flac 0k 44100 2ch 16bit',
  },
  { name: 'a user’s limit', song: MP3, limits: [128, 0], wishes: MP3_ONLY, gives: 'mp3/mp3 128k 44100 2ch' },
  { name: 'a server’s limit', song: MP3, limits: [0, 192], wishes: MP3_ONLY, gives: 'mp3/mp3 192k 44100 2ch' },
  {
    name: 'a limit beats a wish',
    song: CD,
    limits: [96, 192],
    wishes: { ...MP3_ONLY, maxTranscodingAudioBitrate: 320_000 },
    gives: 'mp3/mp3 96k 44100 2ch',
  },
  {
    name: 'a user’s limit binds what would play',
    song: CD,
    limits: [128],
    wishes: { directPlayProfiles: plays('*/*') },
    gives: 'none',
  },
  {
    name: 'it binds nobody where nothing converts',
    song: CD,
    limits: [128],
    encoders: [],
    wishes: { directPlayProfiles: plays('*/*') },
    gives: 'direct',
  },
  {
    name: 'an unknown bit rate is measured',
    song: { ...MP3, bitRate: 0, size: 9_600_000 },
    wishes: { ...MP3_ONLY, maxAudioBitrate: 256_000 },
    gives: 'mp3/mp3 256k 44100 2ch',
  },
  {
    name: 'one channel takes less',
    song: MONO,
    wishes: { ...TO_AAC, maxTranscodingAudioBitrate: 320_000 },
    gives: 'mp4/aac 160k 44100 1ch',
  },
  // Limitations of what is played as it is.
  {
    name: 'a required limit that holds',
    song: CD,
    wishes: { ...FLAC_ONLY, codecProfiles: [codec('flac', limit('audioSamplerate', 'LessThanEqual', '48000'))] },
    gives: 'direct',
  },
  {
    name: 'of another codec',
    song: CD,
    wishes: { ...FLAC_ONLY, codecProfiles: [codec('mp3', limit('audioSamplerate', 'LessThanEqual', '8000'))] },
    gives: 'direct',
  },
  {
    name: 'a limit that is not required',
    song: STUDIO,
    wishes: {
      directPlayProfiles: plays('flac/flac'),
      codecProfiles: [codec('flac', limit('audioSamplerate', 'LessThanEqual', '48000', false))],
    },
    gives: 'direct',
  },
  {
    name: 'only the first value orders',
    song: CD,
    wishes: {
      directPlayProfiles: plays('flac/flac'),
      codecProfiles: [codec('flac', limit('audioSamplerate', 'LessThanEqual', '22050 96000'))],
    },
    gives: 'none',
  },
  {
    name: 'at least',
    song: CD,
    wishes: {
      directPlayProfiles: plays('flac/flac'),
      codecProfiles: [codec('flac', limit('audioBitdepth', 'GreaterThanEqual', '24'))],
    },
    gives: 'none',
  },
  {
    name: 'any of',
    song: CD,
    wishes: {
      directPlayProfiles: plays('flac/flac'),
      codecProfiles: [codec('flac', limit('audioChannels', 'Equals', '1 2'))],
    },
    gives: 'direct',
  },
  {
    name: 'none of',
    song: CD,
    wishes: {
      directPlayProfiles: plays('flac/flac'),
      codecProfiles: [codec('flac', limit('audioChannels', 'NotEquals', '1 2'))],
    },
    gives: 'none',
  },
  {
    name: 'no values limit nothing',
    song: CD,
    wishes: {
      directPlayProfiles: plays('flac/flac'),
      codecProfiles: [codec('flac', limit('audioChannels', 'Equals', ''))],
    },
    gives: 'direct',
  },
  {
    name: 'bits of lossy sound',
    song: MP3,
    wishes: {
      directPlayProfiles: plays('mp3/mp3'),
      codecProfiles: [codec('mp3', limit('audioBitdepth', 'Equals', '24'))],
    },
    gives: 'direct',
  },
  {
    name: 'bit rate in bit/s',
    song: MP3,
    wishes: { ...MP3_ONLY, codecProfiles: [codec('mp3', limit('audioBitrate', 'LessThanEqual', '320000'))] },
    gives: 'direct',
  },
  {
    name: 'several profiles of a codec',
    song: CD,
    wishes: {
      directPlayProfiles: plays('flac/flac'),
      codecProfiles: [
        codec('flac', limit('audioChannels', 'Equals', '2')),
        codec('FLAC', limit('audioBitdepth', 'Equals', '24')),
      ],
    },
    gives: 'none',
  },
  {
    name: 'an unknown fact meets no requirement',
    song: UNKNOWN,
    wishes: {
      directPlayProfiles: plays('flac/flac'),
      codecProfiles: [codec('flac', limit('audioSamplerate', 'LessThanEqual', '48000'))],
    },
    gives: 'none',
  },
  {
    name: 'an unknown fact meets a wish',
    song: UNKNOWN,
    wishes: {
      directPlayProfiles: plays('flac/flac'),
      codecProfiles: [codec('flac', limit('audioSamplerate', 'LessThanEqual', '48000', false))],
    },
    gives: 'direct',
  },
  {
    name: 'a required profile that is unknown',
    song: AAC,
    wishes: {
      directPlayProfiles: plays('mp4/aac'),
      codecProfiles: [codec('aac', limit('audioProfile', 'Equals', 'LC'))],
    },
    gives: 'none',
  },
  {
    name: 'a wanted profile that is unknown',
    song: AAC,
    wishes: {
      directPlayProfiles: plays('mp4/aac'),
      codecProfiles: [codec('aac', limit('audioProfile', 'Equals', 'LC', false))],
    },
    gives: 'direct',
  },
  {
    name: 'a codec without profiles has not this one',
    song: MP3,
    wishes: {
      directPlayProfiles: plays('mp3/mp3'),
      codecProfiles: [codec('mp3', limit('audioProfile', 'NotEquals', 'HE-AAC'))],
    },
    gives: 'direct',
  },
  {
    name: 'too many channels for a profile',
    song: SURROUND,
    wishes: { directPlayProfiles: plays('flac/flac').map((one) => ({ ...one, maxAudioChannels: 2 })) },
    gives: 'none',
  },
  {
    name: 'enough channels for a profile',
    song: SURROUND,
    wishes: { directPlayProfiles: plays('flac/flac').map((one) => ({ ...one, maxAudioChannels: 6 })) },
    gives: 'direct',
  },
]

tryAll(CASES)

test('there is a reason for each profile that was refused, in order', () => {
  const wishes = wish({
    directPlayProfiles: [
      ...plays('mp3/mp3', 'flac/opus'),
      { containers: ['flac'], audioCodecs: [], protocols: ['hls'], maxAudioChannels: 0 },
      { containers: ['flac'], audioCodecs: [], protocols: ['http'], maxAudioChannels: 1 },
      ...plays('flac/flac'),
    ],
    codecProfiles: [codec('flac', limit('audioBitdepth', 'Equals', '24'))],
  })
  assert.deepEqual(negotiate({ song: CD, wishes, limits: [], targets: [] }).reasons, [
    'container not supported',
    'audio codec not supported',
    'protocol not supported',
    'audio channels not supported',
    'audio bitdepth not supported',
  ])
  const plain = wish({ directPlayProfiles: plays('*/*', 'mp3/mp3') })
  assert.deepEqual(negotiate({ song: CD, wishes: plain, limits: [], targets: [] }).reasons, [])
  const limited = { ...plain, maxAudioBitrate: 1 }
  assert.deepEqual(negotiate({ song: CD, wishes: limited, limits: [], targets: [] }).reasons, [
    'audio bitrate not supported',
  ])
})

test('what a person made of the profiles is offered as far as it can be told', () => {
  const described = (...changes: Parameters<typeof mergeProfiles>[0]) =>
    targetsOf(mergeProfiles(changes)).map(({ container, codec: name, fixed }) => [container, name, fixed.sampleRate])
  const given = described(
    { name: 'mp3', arguments: ['-c:a', 'libmp3lame', '-q:a', '2', '-ar', '48000', '-f', 'mp3'] },
    { name: 'aac', enabled: false },
    { name: 'opus', enabled: false },
    { name: 'ogg', arguments: ['-af', 'loudnorm', '-c:a', 'libvorbis', '-f', 'ogg'] },
    { name: 'odd', encoder: 'thing', arguments: ['-f', 'thing'] },
    { name: 'alac', encoder: 'alac', arguments: ['-c:a', 'alac', '-f', 'ipod'] },
  )
  assert.deepEqual(given, [
    ['mp3', 'mp3', 48_000],
    ['flac', 'flac', 0],
    ['mp4', 'alac', 0],
  ])
  // Of a rate that the encoder chooses nothing can be promised.
  const targets = targetsOf(
    mergeProfiles([{ name: 'mp3', arguments: ['-c:a', 'libmp3lame', '-q:a', '2', '-f', 'mp3'] }]),
  )
  assert.equal(told(negotiate({ song: CD, wishes: wish(TO_MP3), limits: [], targets })), 'mp3/mp3 0k 44100 2ch')
  assert.equal(told(negotiate({ song: CD, wishes: wish(TO_MP3), limits: [256], targets })), 'none')
})
