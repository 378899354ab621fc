import assert from 'node:assert/strict'
import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ScannerSettings } from '../../src/scanner/settings.ts'
import { quietHooks } from '../support/hooks.ts'
import type { LibrarySpec } from '../support/music-library.ts'
import { scanRig } from '../support/scanned-library.ts'
import { tempFolder } from '../support/temp-database.ts'

function manySongs(count: number): LibrarySpec {
  const entries = Array.from({ length: count }, (_, index) => {
    const folder = `Band ${index % 4}`
    return [`${folder}/${index}.mp3`, { title: `Song ${index}`, artist: folder, tracknumber: index }] as const
  })
  return Object.fromEntries(entries)
}

async function rigIn(t: Parameters<typeof tempFolder>[0], spec: LibrarySpec, settings: Partial<ScannerSettings> = {}) {
  const told: unknown[] = []
  const folder = join(tempFolder(t), 'music')
  const hooks: typeof quietHooks = {
    ...quietHooks,
    observe: (name, input) => void (name === 'library.root' && told.push(input)),
  }
  return { told, rig: await scanRig(t, spec, { folder, hooks, settings }) }
}

test('a root that is gone or empty marks nothing, says so once, and comes back', async (t) => {
  const { rig, told } = await rigIn(t, manySongs(8))
  await rig.scan()
  await rename(rig.folder, `${rig.folder}.away`)
  const gone = await rig.scan()
  assert.deepEqual([gone.removed, gone.lost.length], [0, 1])
  assert.equal(rig.songs().length, 8)
  assert.equal(rig.library().state, 'lost')
  await mkdir(rig.folder)
  assert.equal((await rig.scan('full')).lost.length, 1)
  assert.equal(rig.songs().length, 8)
  assert.equal(told.length, 1)
  await rm(rig.folder, { recursive: true })
  await rename(`${rig.folder}.away`, rig.folder)
  const back = await rig.scan()
  assert.deepEqual([back.lost, back.removed, back.added], [[], 0, 0])
  assert.equal(rig.library().state, 'ok')
  assert.deepEqual(
    told.map((event) => (event as { state: string }).state),
    ['lost', 'back'],
  )
})

test('more than a fifth and fifty songs gone at once mark nothing until someone confirms', async (t) => {
  const { rig } = await rigIn(t, manySongs(220))
  await rig.scan()
  await rename(join(rig.folder, 'Band 1'), join(rig.folder, '..', 'away'))
  const first = await rig.scan()
  assert.deepEqual([first.removed, first.lost.length], [0, 1])
  assert.equal(rig.songs().length, 220)
  await rig.write({ 'Band 2/new.mp3': { title: 'New', artist: 'Band 2' } })
  assert.equal((await rig.scan()).added, 1)
  const confirmed = await rig.scan('quick', { acceptMissing: true })
  assert.deepEqual([confirmed.removed, confirmed.lost], [55, []])
  assert.equal(rig.songs().length, 166)
  assert.equal(rig.library().state, 'ok')
  await rename(join(rig.folder, '..', 'away'), join(rig.folder, 'Band 1'))
  assert.equal((await rig.scan()).returned, 55)
})

test('reordering a whole library is no loss', async (t) => {
  const { rig } = await rigIn(t, manySongs(120))
  await rig.scan()
  const ids = rig.songs().map(({ id }) => id)
  await mkdir(join(rig.folder, 'sorted'))
  for (const name of [0, 1, 2, 3].map((index) => `Band ${index}`))
    await rename(join(rig.folder, name), join(rig.folder, 'sorted', `${name} (new)`))
  const summary = await rig.scan()
  assert.deepEqual([summary.lost, summary.removed, summary.added], [[], 0, 0])
  assert.deepEqual(new Set(rig.songs().map(({ id }) => id)), new Set(ids))
})

test('a look at a part says nothing about a library that looks lost', async (t) => {
  const { rig, told } = await rigIn(t, manySongs(220), { watch: 'auto', watchDebounceMs: 100 })
  await rig.scan()
  await rename(join(rig.folder, 'Band 1'), join(rig.folder, '..', 'away'))
  assert.equal((await rig.scan()).lost.length, 1)
  await rig.scanner.start()
  await rig.scan()
  await rig.write({ 'Band 2/new.mp3': { title: 'New', artist: 'Band 2' } })
  for (const end = Date.now() + 20_000; !rig.songs().some(({ title }) => title === 'New'); )
    await new Promise((resolve) => setTimeout(resolve, Date.now() > end ? assert.fail('not noticed') : 20))
  assert.equal(rig.library().state, 'lost')
  assert.equal(told.length, 1)
  await rig.scanner.stop()
})

test('an empty root stays lost until it is confirmed', async (t) => {
  const { rig } = await rigIn(t, manySongs(4))
  await rig.scan()
  await rm(rig.folder, { recursive: true })
  assert.equal((await rig.scan()).lost.length, 1)
  const summary = await rig.scan('quick', { acceptMissing: true })
  assert.deepEqual([summary.removed, summary.lost], [4, []])
  assert.equal(rig.songs().length, 0)
})

test('a folder that may not be read protects what is in it', async (t) => {
  if (process.getuid?.() === 0) return t.skip('the superuser may read everything')
  const { rig } = await rigIn(t, manySongs(8))
  await rig.scan()
  await chmod(join(rig.folder, 'Band 1'), 0)
  t.after(() => chmod(join(rig.folder, 'Band 1'), 0o755))
  const summary = await rig.scan()
  assert.deepEqual([summary.removed, summary.problems], [0, 1])
  assert.equal(rig.songs().length, 8)
})
