import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readAudioFile } from '../../src/scanner/read-file.ts'
import type { FileTags } from '../../src/scanner/reader-protocol.ts'
import { ascii, u32be, utf8 } from '../support/audio/bytes.ts'
import { encode, HAS_FFMPEG, SAYS } from '../support/audio/encode.ts'
import {
  APE,
  BASES,
  brokenApe,
  flacWith,
  ID3_AHEAD,
  musepack7,
  oggPage,
  STRAY,
  TAILS,
} from '../support/audio/odd-files.ts'
import { pictureBlock, vorbisComment } from '../support/audio/vorbis.ts'
import { audioBytes, coverJpeg, fixtureBytes } from '../support/audio.ts'
import { tempFolder } from '../support/temp-database.ts'

async function read(t: TestContext, name: string, bytes: Uint8Array): Promise<FileTags> {
  const path = join(tempFolder(t), name)
  await writeFile(path, bytes)
  return (await readAudioFile(path)).file
}

function near(actual: number, seconds: number, what: string): void {
  assert.ok(Math.abs(actual - seconds * 1000) <= seconds * 20 + 30, `${what}: ${actual} ms instead of ${seconds} s`)
}

const title = ({ tags }: FileTags) => tags.title?.[0]
const needsFfmpeg = { skip: !HAS_FFMPEG && 'no ffmpeg' }

for (const { name, ending, seconds, untagged, bytes } of BASES)
  test(`${name}: whatever lies behind it, its tags and sound are read`, async (t) => {
    for (const [what, tail] of Object.entries(TAILS)) {
      const file = await read(t, `a.${ending}`, Buffer.concat([bytes(), tail]))
      // Of these the tag behind the sound is the last one, which is as good as the file's own.
      const replaces = /APEv2/.test(what) && /^(tta|tak|wv|mpc|ape)$/.test(ending)
      if (!untagged && !replaces) assert.equal(title(file), SAYS.title, what)
      near(file.audio.durationMs, seconds, what)
      assert.ok(file.audio.channels > 0 && file.audio.sampleRate > 0, what)
    }
  })

for (const { name, ending, seconds, bytes } of BASES)
  test(`${name}: an ID3v2 tag ahead of it hides nothing`, async (t) => {
    const file = await read(t, `a.${ending}`, Buffer.concat([ID3_AHEAD, bytes()]))
    assert.ok(['Ahead', SAYS.title].includes(title(file) ?? ''), title(file))
    near(file.audio.durationMs, seconds, name)
    assert.ok(file.audio.channels > 0 && file.audio.sampleRate > 0)
  })

for (const { name, ending, seconds, untagged, bytes } of BASES)
  test(`${name}: cut by one byte`, async (t) => {
    const file = await read(t, `a.${ending}`, bytes().subarray(0, -1))
    if (!untagged) assert.equal(title(file), SAYS.title)
    // An Ogg page that isn't whole is not played.
    if (!/^(ogg|oga|opus|spx)$/.test(ending)) near(file.audio.durationMs, seconds, name)
    else assert.ok(file.audio.durationMs > 0 || seconds === 1)
  })

const CUT_AT_HALF = /^(MP3|Vorbis|Opus|FLAC in Ogg|faststart M4A|ADTS|WAV|RF64|AIFF|AIFC|MKA|WebM|WavPack|WMA)$/
for (const { name, ending, seconds, untagged, bytes } of BASES.filter(({ name }) => CUT_AT_HALF.test(name)))
  test(`${name}: cut at half, it is as long as what is left`, async (t) => {
    const whole = bytes()
    const file = await read(t, `a.${ending}`, whole.subarray(0, whole.length >> 1))
    // AIFF has its tags behind the sound.
    if (!untagged && !/^AIF/.test(name) && name !== 'WavPack') assert.equal(title(file), SAYS.title)
    // A page of Ogg may hold a second.
    const least = /Vorbis|Opus|Ogg/.test(name) ? seconds * 500 - 1100 : seconds * 380
    const { durationMs } = file.audio
    assert.ok(durationMs > least && durationMs < seconds * 620, `${durationMs} ms`)
  })

test('an M4A that ends before its table of contents is no song', needsFfmpeg, async (t) => {
  const whole = encode({ ending: 'm4a' })
  await assert.rejects(read(t, 'a.m4a', whole.subarray(0, whole.length >> 1)), /table of contents/)
})

test('broken APEv2 tags: the items that can be read count', async (t) => {
  for (const how of ['item too long', 'count too high', 'size too big'] as const)
    for (const ending of ['mp3', 'wv', 'mpc', 'ape', 'tta'] as const) {
      const file = await read(t, `a.${ending}`, Buffer.concat([audioBytes({ format: ending }), brokenApe(how)]))
      assert.deepEqual([title(file), file.tags.artist], [SAYS.title, [SAYS.artist]], `${ending}, ${how}`)
      assert.ok(file.audio.durationMs > 950 && file.audio.durationMs < 1100, `${ending}, ${how}`)
    }
})

