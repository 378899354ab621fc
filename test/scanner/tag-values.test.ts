import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RawTags } from '../../src/hooks/hooks.ts'
import type { EmbeddedLyrics } from '../../src/library/entities.ts'
import type { SongDraft } from '../../src/library/scan-draft.ts'
import { mapSong } from '../../src/scanner/map-song.ts'
import { Names } from '../../src/scanner/names.ts'
import { readAudioFile } from '../../src/scanner/read-file.ts'
import { asfFile } from '../support/audio/asf.ts'
import { ascii, u32be, u32le } from '../support/audio/bytes.ts'
import { encoded, frame22, frame23, frame24, tagOf } from '../support/audio/odd-id3.ts'
import type { AudioFormat, AudioSpec } from '../support/audio/spec.ts'
import { audioBytes, fixtureBytes } from '../support/audio.ts'
import { DEFAULT_SCANNER_SETTINGS } from '../support/scanner-settings.ts'
import { tempFolder } from '../support/temp-database.ts'

const names = new Names(DEFAULT_SCANNER_SETTINGS)

interface Read {
  readonly tags: RawTags
  readonly song: SongDraft
  readonly lyrics: readonly EmbeddedLyrics[]
}

async function read(folder: string, name: string, bytes: Uint8Array): Promise<Read> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  const { file } = await readAudioFile(path)
  const { tags, lyrics } = file
  return { tags, lyrics, song: mapSong({ ...file, path: name }, names, DEFAULT_SCANNER_SETTINGS) }
}

const made = (folder: string, spec: AudioSpec) =>
  read(folder, `a.${spec.format === 'alac' ? 'm4a' : spec.format}`, audioBytes(spec))

const wma = (folder: string, spec: Parameters<typeof asfFile>[1]) =>
  read(folder, 'a.wma', asfFile(fixtureBytes('tagged.wma'), spec))

/** Those whose own names of tags are free. */
const FREE: readonly AudioFormat[] = ['flac', 'ogg', 'opus', 'ape', 'wv', 'mpc']

test('WMA: several authors and genres are in their order, wherever they stand', async (t) => {
  const { song, tags } = await wma(tempFolder(t), {
    description: { Title: 'Title', Author: 'First', Description: 'Said' },
    extended: [
      ['WM/Genre', 'Rock'],
      ['WM/AlbumTitle', 'Album'],
      ['WM/Composer', 'Comp 1'],
      ['WM/TrackNumber', 7],
      ['WM/IsCompilation', true],
    ],
    library: [
      ['Author', 'Second'],
      ['Author', 'Third'],
      ['WM/Genre', 'Pop'],
      ['WM/Composer', 'Comp 2'],
    ],
  })
  assert.deepEqual(tags.artist, ['First', 'Second', 'Third'])
  assert.deepEqual(song.genres, ['Rock', 'Pop'])
  assert.deepEqual(tags.composer, ['Comp 1', 'Comp 2'])
  assert.deepEqual([song.title, song.comment, song.trackNumber, song.compilation], ['Title', 'Said', 7, true])
})

test("the format's own names beat free ones that stray", async (t) => {
  const folder = tempFolder(t)
  const stray = [
    frame23('TXXX', encoded('ALBUM ARTIST\0Stray')),
    frame23('TXXX', encoded('ALBUMARTIST\0Stray')),
    frame23('TXXX', encoded('TITLE\0Stray')),
    frame23('TXXX', encoded('ARTIST\0Stray')),
  ]
  const right = [
    frame23('TPE2', encoded('Right')),
    frame23('TIT2', encoded('Right')),
    frame23('TPE1', encoded('Right')),
  ]
  for (const frames of [
    [...stray, ...right],
    [...right, ...stray],
  ]) {
    const { song } = await made(folder, { format: 'mp3', id3: tagOf(3, 0, ...frames) })
    assert.deepEqual([song.albumArtist, song.title, song.artist], ['Right', 'Right', 'Right'])
  }
  assert.equal((await made(folder, { format: 'mp3', id3: tagOf(3, 0, ...stray) })).song.albumArtist, 'Stray')
  const m4a = await made(folder, {
    format: 'm4a',
    tags: { albumartist: 'Right', title: 'Right' },
    native: [
      ['ALBUM ARTIST', 'Stray'],
      ['TITLE', 'Stray'],
    ],
  })
  assert.deepEqual([m4a.song.albumArtist, m4a.song.title], ['Right', 'Right'])
})

