import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AppError, type ErrorCode } from '../../src/base/errors.ts'
import type { Song } from '../../src/library/entities.ts'
import type { RunningStreamer } from '../../src/media/create-streamer.ts'
import type { GivenMediaSettings } from '../../src/media/media-settings.ts'
import { eventually, isAlive, type MediaHome, mediaHome, readAll, USER } from './media-home.ts'
import { type StubEncoder, stubBytes, writeStubEncoder } from './stub-encoder.ts'

const FACTS = { suffix: 'flac', durationMs: 240_000, bitRate: 900, codec: 'FLAC' }
const SLOW: StubEncoder = { bytes: Number.POSITIVE_INFINITY, pauseMs: 20 }

const failsWith = (code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error))
  assert.equal(error.code, code)
  return true
}

interface Stage {
  readonly home: MediaHome
  readonly streamer: RunningStreamer
  readonly song: Song
  ask(
    song?: Song,
    more?: { timeOffset?: number; estimateContentLength?: boolean },
  ): ReturnType<RunningStreamer['stream']>
  running(): readonly { readonly pid: number | undefined; readonly listeners: number }[]
}

async function stage(t: TestContext, stub: StubEncoder, settings: Partial<GivenMediaSettings> = {}): Promise<Stage> {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(10_000), FACTS)
  const ffmpegPath = writeStubEncoder(home.folder, stub)
  const streamer = await home.streamer({ engine: 'native', ffmpegPath, maxJobs: 2, ...settings })
  return {
    home,
    streamer,
    song,
    ask: (asked = song, more = {}) =>
      streamer.stream(home.user, home.viewer, { client: 'x', songId: asked.id, format: 'mp3', ...more }),
    running: () => streamer.status().transcoder?.running ?? [],
  }
}

