import assert from 'node:assert/strict'
import { cp, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isAppError } from '../../src/base/errors.ts'
import { quietHooks } from '../support/hooks.ts'
import type { LibrarySpec } from '../support/music-library.ts'
import { type ScanRig, type ScanRigOptions, scanRig } from '../support/scanned-library.ts'

const FILES: LibrarySpec = {
  'A/One/1.mp3': { title: 'A1', artist: 'A', album: 'One' },
  'A/Two/2.mp3': { title: 'A2', artist: 'A', album: 'Two' },
  'A/Two/list.m3u': '2.mp3\n',
  'B/One/1.mp3': { title: 'B1', artist: 'B', album: 'One' },
  'C/deep/deeper/1.mp3': { title: 'C1', artist: 'C', album: 'One' },
}

async function scanFolders(rig: ScanRig, folders: readonly string[], kind: 'quick' | 'full' = 'quick') {
  const targets = await rig.scanner.resolve(folders.map((folder) => ({ library: rig.libraryId, folder })))
  return rig.scanner.scan({ kind, targets })
}

/** What the library shows: songs by path, folders, playlists that follow a file. */
function shown({ db, songs, repositories, libraryId }: ScanRig) {
  return {
    songs: songs().map(({ path, title }) => `${path} ${title}`),
    folders: db.select('SELECT path FROM folder WHERE missing = 0 ORDER BY path', [], (row) => row.text(0)),
    playlists: [...repositories.playlists.importedPaths(libraryId)],
  }
}

interface Case {
  readonly what: string
  readonly change: (rig: ScanRig) => Promise<unknown>
  readonly targets: readonly string[]
  /** Songs afterwards; a scan of the whole library must find nothing else to do. */
  readonly titles: string
  readonly options?: ScanRigOptions
}

const cases: readonly Case[] = [
  {
    what: 'a new song deep below',
    change: ({ write }) => write({ 'C/deep/deeper/2.mp3': { title: 'C2' } }),
    targets: ['C'],
    titles: 'A1 A2 B1 C1 C2',
  },
  {
    what: 'a new folder that no scan has seen',
    change: ({ write }) => write({ 'D/new/1.mp3': { title: 'D1' } }),
    targets: ['./D//new/'],
    titles: 'A1 A2 B1 C1 D1',
  },
  {
    what: 'a folder that vanished within a target, with its playlist',
    change: ({ folder }) => rm(join(folder, 'A/Two'), { recursive: true }),
    targets: ['A'],
    titles: 'A1 B1 C1',
  },
  {
    what: 'a target that vanished',
    change: ({ folder }) => rm(join(folder, 'C'), { recursive: true }),
    targets: ['C'],
    titles: 'A1 A2 B1',
  },
  {
    what: 'a target that vanished in a folder that vanished',
    change: ({ folder }) => rm(join(folder, 'C/deep'), { recursive: true }),
    targets: ['C/deep', 'C/deep/deeper'],
    titles: 'A1 A2 B1',
  },
  {
    what: 'a target within a target',
    change: ({ write }) => write({ 'C/deep/2.mp3': { title: 'C2' }, 'C/new/3.mp3': { title: 'C3' } }),
    targets: ['C/deep', 'C', 'C/new', 'C'],
    titles: 'A1 A2 B1 C1 C2 C3',
  },
  {
    what: 'a move between two targets',
    change: ({ folder }) => rename(join(folder, 'A/Two'), join(folder, 'B/Two')),
    targets: ['A', 'B'],
    titles: 'A1 A2 B1 C1',
  },
  {
    what: 'a folder that hides itself',
    change: ({ folder }) => writeFile(join(folder, 'A/.nomedia'), ''),
    targets: ['A/Two', 'A'],
    titles: 'B1 C1',
  },
  {
    what: 'a link to another folder of the library',
    change: ({ folder }) => symlink('../C', join(folder, 'A/link')),
    targets: ['A', 'A/link', 'A/link/deep'],
    titles: 'A1 A2 B1 C1',
  },
  {
    what: 'a link that takes the place of a folder',
    change: async ({ folder }) => {
      await rm(join(folder, 'A/Two'), { recursive: true })
      await symlink('../C', join(folder, 'A/Two'))
    },
    targets: ['A'],
    titles: 'A1 B1 C1',
  },
  {
    what: 'links where they are not followed',
    change: async ({ folder }) => {
      await rename(join(folder, 'A'), join(folder, '.A'))
      await symlink('.A', join(folder, 'A'))
    },
    targets: ['A', 'A/Two'],
    titles: 'B1 C1',
    options: { library: { followSymlinks: false } },
  },
  {
    what: 'the whole library by its root',
    change: ({ write }) => write({ 'D/1.mp3': { title: 'D1' }, '0.mp3': { title: 'Loose' } }),
    targets: ['A', '.'],
    titles: 'A1 A2 B1 C1 D1 Loose',
  },
]

