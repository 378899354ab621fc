import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readAudioFile } from '../../src/scanner/read-file.ts'
import { ascii, u16be, u32be, utf8 } from '../support/audio/bytes.ts'
import { atom, data, mp4With } from '../support/audio/mp4.ts'
import { coverJpeg, fixtureBytes } from '../support/audio.ts'
import { tempFolder } from '../support/temp-database.ts'

const base = fixtureBytes('tone.m4a')
/** Of texts in three letters of five bits. */
const GERMAN = 0x1575

async function read(folder: string, bytes: Uint8Array) {
  const path = join(folder, 'a.m4a')
  await writeFile(path, bytes)
  return (await readAudioFile(path)).file
}

test('QuickTime: texts in udta, of several languages the first', async (t) => {
  const folder = tempFolder(t)
  const text = (bytes: Buffer, language = GERMAN) => Buffer.concat([u16be(bytes.length), u16be(language), bytes])
  const udta = atom(
    'udta',
    atom('\xa9nam', text(utf8('Hyvää yötä')), text(utf8('Good night'), 0)),
    atom('\xa9ART', text(Buffer.from([0x5a, 0x6f, 0x91]), 0)),
    atom('\xa9alb', text(Buffer.concat([Buffer.of(0xfe, 0xff), Buffer.from('Wide', 'utf16le').swap16()]))),
    atom('\xa9trk', text(utf8('3/9'))),
    atom('\xa9day', text(utf8('2001-02-03'))),
    u32be(0),
  )
  const { tags } = await read(folder, mp4With(base, udta))
  // Mac Roman has ë at 0x91.
  assert.deepEqual([tags.title, tags.artist, tags.album], [['Hyvää yötä'], ['Zoë'], ['Wide']])
  assert.deepEqual([tags.track, tags.recordingdate], [['3/9'], ['2001-02-03']])
})

test('3GPP: texts in udta', async (t) => {
  const full = (name: string, body: Buffer) => atom(name, u32be(0), u16be(GERMAN), body)
  const udta = atom(
    'udta',
    full('titl', utf8('Tïtle\0')),
    full('perf', Buffer.concat([Buffer.of(0xfe, 0xff), Buffer.from('Çelik\0', 'utf16le').swap16()])),
    full('albm', Buffer.concat([utf8('Album\0'), Buffer.of(3)])),
    full('gnre', utf8('Jazz\0')),
    full('dscp', utf8('Said\0')),
    atom('yrrc', u32be(0), u16be(2001)),
  )
  const { tags } = await read(tempFolder(t), mp4With(base, udta))
  assert.deepEqual([tags.title, tags.artist, tags.album], [['Tïtle'], ['Çelik'], ['Album']])
  assert.deepEqual([tags.genre, tags.comment, tags.recordingdate], [['Jazz'], ['Said'], ['2001']])
})

test('a list of keys, with and without the name of their owner', async (t) => {
  const items: readonly (readonly [string, Buffer])[] = [
    ['com.apple.quicktime.title', data(1, utf8('Tïtle'))],
    ['artist', data(1, utf8('Artist'))],
    ['album_artist', data(1, utf8('Band'))],
    ['track', data(21, Buffer.of(0, 3))],
    ['com.apple.quicktime.album', data(2, Buffer.from('Wide', 'utf16le').swap16())],
    ['com.apple.quicktime.artwork', data(13, coverJpeg())],
    ['UNSYNCED LYRICS', data(1, utf8('Words'))],
  ]
  const keys = items.map(([name]) => Buffer.concat([u32be(8 + name.length), ascii('mdta'), ascii(name)]))
  const handler = atom('hdlr', Buffer.alloc(8), ascii('mdta'), Buffer.alloc(13))
  const inside = [
    handler,
    atom('keys', u32be(0), u32be(items.length), ...keys),
    atom('ilst', ...items.map(([, value], index) => atom(u32be(index + 1).toString('latin1'), value))),
  ]
  for (const meta of [atom('meta', ...inside), atom('meta', u32be(0), ...inside)])
    for (const place of [meta, atom('udta', meta)]) {
      const { tags, lyrics, picture } = await read(tempFolder(t), mp4With(base, place))
      assert.deepEqual([tags.title, tags.artist, tags.albumartist], [['Tïtle'], ['Artist'], ['Band']])
      assert.deepEqual([tags.album, tags.track, lyrics[0]?.lines], [['Wide'], ['3'], [{ text: 'Words' }]])
      assert.equal(picture, createHash('sha256').update(coverJpeg()).digest('hex').slice(0, 16))
    }
})
