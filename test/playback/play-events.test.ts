import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encodeId, type LibraryId, type SongId } from '../../src/base/ids.ts'
import { createHookDispatcher } from '../../src/hooks/hook-dispatcher.ts'
import { createHookTable } from '../../src/hooks/hook-table.ts'
import type { HookInput, HookName, PlaybackEvent } from '../../src/hooks/hooks.ts'
import type { Viewer } from '../../src/library/entities.ts'
import { createRepositories } from '../../src/library/repositories.ts'
import { silentLogger } from '../../src/log/logger.ts'
import type { PlayReport } from '../../src/playback/play-report.ts'
import { createPlayback } from '../../src/playback/playback.ts'
import { createTestClock } from '../support/clock.ts'
import { onFullDisk } from '../support/full-disk.ts'
import { entry } from '../support/hooks.ts'
import { insertLibrary } from '../support/song-rows.ts'
import { tempDatabase } from '../support/temp-database.ts'

type Name = Extract<HookName, `playback.${string}`>

function start(t: TestContext) {
  const db = tempDatabase(t)
  const repositories = createRepositories(db)
  const clock = createTestClock()
  const hooks = createHookDispatcher({ log: silentLogger, clock })
  const heard: string[] = []
  /** One line an event: what is common is checked here, what is its own is told. */
  const listen = <N extends Name>(name: N, own: (event: HookInput<N>) => readonly unknown[]) =>
    entry(name, ((event: HookInput<N> & PlaybackEvent) => {
      assert.ok(/^u\d$/.test(event.userId) && Number(event.sessionId) > 0 && event.client !== '')
      heard.push([name.slice('playback.'.length), event.mediaId, clock.now() - event.at, ...own(event)].join(' '))
    }) as never)
  hooks.swap(
    createHookTable([
      listen('playback.started', ({ ignoreScrobble = false }) => (ignoreScrobble ? ['ignored'] : [])),
      listen('playback.progress', ({ state, positionMs }) => [state, positionMs]),
      listen('playback.paused', ({ positionMs, playbackRate }) => [positionMs, playbackRate]),
      listen('playback.resumed', ({ positionMs, playbackRate }) => [positionMs, playbackRate]),
      listen('playback.stopped', ({ reason, positionMs, heardMs, counted }) => [reason, positionMs, heardMs, counted]),
      listen('playback.counted', ({ by }) => [by]),
      listen('playback.finished', ({ playedMs, scrobbled }) => [playedMs, scrobbled]),
    ]),
  )
  const options = { repositories, hooks, clock, log: silentLogger }
  const playback = createPlayback(options)
  t.after(() => playback.stop())
  const { id, songs } = insertLibrary(db, 'open', 2)
  const libraries: readonly LibraryId[] = [id]
  const userId = repositories.users.create(
    { name: 'Anna', isAdmin: false, roles: [], passwordHash: 'x', passwordSealed: null, libraries },
    1,
  )
  const viewer: Viewer = { userId, scope: { libraries } }
  const user = repositories.users.find(userId)
  assert.ok(user)
  const [one, two] = songs as [SongId, SongId]
  const report = (state: PlayReport['state'], seconds: number, more: Partial<PlayReport> = {}) => {
    const base = { songId: one, positionMs: seconds * 1000, playbackRate: 1, ignoreScrobble: false }
    assert.equal(playback.report(viewer, { ...base, state, ...more }, 'app'), true)
  }
  const told = async () => {
    await hooks.settled(1000)
    return heard.splice(0).sort()
  }
  return {
    clock,
    options,
    playback,
    repositories,
    viewer,
    user,
    one,
    two,
    report,
    told,
    ids: [one, two].map((key) => encodeId('song', key)),
  }
}

