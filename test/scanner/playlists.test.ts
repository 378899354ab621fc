import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readM3u } from '../../src/scanner/m3u.ts'
import { encode } from '../support/encode.ts'
import { ADMIN, EVERYTHING, type ScanRig, scanRig } from '../support/scanned-library.ts'
import { tempFolder } from '../support/temp-database.ts'

const songs = {
  'A/1.mp3': { title: 'One' },
  'A/Bö.mp3': { title: 'Two' },
  'B c/3 #1.mp3': { title: 'Three' },
}

function playlists(rig: ScanRig): Readonly<Record<string, readonly string[]>> {
  const { list, songs: songsOf } = rig.repositories.playlists
  return Object.fromEntries(
    list(EVERYTHING).map(({ id, name }) => [name, Array.from(songsOf(EVERYTHING, id), (s) => s.title)]),
  )
}

test('entries are found in every way that players write them', async (t) => {
  const folder = tempFolder(t)
  const rig = await scanRig(
    t,
    {
      ...songs,
      'A/relative.m3u8': '#EXTM3U\n#PLAYLIST: My Name\n#EXTINF:1,x\n1.mp3\r\n../B c/3 #1.mp3\n./Bö.mp3\n',
      'lists/absolute.m3u': `${folder}/A/1.mp3\nfile://${folder}/B%20c/3%20%231.mp3\nfile://localhost${folder}/A/1.mp3`,
      'case.m3u8': '\ufeffa/1.MP3\nA/Bo\u0308.mp3\nb C\\3 #1.mp3'.replace('b C\\', 'b C/'),
      'windows.m3u': 'A\\1.mp3\r\nB c\\3 #1.mp3\r\n',
      'latin.m3u': Buffer.from('A/B\xf6.mp3', 'latin1'),
      'foreign.m3u': 'http://example.org/stream\nA/none.mp3\nA/1.mp3',
    },
    { folder },
  )
  await rig.scan()
  assert.deepEqual(playlists(rig), {
    'My Name': ['One', 'Three', 'Two'],
    absolute: ['One', 'Three', 'One'],
    case: ['One', 'Two', 'Three'],
    windows: ['One', 'Three'],
    latin: ['Two'],
    foreign: ['One'],
  })
})

test('a playlist follows its file and stays when the file goes', async (t) => {
  const rig = await scanRig(t, { ...songs, 'list.m3u': 'A/1.mp3' })
  await rig.scan()
  const only = () => rig.repositories.playlists.list(EVERYTHING)[0]
  const first = only()
  assert.deepEqual([first?.ownerId, first?.public, first?.sync, first?.path], [ADMIN, false, true, 'list.m3u'])
  await rig.scan()
  assert.equal(only()?.updatedAt, first?.updatedAt)
  await rig.write({ 'list.m3u': 'A/1.mp3\nA/Bö.mp3' })
  await rig.scan()
  assert.equal(only()?.id, first?.id)
  assert.deepEqual(playlists(rig), { list: ['One', 'Two'] })
  await rm(join(rig.folder, 'list.m3u'))
  await rig.scan()
  assert.deepEqual(playlists(rig), { list: ['One', 'Two'] })
  assert.deepEqual([only()?.path, only()?.sync], [undefined, false])
})

test('a playlist that its owner cut off is left alone', async (t) => {
  const rig = await scanRig(t, { ...songs, 'list.m3u': 'A/1.mp3' })
  await rig.scan()
  const id = rig.repositories.playlists.list(EVERYTHING)[0]?.id as never
  rig.repositories.playlists.edit(EVERYTHING, id, [0], [], { sync: false }, 1)
  await rig.write({ 'list.m3u': 'A/Bö.mp3' })
  await rig.scan()
  assert.deepEqual(playlists(rig), { list: [] })
})

test('entries that come later are added when they do', async (t) => {
  const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' }, 'list.m3u': 'A/1.mp3\nA/late.mp3' })
  await rig.scan()
  assert.deepEqual(playlists(rig), { list: ['One'] })
  await rig.write({ 'A/late.mp3': { title: 'Late' } })
  await rig.scan()
  assert.deepEqual(playlists(rig), { list: ['One', 'Late'] })
})

test('entries may lie in other libraries', async (t) => {
  const other = tempFolder(t)
  const rig = await scanRig(t, { ...songs, 'list.m3u': `${other}/x.mp3\nA/1.mp3` })
  const settings = { name: 'Other', path: other, recursive: true, followSymlinks: true, excludePatterns: [] }
  rig.repositories.libraries.create(settings, 0)
  const { writeAudio } = await import('../support/audio.ts')
  await writeAudio(join(other, 'x.mp3'), { tags: { title: 'Foreign' } })
  await rig.scan()
  await rig.write({ 'list.m3u': `A/1.mp3\n${other}/x.mp3` })
  await rig.scan()
  assert.deepEqual(playlists(rig), { list: ['One', 'Foreign'] })
})

