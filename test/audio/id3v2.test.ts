import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readAudioFile } from '../../src/scanner/read-file.ts'
import { ascii, u16be, u32be } from '../support/audio/bytes.ts'
import * as odd from '../support/audio/odd-id3.ts'
import type { AudioFormat } from '../support/audio/spec.ts'
import { audioBytes, coverJpeg } from '../support/audio.ts'
import { tempFolder } from '../support/temp-database.ts'

const { encoded, frame22, frame23, frame24, syncsafe, tagOf, unsynchronised } = odd

/** It holds what unsynchronisation is about: 0xff ahead of zeros and of high bytes. */
const PICTURE = Buffer.concat([coverJpeg(), Buffer.of(0xff, 0, 0xff, 0xe0, 0xff)])
const HASH = createHash('sha256').update(PICTURE).digest('hex').slice(0, 16)
const WHOLE = 0x80
const EXTENDED = 0x40
const LONG =
  'A title that is longer than a hundred and twenty-seven bytes, from where on the two ways of writing sizes differ. '.repeat(
    3,
  )
const padding = Buffer.alloc(60)

const frames22 = [
  frame22('TT2', encoded('Ÿtitle', 1)),
  frame22('TP1', encoded('AC/DC')),
  frame22('PIC', odd.pic22(PICTURE)),
  frame22('TAL', encoded('Álbum')),
]
const frames23 = [
  frame23('TIT2', encoded('Ÿtitle', 1)),
  frame23('TPE1', encoded('AC/DC')),
  frame23('APIC', odd.apic(PICTURE)),
  frame23('TALB', encoded('Álbum')),
]
const contents24: readonly (readonly [string, Buffer])[] = [
  ['TIT2', encoded('Ÿtitle', 1)],
  ['TPE1', encoded('AC/DC')],
  ['APIC', odd.apic(PICTURE)],
  ['TALB', encoded('Álbum')],
]
const frames24 = contents24.map(([id, body]) => frame24(id, body))
const USUAL = { title: ['Ÿtitle'], artist: ['AC/DC'], album: ['Álbum'] }

interface Case {
  readonly tag: Buffer
  readonly tags: Readonly<Record<string, readonly string[]>>
  readonly picture?: boolean
}

const usual = (tag: Buffer): Case => ({ tag, tags: USUAL, picture: true })
const only = (tag: Buffer, tags: Case['tags']): Case => ({ tag, tags })