test('hooks hear when a player starts, goes on, rests, goes on again, has played enough and stops', async (t) => {
  const { clock, report, told, ids } = start(t)
  const [a] = ids
  report('starting', 0)
  assert.deepEqual(await told(), [`started ${a} 0`])
  clock.advance(2_000)
  report('playing', 0)
  assert.deepEqual(await told(), [`progress ${a} 2000 playing 0`])
  clock.advance(60_000)
  report('paused', 60)
  assert.deepEqual(await told(), [`paused ${a} 62000 60000 1`, `progress ${a} 62000 paused 60000`])
  clock.advance(8_000)
  report('paused', 60)
  assert.deepEqual(await told(), [`progress ${a} 70000 paused 60000`])
  report('playing', 60, { playbackRate: 2 })
  assert.deepEqual(await told(), [`progress ${a} 70000 playing 60000`, `resumed ${a} 70000 60000 2`])
  clock.advance(30_000)
  report('playing', 120)
  assert.deepEqual(await told(), [
    `counted ${a} 100000 report`,
    `finished ${a} 100000 120000 true`,
    `progress ${a} 100000 playing 120000`,
  ])
  clock.advance(10_000)
  report('stopped', 130)
  assert.deepEqual(await told(), [`stopped ${a} 110000 stopped 130000 130000 true`])
})

test('hooks hear what is left for another song, or for its own start, and what is forgotten', async (t) => {
  const { clock, playback, report, told, viewer, two, ids } = start(t)
  const [a, b] = ids
  report('playing', 0)
  clock.advance(30_000)
  await told()
  report('starting', 0, { songId: two, ignoreScrobble: true })
  assert.deepEqual(await told(), [
    `finished ${a} 30000 30000 false`,
    `started ${b} 0 ignored`,
    `stopped ${a} 30000 replaced 30000 30000 false`,
  ])
  report('playing', 0, { songId: two, ignoreScrobble: true })
  clock.advance(150_000)
  report('starting', 0, { songId: two })
  assert.deepEqual(await told(), [
    `finished ${b} 150000 0 false`,
    `progress ${b} 150000 playing 0`,
    `started ${b} 0`,
    `stopped ${b} 150000 replaced 150000 0 false`,
  ])
  clock.advance(200_000 + 30 * 60_000 - 1)
  playback.listNowPlaying(viewer)
  assert.deepEqual(await told(), [])
  clock.advance(1)
  playback.listNowPlaying(viewer)
  assert.deepEqual(await told(), [`finished ${b} 2000000 0 false`, `stopped ${b} 2000000 forgotten 0 0 false`])
})

test('hooks hear of a plain scrobble once, and that its song went on to its end', async (t) => {
  const { clock, playback, told, user, viewer, one, ids } = start(t)
  const [a] = ids
  playback.nowPlaying(user, viewer, one, 'app')
  assert.deepEqual(await told(), [`started ${a} 0`])
  clock.advance(100_000)
  playback.scrobble(user, viewer, [{ songId: one, at: clock.now() - 100_000 }], 'app')
  assert.deepEqual(await told(), [`counted ${a} 100000 scrobble`, `finished ${a} 100000 200000 true`])
  clock.advance(120_000)
  playback.listNowPlaying(viewer)
  assert.deepEqual(await told(), [`stopped ${a} 220000 forgotten 200000  true`])
})

test('a play that could not be written counts when the client speaks again, and keeps no other song from playing', async (t) => {
  const { clock, options, repositories, viewer, one, two } = start(t)
  const disk = onFullDisk(repositories)
  const playback = createPlayback({ ...options, repositories: disk.repositories })
  t.after(() => playback.stop())
  const report = (state: PlayReport['state'], songId = one) =>
    playback.report(viewer, { songId, state, positionMs: 0, playbackRate: 1, ignoreScrobble: false }, 'app')
  const countOf = (song: SongId) => repositories.songs.find(viewer, song)?.playCount
  report('playing')
  clock.advance(150_000)
  assert.throws(() => report('stopped'), /disk full/)
  assert.equal(playback.listNowPlaying(viewer).length, 1)
  disk.full = false
  report('stopped')
  assert.deepEqual([countOf(one), playback.listNowPlaying(viewer).length], [1, 0])
  report('playing')
  clock.advance(150_000)
  disk.full = true
  report('starting', two)
  assert.deepEqual(
    playback.listNowPlaying(viewer).map(({ song }) => song.id),
    [two],
  )
})
