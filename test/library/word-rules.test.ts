import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { UserId } from '../../src/base/ids.ts'
import type { Database } from '../../src/db/database.ts'
import { MIGRATIONS, migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { createRepositories } from '../../src/library/repositories.ts'
import { applyWordRules } from '../../src/library/word-rules.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { tempFolder } from '../support/temp-database.ts'

const log = silentLogger
/** The schema of the first release. */
const FIRST = MIGRATIONS.slice(0, 5)
const page = { limit: 10, offset: 0 }

test('a database of an older version is searched whole after its upgrade, and its users log in by their names', (t) => {
  const path = join(tempFolder(t), 'tonearm.db')
  const old = openDatabase({ path, log })
  migrate(old, { log, migrations: FIRST })
  fillLibrary(old, { songs: 2500 })
  const user = { name: 'Андрей', isAdmin: true, roles: [], passwordHash: 'x', passwordSealed: null }
  const id = createRepositories(old).users.create(user, 1)
  old.run("UPDATE user SET key = 'андреи' WHERE id = ?", [id])
  old.run('UPDATE song SET title = \'सोना\', credits = \'[["artist",1,"R.E.M.",""]]\' WHERE id = 2200')
  old.close()

  const db = openDatabase({ path, log })
  t.after(() => db.close())
  migrate(db, { log })
  // The first start is killed on its way; the next one goes on.
  let left = 2
  const killed = new Proxy(db, {
    get(target, name: keyof Database) {
      const member = target[name]
      if (name !== 'transaction') return typeof member === 'function' ? member.bind(target) : member
      return (work: () => void) => {
        if (left-- === 0) throw new Error('killed')
        return db.transaction(work)
      }
    },
  })
  assert.throws(() => applyWordRules(killed, log), /killed/)
  applyWordRules(db, log)
  const { users, search, songs, albums, artists } = createRepositories(db)
  assert.equal(users.findByName('андрей')?.id, id)
  const viewer = { userId: id as UserId, scope: { libraries: 'all' as const } }
  const found = (query: string) => Array.from(search.songs(viewer, query, page), (song) => song.id)
  assert.deepEqual(found('सोना'), [2200])
  const count = (table: string) => db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n
  assert.equal(count('song_search'), count('song WHERE missing = 0'))
  assert.ok(found('rem').includes(2200 as never))
  const song = songs.find(viewer, 2400 as never)
  assert.ok(song)
  assert.ok([...search.songs(viewer, `${song.title} ${song.album}`, page)].some((one) => one.id === song.id))
  const album = albums.find(viewer, song.albumId)
  assert.ok(album && search.albums(viewer, album.name, page).some((one) => one.id === album.id))
  const artist = artists.find(viewer, song.artistId)
  assert.ok(artist && search.artists(viewer, artist.name, page).some((one) => one.id === artist.id))
  // Once: a second start finds all done, and writes nothing.
  const watch = db.watch(['meta', 'user'])
  const { version } = watch
  applyWordRules(db, log)
  assert.equal(watch.version, version)
})
