import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type WalkOptions, walk } from '../../src/scanner/walker.ts'
import { tempFolder } from '../support/temp-database.ts'

async function treeOf(t: Pick<TestContext, 'after'>, files: Readonly<Record<string, string>>): Promise<string> {
  const root = tempFolder(t)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}

async function list(root: string, options: Partial<WalkOptions> = {}) {
  const signal = new AbortController().signal
  const given = { recursive: true, followSymlinks: true, excludePatterns: [], ownFolders: [] }
  const result = await walk({ root, signal, ...given, ...options })
  const audio = result.folders.flatMap((folder) =>
    folder.audio.map(({ name }) => (folder.path === '' ? name : `${folder.path}/${name}`)),
  )
  return { ...result, audio: audio.sort() }
}

test('only files that matter are listed, sorted by their kind', async (t) => {
  const root = await treeOf(t, {
    'a/1.MP3': '',
    'a/2.flac': '',
    'a/cover.JPG': '',
    'a/1.lrc': '',
    'a/list.m3u8': '',
    'a/thing.exe': '',
    'a/video.mkv': '',
  })
  const folder = (await list(root)).folders.find(({ path }) => path === 'a')
  assert.deepEqual(
    [folder?.audio, folder?.images, folder?.playlists].map((files) => files?.map(({ name }) => name)),
    [['1.MP3', '2.flac'], ['cover.JPG'], ['list.m3u8']],
  )
  assert.deepEqual(folder?.lyrics, ['1.lrc'])
})

test('folders of systems and dot-names are skipped, names that begin with two dots are not', async (t) => {
  const root = await treeOf(t, {
    '@eaDir/1.mp3': '',
    '#recycle/1.mp3': '',
    '#snapshot/1.mp3': '',
    '$RECYCLE.BIN/1.mp3': '',
    '.Trash-1000/1.mp3': '',
    'lost+found/1.mp3': '',
    '.hidden/1.mp3': '',
    '._1.mp3': '',
    '...And Oceans/1.mp3': '',
    'ok/1.mp3': '',
  })
  assert.deepEqual((await list(root)).audio, ['...And Oceans/1.mp3', 'ok/1.mp3'])
})

test("Tonearm's own folders are no music, also behind a link, but for a root", async (t) => {
  const root = await treeOf(t, { 'a/1.mp3': '', 'data/2.mp3': '', 'data/cache/3.mp3': '' })
  await symlink(join(root, 'data'), join(root, 'a/link'))
  assert.deepEqual((await list(root, { ownFolders: [join(root, 'data'), join(root, 'absent')] })).audio, ['a/1.mp3'])
  const inside = join(root, 'data')
  assert.deepEqual((await list(inside, { ownFolders: [inside, join(inside, 'cache')] })).audio, ['2.mp3'])
})

test('ignore files: empty hides all below, patterns are inherited, the nearest decides', async (t) => {
  const root = await treeOf(t, {
    'all/.ndignore': '',
    'all/below/1.mp3': '',
    'android/.nomedia': '',
    'android/1.mp3': '',
    'some/.ndignore': '# comment\n*.wav\n/Demos/\n',
    'some/1.mp3': '',
    'some/1.wav': '',
    'some/Demos/1.mp3': '',
    'some/Live/1.wav': '',
    'some/Live/Demos/1.mp3': '',
    'some/Best/.ndignore': '!*.wav',
    'some/Best/1.wav': '',
  })
  assert.deepEqual((await list(root)).audio, ['some/1.mp3', 'some/Best/1.wav', 'some/Live/Demos/1.mp3'])
})

test('patterns of the library are those of gitignore', async (t) => {
  const root = await treeOf(t, { 'Podcasts/1.mp3': '', 'a/Podcasts/1.mp3': '', 'a/x.tmp.mp3': '', 'a/1.mp3': '' })
  const excludePatterns = ['/Podcasts/', '*.tmp.mp3']
  assert.deepEqual((await list(root, { excludePatterns })).audio, ['a/1.mp3', 'a/Podcasts/1.mp3'])
})

test('a library may be its root alone', async (t) => {
  const root = await treeOf(t, { '1.mp3': '', 'below/1.mp3': '' })
  assert.deepEqual((await list(root, { recursive: false })).audio, ['1.mp3'])
})

test('links are followed once, loops end, and not at all when so set', async (t) => {
  const outside = await treeOf(t, { 'deep/2.mp3': '' })
  const root = await treeOf(t, { 'a/1.mp3': '' })
  await symlink('..', join(root, 'a/loop'))
  await symlink(root, join(root, 'itself'))
  await symlink(outside, join(root, 'linked'))
  await symlink(outside, join(root, 'linked-again'))
  await symlink(join(outside, 'deep/2.mp3'), join(root, 'file.mp3'))
  await symlink('nowhere', join(root, 'broken.mp3'))
  assert.deepEqual((await list(root)).audio, ['a/1.mp3', 'file.mp3', 'linked/deep/2.mp3'])
  assert.deepEqual((await list(root, { followSymlinks: false })).audio, ['a/1.mp3'])
})

test('names that are no UTF-8 are told and left alone', async (t) => {
  const root = await treeOf(t, { 'a/good \ufffd.mp3': '', 'a/1.mp3': '' })
  const bad = Buffer.concat([Buffer.from(join(root, 'a/')), Buffer.from([0x62, 0xe9, 0x2e]), Buffer.from('mp3')])
  try {
    await writeFile(bad, '')
  } catch {
    return t.skip('the file system refuses such names')
  }
  const result = await list(root)
  assert.deepEqual(result.audio, ['a/1.mp3', 'a/good \ufffd.mp3'])
  assert.equal(result.problems.length, 1)
  assert.match(result.problems[0]?.reason ?? '', /UTF-8/)
})

test('names keep the form that they have on the disk', async (t) => {
  const composed = 'B\u00f6.mp3'
  const decomposed = 'Bo\u0308.mp3'
  const root = await treeOf(t, { [composed]: '', [decomposed]: '' })
  assert.deepEqual((await list(root)).audio, [decomposed, composed].sort())
})

test('the signature changes with files, not with what does not matter', async (t) => {
  const root = await treeOf(t, { 'a/1.mp3': 'x', 'a/note.pdf': 'x' })
  const signature = async () => (await list(root)).folders.find(({ path }) => path === 'a')?.signature
  const before = await signature()
  await writeFile(join(root, 'a/other.pdf'), 'x')
  assert.equal(await signature(), before)
  await writeFile(join(root, 'a/1.mp3'), 'longer')
  assert.notEqual(await signature(), before)
})

test('a part of a library is looked at alone, with new folders below it', async (t) => {
  const root = await treeOf(t, {
    'a/1.mp3': '',
    'a/known/1.mp3': '',
    'a/new/deep/1.mp3': '',
    'b/1.mp3': '',
    'c/.ndignore': '',
  })
  const only = { folders: ['a', 'gone', 'c/x'], isKnown: (path: string) => path === 'a/known', isInTree: () => false }
  const result = await list(root, { only })
  assert.deepEqual(result.audio, ['a/1.mp3', 'a/new/deep/1.mp3'])
  assert.deepEqual([...result.gone].sort(), ['c/x', 'gone'])
})

test('a walk that is stopped says so', async (t) => {
  const root = await treeOf(t, { 'a/1.mp3': '' })
  const { complete } = await list(root, { signal: AbortSignal.abort() })
  assert.equal(complete, false)
})
