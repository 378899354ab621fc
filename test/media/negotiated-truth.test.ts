import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { EMPTY_SCOPE } from '../../src/base/access-scope.ts'
import { AppError } from '../../src/base/errors.ts'
import type { Song } from '../../src/library/entities.ts'
import type { Agreement } from '../../src/media/agreed-source.ts'
import type { RunningStreamer } from '../../src/media/create-streamer.ts'
import type { ClientWishes } from '../../src/media/negotiate/client-wishes.ts'
import type { Negotiated } from '../../src/media/negotiate/decide.ts'
import type { Sound } from '../../src/media/negotiate/sound.ts'
import { tempFolder } from '../support/temp-database.ts'
import { eventually, type MediaHome, mediaHome, readAll } from './media-home.ts'
import { becomes, codec, limit, plays, wish } from './negotiate-case.ts'

const HAS_FFMPEG = spawnSync('ffprobe', ['-version']).status === 0
const skip = HAS_FFMPEG ? false : 'no ffmpeg on this machine'
const SECONDS = 4
const ABOUT = 0.15
/** Encoders that take as much as they need: of noise some less than they may. */
const VARIABLE = new Set(['opus', 'vorbis'])
const SAVED = 0.5

const CHANNELS = (count: number) => Array.from({ length: count }, () => '0.2*random(0)-0.1').join('|')
const SOURCES = {
  wav: {
    facts: { suffix: 'wav', codec: 'pcm', bitRate: 1411, sampleRate: 44_100, channels: 2, bitDepth: 16 },
    make: [],
  },
  studio: {
    facts: { suffix: 'flac', codec: 'flac', bitRate: 3900, sampleRate: 96_000, channels: 2, bitDepth: 24 },
    make: ['-sample_fmt', 's32'],
  },
  surround: {
    facts: { suffix: 'flac', codec: 'flac', bitRate: 4200, sampleRate: 48_000, channels: 6, bitDepth: 16 },
    make: ['-sample_fmt', 's16'],
  },
  mono: {
    facts: { suffix: 'm4a', codec: 'aac', bitRate: 128, sampleRate: 48_000, channels: 1 },
    make: ['-c:a', 'aac', '-b:a', '128k'],
  },
} as const

interface Promised {
  /** Tried with the WebAssembly engine too, which takes its time. */
  readonly everywhere?: true
  readonly source: keyof typeof SOURCES
  readonly wishes: Partial<ClientWishes>
}

const PROMISES: readonly Promised[] = [
  { source: 'wav', wishes: { transcodingProfiles: becomes('mp3/mp3') } },
  { source: 'studio', wishes: { transcodingProfiles: becomes('mp3/mp3'), maxAudioBitrate: 128_000 } },
  {
    everywhere: true,
    source: 'wav',
    wishes: {
      transcodingProfiles: becomes('mp3/mp3'),
      codecProfiles: [
        codec('mp3', limit('audioSamplerate', 'LessThanEqual', '24000'), limit('audioChannels', 'Equals', '1')),
      ],
    },
  },
  {
    everywhere: true,
    source: 'studio',
    wishes: { transcodingProfiles: becomes('ogg/opus'), maxTranscodingAudioBitrate: 96_000 },
  },
  { source: 'wav', wishes: { transcodingProfiles: becomes('webm/opus') } },
  { everywhere: true, source: 'wav', wishes: { transcodingProfiles: becomes('ogg/vorbis') } },
  { everywhere: true, source: 'surround', wishes: { transcodingProfiles: becomes('mp4/aac') } },
  { source: 'mono', wishes: { transcodingProfiles: becomes('aac/aac'), maxTranscodingAudioBitrate: 320_000 } },
  {
    source: 'wav',
    wishes: {
      transcodingProfiles: becomes('mp4/aac'),
      maxTranscodingAudioBitrate: 320_000,
      codecProfiles: [codec('aac', limit('audioSamplerate', 'Equals', '16000'), limit('audioProfile', 'Equals', 'LC'))],
    },
  },
  {
    source: 'mono',
    wishes: {
      transcodingProfiles: becomes('mp3/mp3'),
      codecProfiles: [codec('mp3', limit('audioChannels', 'Equals', '2'))],
    },
  },
  { source: 'surround', wishes: { transcodingProfiles: becomes('flac/flac') } },
  {
    everywhere: true,
    source: 'studio',
    wishes: {
      transcodingProfiles: becomes('flac/flac'),
      codecProfiles: [
        codec('flac', limit('audioSamplerate', 'LessThanEqual', '48000'), limit('audioBitdepth', 'Equals', '16')),
      ],
    },
  },
  { source: 'studio', wishes: { transcodingProfiles: becomes('flac/flac') } },
  {
    source: 'wav',
    wishes: {
      transcodingProfiles: becomes('flac/flac'),
      codecProfiles: [codec('flac', limit('audioBitdepth', 'Equals', '24'))],
    },
  },
]