test('FLAC: blocks of wrong lengths and contents', async (t) => {
  const flac = fixtureBytes('tone.flac')
  const comment = vorbisComment({ format: 'flac', tags: SAYS }, false)
  const tooMany = Buffer.from(comment)
  tooMany.writeUInt32LE(50_000, 4 + comment.readUInt32LE(0))
  const tooLong = Buffer.from(comment)
  tooLong.writeUInt32LE(0xfffffff0, comment.indexOf('ALBUM') - 4)
  const huge = pictureBlock({ mime: 'image/jpeg', data: Buffer.concat([coverJpeg(), Buffer.alloc(17 << 20)]) })
  const cover = pictureBlock({ mime: 'image/jpeg', data: coverJpeg() })
  const padding = { type: 1, body: Buffer.alloc(64) }
  const cases: readonly (readonly [string, Parameters<typeof flacWith>[1], boolean])[] = [
    [
      'a picture of 17 MiB, its length cut to three bytes',
      [{ type: 4, body: comment }, { type: 6, body: huge }, padding],
      true,
    ],
    [
      'the same ahead of the tags',
      [
        { type: 6, body: huge },
        { type: 4, body: comment },
      ],
      true,
    ],
    ['a picture with a length of 0', [{ type: 4, body: comment }, { type: 6, body: cover, told: 0 }, padding], true],
    [
      'more tags promised than there are',
      [
        { type: 4, body: tooMany },
        { type: 6, body: cover },
      ],
      true,
    ],
    ['a tag that is too long', [{ type: 4, body: tooLong }, padding], false],
    ['a comment block with a wrong length', [{ type: 4, body: comment, told: comment.length - 9 }, padding], false],
    ['a comment block longer than the file', [{ type: 4, body: comment, told: 0xffffff }, padding], false],
  ]
  for (const [what, blocks, hasPicture] of cases) {
    const file = await read(t, 'a.flac', flacWith(flac, blocks))
    assert.equal(title(file), SAYS.title, what)
    assert.equal(file.picture !== '', hasPicture, what)
    near(file.audio.durationMs, 1, what)
  }
})

test('an MP3 that begins with zeros or noise', async (t) => {
  const mp3 = audioBytes({ format: 'mp3' })
  for (const ahead of [Buffer.alloc(300), STRAY])
    near((await read(t, 'a.mp3', Buffer.concat([ahead, mp3]))).audio.durationMs, 1, 'mp3')
})

test('a silent second of ADTS', needsFfmpeg, async (t) => {
  const file = await read(t, 'a.aac', encode({ ending: 'aac', seconds: 1, silent: true }))
  near(file.audio.durationMs, 1.02, 'ADTS')
  assert.deepEqual([file.audio.sampleRate, file.audio.channels, file.audio.codec], [44_100, 2, 'aac'])
})

test('WebM and Matroska that were written to a pipe: sizes and length are open', needsFfmpeg, async (t) => {
  for (const ending of ['webm', 'mka'] as const)
    for (const flags of [[], ['-live', '1']]) {
      const output = ['-f', ending === 'mka' ? 'matroska' : 'webm', ...flags, '-cluster_time_limit', '1000']
      const bytes = encode({ ending, rate: 48_000, seconds: 5, piped: true, output })
      for (const tail of [Buffer.alloc(0), Buffer.alloc(3000)]) {
        const file = await read(t, `a.${ending}`, Buffer.concat([bytes, tail]))
        assert.equal(title(file), SAYS.title)
        near(file.audio.durationMs, 5, `${ending} ${flags}`)
        assert.deepEqual([file.audio.sampleRate, file.audio.channels], [48_000, 2])
      }
    }
})

test('Ogg files one behind the other, with one serial number or two', needsFfmpeg, async (t) => {
  for (const output of [
    ['-c:a', 'libvorbis'],
    ['-c:a', 'libopus'],
    ['-c:a', 'flac'],
  ]) {
    const first = encode({ ending: 'ogg', rate: 48_000, seconds: 3, output: [...output, '-serial_offset', '100'] })
    const second = encode({ ending: 'ogg', rate: 48_000, seconds: 8, output: [...output, '-serial_offset', '900'] })
    for (const [parts, seconds] of [
      [[first, second], 11],
      [[second, first], 11],
      [[first, first], 6],
      [[second, second, second], 24],
    ] as const) {
      const file = await read(t, 'a.ogg', Buffer.concat(parts))
      assert.equal(title(file), SAYS.title)
      near(file.audio.durationMs, seconds, `${output[1]}`)
    }
  }
})

