import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseM3u } from '../../src/scanner/m3u.ts'
import { ADMIN, EVERYTHING, type ScanRig, scanRig } from '../support/scanned-library.ts'
import { tempFolder } from '../support/temp-database.ts'

const songs = {
  'A/1.mp3': { title: 'One' },
  'A/Bö.mp3': { title: 'Two' },
  'B c/3 #1.mp3': { title: 'Three' },
}

function playlists(rig: ScanRig): Readonly<Record<string, readonly string[]>> {
  const { list, songs: songsOf } = rig.repositories.playlists
  return Object.fromEntries(list(EVERYTHING).map(({ id, name }) => [name, songsOf(EVERYTHING, id).map((s) => s.title)]))
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

test('hostile playlists are read without harm', () => {
  assert.deepEqual(parseM3u(Buffer.from('file:///%E0%A4%A\nfile://\n#PLAYLIST:\n\n#x')), {
    name: '',
    entries: ['/%E0%A4%A'],
  })
  assert.deepEqual(parseM3u(Buffer.alloc(0)), { name: '', entries: [] })
  assert.deepEqual(parseM3u(Buffer.from('\xff\xfea\0.\0', 'latin1')).entries, ['a.'])
})

test('a title that was made to cost time costs none', () => {
  const before = process.cpuUsage()
  const { name } = parseM3u(Buffer.from(`#PLAYLIST:${' '.repeat(500_000)}x\u2028y\na.mp3`))
  assert.match(name, /^x/)
  assert.ok(process.cpuUsage(before).user < 5e6)
})