const CASES: Readonly<Record<string, Case>> = {
  '2.2 as it should be': usual(tagOf(2, 0, ...frames22)),
  '2.3 as it should be': usual(tagOf(3, 0, ...frames23, padding)),
  '2.4 as it should be': usual(tagOf(4, 0, ...frames24, padding)),
  '2.2 unsynchronised': usual(tagOf(2, WHOLE, unsynchronised(Buffer.concat(frames22)))),
  '2.3 unsynchronised': usual(tagOf(3, WHOLE, unsynchronised(Buffer.concat([...frames23, padding])))),
  '2.4 unsynchronised by frame': usual(
    tagOf(4, WHOLE, ...contents24.map(([id, body]) => frame24(id, unsynchronised(body), 0x0002))),
  ),
  '2.4 unsynchronised by the header alone': usual(
    tagOf(4, WHOLE, ...contents24.map(([id, body]) => frame24(id, unsynchronised(body)))),
  ),
  '2.4 unsynchronised, with the length of the data': usual(
    tagOf(
      4,
      WHOLE,
      ...contents24.map(([id, body]) => frame24(id, Buffer.concat([syncsafe(body.length), unsynchronised(body)]), 3)),
    ),
  ),
  '2.2 flagged as unsynchronised, which it is not': usual(tagOf(2, WHOLE, ...frames22)),
  '2.3 flagged as unsynchronised, which it is not': usual(tagOf(3, WHOLE, ...frames23)),
  '2.4 flagged as unsynchronised, which it is not': usual(tagOf(4, WHOLE, ...frames24)),
  '2.4 with plain sizes': usual(
    tagOf(4, 0, frame23('TIT3', encoded(LONG)), ...contents24.map(([id, body]) => frame23(id, body)), padding),
  ),
  '2.4 with plain sizes and no padding': usual(tagOf(4, 0, ...contents24.map(([id, body]) => frame23(id, body)))),
  '2.3 with an extended header': usual(
    tagOf(3, EXTENDED, u32be(6), u16be(0), u32be(padding.length), ...frames23, padding),
  ),
  '2.3 with an extended header and a checksum': usual(
    tagOf(3, EXTENDED, u32be(10), u16be(0x8000), u32be(0), u32be(0x12345678), ...frames23),
  ),
  '2.3 unsynchronised with an extended header': usual(
    tagOf(3, WHOLE | EXTENDED, unsynchronised(Buffer.concat([u32be(6), u16be(0), u32be(0), ...frames23]))),
  ),
  '2.3 flagged to have an extended header, which it lacks': usual(tagOf(3, EXTENDED, ...frames23)),
  '2.4 with an extended header': usual(tagOf(4, EXTENDED, syncsafe(6), Buffer.of(1, 0), ...frames24)),
  '2.4 with an extended header, a checksum and restrictions': usual(
    tagOf(4, EXTENDED, syncsafe(14), Buffer.of(1, 0x30, 5, 1, 2, 3, 4, 5, 1, 0), ...frames24),
  ),
  '2.4 with a footer': usual(
    Buffer.concat([
      tagOf(4, 0x10, ...frames24),
      ascii('3DI'),
      Buffer.of(4, 0, 0x10),
      syncsafe(Buffer.concat(frames24).length),
    ]),
  ),
  '2.3 compressed': usual(tagOf(3, 0, ...contents24.map(([id, body]) => odd.zlibbed23(id, body)))),
  '2.4 compressed': usual(tagOf(4, 0, ...contents24.map(([id, body]) => odd.zlibbed24(id, body)))),
  '2.3 in groups': usual(
    tagOf(3, 0, ...contents24.map(([id, body]) => frame23(id, Buffer.concat([Buffer.of(7), body]), 0x0020))),
  ),
  '2.4 in groups': usual(
    tagOf(4, 0, ...contents24.map(([id, body]) => frame24(id, Buffer.concat([Buffer.of(7), body]), 0x0040))),
  ),
  'encrypted frames are left out': usual(tagOf(3, 0, frame23('TIT3', encoded('secret'), 0x0040), ...frames23)),
  '2.3 with names of 2.2, filled up with NUL': usual(
    tagOf(
      3,
      0,
      frame23('TT2\0', encoded('Ÿtitle', 1)),
      frame23('TP1\0', encoded('AC/DC')),
      frame23('TAL\0', encoded('Álbum')),
      frame23('PIC\0', odd.pic22(PICTURE)),
    ),
  ),
  'a second tag behind the first': usual(
    Buffer.concat([
      tagOf(3, 0, ...frames23, padding),
      tagOf(
        4,
        0,
        frame24('TIT2', encoded('Second')),
        frame24('TPE1', encoded('Other')),
        frame24('TCON', encoded('Pop')),
      ),
    ]),
  ),
  'a second tag behind an empty one': usual(Buffer.concat([tagOf(3, 0, padding), tagOf(4, 0, ...frames24)])),
  'UTF-16 of odd length': only(
    tagOf(
      3,
      0,
      frame23('TIT2', Buffer.concat([encoded('Odd', 1), Buffer.of(0)])),
      frame23('TALB', Buffer.concat([encoded('Even', 1), Buffer.of(0, 0)])),
      frame23('TPE1', Buffer.concat([encoded('Three', 1), Buffer.of(0, 0, 0)])),
      frame23('TXXX', Buffer.concat([encoded('MOOD\0Calm', 1), Buffer.of(0)])),
      frame23(
        'COMM',
        Buffer.concat([Buffer.of(1), ascii('eng'), encoded('\0\ufeffSaid', 1).subarray(1), Buffer.of(0)]),
      ),
    ),
    { title: ['Odd'], album: ['Even'], artist: ['Three'], mood: ['Calm'], comment: ['Said'] },
  ),
  'UTF-16 without a mark, and of the other order': only(
    tagOf(
      3,
      0,
      frame23('TIT2', Buffer.concat([Buffer.of(1), Buffer.from('Little', 'utf16le')])),
      frame23('TALB', Buffer.concat([Buffer.of(1), encoded('Big', 2).subarray(1)])),
      frame23('TPE1', Buffer.concat([Buffer.of(1, 0xfe, 0xff), encoded('Marked', 2).subarray(1)])),
      frame23('TCOM', Buffer.concat([Buffer.of(2, 0xff, 0xfe), Buffer.from('Wrong', 'utf16le')])),
    ),
    { title: ['Little'], album: ['Big'], artist: ['Marked'], composer: ['Wrong'] },
  ),
  'several values, each with its mark': only(
    tagOf(3, 0, frame23('TPE1', encoded('Anna\0\ufeffBert\0\ufeffÇelik', 1)), frame23('TCOM', encoded('A/B\0C'))),
    { artist: ['Anna', 'Bert', 'Çelik'], composer: ['A/B', 'C'] },
  ),
  'texts without the byte of their encoding': only(
    tagOf(3, 0, frame23('TIT2', ascii('Bare')), frame23('TALB', Buffer.from('Älbum'))),
    {
      title: ['Bare'],
      album: ['Älbum'],
    },
  ),
  '2.3 with sizes of 2.4': usual(tagOf(3, 0, ...frames24, padding)),
  'names from before 2.4': only(
    tagOf(
      3,
      0,
      frame23('TIT2', encoded('T')),
      frame23('XSOP', encoded('Sort, A')),
      frame23('XSOT', encoded('Sort, T')),
      frame23('XDOR', encoded('1969-05-06')),
    ),
    { title: ['T'], artistsort: ['Sort, A'], titlesort: ['Sort, T'], originaldate: ['1969-05-06'] },
  ),
  'names with slashes': only(
    tagOf(
      3,
      0,
      ...['TPE1', 'TPE2', 'TPE3', 'TCOM', 'TEXT', 'TSRC'].map((id) => frame23(id, encoded('AC/DC'))),
      frame23('TXXX', encoded('MusicBrainz Album Type\0album/live')),
    ),
    {
      artist: ['AC/DC'],
      albumartist: ['AC/DC'],
      conductor: ['AC/DC'],
      composer: ['AC/DC'],
      lyricist: ['AC/DC'],
      isrc: ['AC/DC'],
      releasetype: ['album/live'],
    },
  ),
  'a frame that is cut off': only(
    tagOf(3, 0, frame23('TIT2', encoded('Kept')), frame23('TALB', encoded('Cut here')).subarray(0, 15)),
    { title: ['Kept'], album: ['Cut'] },
  ),
  'volume by RVA2': only(
    tagOf(
      4,
      0,
      frame24('RVA2', Buffer.concat([ascii('album\0'), Buffer.of(1, 0xf3, 0, 16, 0x40, 0)])),
      frame24('RVA2', Buffer.concat([ascii('track\0'), Buffer.of(2, 0, 0, 0, 1, 0x02, 0x80, 0)])),
    ),
    { replaygain_album_gain: ['-6.50 dB'], replaygain_album_peak: ['0.500000'], replaygain_track_gain: ['1.25 dB'] },
  ),
}

