import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { EMPTY_SCOPE } from '../../src/base/access-scope.ts'
import { AppError, type ErrorCode } from '../../src/base/errors.ts'
import type { SongId } from '../../src/base/ids.ts'
import type { Viewer } from '../../src/library/entities.ts'
import { dispatcherOf, entry } from '../support/hooks.ts'
import { mediaHome, readAll, USER } from './media-home.ts'
import { stubBytes } from './stub-encoder.ts'

const FACTS = { suffix: 'mp3', durationMs: 10_000, bitRate: 320 }
const REQUEST = { client: 'test' }

const failsWith = (code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error))
  assert.equal(error.code, code)
  return true
}

test('sends the file as it is, with its length and validators', async (t) => {
  const home = mediaHome(t)
  const bytes = stubBytes(400_001)
  const song = home.addSong(bytes, FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const source = await streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id })
  assert.equal(source.contentType, 'audio/mpeg')
  assert.equal(source.length, 400_001)
  assert.match(source.etag ?? '', /^"[\w-]+"$/)
  assert.deepEqual(source.lastModified, statSync(home.pathOf(song)).mtime)
  assert.equal(source.headers?.['x-content-duration'], '10.00')
  assert.deepEqual(await readAll(source), Buffer.from(bytes))
})

test('sends ranges byte by byte', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(200_000), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const source = await streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id })
  for (const [start, end] of [
    [0, 0],
    [1, 16_384],
    [16_383, 16_385],
    [100_000, 199_999],
    [199_999, 199_999],
  ] as const) {
    assert.deepEqual(await readAll(source, { start, end }), Buffer.from(stubBytes(end - start + 1, start)))
  }
})

test('an empty file is an empty answer', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(new Uint8Array(0), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const source = await streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id })
  assert.equal(source.length, 0)
  assert.equal((await readAll(source)).length, 0)
})

test('a changed file has another validator', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(1000), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const ask = () => streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id })
  const before = await ask()
  appendFileSync(home.pathOf(song), 'x')
  const after = await ask()
  assert.notEqual(before.etag, after.etag)
  await assert.rejects(before.open(), failsWith('MEDIA_UNREADABLE'))
})

test('a file that grows while it is sent gives no byte more than promised', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(100_000), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const source = await streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id })
  const stream = await source.open()
  let count = (await stream.read())?.length ?? 0
  appendFileSync(home.pathOf(song), stubBytes(50_000))
  for (let bytes = await stream.read(); bytes; bytes = await stream.read()) count += bytes.length
  stream.close()
  assert.equal(count, 100_000)
})

test('a file that shrinks while it is sent ends with an error', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(300_000), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const source = await streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id })
  const stream = await source.open()
  await stream.read()
  truncateSync(home.pathOf(song), 20_000)
  const rest = async () => {
    while (await stream.read());
  }
  await assert.rejects(rest(), failsWith('MEDIA_UNREADABLE'))
  stream.close()
})

test('a vanished file is an error before the first byte and says nothing of its path', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(1000), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const ask = () => streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id })
  const described = await ask()
  rmSync(home.pathOf(song))
  for (const attempt of [ask, () => described.open()]) {
    await assert.rejects(attempt(), (error: unknown) => {
      failsWith('MEDIA_UNREADABLE')(error)
      assert.ok(!String((error as Error).message).includes(home.music))
      return true
    })
  }
})

test('a folder in the place of a file is unreadable', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(1000), FACTS)
  rmSync(home.pathOf(song))
  mkdirSync(home.pathOf(song))
  const streamer = await home.streamer({ engine: 'off' })
  await assert.rejects(
    streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id }),
    failsWith('MEDIA_UNREADABLE'),
  )
})

test('streams read their own bytes while others use the same buffers', async (t) => {
  const home = mediaHome(t)
  const contents = [1, 2, 3, 4].map((value) => Buffer.alloc(150_000, value))
  const songs = contents.map((bytes) => home.addSong(bytes, FACTS))
  const streamer = await home.streamer({ engine: 'off' })
  for (let round = 0; round < 3; round++) {
    const read = await Promise.all(
      songs.map(async (song) =>
        readAll(await streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id })),
      ),
    )
    for (const [index, bytes] of read.entries()) assert.ok(bytes.equals(contents[index] as Buffer))
  }
})

