import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import { createRepositories } from '../../src/library/repositories.ts'
import { createScanFolders } from '../../src/library/scan-folders.ts'
import { FolderRows } from '../../src/scanner/folder-rows.ts'
import { TimeSlices } from '../../src/scanner/time-slices.ts'
import { createTestClock } from '../support/clock.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { tempDatabase } from '../support/temp-database.ts'

/** Turns that others had since the call. */
function turns(): { readonly count: number; end(): void } {
  let count = 0
  let ended = false
  const turn = () => {
    count++
    if (!ended) setImmediate(turn)
  }
  setImmediate(turn)
  return {
    get count() {
      return count
    },
    end: () => {
      ended = true
    },
  }
}

test('others get turns while long work looks and has nothing to write', async (t) => {
  const clock = createTestClock()
  const slices = new TimeSlices(tempDatabase(t), clock)
  const others = turns()
  for (let look = 0; look < 100; look++) {
    clock.advance(1)
    await slices.pause()
    if (look % 3 === 0) await slices.write([], () => assert.fail('there is nothing'))
  }
  others.end()
  assert.ok(others.count >= 100 / 7, `${others.count} turns`)
})

test('the folders of a library are read in pages, with turns between, and are all there', async (t) => {
  const db = tempDatabase(t)
  fillLibrary(db, { songs: 50, libraries: 2 })
  db.transaction(() => {
    for (let n = 0; n < 2500; n++)
      db.run(
        `INSERT INTO folder (library_id, path, name, order_name, created_at, updated_at) VALUES (?, ?, ?, ?, 0, 0)`,
        [1 + (n % 2), `more ${n}`, `more ${n}`, `more ${n}`],
      )
  })
  const folders = createScanFolders(db)
  for (const library of createRepositories(db).libraries.list(FULL_SCOPE)) {
    const rows = new FolderRows(library, folders, { order: (name) => name, now: () => 0 })
    let pauses = 0
    await rows.load(async () => void pauses++)
    const all = folders.load(library.id)
    assert.deepEqual(rows.known, new Map(all.map((folder) => [folder.path, folder])))
    assert.equal(pauses, Math.floor(all.length / 1000))
  }
})
