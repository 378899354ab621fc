import assert from 'node:assert/strict'
import { rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { audioBytes } from '../support/audio.ts'
import { scanRig } from '../support/scanned-library.ts'

test('a song that is read in part is listed, its reason kept, and it is not read again', async (t) => {
  const rig = await scanRig(t, { 'Album/1.mp3': { title: 'Whole' } })
  const whole = audioBytes({ format: 'm4a', tags: { title: 'Followed' } })
  await writeFile(join(rig.folder, 'Album/2.m4a'), Buffer.concat([whole, Buffer.alloc(200, 65)]))
  await writeFile(join(rig.folder, 'Album/03 - Known by its head.flac'), `fLaC${'?'.repeat(300)}`)
  await writeFile(join(rig.folder, 'Album/4.flac'), 'no music at all, only a text of some length')
  // What was written just now may be half of what it will be.
  for (const name of ['2.m4a', '03 - Known by its head.flac', '4.flac'])
    await utimes(join(rig.folder, 'Album', name), 1_000_000_000, 1_000_000_000)
  const first = await rig.scan()
  assert.deepEqual([first.added, first.problems], [3, 1])
  assert.ok(rig.song('Followed').durationMs > 950)
  assert.equal(rig.song('Known by its head').trackNumber, 3)
  const reasons = () => Object.fromEntries(rig.problems().map(({ path, reason }) => [path, reason]))
  assert.match(reasons()['Album/2.m4a'] ?? '', /behind the end/)
  assert.match(reasons()['Album/03 - Known by its head.flac'] ?? '', /^listed by its name/)
  assert.deepEqual(Object.keys(reasons()).length, 3)
  const again = await rig.scan()
  assert.deepEqual([again.added, again.changed], [0, 0])

  // Away and back, as it was: the reason that was kept doesn't hide it.
  await rename(join(rig.folder, 'Album/2.m4a'), join(rig.folder, 'Album/5.m4a'))
  await rig.scan()
  await rename(join(rig.folder, 'Album/5.m4a'), join(rig.folder, 'Album/2.m4a'))
  await rig.scan()
  assert.equal(rig.song('Followed').path, 'Album/2.m4a')
})
