import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { type TestContext, test } from 'node:test'
import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import { encodeId, type LibraryId, type SongId } from '../../src/base/ids.ts'
import { createHookDispatcher } from '../../src/hooks/hook-dispatcher.ts'
import { createHookTable } from '../../src/hooks/hook-table.ts'
import type { User, Viewer } from '../../src/library/entities.ts'
import { createRepositories } from '../../src/library/repositories.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { createPlayback } from '../../src/playback/playback.ts'
import { createTestClock } from '../support/clock.ts'
import { onFullDisk } from '../support/full-disk.ts'
import { entry } from '../support/hooks.ts'
import { insertLibrary } from '../support/song-rows.ts'
import { tempDatabase } from '../support/temp-database.ts'

function start(t: TestContext) {
  const db = tempDatabase(t)
  const repositories = createRepositories(db)
  const clock = createTestClock()
  const hooks = createHookDispatcher({ log: silentLogger, clock })
  const heard: string[] = []
  hooks.swap(
    createHookTable([
      entry(
        'playback.started',
        ({ userId, mediaId, client }) => void heard.push(`${userId} starts ${mediaId} ${client}`),
      ),
      entry('playback.finished', ({ userId, mediaId, playedMs, scrobbled, at }) => {
        heard.push(`${userId} ends ${mediaId} ${playedMs} ${scrobbled} ${at - clock.now()}`)
      }),
    ]),
  )
  const options = { repositories, hooks, clock, log: silentLogger }
  const playback = createPlayback(options)
  t.after(() => playback.stop())
  const open = insertLibrary(db, 'open', 3)
  const hidden = insertLibrary(db, 'hidden', 1)
  const viewerOf = (name: string, libraries: readonly LibraryId[]): { user: User; viewer: Viewer } => {
    const id = repositories.users.create(
      { name, isAdmin: false, roles: [], passwordHash: 'x', passwordSealed: null, libraries },
      1,
    )
    return { user: repositories.users.find(id) as User, viewer: { userId: id, scope: { libraries } } }
  }
  const anna = viewerOf('Anna', [open.id, hidden.id])
  const bob = viewerOf('Bob', [open.id])
  const [one, two, three] = open.songs as [SongId, SongId, SongId]
  const secret = hidden.songs[0] as SongId
  const listed = (viewer: Viewer) =>
    playback.listNowPlaying(viewer).map(({ user, song, client }) => `${user.name} ${song.id} ${client}`)
  const countOf = (viewer: Viewer, song: SongId) => repositories.songs.find(viewer, song)?.playCount
  const told = async () => {
    await hooks.settled(1000)
    return heard.splice(0)
  }
  return { db, repositories, clock, options, playback, anna, bob, one, two, three, secret, listed, countOf, told }
}

test('everybody sees what others play, but for songs that they may not see', (t) => {
  const { playback, anna, bob, one, two, secret, listed } = start(t)
  playback.nowPlaying(anna.user, anna.viewer, secret, 'phone')
  playback.nowPlaying(anna.user, anna.viewer, one, 'tv')
  playback.nowPlaying(bob.user, bob.viewer, two, 'phone')
  assert.deepEqual(listed(anna.viewer), [`Bob ${two} phone`, `Anna ${one} tv`, `Anna ${secret} phone`])
  assert.deepEqual(listed(bob.viewer), [`Bob ${two} phone`, `Anna ${one} tv`])
})

test('a song that the player may not see, or that does not exist, is not playing', async (t) => {
  const { playback, anna, bob, secret, listed, told } = start(t)
  playback.nowPlaying(bob.user, bob.viewer, secret, 'phone')
  playback.nowPlaying(bob.user, bob.viewer, 99_999 as SongId, 'phone')
  assert.deepEqual(listed(anna.viewer), [])
  assert.deepEqual(await told(), [])
})

