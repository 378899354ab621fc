import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readAudioFile } from '../../src/scanner/read-file.ts'
import { ascii, u32be } from '../support/audio/bytes.ts'
import { id3 } from '../support/audio/id3.ts'
import { AUDIO_FORMATS, type AudioFormat } from '../support/audio/spec.ts'
import { audioBytes, coverJpeg, fixtureBytes, writeAudio } from '../support/audio.ts'
import { tempFolder } from '../support/temp-database.ts'

const FIXED: readonly AudioFormat[] = ['wma', 'mka', 'webm']
const CODECS: Readonly<Record<AudioFormat, string>> = {
  mp3: 'mp3',
  flac: 'flac',
  ogg: 'vorbis',
  opus: 'opus',
  m4a: 'aac',
  alac: 'alac',
  aac: 'aac',
  wav: 'pcm',
  aiff: 'pcm',
  wv: 'wavpack',
  mpc: 'musepack',
  ape: 'ape',
  dsf: 'dsd',
  dff: 'dsd',
  tta: 'tta',
  tak: 'tak',
  shn: 'shorten',
  mp2: 'mp2',
  spx: 'speex',
  wma: 'wma',
  mka: 'vorbis',
  webm: 'opus',
}
const pathOf = (folder: string, format: AudioFormat) => join(folder, `${format}.${format === 'alac' ? 'm4a' : format}`)

for (const format of AUDIO_FORMATS.filter((name) => !FIXED.includes(name)))
  test(`${format}: tags, several values, picture and sound facts`, async (t) => {
    const path = pathOf(tempFolder(t), format)
    await writeAudio(path, {
      format,
      tags: {
        title: 'Hyvää yötä',
        artist: ['AC/DC', 'Zoë'],
        albumartist: 'Band',
        album: 'Album',
        tracknumber: 3,
        tracktotal: 9,
        genre: ['Rock', 'Pop'],
        musicbrainz_albumid: 'aaaaaaaa-0000-4000-8000-000000000000',
        my_own: 'kept',
      },
      picture: { mime: 'image/jpeg', data: coverJpeg() },
    })
    const { file, unstable } = await readAudioFile(path)
    const { tags, audio, picture } = file
    assert.equal(unstable, false)
    assert.deepEqual(
      [tags.title, tags.artist, tags.albumartist, tags.album],
      [['Hyvää yötä'], ['AC/DC', 'Zoë'], ['Band'], ['Album']],
    )
    assert.match(`${tags.track?.[0]}/${tags.tracktotal?.[0] ?? ''}`, /^3\/9/)
    assert.deepEqual(tags.genre, ['Rock', 'Pop'])
    assert.deepEqual(tags.musicbrainz_albumid, ['aaaaaaaa-0000-4000-8000-000000000000'])
    assert.deepEqual(tags.my_own, ['kept'])
    assert.match(picture, /^[0-9a-f]{16}$/)
    assert.equal(audio.codec, CODECS[format])
    // Shorten's stream does not tell its length.
    if (format === 'shn') assert.deepEqual([audio.durationMs, audio.bitRate], [0, 0])
    else if (format !== 'dsf') assert.ok(audio.durationMs > 950 && audio.durationMs < 1100, `${audio.durationMs} ms`)
    if (format !== 'shn') assert.ok(audio.bitRate > 0 && audio.sampleRate > 0 && audio.channels > 0)
  })

test('True Audio with ID3 tags at both ends', async (t) => {
  const path = join(tempFolder(t), 'a.tta')
  const id3v1 = Buffer.concat([ascii('TAGOld'), Buffer.alloc(122)])
  await writeFile(path, Buffer.concat([id3({ tags: { title: 'New' } }), fixtureBytes('tone.tta'), id3v1]))
  const { tags, audio } = (await readAudioFile(path)).file
  assert.equal(tags.title?.[0], 'New')
  assert.deepEqual([audio.durationMs, audio.sampleRate, audio.bitDepth, audio.channels], [1000, 8000, 16, 1])
})

for (const ending of ['tta', 'tak', 'shn'])
  test(`${ending}: a file of something else is set aside, one of a known format read`, async (t) => {
    const path = join(tempFolder(t), `a.${ending}`)
    await writeFile(path, 'no sound at all, only a text of some length')
    await assert.rejects(readAudioFile(path))
    await writeFile(path, audioBytes({ format: 'flac', tags: { title: 'Disguised' } }))
    assert.deepEqual((await readAudioFile(path)).file.tags.title, ['Disguised'])
  })

