import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { silentLogger } from '../../src/log/logger.ts'
import { TranscodeCache } from '../../src/media/transcode/transcode-cache.ts'
import { tempFolder } from '../support/temp-database.ts'
import { eventually, mediaHome, readAll } from './media-home.ts'
import { stubBytes, writeStubEncoder } from './stub-encoder.ts'

const FACTS = { suffix: 'flac', durationMs: 10_000, bitRate: 900, codec: 'FLAC' }
const key = (n: number) => String(n).padStart(40, '0')

async function openCache(t: TestContext, options: { maxBytes?: number; minFreeBytes?: number; folder?: string } = {}) {
  const folder = options.folder ?? join(tempFolder(t), 'transcodes')
  const cache = new TranscodeCache({
    folder,
    maxBytes: options.maxBytes ?? 10_000,
    minFreeBytes: options.minFreeBytes ?? 0,
    log: silentLogger,
  })
  await cache.start()
  return { cache, folder }
}

async function put(cache: TranscodeCache, name: string, size: number): Promise<boolean> {
  const part = cache.partPath()
  if (!(await cache.reserve(size))) return false
  writeFileSync(part, new Uint8Array(size))
  cache.unreserve(size)
  await cache.commit(name, 'mp3', part, size)
  return true
}

test('the least recently used songs go when room is needed', async (t) => {
  const { cache, folder } = await openCache(t)
  for (const n of [1, 2, 3]) await put(cache, key(n), 3000)
  assert.ok(await cache.find(key(1)))
  await put(cache, key(4), 3000)
  assert.ok(await cache.find(key(1)))
  assert.equal(await cache.find(key(2)), undefined)
  assert.ok(cache.bytes <= 10_000)
  await eventually(() => readdirSync(folder).length === 3, 'the file of the evicted song is gone')
})

test('running conversions count, and never push the sum over the limit', async (t) => {
  const { cache } = await openCache(t)
  await put(cache, key(1), 4000)
  assert.equal(await cache.reserve(8000), true)
  assert.equal(await cache.find(key(1)), undefined)
  assert.equal(await cache.reserve(3000), false)
  cache.unreserve(8000)
  assert.equal(await cache.reserve(3000), true)
})

test('a restart keeps what is whole, in the order of its use, and removes the rest', async (t) => {
  const { cache, folder } = await openCache(t)
  for (const n of [1, 2, 3]) await put(cache, key(n), 2000)
  const files = readdirSync(folder).sort()
  for (const [index, name] of files.entries()) utimesSync(join(folder, name), 1000 - index, 1000 - index)
  truncateSync(join(folder, files[1] as string), 100)
  writeFileSync(join(folder, '123-1.part'), 'half')
  writeFileSync(join(folder, 'README.txt'), 'not ours')
  const { cache: again } = await openCache(t, { folder, maxBytes: 4500 })
  assert.equal(again.count, 2)
  assert.equal(await again.find(key(2)), undefined)
  assert.deepEqual(readdirSync(folder).sort(), [files[0], files[2], 'README.txt'].sort())
  // Song 3 has the older time now: it goes first.
  await put(again, key(5), 2000)
  assert.ok(await again.find(key(1)))
  assert.equal(await again.find(key(3)), undefined)
})

test('a smaller limit applies at the next start', async (t) => {
  const { cache, folder } = await openCache(t)
  for (const n of [1, 2, 3]) await put(cache, key(n), 3000)
  const { cache: again } = await openCache(t, { folder, maxBytes: 3500 })
  assert.equal(again.count, 1)
  await eventually(() => readdirSync(folder).length === 1, 'the files are gone')
})

test('a file that somebody removed or cut is no longer offered', async (t) => {
  const { cache, folder } = await openCache(t)
  await put(cache, key(1), 100)
  await put(cache, key(2), 100)
  for (const name of readdirSync(folder)) {
    if (name.startsWith(key(1))) rmSync(join(folder, name))
    else truncateSync(join(folder, name), 50)
  }
  assert.equal(await cache.find(key(1)), undefined)
  assert.equal(await cache.find(key(2)), undefined)
  assert.equal(cache.count, 0)
})

