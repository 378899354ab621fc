import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FolderId, SongId } from '../../src/base/ids.ts'
import type { KnownFolder } from '../../src/library/scan-folders.ts'
import type { KnownSong } from '../../src/library/scan-songs.ts'
import { type FolderListing, signatureOf } from '../../src/scanner/folder-listing.ts'
import { makePlan, type PlanInput } from '../../src/scanner/scan-plan.ts'

const file = (name: string, size = 1) => ({ name, size, mtimeMs: 1 })

function listing(path: string, names: readonly string[], folders: readonly string[] = []): FolderListing {
  const content = { audio: names.map((name) => file(name)), images: [], lyrics: [] }
  return { path, mtimeMs: 1, ...content, playlists: [], folders, signature: signatureOf(content) }
}

function folder(id: number, path: string, names: readonly string[]): KnownFolder {
  const { signature } = listing(path, names)
  return {
    id: id as FolderId,
    path,
    parentId: path === '' ? undefined : (1 as FolderId),
    mtimeMs: 1,
    signature,
    missing: false,
    songCount: names.length,
    totalSongs: names.length,
    coverVersion: '',
    images: '[]',
  }
}

function input(
  folders: readonly FolderListing[],
  known: readonly (readonly [KnownFolder, readonly string[]])[],
  over: Partial<PlanInput> = {},
): PlanInput {
  const songs = new Map<FolderId, KnownSong[]>()
  for (const [row, names] of known)
    songs.set(
      row.id,
      names.map((name, index) => ({
        id: (row.id * 100 + index) as SongId,
        path: row.path === '' ? name : `${row.path}/${name}`,
        size: 1,
        mtimeMs: 1,
        missing: false,
        lyricsFiles: '[]',
      })),
    )
  return {
    walk: { folders, problems: [], gone: [], complete: true },
    known: new Map(known.map(([row]) => [row.path, row])),
    problems: new Map(),
    full: false,
    only: undefined,
    lyricsPriority: ['.lrc'],
    songs: { inFolder: (id) => songs.get(id) ?? [] },
    records: { songsInFolder: (id) => (songs.get(id) ?? []).map((song) => song.id) },
    pause: async () => {},
    ...over,
  }
}

test('what could not be read hides what is below it from any conclusion', async () => {
  const root = folder(1, '', [])
  const hidden = folder(2, 'a/b', ['1.mp3'])
  const gone = folder(3, 'c', ['2.mp3'])
  const problems = [{ path: 'a', reason: 'EIO', hidesBelow: true }]
  const walk = { folders: [listing('', [], ['a'])], problems, gone: [], complete: true }
  const plan = await makePlan(
    input(
      [],
      [
        [root, []],
        [hidden, ['1.mp3']],
        [gone, ['2.mp3']],
      ],
      { walk },
    ),
  )
  assert.deepEqual(
    plan.vanished.map(({ song }) => song),
    [300],
  )
  assert.deepEqual(
    plan.goneFolders.map(({ path }) => path),
    ['c'],
  )
})

test('a file whose state could not be asked is not gone', async () => {
  const known = folder(1, '', ['1.mp3', '2.mp3', '3.mp3'])
  const problems = [{ path: '2.mp3', reason: 'EIO', hidesBelow: false }]
  const walk = { folders: [listing('', ['1.mp3'])], problems, gone: [], complete: true }
  const plan = await makePlan(input([], [[known, ['1.mp3', '2.mp3', '3.mp3']]], { walk }))
  assert.deepEqual(
    plan.vanished.map(({ song }) => song),
    [102],
  )
})

test('unchanged folders cost no look at their songs', async () => {
  const known = folder(1, '', ['1.mp3'])
  const looked: number[] = []
  const songs = {
    inFolder: (id: FolderId) => {
      looked.push(id)
      return []
    },
  }
  const plan = await makePlan(input([listing('', ['1.mp3'])], [[known, ['1.mp3']]], { songs }))
  assert.deepEqual([plan.changed, looked, plan.seen], [[], [], 1])
})

test('of folders with the same files none is taken for the other', async () => {
  const root = folder(1, '', [])
  const one = folder(2, 'one', ['1.mp3'])
  const two = folder(3, 'two', ['1.mp3'])
  const plan = await makePlan(
    input(
      [listing('', [], ['three']), listing('three', ['1.mp3'])],
      [
        [root, []],
        [one, ['1.mp3']],
        [two, ['1.mp3']],
      ],
    ),
  )
  assert.deepEqual([plan.moves, plan.appeared, plan.vanished.length], [[], 1, 2])
})

test('a scan of some folders says nothing of the others', async () => {
  const known: (readonly [KnownFolder, readonly string[]])[] = [
    [folder(1, '', []), []],
    [folder(2, 'a', ['1.mp3']), ['1.mp3']],
    [folder(3, 'a/b', ['2.mp3']), ['2.mp3']],
    [folder(4, 'c', ['3.mp3']), ['3.mp3']],
  ]
  const plan = await makePlan(
    input([listing('a', ['1.mp3'])], known, { only: { folders: new Set(['a']), trees: new Map() } }),
  )
  assert.deepEqual(
    plan.vanished.map(({ song }) => song),
    [300],
  )
})