for (const format of FIXED)
  test(`${format}: tags that another program wrote`, async (t) => {
    const path = pathOf(tempFolder(t), format)
    await writeAudio(path, { format })
    const { tags, audio } = (await readAudioFile(path)).file
    assert.deepEqual(
      [tags.title, tags.artist, tags.album, tags.track, tags.genre, tags.recordingdate],
      [['Fixed'], ['Someone'], ['Somewhere'], ['3'], ['Jazz'], ['2001']],
    )
    assert.equal(audio.codec, CODECS[format])
    assert.ok(audio.durationMs > 950 && audio.durationMs < 1100)
  })

test('lengths are right where only the whole file would tell', async (t) => {
  const folder = tempFolder(t)
  const cases: readonly [AudioFormat, number, number][] = [
    ['ogg', 30, 30_000],
    ['opus', 30, 30_189],
    ['aac', 200, 208_980],
    ['mp3', 200, 208_980],
    ['flac', 30, 30_093],
  ]
  for (const [format, seconds, expected] of cases) {
    const path = pathOf(folder, format)
    await writeAudio(path, { format, seconds, picture: { mime: 'image/jpeg', data: coverJpeg() } })
    const { durationMs } = (await readAudioFile(path)).file.audio
    assert.ok(Math.abs(durationMs - expected) < expected * 0.01, `${format}: ${durationMs} instead of ${expected}`)
  }
})

test('an MP3 of changing bit rate without an encoder header is measured', async (t) => {
  const path = join(tempFolder(t), 'vbr.mp3')
  const part = fixtureBytes('vbr.mp3')
  await writeFile(path, part)
  const one = (await readAudioFile(path)).file.audio
  assert.ok(Math.abs(one.durationMs - 2743) < 30, `${one.durationMs}`)
  await writeFile(path, Buffer.concat(Array.from({ length: 200 }, () => part)))
  const many = (await readAudioFile(path)).file.audio
  assert.ok(Math.abs(many.durationMs - 200 * one.durationMs) < 10 * one.durationMs, `${many.durationMs}`)
})

test('slashes of ID3v2.3 belong to the name', async (t) => {
  const path = join(tempFolder(t), 'old.mp3')
  const text = (id: string, value: string) => {
    const body = Buffer.concat([Buffer.from([0]), ascii(value)])
    return Buffer.concat([ascii(id), u32be(body.length), Buffer.alloc(2), body])
  }
  const frames = Buffer.concat([
    text('TPE1', 'AC/DC'),
    text('TPE2', 'One / Two'),
    text('TCOM', 'A\0B'),
    text('TXXX', 'Some Thing\0x/y'),
  ])
  const head = Buffer.concat([ascii('ID3'), Buffer.from([3, 0, 0, 0, 0, frames.length >> 7, frames.length & 127])])
  await writeFile(path, Buffer.concat([head, frames, audioBytes({ format: 'mp3' })]))
  const { tags } = (await readAudioFile(path)).file
  assert.deepEqual(
    [tags.artist, tags.albumartist, tags.composer, tags['some thing']],
    [['AC/DC'], ['One / Two'], ['A', 'B'], ['x/y']],
  )
})

test('lyrics of several kinds and languages are kept', async (t) => {
  const folder = tempFolder(t)
  const lines = [
    { ms: 1000, text: 'one' },
    { ms: 2500, text: 'two' },
  ]
  await writeAudio(join(folder, 'a.mp3'), {
    lyrics: [
      { lang: 'eng', text: 'plain\nwords' },
      { lang: 'deu', text: 'Worte' },
      { lang: 'eng', lines },
    ],
  })
  assert.deepEqual((await readAudioFile(join(folder, 'a.mp3'))).file.lyrics, [
    { lang: 'eng', synced: true, offsetMs: 0, lines },
    { lang: 'eng', synced: false, offsetMs: 0, lines: [{ text: 'plain' }, { text: 'words' }] },
    { lang: 'deu', synced: false, offsetMs: 0, lines: [{ text: 'Worte' }] },
  ])
  for (const format of ['flac', 'opus', 'm4a'] as const) {
    await writeAudio(join(folder, `b.${format}`), { lyrics: [{ lines }] })
    const { lyrics } = (await readAudioFile(join(folder, `b.${format}`))).file
    assert.deepEqual(lyrics, [{ lang: 'und', synced: true, offsetMs: 0, lines }], format)
  }
})

