import assert from 'node:assert/strict'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { coverJpeg } from '../support/audio.ts'
import { FAILING_DISK, type FailingDisk } from '../support/failing-disk-child.ts'
import type { LibrarySpec } from '../support/music-library.ts'
import { childEntry, type ScanRig, scanRig } from '../support/scanned-library.ts'
import { tempFolder } from '../support/temp-database.ts'

const songs: LibrarySpec = Object.fromEntries(
  Array.from({ length: 10 }, (_, index) => {
    const folder = index < 2 ? 'Anna' : 'Bert'
    return [`${folder}/${index}.mp3`, { title: `Song ${index}`, artist: folder, album: folder }] as const
  }),
)

interface DiskRig extends ScanRig {
  fail(disk: Partial<FailingDisk>): Promise<void>
  heal(): Promise<void>
}

async function rigOn(t: TestContext): Promise<DiskRig> {
  const base = tempFolder(t)
  const rig = await scanRig(
    t,
    { ...songs, 'Bert/cover.jpg': coverJpeg() },
    { folder: join(base, 'music'), childEntry: childEntry('../support/failing-disk-child.ts') },
  )
  return {
    ...rig,
    fail: (disk) =>
      writeFile(join(base, FAILING_DISK), JSON.stringify({ code: 'EIO', at: 'open', matching: '/Bert/', ...disk })),
    heal: () => rm(join(base, FAILING_DISK)),
  }
}

function albumCovers({ db }: ScanRig): readonly unknown[] {
  return db.all("SELECT name FROM album WHERE missing = 0 AND cover_version <> '' ORDER BY name")
}

for (const at of ['open', 'read'] as const)
  for (const code of ['EIO', 'ENOENT', 'EACCES', 'EPERM', 'ESTALE', 'ENOTCONN', 'EHOSTDOWN', 'ETIMEDOUT', 'ENXIO'])
    test(`a disk that fails with ${code} at ${at} breaks no song: the next quick scan reads it`, async (t) => {
      const rig = await rigOn(t)
      await rig.fail({ code, at })
      const first = await rig.scan()
      assert.deepEqual([first.added, first.lost.length, rig.library().state], [2, 1, 'lost'])
      const still = await rig.scan()
      assert.deepEqual([still.added, still.removed, still.lost.length], [0, 0, 1])
      await rig.heal()
      const next = await rig.scan()
      assert.deepEqual([next.added, next.lost, rig.library().state], [8, [], 'ok'])
      assert.deepEqual([rig.songs().length, rig.problems()], [10, []])
      assert.deepEqual(albumCovers(rig), [{ name: 'Bert' }])
    })

for (const takes of ['the folder', 'what is in it'])
  test(`a disk that goes while it is read and takes ${takes} along loses nothing`, async (t) => {
    const rig = await rigOn(t)
    await rig.fail({ code: 'ENOENT', takeAway: takes === 'the folder' ? rig.folder : join(rig.folder, 'Bert') })
    if (takes !== 'the folder') await rename(join(rig.folder, 'Anna'), join(rig.folder, 'Bert/Anna'))
    const first = await rig.scan()
    assert.deepEqual([first.removed, rig.library().state, first.lost.length], [0, 'lost', 1])
    await rig.heal()
    const away = takes === 'the folder' ? rig.folder : join(rig.folder, 'Bert')
    await rename(`${away}.away`, away)
    assert.deepEqual([(await rig.scan()).lost, rig.library().state, rig.songs().length], [[], 'ok', 10])
    assert.deepEqual(albumCovers(rig), [{ name: 'Bert' }])
  })

test('bad places on a disk are told for as long as they last, and are no lost library', async (t) => {
  const rig = await rigOn(t)
  await rig.fail({ matching: '/Bert/7.mp3' })
  for (const added of [9, 0]) {
    const summary = await rig.scan()
    assert.deepEqual([summary.added, summary.problems, summary.lost], [added, 1, []])
    assert.deepEqual([rig.library().state, rig.problems().length], ['ok', 1])
  }
  await rig.heal()
  assert.equal((await rig.scan()).added, 1)
  assert.deepEqual(rig.problems(), [])
})

test('a song that was there stays as it was when its disk fails', async (t) => {
  const rig = await rigOn(t)
  await rig.scan()
  const { id } = rig.song('Song 7')
  await rig.write({ 'Bert/7.mp3': { title: 'Song 7, again', artist: 'Bert', album: 'Bert' } })
  await rig.fail({ matching: '/Bert/7.mp3' })
  assert.deepEqual([(await rig.scan()).lost, rig.song('Song 7').id], [[], id])
  await rig.heal()
  await rig.scan()
  assert.equal(rig.song('Song 7, again').id, id)
})

test('a full scan whose disk went is taken up as one', async (t) => {
  const rig = await rigOn(t)
  await rig.scan()
  rig.db.run("UPDATE song SET title = 'old'")
  await rig.fail({ takeAway: rig.folder })
  assert.equal((await rig.scan('full')).lost.length, 1)
  assert.equal((await rig.scan()).lost.length, 1)
  await rig.heal()
  await rename(`${rig.folder}.away`, rig.folder)
  await rig.scan()
  assert.deepEqual([rig.songs().filter(({ title }) => title === 'old').length, rig.library().state], [0, 'ok'])
})

test('a disk that went is looked for, and read on when it is back', async (t) => {
  const base = tempFolder(t)
  const rig = await scanRig(t, songs, {
    folder: join(base, 'music'),
    childEntry: childEntry('../support/failing-disk-child.ts'),
    settings: { watch: 'auto', watchDebounceMs: 50, pollIntervalMs: 50 },
  })
  const failing: FailingDisk = { code: 'EIO', at: 'read', matching: '/Bert/', takeAway: rig.folder }
  await writeFile(join(base, FAILING_DISK), JSON.stringify(failing))
  await rig.scanner.start()
  await until(() => rig.library().state === 'lost')
  await rm(join(base, FAILING_DISK))
  await rename(`${rig.folder}.away`, rig.folder)
  await until(() => rig.library().state === 'ok' && rig.songs().length === 10)
  await rig.scanner.stop()
})

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !condition(); )
    await new Promise((resolve) => setTimeout(resolve, Date.now() > end ? assert.fail('waited in vain') : 20))
}