test('an entry tells its age, ends with the song, and goes with its user', (t) => {
  const { playback, clock, repositories, anna, bob, one, listed } = start(t)
  playback.nowPlaying(anna.user, anna.viewer, one, 'phone')
  clock.advance(125_000)
  playback.nowPlaying(bob.user, bob.viewer, one, 'phone')
  const [newest, oldest] = playback.listNowPlaying(anna.viewer)
  assert.deepEqual([newest?.minutesAgo, oldest?.minutesAgo], [0, 2])
  assert.notEqual(newest?.playerId, oldest?.playerId)
  clock.advance(91_000)
  assert.deepEqual(listed(anna.viewer), [`Bob ${one} phone`])
  repositories.users.create({ name: 'Root', isAdmin: true, roles: [], passwordHash: 'x', passwordSealed: null }, 1)
  repositories.users.remove(bob.user.id)
  assert.deepEqual(listed(anna.viewer), [])
})

test('plays count once, also when a client sends them again', (t) => {
  const { playback, clock, anna, one, two, countOf } = start(t)
  const at = clock.now() - 3_600_000
  const plays = [
    { songId: one, at },
    { songId: one, at },
    { songId: two, at },
  ]
  playback.scrobble(anna.user, anna.viewer, plays, 'phone')
  playback.scrobble(anna.user, anna.viewer, plays, 'phone')
  assert.deepEqual([countOf(anna.viewer, one), countOf(anna.viewer, two)], [1, 1])
  playback.scrobble(anna.user, anna.viewer, [{ songId: one, at: at + 200_000 }], 'phone')
  assert.equal(countOf(anna.viewer, one), 2)
})

test('a backlog of plays is looked up in what was made once for all of them', (t) => {
  const { options, repositories, clock, anna, one, two, countOf } = start(t)
  const reads = t.mock.method(clock, 'monotonic')
  const playback = createPlayback({ ...options, repositories })
  t.after(() => playback.stop())
  const began: number[] = []
  for (let number = 0; number < 70; number++) {
    const word = { songId: one, positionMs: 0, playbackRate: 1, ignoreScrobble: false } as const
    playback.report(anna.viewer, { ...word, state: 'starting' }, 'phone')
    playback.report(anna.viewer, { ...word, state: 'playing' }, 'phone')
    began.push(clock.now())
    clock.advance(300_000)
    playback.report(anna.viewer, { ...word, state: 'stopped' }, 'phone')
    clock.advance(300_000)
  }
  const reported = countOf(anna.viewer, one) ?? 0
  const before = reads.mock.callCount()
  const old = Array.from({ length: 5000 }, (_, index) => ({ songId: two, at: clock.now() - 10 * 86_400_000 - index }))
  const again = began.slice(-64).map((at) => ({ songId: one, at }))
  playback.scrobble(anna.user, anna.viewer, [...old, ...again], 'phone')
  assert.ok(reads.mock.callCount() - before < 10)
  assert.deepEqual([countOf(anna.viewer, one), countOf(anna.viewer, two)], [reported, old.length])
})

test('one user does not count for another, nor what he may not see', (t) => {
  const { playback, clock, anna, bob, one, secret, countOf } = start(t)
  playback.scrobble(
    bob.user,
    bob.viewer,
    [
      { songId: secret, at: clock.now() },
      { songId: one, at: clock.now() },
    ],
    'x',
  )
  assert.deepEqual([countOf(anna.viewer, secret), countOf(anna.viewer, one), countOf(bob.viewer, one)], [0, 0, 1])
})

test('plays from the future are plays of now, offline ones keep their time', (t) => {
  const { playback, clock, repositories, anna, one, two } = start(t)
  const lastWeek = clock.now() - 7 * 86_400_000
  playback.scrobble(anna.user, anna.viewer, [{ songId: one, at: clock.now() + 86_400_000 }], 'x')
  playback.scrobble(anna.user, anna.viewer, [{ songId: two, at: lastWeek }], 'x')
  assert.deepEqual(
    repositories.plays.history(anna.viewer, { limit: 10, offset: 0 }).map(({ songId, at }) => [songId, at]),
    [
      [two, lastWeek],
      [one, clock.now()],
    ],
  )
})

test('a play that could not be written counts when it is sent again', (t) => {
  const { playback, clock, repositories, options, anna, one, countOf } = start(t)
  const disk = onFullDisk(repositories)
  const failing = createPlayback({ ...options, repositories: disk.repositories })
  const play = [{ songId: one, at: clock.now() - 1000 }]
  assert.throws(() => failing.scrobble(anna.user, anna.viewer, play, 'x'), /disk full/)
  disk.full = false
  failing.scrobble(anna.user, anna.viewer, play, 'x')
  assert.equal(countOf(anna.viewer, one), 1)
  failing.stop()
  playback.stop()
})