test('syllables of karaoke files are words with times, lines that are stamped whole are not', async (t) => {
  const folder = tempFolder(t)
  const syllables = [
    { ms: 1000, text: 'Hel' },
    { ms: 1200, text: 'lo ' },
    { ms: 1500, text: '君' },
    { ms: 2000, text: '\n🎵' },
    { ms: 2400, text: 'la' },
  ]
  await writeAudio(join(folder, 'a.mp3'), { lyrics: [{ lang: 'eng', lines: syllables }] })
  assert.deepEqual((await readAudioFile(join(folder, 'a.mp3'))).file.lyrics, [
    {
      lang: 'eng',
      synced: true,
      offsetMs: 0,
      lines: [
        { ms: 1000, text: 'Hello 君' },
        { ms: 2000, text: '🎵la' },
      ],
      cueLines: [
        {
          index: 0,
          ms: 1000,
          text: 'Hello 君',
          cues: [
            { ms: 1000, from: 0, to: 3 },
            { ms: 1200, from: 3, to: 6 },
            { ms: 1500, from: 6, to: 7 },
          ],
        },
        {
          index: 1,
          ms: 2000,
          text: '🎵la',
          cues: [
            { ms: 2000, from: 0, to: 2 },
            { ms: 2400, from: 2, to: 4 },
          ],
        },
      ],
    },
  ])
  const whole = [
    { ms: 1000, text: 'one' },
    { ms: 2000, text: '\ntwo' },
  ]
  await writeAudio(join(folder, 'b.mp3'), { lyrics: [{ lang: 'eng', lines: whole }] })
  assert.equal((await readAudioFile(join(folder, 'b.mp3'))).file.lyrics[0]?.cueLines, undefined)
})

test('equal pictures have equal hashes in every format, others have not', async (t) => {
  const folder = tempFolder(t)
  const hash = async (name: string, seed: number) => {
    await writeAudio(join(folder, name), { picture: { mime: 'image/jpeg', data: coverJpeg(seed) } })
    return (await readAudioFile(join(folder, name))).file.picture
  }
  const first = await hash('a.mp3', 1)
  assert.equal(await hash('b.flac', 1), first)
  assert.equal(await hash('c.m4a', 1), first)
  assert.equal(await hash('d.ogg', 1), first)
  assert.notEqual(await hash('e.mp3', 2), first)
})

test('a file of another kind than its ending says is recognised', async (t) => {
  const path = join(tempFolder(t), 'really-flac.mp3')
  await writeFile(path, audioBytes({ format: 'flac', tags: { title: 'T' } }))
  const { tags, audio } = (await readAudioFile(path)).file
  assert.deepEqual([tags.title, audio.codec], [['T'], 'flac'])
})

test('a broken picture costs the picture alone', async (t) => {
  const path = join(tempFolder(t), 'a.opus')
  const opus = audioBytes({ format: 'opus', tags: { title: 'T' }, picture: { mime: 'image/jpeg', data: coverJpeg() } })
  opus[opus.indexOf('METADATA_BLOCK_PICTURE=') + 500] = 0x21
  await writeFile(path, opus)
  const { tags, picture, audio } = (await readAudioFile(path)).file
  assert.deepEqual([tags.title, picture, audio.durationMs > 0], [['T'], '', true])
})

test('files without sound are refused with a reason', async (t) => {
  const folder = tempFolder(t)
  await writeFile(join(folder, 'empty.mp3'), '')
  await writeFile(join(folder, 'text.flac'), 'this is no music at all')
  await writeFile(join(folder, 'text.m4a'), Buffer.alloc(5000, 'x'))
  for (const name of ['empty.mp3', 'text.flac', 'text.m4a'])
    await assert.rejects(readAudioFile(join(folder, name)), Error, name)
})

test('a picture that declares to be huge does not cost its size', async (t) => {
  const path = join(tempFolder(t), 'huge.flac')
  const flac = audioBytes({ format: 'flac', tags: { title: 'T' }, picture: { mime: 'image/jpeg', data: coverJpeg() } })
  const at = flac.indexOf('image/jpeg') - 12
  flac.writeUIntBE(0xffffff, at + 1, 3)
  await writeFile(path, flac)
  await appendFile(path, Buffer.alloc(10))
  const before = process.memoryUsage().rss
  await readAudioFile(path).catch(() => {})
  assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024)
})
