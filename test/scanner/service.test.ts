import assert from 'node:assert/strict'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createScanRecords } from '../../src/library/scan-records.ts'
import { isHourIn } from '../../src/scanner/folder-watch.ts'
import type { ScanStatus } from '../../src/scanner/scanner.ts'
import { writeAudio } from '../support/audio.ts'
import { quietHooks } from '../support/hooks.ts'
import { generateLibrary } from '../support/music-library.ts'
import { childEntry, type ScanRig, scanRig } from '../support/scanned-library.ts'
import { tempFolder } from '../support/temp-database.ts'

const DEADLINE_MS = 20_000

/** Waits for something that will be true soon; the deadline only keeps a broken test from hanging. */
async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + DEADLINE_MS
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function titles(rig: ScanRig): string {
  return rig
    .songs()
    .map(({ title }) => title)
    .sort()
    .join(' ')
}

for (const watch of ['auto', 'poll'] as const)
  test(`changes are noticed by themselves (${watch})`, async (t) => {
    const settings = { watch, watchDebounceMs: 100, pollIntervalMs: 100 }
    const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' }, 'B/2.mp3': { title: 'Two' } }, { settings })
    await rig.scanner.start()
    await until('the scan on start', () => titles(rig) === 'One Two' && !rig.scanner.status().scanning)
    await mkdir(join(rig.folder, 'C/deep'), { recursive: true })
    await rig.write({ 'C/deep/3.mp3': { title: 'Three' } })
    await until('a new folder', () => titles(rig) === 'One Three Two')
    await rig.write({ 'C/deep/4.mp3': { title: 'Four' } })
    await until('a file in the new folder', () => titles(rig) === 'Four One Three Two')
    const { id } = rig.song('Two')
    await rename(join(rig.folder, 'B/2.mp3'), join(rig.folder, 'C/2.mp3'))
    await until('a move', () => rig.songs().some(({ path }) => path === 'C/2.mp3'))
    assert.equal(rig.song('Two').id, id)
    await rm(join(rig.folder, 'C/deep'), { recursive: true })
    await until('a removal', () => titles(rig) === 'One Two')
    if (watch === 'auto') {
      await rig.write({ 'A/1.mp3': { title: 'Uno' } })
      await until('a retag', () => titles(rig) === 'Two Uno')
    }
    await rig.scanner.stop()
  })

for (const watch of ['auto', 'poll'] as const)
  for (const [what, path] of [
    ['beside a song', 'A/new.mp3'],
    ['in a new folder', 'B/deep/new.mp3'],
    ['in the root', 'new.mp3'],
    ['over a song', 'A/2.mp3'],
  ] as const)
    test(`a file that is copied while the scan on start runs is noticed: ${what} (${watch})`, async (t) => {
      // The time of a folder tells nothing of a file that is written over.
      if (watch === 'poll' && what === 'over a song') return t.skip('only watches notice that')
      const settings = { watch, watchDebounceMs: 100, pollIntervalMs: 100 }
      let copied = false
      const copy = async () => {
        if (!copied) await rig.write({ [path]: { title: 'New' } })
        copied = true
      }
      const hooks: typeof quietHooks = {
        ...quietHooks,
        has: (name) => name === 'scan.tags',
        transform: async (_, value) => {
          await copy()
          return value
        },
      }
      const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' }, 'A/2.mp3': { title: 'Two' } }, { settings, hooks })
      await rig.scanner.start()
      await until('the copied file', () => titles(rig).includes('New'))
      await rig.scanner.stop()
    })

test('a root that comes back is found', async (t) => {
  const folder = join(tempFolder(t), 'music')
  const settings = { watch: 'auto', watchDebounceMs: 100, pollIntervalMs: 100 } as const
  const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' } }, { settings, folder })
  await rig.scanner.start()
  await until('the scan on start', () => titles(rig) === 'One' && !rig.scanner.status().scanning)
  await rename(folder, `${folder}.away`)
  await rig.scan()
  assert.equal(rig.library().state, 'lost')
  await mkdir(`${folder}.away/B`)
  await rename(join(`${folder}.away`, 'A/1.mp3'), join(`${folder}.away`, 'B/1.mp3'))
  await rename(`${folder}.away`, folder)
  await until('the library to be back', () => rig.library().state === 'ok')
  assert.equal(rig.song('One').path, 'B/1.mp3')
  await rig.scanner.stop()
})