test('a disk that is nearly full takes nothing and gives back what was kept', async (t) => {
  const { cache, folder } = await openCache(t)
  await put(cache, key(1), 100)
  const { cache: again } = await openCache(t, { folder, minFreeBytes: Number.MAX_SAFE_INTEGER })
  assert.equal(again.count, 1)
  assert.equal(await again.reserve(10), false)
  assert.equal(again.count, 0)
})

test('a folder that can not be made leaves the cache unused', async (t) => {
  const home = tempFolder(t)
  writeFileSync(join(home, 'file'), '')
  const { cache } = await openCache(t, { folder: join(home, 'file', 'transcodes') })
  assert.equal(cache.usable, false)
})

test('a read-only folder leaves the cache unused', { skip: process.getuid?.() === 0 }, async (t) => {
  const folder = join(tempFolder(t), 'transcodes')
  mkdirSync(folder)
  chmodSync(folder, 0o500)
  const { cache } = await openCache(t, { folder })
  assert.equal(cache.usable, false)
})

test('a song that was converted before a restart is served with ranges after it', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(1000), FACTS)
  const ffmpegPath = writeStubEncoder(home.folder, { bytes: 250_000 })
  const ask = (streamer: Awaited<ReturnType<typeof home.streamer>>) =>
    streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format: 'mp3' })
  const first = await home.streamer({ engine: 'native', ffmpegPath })
  await readAll(await ask(first))
  await first.stop()
  const second = await home.streamer({ engine: 'native', ffmpegPath })
  const kept = await ask(second)
  assert.equal(kept.length, 250_000)
  assert.deepEqual(await readAll(kept, { start: 249_990, end: 249_999 }), Buffer.from(stubBytes(10, 249_990)))
})

test('another version of the file, another bit rate and another offset are conversions of their own', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(1000), FACTS)
  const streamer = await home.streamer({
    engine: 'native',
    ffmpegPath: writeStubEncoder(home.folder, { bytes: 1000 }),
  })
  const ask = (more: { maxBitRate?: number; timeOffset?: number; format?: string }) =>
    streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format: 'mp3', ...more })
  for (const more of [{}, { maxBitRate: 128 }, { timeOffset: 3 }, { format: 'opus' }]) {
    const source = await ask(more)
    assert.equal(source.length, undefined)
    await readAll(source)
  }
  await eventually(() => streamer.status().transcoder?.cachedSongs === 4, 'all are kept')
  assert.equal((await ask({ timeOffset: 3.0001 })).length, 1000)
})

test('a full disk does not interrupt the music: it is only not kept', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(1000), { ...FACTS, durationMs: 0, bitRate: 900 })
  const streamer = await home.streamer({
    engine: 'native',
    ffmpegPath: writeStubEncoder(home.folder, { bytes: 3_000_000 }),
    cacheBytes: 1_000_000,
  })
  const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format: 'mp3' })
  const [one, two] = await Promise.all([readAll(source), readAll(source)])
  assert.ok(one.equals(Buffer.from(stubBytes(3_000_000))))
  assert.ok(two.equals(one))
  await eventually(() => streamer.status().transcoder?.running.length === 0, 'the job ends')
  assert.equal(streamer.status().transcoder?.cachedSongs, 0)
  assert.equal(streamer.status().transcoder?.cacheBytes, 0)
  assert.deepEqual(readdirSync(join(home.folder, 'transcodes')), [])
})

test('a song that would fill most of the cache does not push the others out', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(stubBytes(1000), { ...FACTS, durationMs: 3_600_000 })
  const streamer = await home.streamer({
    engine: 'native',
    ffmpegPath: writeStubEncoder(home.folder, { bytes: 100_000 }),
    cacheBytes: 10_000_000,
  })
  const source = await streamer.stream(home.user, home.viewer, { client: 'x', songId: song.id, format: 'mp3' })
  assert.equal((await readAll(source)).length, 100_000)
  assert.equal(streamer.status().transcoder?.cachedSongs, 0)
  assert.ok(existsSync(join(home.folder, 'transcodes')))
})