test('names of tags are the same with spaces, underscores, hyphens and null characters', async (t) => {
  const folder = tempFolder(t)
  for (const name of ['ALBUM ARTIST', 'ALBUM_ARTIST', 'AlbumArtist', 'album-artist', 'ALBUMARTIST'])
    for (const format of ['flac', 'ape', 'm4a', 'mp3'] as const) {
      const native = [[format === 'mp3' ? `TXXX:${name}` : name, 'Band']] as const
      assert.equal((await made(folder, { format, native })).song.albumArtist, 'Band', `${format} ${name}`)
    }
  const nul = await made(folder, { format: 'm4a', native: [['CATALOGNUMBER\0', 'CAT 1\0']] })
  assert.deepEqual(nul.tags.catalognumber, ['CAT 1'])
})

test('the year of the original', async (t) => {
  const folder = tempFolder(t)
  for (const name of [
    'ORIGYEAR',
    'ORIGINALYEAR',
    'ORIGINALDATE',
    'Original Year',
    'ORIGINAL_RELEASE_DATE',
    'ORIGDATE',
  ]) {
    for (const format of FREE)
      assert.equal((await made(folder, { format, native: [[name, '1969']] })).song.originalDate, '1969', name)
    const id3 = tagOf(4, 0, frame24('TXXX', encoded(`${name}\x001969`)), frame24('TDRC', encoded('2001')))
    assert.deepEqual((await made(folder, { format: 'mp3', id3 })).song.originalDate, '1969', name)
    assert.equal((await wma(folder, { extended: [[name, '1969']] })).song.originalDate, '1969', name)
    assert.equal((await made(folder, { format: 'm4a', native: [[name, '1969']] })).song.originalDate, '1969', name)
  }
})

test('dates in every form', async (t) => {
  const folder = tempFolder(t)
  const cases: readonly (readonly [string, string])[] = [
    ['2001', '2001'],
    ['2001-02', '2001-02'],
    ['2001-2-3', '2001-02-03'],
    ['2001/02/03', '2001-02-03'],
    ['20010203', '2001-02-03'],
    ['3.2.2001', '2001-02-03'],
    ['2001年2月3日', '2001-02-03'],
    ['3 Feb 2001', '2001-02-03'],
    ['February 3, 2001', '2001-02-03'],
    ['Sept. 2001', '2001-09'],
    ['2001-02-03T04:05:06Z', '2001-02-03'],
    ['2001-00-00', '2001'],
    ['(c) 2001 Somebody', '2001'],
    ['2001-13-45', '2001'],
    ['May', ''],
  ]
  for (const [written, date] of cases)
    assert.equal((await made(folder, { format: 'flac', tags: { date: written } })).song.date, date, written)
  const day = tagOf(3, 0, frame23('TYER', encoded('2001')), frame23('TDAT', encoded('0302')))
  assert.equal((await made(folder, { format: 'mp3', id3: day })).song.date, '2001-02-03')
  const day22 = tagOf(2, 0, frame22('TYE', encoded('2001')), frame22('TDA', encoded('0302')))
  assert.equal((await made(folder, { format: 'mp3', id3: day22 })).song.date, '2001-02-03')
})

test('lyrics have their place in every container', async (t) => {
  const folder = tempFolder(t)
  const expected = [{ lang: 'und', synced: false, offsetMs: 0, lines: [{ text: 'One' }, { text: 'Two' }] }]
  const names = ['UNSYNCED LYRICS', 'UNSYNCEDLYRICS', 'UNSYNCED_LYRICS', 'LYRICS', 'Lyrics']
  for (const name of names) {
    for (const format of [...FREE, 'm4a'] as const) {
      const { lyrics, tags } = await made(folder, { format, native: [[name, 'One\nTwo']] })
      assert.deepEqual(lyrics, expected, `${format} ${name}`)
      assert.equal(JSON.stringify(tags).includes('Two'), false)
    }
    for (const format of ['mp3', 'wav', 'aiff', 'dsf'] as const) {
      const id3 = tagOf(3, 0, frame23('TXXX', encoded(`${name}\0One\nTwo`, 1)))
      assert.deepEqual((await made(folder, { format, id3 })).lyrics, expected, `${format} ${name}`)
    }
    assert.deepEqual((await wma(folder, { extended: [[name, 'One\nTwo']] })).lyrics, expected, `wma ${name}`)
  }
})

