import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ffmpegArguments, type TranscodeSpec } from '../../src/media/transcode/ffmpeg-arguments.ts'
import {
  DEFAULT_PROFILES,
  fitBitRate,
  mergeProfiles,
  type TranscodeProfile,
} from '../../src/media/transcode/profiles.ts'

function profile(name: string): TranscodeProfile {
  const found = DEFAULT_PROFILES.find((one) => one.name === name)
  assert.ok(found)
  return found
}

function argumentsOf(name: string, more: Partial<TranscodeSpec> = {}): readonly string[] {
  const spec: TranscodeSpec = {
    inputPath: '/music/a b; $(x).flac',
    inputSuffix: 'flac',
    profile: profile(name),
    bitRate: 128,
    offsetMs: 0,
    sampleRate: 44_100,
    channels: 2,
    ...more,
  }
  return ffmpegArguments(spec, `file:${spec.inputPath}`)
}

/** The value behind an option; undefined without it. */
function optionOf(list: readonly string[], option: string): string | undefined {
  const index = list.indexOf(option)
  return index < 0 ? undefined : list[index + 1]
}

test('the input is one argument, whatever its name holds', () => {
  assert.equal(optionOf(argumentsOf('mp3'), '-i'), 'file:/music/a b; $(x).flac')
})

test('only the first sound comes along, and only local files are opened', () => {
  const list = argumentsOf('mp3')
  assert.equal(optionOf(list, '-map'), '0:a:0')
  assert.ok(list.includes('-vn'))
  assert.equal(optionOf(list, '-protocol_whitelist'), 'file,pipe')
  assert.doesNotMatch(optionOf(list, '-format_whitelist') ?? '', /hls|concat|m3u|lavfi/)
  assert.equal(list.at(-1), 'pipe:1')
})

test('the offset is sought in the input, to the millisecond', () => {
  const list = argumentsOf('mp3', { offsetMs: 61_234 })
  assert.equal(optionOf(list, '-ss'), '61.234')
  assert.ok(list.indexOf('-ss') < list.indexOf('-i'))
  assert.equal(argumentsOf('mp3').includes('-ss'), false)
})

test('the bit rate is put in its place', () => {
  assert.equal(optionOf(argumentsOf('mp3', { bitRate: 96 }), '-b:a'), '96k')
  assert.equal(optionOf(argumentsOf('flac', { bitRate: 0 }), '-b:a'), undefined)
})

const RATES: readonly (readonly [string, number, string | undefined])[] = [
  ['opus', 44_100, '48000'],
  ['opus', 0, '48000'],
  ['mp3', 44_100, undefined],
  ['mp3', 48_000, undefined],
  ['mp3', 0, undefined],
  ['mp3', 96_000, '48000'],
  ['mp3', 88_200, '44100'],
  ['mp3', 22_050, '44100'],
  ['ogg', 8_000, '48000'],
  ['aac', 192_000, '48000'],
  ['flac', 96_000, undefined],
  ['flac', 2_822_400, '88200'],
]
for (const [name, rate, expected] of RATES) {
  test(`${name} of ${rate} Hz is resampled to ${expected ?? 'nothing else'}`, () => {
    assert.equal(optionOf(argumentsOf(name, { sampleRate: rate }), '-ar'), expected)
  })
}

test('surround sound becomes stereo in lossy formats only', () => {
  assert.equal(optionOf(argumentsOf('opus', { channels: 6 }), '-ac'), '2')
  assert.equal(optionOf(argumentsOf('opus', { channels: 1 }), '-ac'), undefined)
  assert.equal(optionOf(argumentsOf('flac', { channels: 6 }), '-ac'), undefined)
})

test('a bit rate fits the steps or the range of its profile', () => {
  const fits = [
    fitBitRate(profile('mp3'), 200, 2),
    fitBitRate(profile('mp3'), 5, 2),
    fitBitRate(profile('mp3'), 9999, 2),
    fitBitRate(profile('opus'), 101.7, 2),
    fitBitRate(profile('opus'), 4, 2),
    fitBitRate(profile('aac'), 320, 1),
    fitBitRate(profile('flac'), 320, 2),
  ]
  assert.deepEqual(fits, [192, 32, 320, 101, 16, 160, 0])
})

test('settings change a profile, switch one off and add one', () => {
  const merged = mergeProfiles([
    { name: 'MP3', bitRate: 256 },
    { name: 'aac', enabled: false },
    { name: 'ac3', contentType: 'audio/ac3', encoder: 'ac3', arguments: ['-c:a', 'ac3', '-f', 'ac3'] },
  ])
  assert.deepEqual(
    merged.map(({ name, bitRate, suffix }) => `${name} ${bitRate} ${suffix}`),
    ['mp3 256 mp3', 'opus 128 opus', 'ogg 192 ogg', 'flac 0 flac', 'ac3 192 ac3'],
  )
  assert.equal(merged[0]?.encoder, 'libmp3lame')
})
