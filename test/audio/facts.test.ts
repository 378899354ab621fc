import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { AudioFacts } from '../../src/audio/audio-facts.ts'
import { readAudioFile } from '../../src/scanner/read-file.ts'
import { apeTag } from '../support/audio/ape.ts'
import { ascii, u16le, u32le } from '../support/audio/bytes.ts'
import { type Encoding, encode, HAS_FFMPEG, SAYS } from '../support/audio/encode.ts'
import { APE } from '../support/audio/odd-files.ts'
import { audioBytes, coverJpeg } from '../support/audio.ts'
import { tempFolder } from '../support/temp-database.ts'

async function facts(t: TestContext, ending: string, bytes: Uint8Array): Promise<AudioFacts> {
  const path = join(tempFolder(t), `a.${ending}`)
  await writeFile(path, bytes)
  return (await readAudioFile(path)).file.audio
}

type Expected = Partial<Record<'seconds' | 'bitRate' | 'sampleRate' | 'channels' | 'bitDepth', number>>
const near = (actual: number, expected: number) => Math.abs(actual - expected) <= Math.max(expected * 0.02, 1)

function hold(actual: AudioFacts, { seconds, bitRate, ...exact }: Expected): void {
  if (seconds !== undefined)
    assert.ok(near(actual.durationMs, seconds * 1000), `${actual.durationMs} ms, not ${seconds} s`)
  if (bitRate !== undefined) assert.ok(near(actual.bitRate, bitRate), `${actual.bitRate} kbit/s, not ${bitRate}`)
  for (const [name, value] of Object.entries(exact)) assert.equal(actual[name as keyof typeof exact], value, name)
}