const GENRES: readonly (readonly [written: string, genres: readonly string[]])[] = [
  ['(51)(39)', ['Techno-Industrial', 'Noise']],
  ['(4)Eurodisco', ['Disco', 'Eurodisco']],
  ['(17)Rock', ['Rock']],
  ['(17)', ['Rock']],
  ['17', ['Rock']],
  ['(51) (39) Trance', ['Techno-Industrial', 'Noise', 'Trance']],
  ['Rock\0(8)\0Pop', ['Rock', 'Jazz', 'Pop']],
  ['17\x0052', ['Rock', 'Electronic']],
  ['(RX)(CR)', ['Remix', 'Cover']],
  ['(4)((Live) Disco', ['Disco', '(Live) Disco']],
  ['((I can figure out any genre)', ['(I can figure out any genre)']],
  ['Rock (Live)', ['Rock (Live)']],
  ['(Live) Rock', ['(Live) Rock']],
  ['Duo Cello/Piano', ['Duo Cello/Piano']],
  ['(255)', []],
]

const CONTAINERS: readonly AudioFormat[] = ['mp3', 'flac', 'tta', 'wav', 'aiff', 'dsf', 'dff']
const IN_CHUNKS: readonly AudioFormat[] = ['wav', 'aiff', 'dsf', 'dff']

