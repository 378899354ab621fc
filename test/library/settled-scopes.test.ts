import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessScope } from '../../src/base/access-scope.ts'
import { compileScope } from '../../src/library/scope-sql.ts'
import { SettledScopes } from '../../src/library/settled-scopes.ts'
import { libraryFixture } from '../support/library-fixture.ts'
import { recount } from '../support/recount.ts'

const deny = (...genres: readonly string[]): AccessScope => ({ libraries: 'all', deny: { genres } })

test('scopes that do not find room are not worked out at each use', (t) => {
  const { db } = libraryFixture(t, { songs: 400 })
  const uses = (maxBytes: number, scopes: readonly AccessScope[]) => {
    let statements = 0
    const counting = Object.create(db, {
      select: {
        value: (...given: Parameters<typeof db.select>) => {
          statements++
          return db.select(...given)
        },
      },
    }) as typeof db
    const settled = new SettledScopes(counting, db.watch(['song']), maxBytes)
    let cheap = 0
    for (let use = 0; use < 64; use++)
      for (const scope of scopes) if (settled.settle(scope, compileScope(scope)).marks) cheap++
    return { statements, cheap }
  }
  const roomy = uses(1 << 20, [deny('Rock'), deny('Pop')])
  assert.equal(roomy.cheap, 2 * 63)
  const one = roomy.statements / 2
  // One that is larger than all room.
  assert.deepEqual(uses(100, [deny('Rock')]), { statements: one, cheap: 0 })
  // Two that push each other out.
  const size = 400 * 2 + 1024 + 4000
  const crowded = uses(size, [deny('Rock'), deny('Pop')])
  assert.ok(crowded.cheap < 2 * 63, 'both found room')
  assert.ok(crowded.statements <= 6 * one, `${crowded.statements} statements`)
})

test('a list of artists that is read while the catalogue moves shows nothing that is hidden by then', (t) => {
  const { db, repositories, viewer } = libraryFixture(t, { songs: 1200 })
  // Each song has an album artist of its own beside.
  db.exec(`INSERT INTO artist (key, name, order_name, created_at, updated_at)
      SELECT 'own ' || id, 'Own ' || id, 'own ' || id, 1, 1 FROM song;
    INSERT INTO song_artist (song_id, artist_id, role, position)
      SELECT s.id, r.id, 'albumartist', 9 FROM song s JOIN artist r ON r.key = 'own ' || s.id`)
  recount(db)
  const kid = viewer(deny('Rock'), 2)
  for (let use = 0; use < 3; use++) repositories.artists.count(kid)
  const all = [...repositories.artists.albumArtists(kid)].length
  const artists = repositories.artists.albumArtists(kid)[Symbol.iterator]()
  let listed = 0
  while (!artists.next().done) {
    if (++listed > 1) continue
    db.run(`INSERT OR IGNORE INTO song_genre SELECT s.id, g.id FROM song s, genre g WHERE g.key = 'rock'`)
  }
  assert.ok(all > 500, `${all} artists are one page`)
  assert.equal(listed, 500)
  assert.deepEqual([...repositories.artists.albumArtists(kid)], [])
})

test('a list of songs that is read while the catalogue moves leaves out what is hidden or gone by then', (t) => {
  const { db, repositories, viewer } = libraryFixture(t, { songs: 600 })
  const kid = viewer(deny('Rock'), 2)
  const found = repositories.search.songs(kid, '', { limit: 500, offset: 0 })
  const before = Array.from(found, ({ id }) => id)
  const listed: number[] = []
  let hidden = 0
  for (const { id } of found) {
    listed.push(id)
    if (listed.length !== 1) continue
    const last = before.slice(-200)
    db.run(
      `INSERT OR IGNORE INTO song_genre SELECT s.id, g.id FROM song s, genre g
        WHERE g.key = 'rock' AND s.id IN (SELECT value FROM json_each(?))`,
      [JSON.stringify(last)],
    )
    db.run('DELETE FROM song WHERE id = ?', [before[250] as number])
    hidden = last.length
  }
  assert.equal(hidden, 200)
  assert.deepEqual(
    listed,
    before.slice(0, -200).filter((id) => id !== before[250]),
  )
  assert.deepEqual(
    Array.from(found, ({ id }) => id),
    listed,
    'walked again, it is the same list',
  )
})

test('denials in no library at all hide everything, however often they are asked', (t) => {
  const { repositories, viewer } = libraryFixture(t, { songs: 50 })
  const nothing = viewer({ libraries: [], deny: { explicit: true, genres: ['Rock'] } }, 2)
  for (const _ of [1, 2, 3]) assert.equal(repositories.songs.totals(nothing).songs, 0)
})