const piped = (muxer: string) => ({ piped: true, output: ['-f', muxer] })
const CASES: readonly (readonly [what: string, Encoding, Expected])[] = [
  [
    'FLAC from a pipe',
    { ending: 'flac', seconds: 7, piped: true, output: ['-sample_fmt', 's16', '-f', 'flac'] },
    { seconds: 7, sampleRate: 44_100, bitDepth: 16 },
  ],
  [
    'FLAC of 96 kHz and 24 bit from a pipe',
    { ending: 'flac', rate: 96_000, seconds: 6, piped: true, output: ['-sample_fmt', 's32', '-f', 'flac'] },
    { seconds: 6, sampleRate: 96_000, bitDepth: 24 },
  ],
  ['WAV from a pipe', { ending: 'wav', ...piped('wav') }, { seconds: 3, channels: 2, bitDepth: 16 }],
  [
    'Vorbis from a pipe',
    { ending: 'ogg', seconds: 5, piped: true, output: ['-c:a', 'libvorbis', '-f', 'ogg'] },
    { seconds: 5 },
  ],
  [
    'MKA from a pipe',
    { ending: 'mka', seconds: 5, piped: true, output: ['-c:a', 'flac', '-f', 'matroska', '-live', '1'] },
    { seconds: 5, sampleRate: 44_100, channels: 2 },
  ],
  [
    'WebM from a pipe',
    { ending: 'webm', rate: 48_000, seconds: 5, piped: true, output: ['-f', 'webm', '-live', '1'] },
    { seconds: 5, sampleRate: 48_000 },
  ],
  ['MP3 from a pipe', { ending: 'mp3', seconds: 20, piped: true, output: ['-q:a', '4', '-f', 'mp3'] }, { seconds: 20 }],
  [
    'M4A in fragments',
    { ending: 'm4a', seconds: 6, output: ['-movflags', '+frag_keyframe+empty_moov'] },
    { seconds: 6, channels: 2 },
  ],
  [
    'RF64',
    { ending: 'wav', output: ['-rf64', 'always'] },
    { seconds: 3, sampleRate: 44_100, channels: 2, bitDepth: 16, bitRate: 1411 },
  ],
  ['Wave64', { ending: 'w64' }, { seconds: 3, sampleRate: 44_100, channels: 2, bitDepth: 16 }],
  ['WAV of floats', { ending: 'wav', output: ['-c:a', 'pcm_f32le'] }, { seconds: 3, bitDepth: 32 }],
  ['WAV of doubles', { ending: 'wav', output: ['-c:a', 'pcm_f64le'] }, { seconds: 3, bitDepth: 64 }],
  [
    'WAV of 24 bit in six channels',
    { ending: 'wav', channels: 6, output: ['-c:a', 'pcm_s24le'] },
    { seconds: 3, bitDepth: 24, channels: 6 },
  ],
  ['WAV of ADPCM', { ending: 'wav', output: ['-c:a', 'adpcm_ms'] }, { seconds: 3, channels: 2, bitDepth: 0 }],
  ['AIFC of floats', { ending: 'aifc', output: ['-f', 'aiff', '-c:a', 'pcm_f32be'] }, { seconds: 3, bitDepth: 32 }],
  [
    'Opus of a source of 44.1 kHz',
    { ending: 'opus', seconds: 10, output: ['-c:a', 'libopus', '-b:a', '64k', '-vbr', 'off'] },
    { seconds: 10, sampleRate: 48_000, channels: 2, bitRate: 65 },
  ],
  [
    'Opus of 16 kHz in one channel',
    { ending: 'opus', rate: 16_000, channels: 1, output: ['-c:a', 'libopus'] },
    { seconds: 3, sampleRate: 48_000, channels: 1 },
  ],
  [
    'Opus in six channels',
    { ending: 'opus', rate: 48_000, channels: 6, output: ['-c:a', 'libopus'] },
    { seconds: 3, channels: 6 },
  ],
  [
    'Opus in M4A',
    { ending: 'mp4', rate: 48_000, output: ['-c:a', 'libopus'] },
    { seconds: 3, sampleRate: 48_000, channels: 2 },
  ],
  [
    'ALAC of 96 kHz',
    { ending: 'm4a', rate: 96_000, output: ['-c:a', 'alac', '-sample_fmt', 's16p'] },
    { seconds: 3, sampleRate: 96_000, bitDepth: 16 },
  ],
  [
    'ALAC of 192 kHz and 24 bit',
    { ending: 'm4a', rate: 192_000, output: ['-c:a', 'alac', '-sample_fmt', 's32p'] },
    { seconds: 3, sampleRate: 192_000, bitDepth: 24 },
  ],
  [
    'FLAC of 96 kHz in MP4',
    { ending: 'mp4', rate: 96_000, output: ['-c:a', 'flac', '-strict', '-2'] },
    { seconds: 3, sampleRate: 96_000 },
  ],
  ['AAC in six channels', { ending: 'm4a', channels: 6 }, { seconds: 3, channels: 6 }],
  ['WMA', { ending: 'wma' }, { seconds: 3, sampleRate: 44_100, channels: 2, bitRate: 128 }],
  ['WMA of one channel', { ending: 'wma', channels: 1, rate: 22_050 }, { seconds: 3, sampleRate: 22_050, channels: 1 }],
  [
    'WavPack in six channels',
    { ending: 'wv', channels: 6, output: ['-sample_fmt', 's16p'] },
    { seconds: 3, channels: 6, sampleRate: 44_100, bitDepth: 16 },
  ],
  ['WavPack of 96 kHz', { ending: 'wv', rate: 96_000 }, { seconds: 3, sampleRate: 96_000 }],
  [
    'AC-3 in six channels',
    { ending: 'ac3', channels: 6, rate: 48_000 },
    { seconds: 3, channels: 6, sampleRate: 48_000, bitRate: 448 },
  ],
  [
    'DTS in six channels',
    { ending: 'dts', channels: 6, rate: 48_000, output: ['-strict', '-2'] },
    { seconds: 3, channels: 6, sampleRate: 48_000 },
  ],
]
for (const [what, encoding, expected] of CASES)
  test(`facts of sound: ${what}`, { skip: !HAS_FFMPEG && 'no ffmpeg' }, async (t) => {
    hold(await facts(t, encoding.ending, encode(encoding)), expected)
  })

