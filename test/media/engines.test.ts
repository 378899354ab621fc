import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { build } from 'esbuild'
import { parseBuffer } from 'music-metadata'
import { AppError } from '../../src/base/errors.ts'
import type { Song } from '../../src/library/entities.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { findNativeEngine } from '../../src/media/transcode/native-engine.ts'
import { selectEngine } from '../../src/media/transcode/select-engine.ts'
import { AUDIO_FORMATS, type AudioFormat } from '../support/audio/spec.ts'
import { audioBytes } from '../support/audio.ts'
import { tempFolder } from '../support/temp-database.ts'
import { eventually, isAlive, mediaHome, readAll } from './media-home.ts'

const HAS_FFMPEG = spawnSync('ffmpeg', ['-version']).status === 0
const ENGINES = [
  { engine: 'native', skip: HAS_FFMPEG ? false : 'no ffmpeg on this machine' },
  { engine: 'wasm', skip: false },
] as const
const SECONDS = 20
const WAV = { suffix: 'wav', durationMs: SECONDS * 1000, bitRate: 1411, codec: 'PCM' }

/** A stereo tone of CD quality: it rises, so that two places in it never sound alike. */
function stereoWav(seconds: number): Buffer {
  const frames = seconds * 44_100
  const bytes = Buffer.alloc(44 + frames * 4)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(36 + frames * 4, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(2, 22)
  bytes.writeUInt32LE(44_100, 24)
  bytes.writeUInt32LE(44_100 * 4, 28)
  bytes.writeUInt16LE(4, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(frames * 4, 40)
  for (let frame = 0; frame < frames; frame++) {
    const time = frame / 44_100
    const value = Math.round(12_000 * Math.sin(2 * Math.PI * (220 + 20 * time) * time))
    bytes.writeInt16LE(value, 44 + frame * 4)
    bytes.writeInt16LE(-value, 46 + frame * 4)
  }
  return bytes
}

const EXPECTED = [
  { format: 'mp3', type: 'audio/mpeg', container: 'MPEG', codec: /Layer 3/ },
  { format: 'opus', type: 'audio/ogg', container: 'Ogg', codec: /Opus/ },
  { format: 'aac', type: 'audio/aac', container: 'ADTS/MPEG-4', codec: /AAC/ },
  { format: 'ogg', type: 'audio/ogg', container: 'Ogg', codec: /Vorbis/ },
  { format: 'flac', type: 'audio/flac', container: 'FLAC', codec: /FLAC/ },
] as const

/** The length, by reading the whole stream. NaN when it can't be told. */
async function secondsOf(bytes: Uint8Array, type: string): Promise<number> {
  const { format } = await parseBuffer(bytes, { mimeType: type }, { duration: true })
  return format.duration ?? Number.NaN
}

for (const { engine, skip } of ENGINES) {
  for (const { format, type, container, codec } of EXPECTED) {
    test(`${engine}: makes ${format} of the right length`, { skip }, async (t) => {
      const home = mediaHome(t)
      const song = home.addSong(stereoWav(SECONDS), WAV)
      const streamer = await home.streamer({ engine })
      const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format })
      assert.equal(source.contentType, type)
      const bytes = await readAll(source)
      const found = await parseBuffer(bytes, { mimeType: type }, { duration: true })
      assert.equal(found.format.container, container)
      assert.match(found.format.codec ?? '', codec)
      assert.equal(found.format.numberOfChannels, 2)
      assert.ok(Math.abs((await secondsOf(bytes, type)) - SECONDS) < 0.5)
      // That FLAC is the same music shows when it becomes mp3.
      if (format === 'flac') {
        const again = home.addSong(bytes, { ...WAV, suffix: 'flac', codec: 'FLAC' })
        const mp3 = await streamer.stream(home.user, home.viewer, { client: 'x', songId: again.id, format: 'mp3' })
        assert.ok(Math.abs((await secondsOf(await readAll(mp3), 'audio/mpeg')) - SECONDS) < 0.2)
      }
      await eventually(() => streamer.status().transcoder?.running.length === 0, 'the job ends')
      const kept = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format })
      assert.equal(kept.length, bytes.length)
    })
  }

  test(`${engine}: begins at the offset`, { skip }, async (t) => {
    const home = mediaHome(t)
    const song = home.addSong(stereoWav(SECONDS), WAV)
    const streamer = await home.streamer({ engine })
    const ask = { client: 'x', songId: song.id, format: 'mp3' }
    const later = await readAll(await streamer.stream(home.user, home.viewer, { ...ask, timeOffset: 12.5 }))
    assert.ok(Math.abs((await secondsOf(later, 'audio/mpeg')) - 7.5) < 0.3)
    const behind = await readAll(await streamer.stream(home.user, home.viewer, { ...ask, timeOffset: 500 }))
    assert.ok((await secondsOf(behind, 'audio/mpeg')) < 1.5)
  })

  test(`${engine}: obeys the user's bit rate`, { skip }, async (t) => {
    const home = mediaHome(t)
    const song = home.addSong(stereoWav(SECONDS), WAV)
    const streamer = await home.streamer({ engine })
    const user = { ...home.user, maxBitRate: 64 }
    const bytes = await readAll(await streamer.stream(user, home.viewer, { client: 'x', songId: song.id }))
    assert.ok(bytes.length < SECONDS * 8_000 * 1.03)
    assert.ok(bytes.length > SECONDS * 8_000 * 0.97)
    assert.deepEqual(streamer.plan(user, song, { client: 'x' }), {
      raw: false,
      suffix: 'mp3',
      contentType: 'audio/mpeg',
      bitRate: 64,
    })
  })

  test(`${engine}: refuses what is no music, and playlists in disguise`, { skip }, async (t) => {
    const home = mediaHome(t)
    const secret = join(tempFolder(t), 'secret.wav')
    writeFileSync(secret, stereoWav(1))
    const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://${secret}\n#EXT-X-ENDLIST\n`
    const streamer = await home.streamer({ engine })
    for (const bytes of [Buffer.from(playlist), Buffer.alloc(50_000, 0x5a), Buffer.alloc(0)]) {
      const song = home.addSong(bytes, { ...WAV, suffix: 'mp3', codec: '' })
      const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format: 'opus' })
      await assert.rejects(source.open(), (error) => error instanceof AppError && error.code === 'TRANSCODE_FAILED')
    }
  })

  test(`${engine}: leaves no process behind`, { skip }, async (t) => {
    const home = mediaHome(t)
    const song = home.addSong(stereoWav(120), { ...WAV, durationMs: 120_000 })
    const streamer = await home.streamer({ engine, cacheBytes: 0 })
    const ask = () => streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format: 'mp3' })
    const stream = await (await ask()).open()
    const halfWay = streamer.status().transcoder?.running[0]?.pid
    assert.ok(isAlive(halfWay))
    stream.close()
    await eventually(() => !isAlive(halfWay), 'the process of the listener who left is gone')
    const again = await (await ask()).open()
    const toTheEnd = streamer.status().transcoder?.running[0]?.pid
    while (await again.read());
    again.close()
    await eventually(() => !isAlive(toTheEnd), 'the process that finished is gone')
  })
}