test('closing half-way while a read runs lets the next stream read rightly', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(Buffer.alloc(300_000, 7), FACTS)
  const other = home.addSong(Buffer.alloc(300_000, 8), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  for (let round = 0; round < 20; round++) {
    const source = await streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id })
    const stream = await source.open()
    const pending = stream.read()
    stream.close()
    const bytes = await readAll(await streamer.stream(home.user, home.viewer, { ...REQUEST, songId: other.id }))
    assert.ok(bytes.every((value) => value === 8))
    await pending.catch(() => {})
  }
})

test('download is the original under its name, for those with the role', async (t) => {
  const home = mediaHome(t)
  const bytes = stubBytes(5000)
  const song = home.addSong(bytes, FACTS)
  const streamer = await home.streamer({ engine: 'off', maxBitRate: 64 })
  const source = await streamer.download(home.user, home.viewer, { songId: song.id, client: 'test' })
  assert.equal(source.downloadName, 'song 1.mp3')
  assert.deepEqual(await readAll(source), Buffer.from(bytes))
  const listener = { ...USER, roles: ['stream'] as const }
  await assert.rejects(
    streamer.download(listener, home.viewer, { songId: song.id, client: 'test' }),
    failsWith('FORBIDDEN'),
  )
  await streamer.download({ ...listener, isAdmin: true }, home.viewer, { songId: song.id, client: 'test' })
})

test('streaming needs its role', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(10), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  await assert.rejects(
    streamer.stream({ ...USER, roles: ['download'] }, home.viewer, { ...REQUEST, songId: song.id }),
    failsWith('FORBIDDEN'),
  )
})

test('unknown and invisible songs look the same', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(10), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const blind: Viewer = { userId: USER.id, scope: EMPTY_SCOPE }
  await assert.rejects(streamer.stream(home.user, blind, { ...REQUEST, songId: song.id }), failsWith('NOT_FOUND'))
  await assert.rejects(
    streamer.stream(home.user, home.viewer, { ...REQUEST, songId: 999 as SongId }),
    failsWith('NOT_FOUND'),
  )
})

test('stream.authorize is asked once, with public ids, and its denial is the answer', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(10), FACTS)
  const asked: unknown[] = []
  let allow = true
  const hooks = dispatcherOf(
    entry('stream.authorize', (input) => {
      asked.push(input)
      return allow ? { allow: true } : { allow: false, reason: 'not at night' }
    }),
  )
  const streamer = await home.streamer({ engine: 'off' }, hooks)
  await readAll(await streamer.stream(home.user, home.viewer, { client: 'Amperfy', songId: song.id }))
  assert.deepEqual(asked, [{ userId: 'u1', mediaId: 's1', purpose: 'stream', client: 'Amperfy' }])
  allow = false
  await assert.rejects(
    streamer.download(home.user, home.viewer, { songId: song.id, client: 'x' }),
    (error: unknown) => {
      failsWith('FORBIDDEN')(error)
      assert.equal((error as Error).message, 'not at night')
      return true
    },
  )
})

test('a guard that throws denies', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(10), FACTS)
  const hooks = dispatcherOf(
    entry('stream.authorize', () => {
      throw new Error('broken')
    }),
  )
  const streamer = await home.streamer({ engine: 'off' }, hooks)
  await assert.rejects(streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id }), failsWith('FORBIDDEN'))
})

test('content types are what players know', async (t) => {
  const home = mediaHome(t)
  const streamer = await home.streamer({ engine: 'off' })
  const types = ['mp3', 'flac', 'm4a', 'm4b', 'opus', 'ogg', 'aac', 'FLAC', 'exe'].map((suffix) =>
    streamer.contentTypeOf(suffix),
  )
  assert.deepEqual(types, [
    'audio/mpeg',
    'audio/flac',
    'audio/mp4',
    'audio/mp4',
    'audio/ogg',
    'audio/ogg',
    'audio/aac',
    'audio/flac',
    'application/octet-stream',
  ])
})

test('without an engine everything is sent as it is', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(1000), { ...FACTS, suffix: 'flac', bitRate: 900 })
  writeFileSync(`${home.folder}/not-ffmpeg`, '')
  const streamer = await home.streamer({ engine: 'native', ffmpegPath: `${home.folder}/not-ffmpeg` })
  assert.deepEqual(streamer.plan(home.user, song, { format: 'mp3', client: 'x' }), {
    raw: true,
    suffix: 'flac',
    contentType: 'audio/flac',
    bitRate: 900,
  })
  const source = await streamer.stream(home.user, home.viewer, { ...REQUEST, songId: song.id, format: 'mp3' })
  assert.equal(source.length, 1000)
})