test('public playlists and no import at all are settings', async (t) => {
  const open = await scanRig(
    t,
    { ...songs, 'list.m3u': 'A/1.mp3' },
    { settings: { playlists: { import: true, public: true } } },
  )
  await open.scan()
  assert.equal(open.repositories.playlists.list(EVERYTHING)[0]?.public, true)
  const closed = await scanRig(
    t,
    { ...songs, 'list.m3u': 'A/1.mp3' },
    { settings: { playlists: { import: false, public: true } } },
  )
  await closed.scan()
  assert.deepEqual(closed.repositories.playlists.list(EVERYTHING), [])
})

/** Names that exist, in a playlist of an encoding that nothing but the files tells. */
const ENCODED: readonly (readonly [encoding: string, name: string])[] = [
  ['windows-1251', 'Мой дом'],
  ['koi8-r', 'Дом'],
  ['ibm866', 'Снег идёт'],
  ['gbk', '你好'],
  ['gb18030', '月亮'],
  ['big5', '愛人'],
  ['shift_jis', 'さくら'],
  ['euc-jp', 'はる'],
  ['euc-kr', '고향'],
  ['windows-1250', 'Žluťoučký kůň'],
  ['windows-1252', 'Zoë'],
  ['windows-1253', 'Ποτάμι'],
  ['windows-1254', 'Şarkı'],
  ['windows-1255', 'שיר'],
  ['windows-1256', 'حب'],
  ['windows-1257', 'Mėnuo'],
  ['windows-874', 'ปิง'],
]

test('a playlist is in the encoding in which its entries exist', async (t) => {
  const files = ENCODED.map(([, name]) => [`x/${name}.mp3`, { title: name }])
  const lists = ENCODED.map(([encoding, name]) => [`x/${encoding}.m3u`, encode(encoding, `#EXTM3U\r\n${name}.mp3\r\n`)])
  const wide = Buffer.from('#EXTM3U\nさくら.mp3\nДом.mp3\n', 'utf16le')
  const rig = await scanRig(t, {
    ...Object.fromEntries([...files, ...lists]),
    'x/utf-16le.m3u8': Buffer.concat([Buffer.of(0xff, 0xfe), wide]),
    'x/utf-16be.m3u8': Buffer.concat([Buffer.of(0xfe, 0xff), Buffer.from(wide).swap16()]),
    'x/unmarked.m3u': wide,
    'x/utf-8.m3u': 'さくら.mp3\nДом.mp3',
    // Valid in many encodings, and nothing of it exists: the playlist says itself what it is.
    'x/declared.m3u': Buffer.concat([Buffer.from('#EXTENC: windows-1251\n#PLAYLIST:'), encode('windows-1251', 'Лес')]),
  })
  await rig.scan()
  assert.deepEqual(playlists(rig), {
    ...Object.fromEntries(ENCODED.map(([encoding, name]) => [encoding, [name]])),
    'utf-16le': ['さくら', 'Дом'],
    'utf-16be': ['さくら', 'Дом'],
    unmarked: ['さくら', 'Дом'],
    'utf-8': ['さくら', 'Дом'],
    Лес: [],
  })
})

test('entries are taken literally first, then decoded, with slashes of both kinds', async (t) => {
  const rig = await scanRig(t, {
    'A B/100%25.mp3': { title: 'literal' },
    'A B/100%.mp3': { title: 'decoded' },
    'A B/Caf\u00e9 #1.mp3': { title: 'cafe' },
    'A B/C/deep.mp3': { title: 'deep' },
    'A B/back\\slash.mp3': { title: 'backslash' },
    'A B/literal.m3u': '100%25.mp3\n100%.mp3\n100%2525.mp3',
    'percent.m3u': 'A%20B/Caf%C3%A9%20%231.mp3\nA%20B/Caf%E9%20%231.mp3\nA%20B%5CC%5Cdeep.mp3',
    'mixed.m3u': '.\\A B/C\\deep.mp3\nA B/back\\slash.mp3\nA%20B\\C/deep.mp3',
  })
  await rig.scan()
  assert.deepEqual(playlists(rig), {
    literal: ['literal', 'decoded', 'literal'],
    percent: ['cafe', 'cafe', 'deep'],
    mixed: ['deep', 'backslash', 'deep'],
  })
})

const read = (bytes: Buffer) => readM3u(bytes, () => false)

test('hostile playlists are read without harm', () => {
  assert.deepEqual(read(Buffer.from('file:///%E0%A4%A\nfile://\n#PLAYLIST:\n\n#x')), {
    name: '',
    entries: ['file:///%E0%A4%A', 'file://'],
  })
  assert.deepEqual(read(Buffer.alloc(0)), { name: '', entries: [] })
  assert.deepEqual(read(Buffer.from('\xff\xfea\0.\0', 'latin1')).entries, ['a.'])
})

test('a title that was made to cost time costs none', () => {
  const before = process.cpuUsage()
  const { name } = read(Buffer.from(`#PLAYLIST:${' '.repeat(500_000)}x\u2028y\na.mp3`))
  assert.match(name, /^x/)
  assert.ok(process.cpuUsage(before).user < 5e6)
})
