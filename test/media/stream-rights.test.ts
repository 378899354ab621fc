import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY_SCOPE, FULL_SCOPE } from '../../src/base/access-scope.ts'
import type { ByteStream } from '../../src/base/byte-source.ts'
import { AppError } from '../../src/base/errors.ts'
import type { ApiKeyId } from '../../src/base/ids.ts'
import { dispatcherOf, entry } from '../support/hooks.ts'
import { eventually, isAlive, mediaHome, USER } from './media-home.ts'
import { stubBytes, writeStubEncoder } from './stub-encoder.ts'

const FACTS = { suffix: 'flac', durationMs: 240_000, bitRate: 900, codec: 'FLAC' }

const isWithdrawn = (error: unknown) => error instanceof AppError && error.code === 'FORBIDDEN'

/** Reads at a listener's pace until the stream ends; tells how. */
async function listen(stream: ByteStream): Promise<'ended' | 'withdrawn'> {
  try {
    for (;;) {
      if ((await stream.read()) === undefined) return 'ended'
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  } catch (error) {
    assert.ok(isWithdrawn(error), String(error))
    return 'withdrawn'
  } finally {
    stream.close()
  }
}

test('a stream ends when its song is hidden from the listener', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(new Uint8Array(50_000_000), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id })
  const stream = await source.open()
  await stream.read()
  home.rights.scope = EMPTY_SCOPE
  home.rights.changed()
  assert.equal(await listen(stream), 'withdrawn')
  assert.equal(streamer.status().streams, 0)
})

test('a login that ends while a plugin still thinks about the stream lets nothing run on', async (t) => {
  for (const purpose of ['stream', 'download'] as const) {
    const home = mediaHome(t)
    const song = home.addSong(new Uint8Array(50_000_000), FACTS)
    const hooks = dispatcherOf(
      entry('stream.authorize', () => {
        home.rights.keys = []
        home.rights.changed()
        return { allow: true }
      }),
    )
    const streamer = await home.streamer({ engine: 'off' }, hooks)
    const keyId = 1 as ApiKeyId
    home.rights.keys = [keyId]
    const source = await streamer[purpose](home.user, home.viewer, { client: 'x', songId: song.id, login: { keyId } })
    assert.equal(await listen(await source.open()), 'withdrawn', purpose)
  }
})

test('a conversion whose only listener lost the right ends its process', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(1000), FACTS)
  const ffmpegPath = writeStubEncoder(home.folder, { bytes: Number.POSITIVE_INFINITY, pauseMs: 20 })
  const streamer = await home.streamer({ engine: 'native', ffmpegPath })
  const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format: 'mp3' })
  const stream = await source.open()
  const pid = streamer.status().transcoder?.running[0]?.pid
  home.rights.user = { ...USER, roles: [] }
  home.rights.changed()
  assert.equal(await listen(stream), 'withdrawn')
  await eventually(() => !isAlive(pid), 'the process is gone')
})

test('a read that waits for bytes is interrupted too', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(1000), FACTS)
  const ffmpegPath = writeStubEncoder(home.folder, { bytes: Number.POSITIVE_INFINITY, pauseMs: 3_600_000 })
  const streamer = await home.streamer({ engine: 'native', ffmpegPath })
  const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format: 'mp3' })
  const stream = await source.open()
  await stream.read()
  const waiting = stream.read()
  home.rights.user = undefined
  home.rights.changed()
  await assert.rejects(waiting, isWithdrawn)
  stream.close()
})

test('a change that leaves the song visible disturbs nobody', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(2_000_000), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id })
  const listening = listen(await source.open())
  for (let change = 0; change < 20; change++) home.rights.changed()
  assert.equal(await listening, 'ended')
})

test('a scope that is empty for a moment ends nothing', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(2_000_000), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id })
  const stream = await source.open()
  home.rights.scope = EMPTY_SCOPE
  home.rights.changed()
  home.rights.scope = FULL_SCOPE
  assert.equal(await listen(stream), 'ended')
})

test('rights that can not be told end the stream', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(new Uint8Array(50_000_000), FACTS)
  home.rights.current = () => Promise.reject(new Error('broken'))
  const streamer = await home.streamer({ engine: 'off' })
  const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id })
  const stream = await source.open()
  home.rights.changed()
  assert.equal(await listen(stream), 'withdrawn')
})

test('a right withdrawn between the permission and the first byte counts', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(new Uint8Array(50_000_000), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id })
  home.rights.scope = EMPTY_SCOPE
  home.rights.changed()
  assert.equal(await listen(await source.open()), 'withdrawn')
})

test('a download goes on while only the role for streaming is gone, and the other way round', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(new Uint8Array(20_000_000), FACTS)
  const streamer = await home.streamer({ engine: 'off' })
  const download = await (await streamer.download(home.user, home.viewer, { songId: song.id, client: 'x' })).open()
  const stream = await (await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id })).open()
  home.rights.user = { ...USER, roles: ['download'] }
  home.rights.changed()
  const ends = await Promise.all([listen(download), listen(stream)])
  assert.deepEqual(ends, ['ended', 'withdrawn'])
})