test('lyrics keep the language that stands in the name of their tag', async (t) => {
  const folder = tempFolder(t)
  for (const name of ['LYRICS:deu', 'LYRICS-deu', 'LYRICS_deu', 'lyrics:DEU', 'UNSYNCED LYRICS:deu']) {
    for (const format of ['flac', 'ape', 'm4a'] as const) {
      const { lyrics } = await made(folder, { format, native: [[name, 'Eins']] })
      assert.deepEqual([lyrics[0]?.lang, lyrics[0]?.lines], ['deu', [{ text: 'Eins' }]], `${format} ${name}`)
    }
    const id3 = tagOf(4, 0, frame24('TXXX', encoded(`${name}\0Eins`)))
    assert.equal((await made(folder, { format: 'mp3', id3 })).lyrics[0]?.lang, 'deu', name)
  }
})

const SRT =
  '1\r\n00:00:01,500 --> 00:00:03,000\r\nOne\r\nmore\r\n\r\n2\r\n00:01:02,000 --> 00:01:03,000\r\n<i>Two</i>\r\n'
const VTT = 'WEBVTT\n\n00:01.500 --> 00:03.000\nOne\nmore\n\n01:02.000 --> 01:03.000\nTwo\n'
const TTML =
  '<?xml version="1.0"?>\n<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="00:01.500" end="3s">One<br/>more</p><p begin="01:02.000">Two</p></div></body></tt>'

test('timed text of every kind is read inside files, too', async (t) => {
  const folder = tempFolder(t)
  for (const [kind, text] of Object.entries({ SRT, VTT, TTML })) {
    const uslt = frame24('USLT', Buffer.concat([Buffer.of(3), ascii('eng\0'), Buffer.from(text)]))
    const { lyrics } = await made(folder, { format: 'mp3', id3: tagOf(4, 0, uslt) })
    assert.deepEqual([lyrics[0]?.lang, lyrics[0]?.synced], ['eng', true], kind)
    const lines = lyrics[0]?.lines.map(({ ms, text }) => [ms, text.replace(/\s+/g, ' ')])
    assert.deepEqual(
      lines,
      [
        [1500, 'One more'],
        [62_000, 'Two'],
      ],
      kind,
    )
    const flac = await made(folder, { format: 'flac', native: [['LYRICS', text]] })
    assert.equal(flac.lyrics[0]?.synced, true, kind)
  }
  const plain = 'Twenty --> thirty\n1\nare numbers'
  assert.equal((await made(folder, { format: 'flac', native: [['LYRICS', plain]] })).lyrics[0]?.synced, false)
})

test('gains in all notations', async (t) => {
  const folder = tempFolder(t)
  const cases: readonly (readonly [string, number | undefined])[] = [
    ['-6.48 dB', -6.48],
    ['-.5 dB', -0.5],
    ['+0.50dB', 0.5],
    ['.5', 0.5],
    ['-5. dB', -5],
    ['9.5e-01', 0.95],
    ['-1.2E+01 dB', -12],
    ['-6,48 dB', -6.48],
    ['−6.48 dB', -6.48],
    ['dB', undefined],
    ['nan', undefined],
  ]
  for (const [written, gain] of cases)
    for (const format of ['flac', 'ape', 'm4a', 'mp3'] as const) {
      const name = format === 'mp3' ? 'TXXX:REPLAYGAIN_TRACK_GAIN' : 'replaygain_track_gain'
      const { replayGain } = (await made(folder, { format, native: [[name, written]] })).song
      assert.equal(replayGain.trackGain, gain, `${format} ${written}`)
    }
  const rva = (name: string, gain: number, peak: number) =>
    frame24(
      'RVA2',
      Buffer.concat([ascii(`${name}\0`), Buffer.of(1, (gain >> 8) & 255, gain & 255, 16, peak >> 8, peak & 255)]),
    )
  const id3 = tagOf(4, 0, rva('track', -3 * 512, 0x4000), rva('album', 256, 0x8000))
  const expected = { trackGain: -3, trackPeak: 0.5, albumGain: 0.5, albumPeak: 1 }
  assert.deepEqual((await made(folder, { format: 'mp3', id3 })).song.replayGain, expected)
})