function addSource(home: MediaHome, name: keyof typeof SOURCES): Song {
  const { facts, make } = SOURCES[name]
  const file = join(home.folder, `source-${name}.${facts.suffix}`)
  const noise = `aevalsrc=${CHANNELS(facts.channels)}:s=${facts.sampleRate}:d=${SECONDS}`
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', noise, ...make, file])
  return home.addSong(execFileSync('cat', [file], { maxBuffer: 1 << 26 }), { durationMs: SECONDS * 1000, ...facts })
}

function agreementOf(song: Song, decision: Negotiated): Agreement {
  const stamp = { size: song.size, mtimeMs: song.mtimeMs }
  if (decision.kind !== 'convert') return stamp
  const { target, bitRate, exact } = decision.conversion
  return { ...stamp, conversion: { profile: target.profile.name, container: target.container, bitRate, exact } }
}

function ask(streamer: RunningStreamer, home: MediaHome, song: Song, agreement: Agreement, timeOffset = 0) {
  return streamer.agreed(home.user, home.viewer, { songId: song.id, agreement, timeOffset, client: 'x' })
}

interface Probed {
  readonly format: { readonly format_name: string; readonly duration?: string }
  readonly streams: readonly {
    readonly codec_name: string
    readonly profile?: string
    readonly channels: number
    readonly sample_rate: string
    readonly bits_per_raw_sample?: string
  }[]
}

function probed(file: string): Probed {
  const show = [
    '-show_entries',
    'format=format_name,duration:stream=codec_name,profile,channels,sample_rate,bits_per_raw_sample',
  ]
  return JSON.parse(execFileSync('ffprobe', ['-v', 'error', ...show, '-of', 'json', file], { encoding: 'utf8' }))
}

/** By decoding: heads that were written to a pipe tell no length. */
function secondsOf(file: string): number {
  const text = spawnSync('ffmpeg', ['-v', 'info', '-stats', '-i', file, '-f', 'null', '-'], { encoding: 'utf8' }).stderr
  const times = [...text.matchAll(/time=(\d+):(\d+):([\d.]+)/g)]
  const [, hours, minutes, seconds] = times.at(-1) ?? []
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}

function assertKept(promise: Sound, file: string, bytes: number): void {
  const { format, streams } = probed(file)
  assert.ok(format.format_name.split(',').includes(promise.container), `${format.format_name} for ${promise.container}`)
  assert.equal(streams.length, 1)
  const [found] = streams
  assert.equal(found?.codec_name, promise.codec)
  assert.equal(found?.channels, promise.channels)
  assert.equal(Number(found?.sample_rate), promise.sampleRate)
  if (promise.profile) assert.equal(found?.profile, promise.profile)
  if (promise.bitDepth) assert.equal(Number(found?.bits_per_raw_sample), promise.bitDepth)
  const seconds = secondsOf(file)
  assert.ok(Math.abs(seconds - SECONDS) < 0.2, `${seconds} s`)
  const rate = (bytes * 8) / seconds
  const least = VARIABLE.has(promise.codec) ? SAVED : 1 - ABOUT
  if (promise.bitRate === 0) return
  const share = rate / promise.bitRate
  assert.ok(share > least && share < 1 + ABOUT, `${Math.round(rate)} for ${promise.bitRate} bit/s`)
}