/** The APE fixture is tags without sound. */
const DECODABLE: readonly AudioFormat[] = AUDIO_FORMATS.filter((format) => format !== 'ape')
const FORMATS = {
  native: DECODABLE,
  wasm: ['mp3', 'flac', 'm4a', 'alac', 'opus', 'wma', 'dsf'],
} as const satisfies Record<string, readonly AudioFormat[]>

for (const { engine, skip } of ENGINES) {
  test(`${engine}: reads the formats of a library`, { skip }, async (t) => {
    const home = mediaHome(t)
    const streamer = await home.streamer({ engine })
    const silent: string[] = []
    for (const format of FORMATS[engine]) {
      const suffix = format === 'alac' ? 'm4a' : format
      const song: Song = home.addSong(audioBytes({ format }), {
        suffix,
        durationMs: 1000,
        bitRate: 1000,
        sampleRate: 0,
        channels: 0,
      })
      const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, maxBitRate: 96 })
      const bytes = await readAll(source).catch(() => Buffer.alloc(0))
      if (bytes.length === 0 || source.contentType !== 'audio/mpeg') silent.push(format)
    }
    assert.deepEqual(silent, [])
  })
}

test('wasm: the bundled child works like its source', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stereoWav(2), { ...WAV, durationMs: 2000 })
  const entry = join(home.folder, 'wasm-child.mjs')
  await build({
    entryPoints: ['src/media/transcode/wasm-child.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: entry,
    logLevel: 'silent',
  })
  const streamer = await home.streamer({ engine: 'wasm' }, undefined, { wasmChildEntry: entry })
  const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format: 'opus' })
  assert.ok(Math.abs((await secondsOf(await readAll(source), 'audio/ogg')) - 2) < 0.2)
})