test('the gain in the head of Opus is the base gain', async (t) => {
  const bytes = audioBytes({ format: 'opus', tags: { title: 'T', r128_track_gain: '-512' } })
  bytes.writeInt16LE(-3 * 256, bytes.indexOf('OpusHead') + 16)
  const { replayGain } = (await read(tempFolder(t), 'a.opus', bytes)).song
  assert.deepEqual(replayGain, { trackGain: 3, baseGain: -3 })
})

test("iTunes' notes are no comments", async (t) => {
  const folder = tempFolder(t)
  const norm = ' 0000024A 00000272 00001F1E 00001C9B 00023D5D 00023D5D 00007E86 00007E86 00023D43 00023D43'
  const gapless = ' 00000000 00000210 00000A2C 0000000000AE8E94 00000000 00000000 00000000 00000000 00000000 00000000'
  const comment = (described: string, text: string) =>
    frame23('COMM', Buffer.concat([Buffer.of(0), ascii(`eng${described}\0${text}`)]))
  const named = tagOf(3, 0, comment('iTunNORM', norm), comment('iTunSMPB', gapless), comment('', 'Said'))
  assert.equal((await made(folder, { format: 'mp3', id3: named })).song.comment, 'Said')
  const unnamed = tagOf(3, 0, comment('', norm), comment('', gapless), comment('Songs-DB_Custom1', 'x'))
  assert.equal((await made(folder, { format: 'mp3', id3: unnamed })).song.comment, '')
  const described = tagOf(3, 0, comment('MusicMatch_Mood', 'Calm'), comment('', 'Said'))
  assert.equal((await made(folder, { format: 'mp3', id3: described })).song.comment, 'Said')
  for (const format of FREE)
    for (const name of ['COMMENT', 'DESCRIPTION', 'iTunNORM', 'COMMENT:iTunNORM', 'ITUNNORM']) {
      const { song } = await made(folder, { format, native: [[name, norm]] })
      assert.equal(song.comment, '', `${format} ${name}`)
      assert.equal(JSON.stringify(song.tags).includes('0000024A'), false, `${format} ${name}`)
    }
})

function infoChunk(texts: readonly (readonly [string, Buffer])[]): Buffer {
  const items = texts.map(([name, text]) => {
    const body = Buffer.concat([text, Buffer.alloc(1)])
    return Buffer.concat([ascii(name), u32le(body.length), body, Buffer.alloc(body.length % 2)])
  })
  const list = Buffer.concat([ascii('INFO'), ...items])
  return Buffer.concat([ascii('LIST'), u32le(list.length), list])
}

function wavWith(texts: readonly (readonly [string, Buffer])[]): Buffer {
  const bytes = Buffer.concat([audioBytes({ format: 'wav' }), infoChunk(texts)])
  bytes.writeUInt32LE(bytes.length - 8, 4)
  return bytes
}