for (const [what, settings] of [
  ['watched', { watch: 'auto', watchDebounceMs: 100, pollIntervalMs: 60_000 }],
  ['polled', { watch: 'poll', watchDebounceMs: 100, pollIntervalMs: 100 }],
  // Nothing tells of a disk that is mounted over the folder.
  ['replaced', { watch: 'auto', watchDebounceMs: 100, pollIntervalMs: 100 }],
] as const)
  test(`the first music in an empty root is found (${what})`, async (t) => {
    const folder = join(tempFolder(t), 'music')
    const rig = await scanRig(t, {}, { settings, folder })
    await mkdir(folder, { recursive: true })
    await rig.scanner.start()
    await until('the scan on start', () => rig.scanner.status().lastScanAt !== undefined)
    assert.equal(rig.library().state, 'ok')
    if (what === 'replaced') await rename(folder, `${folder}.under`)
    await rig.write({ 'A/1.mp3': { title: 'One' } })
    await until('the first song', () => titles(rig) === 'One')
    await rig.write({ 'B/2.mp3': { title: 'Two' } })
    await until('the next', () => titles(rig).includes('Two'))
    await rig.scanner.stop()
  })

test('nothing starts by itself when it is not told to', async (t) => {
  const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' } }, { settings: { scanOnStart: false } })
  await rig.scanner.start()
  assert.equal(rig.scanner.status().scanning, false)
  await rig.scanner.stop()
})

test('an interrupted scan is taken up at the start, also without a scan on start', async (t) => {
  const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' } }, { settings: { scanOnStart: false } })
  rig.db.run(`UPDATE library SET scan_pending = 'quick'`)
  await rig.scanner.start()
  await until('the scan', () => titles(rig) === 'One' && !rig.scanner.status().scanning)
  assert.equal(rig.library().scanPending, '')
})

test('a schedule scans', async (t) => {
  const settings = { scanOnStart: false, schedule: { kind: 'cron', pattern: '* * * * * *' } } as const
  const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' } }, { settings })
  await rig.scanner.start()
  await until('the scheduled scan', () => titles(rig) === 'One')
  await rig.scanner.stop()
})

test('a scan can be cancelled; what it did stays and the next one goes on', async (t) => {
  const folder = tempFolder(t)
  await generateLibrary(folder, 600)
  const rig = await scanRig(t, {}, { folder })
  const off = rig.scanner.onProgress(({ count }: ScanStatus) => {
    if (count >= 100) rig.scanner.cancel()
  })
  const cancelled = await rig.scan()
  off()
  assert.equal(cancelled.cancelled, true)
  assert.ok(cancelled.added >= 96 && cancelled.added < 600, `${cancelled.added}`)
  assert.equal(rig.songs().length, cancelled.added)
  assert.equal(rig.library().songCount, cancelled.added)
  assert.equal(rig.library().scanPending, '')
  const rest = await rig.scan()
  assert.deepEqual([rest.cancelled, rest.added], [false, 600 - cancelled.added])
})

test('a reader that can not start fails the scan and harms nothing', async (t) => {
  const entry = childEntry('../fixtures/stillborn-reader.ts')
  const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' } }, { childEntry: entry })
  await assert.rejects(rig.scan(), /no file can be read/)
  const status = rig.scanner.status()
  assert.match(status.lastError ?? '', /no file can be read/)
  assert.equal(status.scanning, false)
})