test('Ogg files with a skeleton, or a second stream beside the first', needsFfmpeg, async (t) => {
  const ogg = encode({ ending: 'ogg', seconds: 4, output: ['-c:a', 'libvorbis', '-serial_offset', '5'] })
  const end = 28 + 30
  const skeleton = oggPage(2, 77, 0, Buffer.concat([ascii('fishead\0'), Buffer.alloc(56)]))
  const withSkeleton = Buffer.concat([
    ogg.subarray(0, end),
    skeleton,
    oggPage(4, 77, 1, Buffer.alloc(0)),
    ogg.subarray(end),
  ])
  const ahead = Buffer.concat([skeleton, ogg.subarray(0, end), oggPage(4, 77, 1, Buffer.alloc(0)), ogg.subarray(end)])
  const speech = oggPage(2, 78, 0, Buffer.concat([ascii('Speex   1.2.0'), Buffer.alloc(67)]))
  const two = Buffer.concat([ogg.subarray(0, end), speech, ogg.subarray(end), oggPage(4, 78, 1, Buffer.alloc(40))])
  for (const [what, bytes] of Object.entries({ withSkeleton, ahead, two })) {
    const file = await read(t, 'a.ogg', bytes)
    assert.deepEqual([title(file), file.audio.codec], [SAYS.title, 'vorbis'], what)
    near(file.audio.durationMs, 4, what)
  }
})

test('FLAC in Ogg: its tags and its cover', async (t) => {
  const flac = fixtureBytes('tone.flac')
  const block = (type: number, body: Buffer) => {
    const head = u32be(body.length)
    head[0] = type
    return Buffer.concat([head, body])
  }
  const mapping = Buffer.concat([Buffer.of(0x7f), ascii('FLAC'), Buffer.of(1, 0, 0, 2), ascii('fLaC')])
  const pages = [
    oggPage(2, 9, 0, Buffer.concat([mapping, block(0, flac.subarray(8, 42))])),
    oggPage(0, 9, 1, block(4, vorbisComment({ format: 'flac', tags: SAYS }, false))),
    oggPage(0, 9, 2, block(6, pictureBlock({ mime: 'image/jpeg', data: coverJpeg() }))),
    oggPage(4, 9, 3, flac.subarray(42, 5000)),
  ]
  const plain = await read(
    t,
    'a.flac',
    audioBytes({ format: 'flac', picture: { mime: 'image/jpeg', data: coverJpeg() } }),
  )
  for (const ending of ['ogg', 'oga']) {
    const file = await read(t, `a.${ending}`, Buffer.concat(pages))
    assert.deepEqual([title(file), file.tags.artist, file.audio.codec], [SAYS.title, [SAYS.artist], 'flac'])
    assert.equal(file.picture, plain.picture)
    near(file.audio.durationMs, 1, ending)
  }
})

test('a film in Ogg is no song, with sound or without', async (t) => {
  const theora = oggPage(2, 1, 0, Buffer.concat([Buffer.of(0x80), ascii('theora'), Buffer.alloc(35)]))
  await assert.rejects(read(t, 'a.ogg', theora), /video/)
  await assert.rejects(read(t, 'a.ogg', Buffer.concat([theora, audioBytes({ format: 'ogg' })])), /video/)
})

test('Musepack of stream version 7, with tags on either side', async (t) => {
  for (const [code, rate] of [
    [0, 44_100],
    [1, 48_000],
    [3, 32_000],
  ] as const)
    for (const [ahead, behind] of [
      [Buffer.alloc(0), APE],
      [Buffer.alloc(0), TAILS['an APEv2 and an ID3v1 tag'] as Buffer],
      [ID3_AHEAD, Buffer.alloc(0)],
    ] as const) {
      const file = await read(t, 'a.mpc', Buffer.concat([ahead, musepack7(400, code), behind]))
      near(file.audio.durationMs, (400 * 1152) / rate, 'Musepack')
      assert.deepEqual([file.audio.sampleRate, file.audio.channels, file.audio.codec], [rate, 2, 'musepack'])
      assert.equal(title(file), ahead.length > 0 ? 'Ahead' : 'Behind the file')
    }
})

test('a head that is known and nothing behind it that is: listed, with the reason', async (t) => {
  for (const [ending, head] of [
    ['flac', Buffer.concat([ascii('fLaC'), Buffer.alloc(200, 7)])],
    ['ra', Buffer.concat([ascii('.ra\xfd'), Buffer.alloc(200)])],
    ['ape', Buffer.concat([ascii('MAC '), u32be(0xff0f0000), Buffer.alloc(8)])],
  ] as const) {
    const file = await read(t, `a.${ending}`, head)
    assert.match(file.note, /^listed by its name: ./)
    assert.deepEqual([file.tags, file.audio.durationMs], [{}, 0])
  }
  for (const name of ['a.flac', 'a.m4a', 'a.ogg', 'a.mp3', 'a.caf'])
    await assert.rejects(read(t, name, utf8('only a text, which no player plays, and long enough to be one')), name)
})