test('RIFF: the texts of LIST/INFO under our names', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['INAM', 'title'],
    ['IART', 'artist'],
    ['IPRD', 'album'],
    ['IGNR', 'genre'],
    ['ICMT', 'comment'],
    ['IMUS', 'composer'],
    ['IWRI', 'lyricist'],
    ['ICOP', 'copyright'],
    ['ILNG', 'language'],
    ['IENG', 'engineer'],
    ['IPUB', 'recordlabel'],
    ['IMED', 'media'],
    ['IEDT', 'remixer'],
    ['ISTR', 'performer'],
    ['ICNT', 'releasecountry'],
    ['ITCH', 'encodedby'],
    ['IDST', 'discsubtitle'],
  ]
  const folder = tempFolder(t)
  const texts = cases.map(([id]) => [id, ascii(`is ${id}`)] as const)
  const { tags } = await read(folder, 'a.wav', wavWith(texts))
  assert.deepEqual(
    cases.map(([, name]) => tags[name]),
    cases.map(([id]) => [`is ${id}`]),
  )
  const numbers = await read(
    folder,
    'a.wav',
    wavWith([
      ['ITRK', ascii('3/12')],
      ['ICRD', ascii('2001-02-03')],
      ['IBPM', ascii('120')],
      ['ISRC', ascii('A tape of mine')],
    ]),
  )
  const { trackNumber, date, bpm, isrc } = numbers.song
  assert.deepEqual([trackNumber, date, bpm, isrc], [3, '2001-02-03', 120, []])
  const code = await read(folder, 'a.wav', wavWith([['ISRC', ascii('USABC2112345')]]))
  assert.deepEqual(code.song.isrc, ['USABC2112345'])
})

test('RIFF and AIFF: texts are UTF-8, else Latin-1', async (t) => {
  const folder = tempFolder(t)
  for (const text of ['Müßiggang', 'Привет', 'さくら', 'plain'])
    for (const encoding of ['utf8', 'latin1'] as const) {
      const bytes = Buffer.from(text, encoding)
      if (bytes.toString(encoding) !== text) continue
      const { tags } = await read(
        folder,
        'a.wav',
        wavWith([
          ['INAM', bytes],
          ['IART', bytes],
        ]),
      )
      assert.deepEqual([tags.title, tags.artist], [[text], [text]], `${encoding} ${text}`)
      const aiff = audioBytes({ format: 'aiff' })
      const chunk = (name: string) =>
        Buffer.concat([ascii(name), u32be(bytes.length), bytes, Buffer.alloc(bytes.length % 2)])
      const whole = Buffer.concat([aiff, ...['NAME', 'AUTH', 'ANNO', '(c) '].map(chunk)])
      whole.writeUInt32BE(whole.length - 8, 4)
      const { song, tags: found } = await read(folder, 'a.aiff', whole)
      assert.deepEqual([song.title, song.artist, song.comment, found.copyright], [text, text, text, [text]])
    }
})

test('numbers of tracks and discs as people write them', async (t) => {
  const folder = tempFolder(t)
  const cases: readonly (readonly [string, number, string | undefined])[] = [
    ['3/12', 3, '12'],
    ['03', 3, undefined],
    ['3 of 12', 3, '12'],
    ['A3', 3, undefined],
    ['#3', 3, undefined],
    ['Track 3', 3, undefined],
    ['3.', 3, undefined],
    ['CD 3', 3, undefined],
    ['x', 0, undefined],
  ]
  for (const [written, number, total] of cases) {
    const { song } = await made(folder, { format: 'flac', tags: { tracknumber: written, discnumber: written } })
    assert.deepEqual([song.trackNumber, song.discNumber], [number, number || 1], written)
    assert.deepEqual([song.tags.tracktotal?.[0], song.tags.disctotal?.[0]], [total, total], written)
  }
})

test('several values, whatever separates them', async (t) => {
  const folder = tempFolder(t)
  for (const format of ['flac', 'ogg', 'ape', 'mp3', 'm4a', 'wav', 'aiff', 'dsf'] as const) {
    const { tags } = await made(folder, {
      format,
      tags: { artist: ['A', 'B'], genre: ['X', 'Y'], composer: ['C', 'D'] },
    })
    assert.deepEqual(
      [tags.artist, tags.genre, tags.composer],
      [
        ['A', 'B'],
        ['X', 'Y'],
        ['C', 'D'],
      ],
      format,
    )
  }
  for (const format of ['flac', 'ape', 'm4a'] as const) {
    const { tags } = await made(folder, { format, tags: { artist: 'A\0B', title: 'T\0' } })
    assert.deepEqual([tags.artist, tags.title], [['A', 'B'], ['T']], format)
  }
})
