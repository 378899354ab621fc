import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SongId, UserId } from '../../src/base/ids.ts'
import { MAX_PLAYERS, MAX_PLAYERS_OF_USER, NowPlaying, playerIdOf } from '../../src/playback/now-playing.ts'
import { beginSession, type PlaySession } from '../../src/playback/play-session.ts'

function entry(user: number, song: number, rest: Partial<PlaySession> = {}): PlaySession {
  const userId = user as UserId
  const client = rest.client ?? 'app'
  const player = { userId, songId: song as SongId, client, playerId: playerIdOf(userId, client), durationMs: 200_000 }
  return { ...beginSession(player, { now: 0, mono: 0 }), ...rest }
}

test('a player plays one song, a user as many as he has clients', () => {
  const playing = new NowPlaying()
  assert.deepEqual(playing.set(entry(1, 1)), [])
  assert.deepEqual(
    playing.set(entry(1, 2)).map(({ songId }) => songId),
    [1],
  )
  playing.set(entry(1, 3, { client: 'other' }))
  playing.set(entry(2, 4))
  assert.deepEqual(
    playing.list().map(({ songId }) => songId),
    [4, 3, 2],
  )
})

test('an entry ends with its song and a margin, counted from when the client last spoke', () => {
  const playing = new NowPlaying()
  const long = entry(1, 1)
  playing.set(long)
  playing.set(entry(2, 2, { durationMs: 0 }))
  assert.deepEqual(playing.expire(210_000), [])
  long.heardMono = 100_000
  assert.deepEqual(playing.expire(300_000), [])
  assert.deepEqual(playing.expire(316_000), [long])
  assert.equal(playing.size, 1)
  assert.equal(playing.expire(616_000).length, 1)
})

test('players beyond the bound push out the one that began first', () => {
  const playing = new NowPlaying()
  for (let user = 1; user <= MAX_PLAYERS; user++) assert.deepEqual(playing.set(entry(user, 1)), [])
  playing.set(entry(1, 2))
  const gone = playing.set(entry(MAX_PLAYERS + 1, 1))
  assert.deepEqual(
    gone.map(({ userId }) => userId),
    [2],
  )
  assert.equal(playing.size, MAX_PLAYERS)
})

test('a user with a new client each time pushes out only their own players', () => {
  const playing = new NowPlaying()
  playing.set(entry(1, 1))
  for (let number = 0; number < MAX_PLAYERS_OF_USER; number++) playing.set(entry(2, 1, { client: `${number}` }))
  const gone = playing.set(entry(2, 1, { client: 'more' }))
  assert.deepEqual(
    gone.map(({ userId, client }) => [userId, client]),
    [[2, '0']],
  )
  for (let user = 3; playing.size < MAX_PLAYERS; user++) playing.set(entry(user, 1))
  assert.deepEqual(
    playing.set(entry(MAX_PLAYERS + 1, 1)).map(({ userId, client }) => [userId, client]),
    [[2, '1']],
  )
  assert.ok(playing.get(1 as UserId, 'app'))
  assert.equal(playing.size, MAX_PLAYERS)
})

test('the number of a player is a small positive integer, the same each time, another for another client', () => {
  const ids = ['app', 'other', ''].map((client) => playerIdOf(1 as UserId, client))
  assert.equal(new Set([...ids, playerIdOf(2 as UserId, 'app')]).size, 4)
  assert.equal(playerIdOf(1 as UserId, 'app'), ids[0])
  for (const id of ids) assert.ok(Number.isInteger(id) && id > 0 && id <= 2 ** 24)
})