for (const engine of ['native', 'wasm'] as const) {
  test(`${engine}: what was promised is what comes`, { skip, timeout: 240_000 }, async (t) => {
    const home = mediaHome(t)
    const streamer = await home.streamer({ engine })
    const songs = new Map(Object.keys(SOURCES).map((name) => [name, addSource(home, name as keyof typeof SOURCES)]))
    const tried = PROMISES.filter(({ everywhere }) => everywhere || engine === 'native')
    for (const [index, { source, wishes }] of tried.entries()) {
      const song = songs.get(source) as Song
      const decision = await streamer.negotiate(home.user, song, wish(wishes))
      assert.equal(decision.kind, 'convert')
      const sent = await ask(streamer, home, song, agreementOf(song, decision))
      const bytes = await readAll(sent)
      const file = join(home.folder, `sent-${index}`)
      writeFileSync(file, bytes)
      const { made } = decision as Extract<Negotiated, { kind: 'convert' }>
      const { container, codec: name } = made
      await t.test(`${source} as ${container}/${name} ${made.sampleRate} ${made.channels}`, () =>
        assertKept({ ...made, container: container === 'mp4' ? 'mov' : container }, file, bytes.length),
      )
    }
  })
}

test('what plays as it is comes as it is, with ranges; what is converted has them when it is kept', {
  skip,
}, async (t) => {
  const home = mediaHome(t)
  const streamer = await home.streamer({ engine: 'native' })
  const song = addSource(home, 'wav')
  const direct = await streamer.negotiate(home.user, song, wish({ directPlayProfiles: plays('wav/pcm') }))
  const whole = await ask(streamer, home, song, agreementOf(song, direct), 3)
  assert.equal(whole.length, song.size)
  assert.equal((await readAll(whole, { start: 100, end: 199 })).length, 100)

  const converted = agreementOf(
    song,
    await streamer.negotiate(home.user, song, wish({ transcodingProfiles: becomes('mp4/aac') })),
  )
  const live = await ask(streamer, home, song, converted)
  assert.equal(live.length, undefined)
  assert.equal(live.contentType, 'audio/mp4')
  const bytes = await readAll(live)
  await eventually(() => streamer.status().transcoder?.running.length === 0, 'the job ends')
  const kept = await ask(streamer, home, song, converted)
  assert.equal(kept.length, bytes.length)

  const later = join(home.folder, 'later')
  writeFileSync(later, await readAll(await ask(streamer, home, song, converted, 2)))
  assert.ok(Math.abs(secondsOf(later) - 2) < 0.2)
})

test('an agreement dies with the file, and with what made it', { skip }, async (t) => {
  const home = mediaHome(t)
  const streamer = await home.streamer({ engine: 'native' })
  const song = addSource(home, 'wav')
  const wishes = wish({ directPlayProfiles: plays('wav/pcm'), transcodingProfiles: becomes('mp3/mp3') })
  const direct = agreementOf(song, await streamer.negotiate(home.user, song, wishes))
  const limited = { ...home.user, maxBitRate: 128 }
  const converted = agreementOf(song, await streamer.negotiate(limited, song, wishes))
  const isGone = (error: unknown) => error instanceof AppError && error.code === 'GONE'
  const without = await home.streamer({ engine: 'off', cacheDir: tempFolder(t) })
  await assert.rejects(ask(without, home, song, converted), isGone)
  assert.equal((await ask(without, home, song, direct)).length, song.size)
  utimesSync(home.pathOf(song), 1, 1)
  await assert.rejects(ask(streamer, home, song, direct), isGone)
  await assert.rejects(ask(streamer, home, song, converted), isGone)
})

test('who may not stream, or no longer sees the song, gets nothing for an agreement', { skip }, async (t) => {
  const home = mediaHome(t)
  const streamer = await home.streamer({ engine: 'native' })
  const song = addSource(home, 'wav')
  const agreement = { size: song.size, mtimeMs: song.mtimeMs }
  const request = { songId: song.id, agreement, timeOffset: 0, client: 'x' }
  const failsWith = (code: string) => (error: unknown) => error instanceof AppError && error.code === code
  await assert.rejects(streamer.agreed({ ...home.user, roles: [] }, home.viewer, request), failsWith('FORBIDDEN'))
  const blind = { ...home.viewer, scope: EMPTY_SCOPE }
  await assert.rejects(streamer.agreed(home.user, blind, request), failsWith('NOT_FOUND'))
  const busy = { ...home.user, roles: ['stream'] as const }
  const held = await home.streamer(
    { engine: 'native' },
    { guard: async () => ({ allow: false, reason: 'no', status: 429 }) as never },
  )
  await assert.rejects(held.agreed(busy, home.viewer, request), failsWith('BUSY'))
})