test('files that crash or hang their reader do not stop the scan', async (t) => {
  const entry = childEntry('../fixtures/moody-reader.ts')
  const rig = await scanRig(
    t,
    Object.fromEntries(['a', 'crash', 'b', 'block', 'c'].map((name) => [`A/${name}.mp3`, Buffer.from('x')])),
    { childEntry: entry, settings: { readTimeoutMs: 700 } },
  )
  const { utimes } = await import('node:fs/promises')
  const old = new Date(Date.now() - 60_000)
  for (const name of ['crash', 'block']) await utimes(join(rig.folder, `A/${name}.mp3`), old, old)
  const summary = await rig.scan()
  assert.deepEqual([summary.added, summary.problems], [3, 2])
  assert.deepEqual(
    rig.problems().map(({ path }) => path),
    ['A/block.mp3', 'A/crash.mp3'],
  )
})

test('a wider request while a scan runs is made after it', async (t) => {
  const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' } })
  const [quick, full, again] = await Promise.all([rig.scan('quick'), rig.scan('full'), rig.scan('full')])
  assert.deepEqual([quick.kind, full.kind], ['quick', 'full'])
  assert.notEqual(quick.scanId, full.scanId)
  assert.equal(full.scanId, again.scanId)
})

test('the kind of the last scan of whole libraries is known when idle, and over a restart', async (t) => {
  const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' } })
  const kinds = () => [rig.scanner.status().kind, createScanRecords(rig.db).lastKind()]
  assert.deepEqual(kinds(), [undefined, undefined])
  const running = rig.scan('full')
  assert.equal(rig.scanner.status().kind, 'full')
  await running
  assert.deepEqual(kinds(), ['full', 'full'])
  await rig.scan('quick')
  assert.deepEqual(kinds(), ['quick', 'quick'])
})

test('work on the rows alone stops a scan, which begins anew after it', async (t) => {
  const folder = tempFolder(t)
  await generateLibrary(folder, 300)
  const rig = await scanRig(t, {}, { folder })
  const first = rig.scan()
  assert.deepEqual([rig.scanner.isScanning(rig.libraryId), rig.scanner.status().scanning], [true, true])
  const scanning = await rig.scanner.exclusive(async () => rig.scanner.status().scanning)
  assert.deepEqual([scanning, (await first).cancelled], [false, true])
  await until('the scan to be made', () => rig.songs().length === 300 && !rig.scanner.status().scanning)
})

test('libraries that are added while the server runs are watched', async (t) => {
  const other = tempFolder(t)
  const settings = { watch: 'auto', watchDebounceMs: 100 } as const
  const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' } }, { settings })
  await rig.scanner.start()
  await until('the scan on start', () => titles(rig) === 'One' && !rig.scanner.status().scanning)
  const added = { name: 'Other', path: other, recursive: true, followSymlinks: true, excludePatterns: [] }
  rig.repositories.libraries.create(added, 0)
  await writeAudio(join(other, '2.mp3'), { tags: { title: 'Two' } })
  await rig.scanner.refresh()
  await rig.scan()
  assert.equal(titles(rig), 'One Two')
  await writeAudio(join(other, '3.mp3'), { tags: { title: 'Three' } })
  await until('the change in the new library', () => titles(rig) === 'One Three Two')
  await rig.scanner.stop()
})

test('a single file is read on demand', async (t) => {
  const rig = await scanRig(t, { 'A/1.mp3': { title: 'One' }, 'A/bad.flac': 'nothing' })
  assert.deepEqual((await rig.scanner.inspect(join(rig.folder, 'A/1.mp3'))).tags.title, ['One'])
  await assert.rejects(rig.scanner.inspect(join(rig.folder, 'A/bad.flac')), { code: 'MEDIA_UNREADABLE' })
})

test('hours for polling may go over midnight', () => {
  const hours = (range: readonly [number, number]) =>
    Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => isHourIn(hour, range))
  assert.deepEqual(hours([7, 9]), [7, 8, 9])
  assert.deepEqual(hours([22, 1]), [0, 1, 22, 23])
  assert.equal(hours([0, 23]).length, 24)
})