test('the bit rate of Vorbis and Opus is that of the sound, whatever the picture', async (t) => {
  const picture = { mime: 'image/jpeg', data: Buffer.concat([coverJpeg(), Buffer.alloc(400_000, 7)]) }
  for (const format of ['ogg', 'opus'] as const) {
    const without = await facts(t, format, audioBytes({ format, seconds: 20 }))
    const { bitRate, durationMs } = await facts(t, format, audioBytes({ format, seconds: 20, picture }))
    assert.deepEqual([bitRate, durationMs], [without.bitRate, without.durationMs])
    assert.ok(bitRate > 5 && bitRate < 200, `${bitRate}`)
  }
})

test('the bit rate of a VBR MP3 does not count its tags', { skip: !HAS_FFMPEG && 'no ffmpeg' }, async (t) => {
  const bare = encode({ ending: 'mp3', seconds: 20, output: ['-q:a', '5', '-id3v2_version', '0'] })
  const plain = await facts(t, 'mp3', bare)
  hold(plain, { seconds: 20, bitRate: (bare.length * 8) / 20_000 })
  const picture = { mime: 'image/jpeg', data: Buffer.concat([coverJpeg(), Buffer.alloc(500_000, 7)]) }
  for (const tag of [APE, apeTag({ format: 'mp3', tags: SAYS, picture })])
    for (const id3v1 of [Buffer.alloc(0), Buffer.concat([ascii('TAG'), Buffer.alloc(125)])])
      assert.equal((await facts(t, 'mp3', Buffer.concat([bare, tag, id3v1]))).bitRate, plain.bitRate)
})

/** A chunk of RIFF. */
const chunk = (name: string, body: Buffer) => Buffer.concat([ascii(name), u32le(body.length), body])

test('WAV of whole numbers with a fact chunk has its bits', async (t) => {
  for (const bits of [8, 16, 24, 32]) {
    const align = bits / 4
    const format = [u16le(1), u16le(2), u32le(8000), u32le(8000 * align), u16le(align), u16le(bits)]
    const body = [
      ascii('WAVE'),
      chunk('fmt ', Buffer.concat(format)),
      chunk('fact', u32le(8000)),
      chunk('data', Buffer.alloc(8000 * align)),
    ]
    hold(await facts(t, 'wav', chunk('RIFF', Buffer.concat(body))), {
      seconds: 1,
      bitDepth: bits,
      channels: 2,
      sampleRate: 8000,
      bitRate: 8 * 2 * bits,
    })
  }
})

test('lossless WMA has its bits, lossy WMA has none', { skip: !HAS_FFMPEG && 'no ffmpeg' }, async (t) => {
  const wma = encode({ ending: 'wma' })
  hold(await facts(t, 'wma', wma), { bitDepth: 0 })
  const lossless = Buffer.from(wma)
  const at = lossless.indexOf(Buffer.concat([u16le(0x161), u16le(2), u32le(44_100)]))
  lossless.writeUInt16LE(0x163, at)
  lossless.writeUInt16LE(24, at + 14)
  hold(await facts(t, 'wma', lossless), { bitDepth: 24, channels: 2, sampleRate: 44_100 })
})

test('AAC with spectral band replication is played at twice the rate of its core', {
  skip: !HAS_FFMPEG && 'no ffmpeg',
}, async (t) => {
  const m4a = encode({ ending: 'm4a', rate: 22_050 })
  // AAC-LC of 22,050 Hz in two channels, and its like with SBR of 44,100 Hz in as many bytes.
  const at = m4a.indexOf(Buffer.of(0x13, 0x90), m4a.indexOf('esds'))
  assert.ok(at > 0)
  const config = Buffer.from(m4a)
  config.set([0x2b, 0x92, 0x08, 0x00, 0x00].slice(0, m4a[at - 1]), at)
  hold(await facts(t, 'm4a', config), { sampleRate: 44_100, channels: 2 })
})