/** In the place where the container has it, or ahead of all. */
function tagged(format: AudioFormat, id3: Buffer): Buffer {
  const isInside = format === 'mp3' || IN_CHUNKS.includes(format)
  return isInside ? audioBytes({ format, id3 }) : Buffer.concat([id3, audioBytes({ format })])
}

async function read(folder: string, format: AudioFormat, bytes: Uint8Array) {
  const path = join(folder, `a.${format}`)
  await writeFile(path, bytes)
  return (await readAudioFile(path)).file
}

for (const format of CONTAINERS)
  test(`${format}: ID3v2 as it occurs`, async (t) => {
    const folder = tempFolder(t)
    for (const [name, { tag, tags, picture }] of Object.entries(CASES)) {
      if (IN_CHUNKS.includes(format) && /second/.test(name)) continue
      const file = await read(folder, format, tagged(format, tag))
      const found = Object.fromEntries(Object.keys(tags).map((key) => [key, file.tags[key]]))
      assert.deepEqual(found, tags, name)
      assert.equal(file.tags.genre, undefined, name)
      assert.equal(file.picture, picture ? HASH : '', name)
      if (format !== 'dsf') assert.ok(file.audio.durationMs > 950 && file.audio.durationMs < 1100, name)
    }
  })

for (const format of CONTAINERS)
  test(`${format}: genres with numbers in every form of the standard`, async (t) => {
    const folder = tempFolder(t)
    for (const [written, genres] of GENRES)
      for (const tag of [
        tagOf(2, 0, frame22('TCO', encoded(written))),
        tagOf(3, 0, frame23('TCON', encoded(written))),
        tagOf(3, 0, frame23('TCON', encoded(written, 1))),
        tagOf(4, 0, frame24('TCON', encoded(written, 3))),
      ]) {
        const { tags } = await read(folder, format, tagged(format, tag))
        assert.deepEqual(tags.genre ?? [], genres, JSON.stringify(written))
      }
  })

test('ID3v2 ahead of containers that have none', async (t) => {
  const folder = tempFolder(t)
  for (const format of ['flac', 'wav', 'aiff', 'mpc', 'tta', 'ape', 'wv', 'aac', 'ogg', 'm4a'] as const) {
    const bytes = Buffer.concat([tagOf(3, 0, ...frames23), audioBytes({ format })])
    const { tags, picture, audio } = await read(folder, format, bytes)
    assert.deepEqual([tags.title, tags.artist, picture], [USUAL.title, USUAL.artist, HASH], format)
    assert.ok(audio.durationMs > 950 && audio.durationMs < 1100, format)
  }
})