test('a core that is not there leaves songs as they are', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stereoWav(1), WAV)
  const missing = join(home.folder, 'ffmpeg-core.js')
  rmSync(missing, { force: true })
  const streamer = await home.streamer({ engine: 'wasm', wasmCorePath: missing })
  assert.equal(streamer.plan(home.user, song, { client: 'x', format: 'mp3' }).raw, true)
})

test('auto takes ffmpeg.wasm where there is no ffmpeg', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stereoWav(1), WAV)
  const streamer = await home.streamer({ engine: 'auto', ffmpegPath: join(home.folder, 'nothing') })
  assert.equal(streamer.status().transcoder?.engine, 'wasm')
  assert.equal(streamer.plan(home.user, song, { client: 'x', format: 'opus' }).suffix, 'opus')
})

test('an ffmpeg that the settings name and that does not run is told, one that nobody named is not', async (t) => {
  const warnings: (readonly [string, unknown])[] = []
  const log = { ...silentLogger, warn: (message: string, fields?: object) => warnings.push([message, fields]) }
  const settings = { engine: 'auto', wasmCorePath: join(tempFolder(t), 'no-core.js'), niceness: 0 } as const
  const named = join(tempFolder(t), 'ffmpeg')
  await selectEngine({ settings: { ...settings, ffmpegPath: named }, log })
  assert.deepEqual(warnings[0], ['The ffmpeg of the settings is not there or does not run', { ffmpegPath: named }])
  warnings.length = 0
  await selectEngine({ settings: { ...settings, ffmpegPath: 'ffmpeg' }, log })
  assert.ok(!warnings.some(([message]) => /of the settings/.test(message)))
})

test('of an ffmpeg whose answer is cut off by the deadline nothing is believed', async (t) => {
  const path = join(tempFolder(t), 'ffmpeg')
  // Ends at once, but what it started keeps its output open.
  const text = "#!/bin/sh\necho 'ffmpeg version 9'\necho ' A....D aac'\nsleep 5 &\n"
  writeFileSync(path, text, { mode: 0o755 })
  assert.equal(await findNativeEngine({ ffmpegPath: path, niceness: 0, deadlineMs: 300 }), undefined)
})

test('a core whose stack can not be moved offers no Opus, and Opus wishes become the default', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stereoWav(1), WAV)
  const core = join(home.folder, 'ffmpeg-core.js')
  writeFileSync(core, 'module.exports = () => {}')
  writeFileSync(join(home.folder, 'ffmpeg-core.wasm'), '')
  const streamer = await home.streamer({ engine: 'wasm', wasmCorePath: core })
  assert.equal(streamer.plan(home.user, song, { client: 'x', format: 'opus' }).suffix, 'mp3')
})