test('a conversion has no length at first, and length and ranges when it is finished', async (t) => {
  const { ask, running } = await stage(t, { bytes: 500_000 })
  const live = await ask()
  assert.equal(live.length, undefined)
  assert.equal(live.estimatedLength, undefined)
  assert.equal(live.contentType, 'audio/mpeg')
  assert.deepEqual(await readAll(live), Buffer.from(stubBytes(500_000)))
  await eventually(() => running().length === 0, 'the job ends')
  const kept = await ask()
  assert.equal(kept.length, 500_000)
  assert.match(kept.etag ?? '', /^"/)
  assert.deepEqual(await readAll(kept, { start: 100_001, end: 300_002 }), Buffer.from(stubBytes(200_002, 100_001)))
})

test('describing a song starts nothing', async (t) => {
  const { ask, running, home } = await stage(t, SLOW)
  await ask()
  assert.equal(running().length, 0)
  assert.deepEqual(readdirSync(join(home.folder, 'transcodes')), [])
})

test('two listeners share one process, each from its own first byte', async (t) => {
  const { ask, running } = await stage(t, { bytes: 600_000, pauseMs: 5 })
  const first = readAll(await ask())
  await eventually(() => running()[0]?.listeners === 1, 'the first listens')
  const second = readAll(await ask())
  await eventually(() => running()[0]?.listeners === 2, 'both listen')
  assert.equal(running().length, 1)
  const expected = Buffer.from(stubBytes(600_000))
  assert.ok((await first).equals(expected))
  assert.ok((await second).equals(expected))
})

test('the process ends when its last listener leaves, and nothing stays on disk', async (t) => {
  const { ask, running, home } = await stage(t, SLOW)
  const one = await (await ask()).open()
  const two = await (await ask()).open()
  const pid = running()[0]?.pid
  assert.ok(isAlive(pid))
  one.close()
  await two.read()
  assert.ok(isAlive(pid))
  two.close()
  await eventually(() => running().length === 0, 'the job ends')
  assert.ok(!isAlive(pid))
  assert.deepEqual(readdirSync(join(home.folder, 'transcodes')), [])
})

test('a process that ignores the polite signal is killed', async (t) => {
  const { ask, running } = await stage(t, { bytes: 20_000_000, pauseMs: 20, stubborn: true })
  const stream = await (await ask()).open()
  const pid = running()[0]?.pid
  stream.close()
  await eventually(() => !isAlive(pid), 'the process is gone')
})

test('a listener who comes back soon finds the conversion still running', async (t) => {
  const { ask, running } = await stage(t, SLOW, { lingerMs: 60_000 })
  const stream = await (await ask()).open()
  const pid = running()[0]?.pid
  stream.close()
  const again = await (await ask()).open()
  assert.equal(running()[0]?.pid, pid)
  again.close()
})

test('a conversion without listeners gives way to one with', async (t) => {
  const { ask, running, home } = await stage(t, SLOW, { lingerMs: 60_000, maxJobs: 1 })
  const other = home.addSong(stubBytes(100), FACTS)
  const stream = await (await ask()).open()
  const pid = running()[0]?.pid
  stream.close()
  const next = await (await ask(other)).open()
  assert.ok(!isAlive(pid))
  next.close()
})

test('a conversion that is nearly done is finished for the next time', async (t) => {
  // 240 s at 192 kbit/s are 5.76 MB: of 6 MB in all, the listener leaves behind 4.8.
  const { ask, running, streamer } = await stage(t, { bytes: 6_000_000, pauseMs: 1 })
  const stream = await (await ask()).open()
  let count = 0
  while (count < 4_800_000) count += (await stream.read())?.length ?? 0
  stream.close()
  assert.equal(running().length, 1)
  await eventually(() => running().length === 0, 'the job ends')
  assert.equal(streamer.status().transcoder?.cachedSongs, 1)
})

test('with all places taken further songs wait, then are refused with a time to come back', async (t) => {
  const { ask, home } = await stage(t, SLOW, { maxJobs: 1, waitMs: 50 })
  const other = home.addSong(stubBytes(100), FACTS)
  const playing = await (await ask()).open()
  await assert.rejects((await ask(other)).open(), (error: unknown) => {
    failsWith('BUSY')(error)
    assert.ok(((error as AppError).retryAfter ?? 0) > 0)
    return true
  })
  playing.close()
})

test('a song that waits gets its place when one is free', async (t) => {
  const { ask, home, streamer } = await stage(t, SLOW, { maxJobs: 1, waitMs: 30_000 })
  const other = home.addSong(stubBytes(100), FACTS)
  const playing = await (await ask()).open()
  const waiting = (await ask(other)).open()
  await eventually(() => streamer.status().transcoder?.waiting === 1, 'the other waits')
  playing.close()
  ;(await waiting).close()
})

for (const [what, bounds] of Object.entries({
  'all places': { maxJobs: 2 },
  'all places of a user': { maxJobs: 8, maxJobsPerUser: 2 },
}))
  test(`songs that are skipped give ${what} back to the one that is wanted`, async (t) => {
    const { ask, home, streamer, running } = await stage(t, SLOW, { ...bounds, lingerMs: 60_000, waitMs: 30_000 })
    const songs = Array.from({ length: 8 }, () => home.addSong(stubBytes(100), FACTS))
    const status = () => streamer.status().transcoder
    // Left after the first byte, while the encoder starts, and while they wait for a place.
    for (const song of songs.slice(0, 2)) (await (await ask(song)).open()).close()
    for (const song of songs.slice(2, 7)) {
      const gone = new AbortController()
      const opening = (await ask(song)).open(undefined, gone.signal)
      await eventually(
        () => (status()?.waiting ?? 0) > 0 || running().some(({ listeners }) => listeners > 0),
        'it is on its way',
      )
      gone.abort()
      await assert.rejects(opening, failsWith('CANCELLED'))
      assert.equal(status()?.waiting, 0)
    }
    const started = performance.now()
    const wanted = await (await ask(songs[7])).open()
    assert.ok(performance.now() - started < 20_000)
    wanted.close()
  })

test('who comes after the client has gone finds nothing begun', async (t) => {
  const { ask, running } = await stage(t, SLOW)
  await assert.rejects((await ask()).open(undefined, AbortSignal.abort()), failsWith('CANCELLED'))
  assert.equal(running().length, 0)
})

test('the line of waiting songs has an end', async (t) => {
  const { ask, home } = await stage(t, SLOW, { maxJobs: 1, maxWaiting: 0, waitMs: 30_000 })
  const other = home.addSong(stubBytes(100), FACTS)
  const playing = await (await ask()).open()
  await assert.rejects((await ask(other)).open(), failsWith('BUSY'))
  playing.close()
})

test('one user can not take all places', async (t) => {
  const { ask, home, streamer } = await stage(t, SLOW, { maxJobs: 2, maxJobsPerUser: 1, waitMs: 50 })
  const other = home.addSong(stubBytes(100), FACTS)
  const playing = await (await ask()).open()
  await assert.rejects((await ask(other)).open(), failsWith('BUSY'))
  const somebody = { ...USER, id: 2 as typeof USER.id }
  const source = await streamer.stream(somebody, home.viewer, { client: 'x', songId: other.id, format: 'mp3' })
  ;(await source.open()).close()
  playing.close()
})

for (const [how, stub] of Object.entries({
  'says so': { bytes: 0, exitCode: 1 },
  'makes nothing': { bytes: 0 },
  'breaks off after a header': { bytes: 1000, exitCode: 1 },
}))
  test(`an encoder that ${how} is an error before the first byte, for those who named the format`, async (t) => {
    const { ask } = await stage(t, stub)
    const failing = await ask()
    const failure = await failing.open().then(
      () => undefined,
      (error: unknown) => error,
    )
    failsWith('TRANSCODE_FAILED')(failure)
    assert.equal(await failing.instead?.(failure), undefined)
    await assert.rejects(ask(), failsWith('TRANSCODE_FAILED'))
  })

test('a part that could not be converted says nothing of the whole song', async (t) => {
  const { ask, home } = await stage(t, { bytes: 0, exitCode: 1 })
  const song = home.addSong(stubBytes(100), { ...FACTS, durationMs: 0 })
  for (const timeOffset of [10, 1e99])
    await assert.rejects((await ask(song, { timeOffset })).open(), failsWith('TRANSCODE_FAILED'))
  await assert.rejects((await ask(song)).open(), failsWith('TRANSCODE_FAILED'))
  await assert.rejects(ask(song, { timeOffset: 10 }), failsWith('TRANSCODE_FAILED'))
})

test('a song that could not be made smaller is sent as it is, and from then on', async (t) => {
  const { home, streamer, song } = await stage(t, { bytes: 0, exitCode: 1 })
  const ask = () => streamer.stream(USER, home.viewer, { client: 'x', songId: song.id, maxBitRate: 64 })
  const failing = await ask()
  const failure = await failing.open().then(
    () => undefined,
    (error: unknown) => error,
  )
  failsWith('TRANSCODE_FAILED')(failure)
  const other = await failing.instead?.(failure)
  assert.equal(other?.contentType, 'audio/flac')
  assert.equal(other?.length, 10_000)
  assert.equal(await failing.instead?.(new AppError('BUSY', 'all places are taken')), undefined)
  const source = await ask()
  assert.equal(source.contentType, 'audio/flac')
  assert.equal((await readAll(source)).length, 10_000)
})

test('what is not the format that was asked for says so', async (t) => {
  const { home, streamer, song } = await stage(t, { bytes: 10_000 })
  const lossy = home.addSong(stubBytes(100), {
    suffix: 'mp3',
    durationMs: 240_000,
    bitRate: 320,
    codec: 'MPEG 1 Layer 3',
  })
  const off = await home.streamer({ engine: 'off' })
  const sent = async (by: RunningStreamer, { id }: Song, format?: string) => {
    const source = await by.stream(home.user, home.viewer, { client: 'x', songId: id, ...(format ? { format } : {}) })
    return [source.contentType, source.headers?.['x-format-instead']]
  }
  assert.deepEqual(
    [
      await sent(streamer, song),
      await sent(streamer, song, 'raw'),
      await sent(streamer, song, 'mp3'),
      await sent(streamer, song, 'wma'),
      await sent(streamer, lossy, 'flac'),
      await sent(off, song, 'mp3'),
    ],
    [
      ['audio/flac', undefined],
      ['audio/flac', undefined],
      ['audio/mpeg', undefined],
      ['audio/mpeg', 'mp3'],
      ['audio/mpeg', 'mp3'],
      ['audio/flac', 'flac'],
    ],
  )
})

test('a conversion that breaks off ends with an error, and is not kept', async (t) => {
  const { ask, streamer, running } = await stage(t, { bytes: 100_000, exitCode: 1 })
  await assert.rejects(readAll(await ask()), failsWith('TRANSCODE_FAILED'))
  await eventually(() => running().length === 0, 'the job ends')
  assert.equal(streamer.status().transcoder?.cachedSongs, 0)
})

test('a vanished file is found out before the encoder starts', async (t) => {
  const { ask, home, song, running } = await stage(t, SLOW)
  const source = await ask()
  rmSync(home.pathOf(song))
  await assert.rejects(source.open(), failsWith('MEDIA_UNREADABLE'))
  assert.equal(running().length, 0)
})

/** Waits until a process has written something, and then nothing more for ten looks. */
async function comesToRest(pid: number): Promise<void> {
  let written = 0
  let still = 0
  const isStill = () => {
    const now = Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
    still = now > 16_384 && now === written ? still + 1 : 0
    written = now
    return still === 10
  }
  await eventually(isStill, 'the encoder waits')
}

test('without a cache nothing is kept, and the encoder waits for a slow listener', async (t) => {
  const { ask, running, home } = await stage(t, { bytes: 50_000_000 }, { cacheBytes: 0 })
  const stream = await (await ask()).open()
  const memory = process.memoryUsage().arrayBuffers
  await comesToRest(Number(running()[0]?.pid))
  assert.ok(process.memoryUsage().arrayBuffers - memory < 5_000_000)
  assert.ok(isAlive(running()[0]?.pid))
  let count = 0
  for (let bytes = await stream.read(); bytes; bytes = await stream.read()) {
    for (const value of bytes) if (value !== count++ % 251) assert.fail(`byte ${count} is wrong`)
  }
  stream.close()
  assert.equal(count, 50_000_000)
  assert.deepEqual(
    readdirSync(home.folder).filter((name) => name === 'transcodes'),
    [],
  )
})

test('a length is promised only when asked for, and is rather too long', async (t) => {
  const { ask } = await stage(t, SLOW)
  const source = await ask(undefined, { estimateContentLength: true })
  assert.equal(source.length, undefined)
  const exact = (240 * 192_000) / 8
  assert.ok((source.estimatedLength ?? 0) > exact)
  assert.ok((source.estimatedLength ?? 0) < exact * 1.02)
  const later = await ask(undefined, { estimateContentLength: true, timeOffset: 120 })
  assert.ok((later.estimatedLength ?? 0) < exact * 0.52)
  assert.equal(later.headers?.['x-content-duration'], '120.00')
})

test('stopping the server ends what runs', async (t) => {
  const { ask, running, streamer } = await stage(t, SLOW)
  const stream = await (await ask()).open()
  const pid = running()[0]?.pid
  await streamer.stop()
  assert.ok(!isAlive(pid))
  const rest = async () => {
    while (await stream.read());
  }
  await assert.rejects(rest(), failsWith('CANCELLED'))
  stream.close()
})