for (const { what, change, targets, titles, options } of cases)
  test(`a target is scanned as a scan of all would: ${what}`, async (t) => {
    const rig = await scanRig(t, FILES, options)
    await rig.scan()
    const before = rig.songs().map(({ title, id }) => `${title} ${id}`)
    await change(rig)
    await scanFolders(rig, targets)
    const after = shown(rig)
    assert.deepEqual(
      rig
        .songs()
        .map(({ title }) => title)
        .sort()
        .join(' '),
      titles,
    )
    const kept = rig.songs().map(({ title, id }) => `${title} ${id}`)
    assert.deepEqual(
      before.filter((song) => titles.includes(song.split(' ')[0] as string) && !kept.includes(song)),
      [],
      'songs that are still there are the same ones',
    )
    const whole = await rig.scan()
    assert.deepEqual([whole.added, whole.changed, whole.moved, whole.removed, whole.returned], [0, 0, 0, 0, 0])
    assert.deepEqual(shown(rig), after)
  })

test('nothing beside the targets is looked at, and a full scan of them reads their files alone', async (t) => {
  const read: string[] = []
  const transform = async (_: string, batch: readonly { path: string }[]) => {
    read.push(...batch.map(({ path }) => path))
    return batch
  }
  const hooks = { ...quietHooks, has: (hook: string) => hook === 'scan.tags', transform } as typeof quietHooks
  const rig = await scanRig(t, FILES, { hooks })
  await rig.scan()
  const { lastScanAt } = rig.library()
  read.length = 0
  await rig.write({
    'B/One/2.mp3': { title: 'B2', artist: 'B', album: 'One' },
    'A/One/3.mp3': { title: 'A3', artist: 'A', album: 'One' },
  })
  const quick = await scanFolders(rig, ['A'])
  assert.deepEqual([quick.kind, quick.added, read.splice(0)], ['quick', 1, ['A/One/3.mp3']])
  const full = await scanFolders(rig, ['A/Two', 'C'], 'full')
  assert.deepEqual([full.kind, read.splice(0).sort()], ['full', ['A/Two/2.mp3', 'C/deep/deeper/1.mp3']])
  assert.equal(rig.library().lastScanAt, lastScanAt, 'the library was not scanned')
  const rest = await rig.scan()
  assert.deepEqual([rest.added, read], [1, ['B/One/2.mp3']])
})

test('a target that is asked for while a scan runs is scanned after it, with its own thoroughness', async (t) => {
  const rig = await scanRig(t, FILES)
  const [whole, one, both, again] = await Promise.all([
    rig.scan('quick'),
    scanFolders(rig, ['A'], 'full'),
    scanFolders(rig, ['B']),
    rig.scan('quick'),
  ])
  assert.equal(again.scanId, whole.scanId)
  assert.notEqual(one.scanId, whole.scanId)
  assert.equal(one.scanId, both.scanId)
  assert.equal(rig.songs().length, 4)
})

test('what is no folder of a library is refused', async (t) => {
  const rig = await scanRig(t, FILES)
  await rig.scan()
  await mkdir(join(rig.folder, 'Bj\u00f6rk'))
  await cp(join(rig.folder, 'A/One/1.mp3'), join(rig.folder, 'Bj\u00f6rk/1.mp3'))
  const refused: readonly (readonly [string, string, number?])[] = [
    ['A', 'NOT_FOUND', 99],
    ['a', 'NOT_FOUND'],
    ['Nothing', 'NOT_FOUND'],
    ['Nothing/below', 'NOT_FOUND'],
    ['A/One/1.mp3', 'NOT_FOUND'],
    ['A/One/1.mp3/x', 'NOT_FOUND'],
    ['x/'.repeat(5000), 'NOT_FOUND'],
    ['../A', 'INVALID_PARAMETER'],
    ['A/../../etc', 'INVALID_PARAMETER'],
    ['A/..', 'INVALID_PARAMETER'],
    ['/etc', 'INVALID_PARAMETER'],
    [rig.folder, 'INVALID_PARAMETER'],
  ]
  for (const [folder, code, library = rig.libraryId] of refused)
    await assert.rejects(
      rig.scanner.resolve([{ library: library as typeof rig.libraryId, folder }]),
      (error) => isAppError(error) && error.code === code && error.message.length < 400,
      folder.slice(0, 40),
    )
  const many = Array.from({ length: 201 }, () => ({ library: rig.libraryId, folder: 'A' }))
  await assert.rejects(rig.scanner.resolve(many), { code: 'BAD_REQUEST' })
  // Written in another Unicode form it is the folder that lies there.
  const decomposed = { library: rig.libraryId, folder: 'Bjo\u0308rk' }
  assert.deepEqual(await rig.scanner.resolve([decomposed]), [{ library: rig.libraryId, folder: 'Bj\u00f6rk' }])
})