test('a picture is found whatever ends its description', async (t) => {
  const folder = tempFolder(t)
  const mime = ascii('image/jpeg\0')
  const heads: Readonly<Record<string, Buffer>> = {
    'one zero in UTF-16': Buffer.concat([Buffer.of(1), mime, Buffer.of(3, 0)]),
    'a mark and one zero in UTF-16': Buffer.concat([Buffer.of(1), mime, Buffer.of(3, 0xff, 0xfe, 0)]),
    'two zeros in Latin-1': Buffer.concat([Buffer.of(0), mime, Buffer.of(3, 0, 0)]),
    'nothing in Latin-1': Buffer.concat([Buffer.of(0), mime, Buffer.of(3)]),
    'no type of picture': Buffer.concat([Buffer.of(0), mime]),
    'the format of 2.2': Buffer.concat([Buffer.of(0), ascii('JPG'), Buffer.of(3, 0)]),
    'a description in UTF-16': Buffer.concat([Buffer.of(1), mime, Buffer.of(3), encoded('Cover\0', 1).subarray(1)]),
  }
  for (const [name, head] of Object.entries(heads)) {
    const id3 = tagOf(3, 0, frame23('TIT2', encoded('T')), frame23('APIC', Buffer.concat([head, PICTURE])))
    assert.equal((await read(folder, 'mp3', audioBytes({ format: 'mp3', id3 }))).picture, HASH, name)
  }
})

test('frames of nonsense cost nothing but themselves', async (t) => {
  const folder = tempFolder(t)
  const ids = ['COMM', 'USLT', 'SYLT', 'APIC', 'UFID', 'POPM', 'GEOB', 'WXXX', 'CHAP', 'CTOC', 'TIPL', 'PCST', 'RVA2']
  for (const [index, id] of ids.entries())
    for (let length = 0; length < 24; length++) {
      const random = createHash('shake256', { outputLength: length * 3 })
        .update(`${id}${length}`)
        .digest()
      const body = Buffer.from(random.map((byte) => (byte < 100 ? byte % 4 : byte)))
      const frame = index % 2 ? frame23(id, body) : frame24(id, body)
      const id3 = tagOf(index % 2 ? 3 : 4, 0, (index % 2 ? frame23 : frame24)('TIT2', encoded('Good')), frame)
      const { tags } = await read(folder, 'mp3', audioBytes({ format: 'mp3', id3 }))
      assert.deepEqual(tags.title, ['Good'], `${id} ${body.toString('hex')}`)
    }
})

test('a tag whose size is beyond the end of the file', async (t) => {
  const tag = tagOf(3, 0, ...frames23)
  syncsafe(100_000_000).copy(tag, 6)
  const { tags, audio } = await read(tempFolder(t), 'mp3', Buffer.concat([tag, audioBytes({ format: 'mp3' })]))
  assert.deepEqual(tags.title, USUAL.title)
  assert.ok(audio.sampleRate > 0)
})

test('hostile tags cost neither the song nor time', async (t) => {
  const folder = tempFolder(t)
  const bomb = odd.zlibbed24('TIT3', Buffer.alloc(40 * 1024 * 1024, 0x41))
  const cases: Readonly<Record<string, Buffer>> = {
    'frames that unfold to gigabytes': tagOf(4, 0, frame24('TIT2', encoded('T')), bomb, bomb, bomb),
    'a million empty frames': tagOf(
      3,
      0,
      frame23('TIT2', encoded('T')),
      ...Array(100_000).fill(frame23('TIT3', Buffer.alloc(0))),
    ),
    'sizes of four gigabytes': tagOf(4, 0, frame24('TIT2', encoded('T')), ascii('TALB'), Buffer.alloc(6, 0xff)),
    'many tags': Buffer.concat(Array(5000).fill(tagOf(4, 0, frame24('TIT2', encoded('T'))))),
    'an extended header without end': tagOf(3, EXTENDED, Buffer.alloc(4, 0xff), frame23('TIT2', encoded('T'))),
    'half a header': Buffer.concat([tagOf(3, 0, frame23('TIT2', encoded('T'))), ascii('ID3\x03')]),
  }
  for (const [name, tag] of Object.entries(cases)) {
    const { audio } = await read(folder, 'mp3', Buffer.concat([tag, audioBytes({ format: 'mp3' })]))
    assert.equal(audio.codec, 'mp3', name)
  }
})