test('what was scrobbled survives a server that ends without warning', (t) => {
  const { playback, clock, db, anna, one } = start(t)
  playback.scrobble(anna.user, anna.viewer, [{ songId: one, at: clock.now() }], 'x')
  const again = createRepositories(db)
  assert.equal(again.songs.find({ userId: anna.user.id, scope: FULL_SCOPE }, one)?.playCount, 1)
})

test('hooks hear what starts, what is skipped, what runs out and what counts', async (t) => {
  const { playback, clock, anna, one, two, three, told } = start(t)
  const [a, b, c] = [one, two, three].map((id) => encodeId('song', id))
  const user = encodeId('user', anna.user.id)
  playback.nowPlaying(anna.user, anna.viewer, one, 'phone')
  clock.advance(30_000)
  playback.nowPlaying(anna.user, anna.viewer, one, 'phone')
  assert.deepEqual(await told(), [`${user} starts ${a} phone`])

  clock.advance(10_000)
  playback.nowPlaying(anna.user, anna.viewer, two, 'phone')
  assert.deepEqual(await told(), [`${user} ends ${a} 40000 false -40000`, `${user} starts ${b} phone`])

  clock.advance(150_000)
  playback.scrobble(anna.user, anna.viewer, [{ songId: two, at: clock.now() - 150_000 }], 'phone')
  clock.advance(50_000)
  playback.nowPlaying(anna.user, anna.viewer, two, 'phone')
  assert.deepEqual(await told(), [`${user} ends ${b} 200000 true -200000`, `${user} starts ${b} phone`])

  playback.nowPlaying(anna.user, anna.viewer, three, 'tv')
  clock.advance(216_000)
  playback.listNowPlaying(anna.viewer)
  const ended = await told()
  assert.deepEqual(ended.slice(1), [`${user} ends ${b} 200000 false -216000`, `${user} ends ${c} 200000 false -216000`])
})

test('scrobbles that come together share one sync, and one that fails loses no other', async (t) => {
  const { playback, clock, options, anna, bob, one, two, countOf } = start(t)
  const disk = onFullDisk(options.repositories)
  const failing = createPlayback({ ...options, repositories: disk.repositories })
  const sync = t.mock.method(fs, 'fsyncSync')
  syncBuiltinESMExports()
  t.after(syncBuiltinESMExports)
  const at = clock.now() - 1000
  const plays = [{ songId: one, at }]
  playback.scrobble(anna.user, anna.viewer, plays, 'x')
  const first = playback.kept()
  assert.throws(() => failing.scrobble(bob.user, bob.viewer, plays, 'x'), /disk full/)
  playback.scrobble(bob.user, bob.viewer, [{ songId: two, at }], 'x')
  const second = playback.kept()
  const before = sync.mock.callCount()
  await Promise.all([first, second])
  assert.equal(sync.mock.callCount() - before, 1)
  assert.deepEqual([countOf(anna.viewer, one), countOf(bob.viewer, one), countOf(bob.viewer, two)], [1, 0, 1])
  await playback.kept()
  assert.equal(sync.mock.callCount() - before, 1, 'nothing new, nothing to sync')
  failing.stop()
})

test('a play whose sync failed is kept by the next one, when it is sent again', async (t) => {
  const { playback, clock, anna, one, countOf } = start(t)
  const play = [{ songId: one, at: clock.now() - 1000 }]
  playback.scrobble(anna.user, anna.viewer, [{ songId: one, at: clock.now() - 5000 }], 'x')
  await playback.kept()
  const sync = t.mock.method(fs, 'fsyncSync', () => {
    throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })
  })
  syncBuiltinESMExports()
  t.after(syncBuiltinESMExports)
  playback.scrobble(anna.user, anna.viewer, play, 'x')
  await assert.rejects(playback.kept())
  await assert.rejects(playback.kept(), 'nothing has changed')
  sync.mock.restore()
  syncBuiltinESMExports()
  playback.scrobble(anna.user, anna.viewer, play, 'x')
  await playback.kept()
  assert.equal(countOf(anna.viewer, one), 2, 'no play counts twice')
})
