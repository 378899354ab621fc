import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY_SCOPE } from '../../src/base/access-scope.ts'
import type { ByteSource, ByteStream } from '../../src/base/byte-source.ts'
import { AppError } from '../../src/base/errors.ts'
import type { ApiKeyId } from '../../src/base/ids.ts'
import { zipSource } from '../../src/media/zip-source.ts'
import { dispatcherOf, entry } from '../support/hooks.ts'
import { IS_LONG } from '../support/long-run.ts'
import { tempFolder } from '../support/temp-database.ts'
import { countedByPython, unzip } from '../support/unzip.ts'
import { eventually, mediaHome } from './media-home.ts'
import { stubBytes, writeStubEncoder } from './stub-encoder.ts'

const FLAC = { suffix: 'flac', durationMs: 240_000, bitRate: 900, codec: 'FLAC' }

async function bytesOf(source: ByteSource): Promise<Buffer> {
  const stream = await source.open()
  try {
    return await rest(stream)
  } finally {
    stream.close()
  }
}

async function rest(stream: ByteStream): Promise<Buffer> {
  const parts: Buffer[] = []
  for (let part = await stream.read(); part; part = await stream.read()) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

const isForbidden = (error: unknown) => error instanceof AppError && error.code === 'FORBIDDEN'

test('songs are stored as they are, and a playlist names them', async (t) => {
  const home = mediaHome(t)
  const [one, two] = [Buffer.from('one'), Buffer.alloc(300_000, 'two')].map((bytes) => home.addSong(bytes, FLAC))
  assert.ok(one && two)
  const streamer = await home.streamer({ engine: 'off' })
  const entries = [
    { songId: one.id, name: '01 - é.flac', suffix: 'flac' },
    { songId: two.id, name: 'Disc 02/01 - 日本.flac', suffix: 'flac' },
    { songId: one.id, name: '03 - é.flac', suffix: 'flac' },
  ]
  const source = await streamer.archive(home.user, {
    client: 'x',
    downloadName: 'A.zip',
    playlistName: 'A.m3u8',
    list: async () => entries,
  })
  assert.deepEqual([source.contentType, source.downloadName, source.length], ['application/zip', 'A.zip', undefined])
  const bytes = await bytesOf(source)
  const found = unzip(bytes)
  assert.deepEqual(
    found.map(({ name, content }) => [name, content.length]),
    [
      ['01 - é.flac', 3],
      ['Disc 02/01 - 日本.flac', 300_000],
      ['03 - é.flac', 3],
      ['A.m3u8', 59],
    ],
  )
  assert.equal(found[3]?.content.toString(), '#EXTM3U\n01 - é.flac\nDisc 02/01 - 日本.flac\n03 - é.flac\n')
  const counted = await countedByPython(tempFolder(t), bytes)
  assert.ok(counted === undefined || counted === 4)
})

test('a song that is hidden meanwhile leaves no name, one that can not be read is named', async (t) => {
  const home = mediaHome(t)
  const songs = Array.from({ length: 3 }, (_, index) => home.addSong(Buffer.from(`song ${index}`), FLAC))
  const streamer = await home.streamer(
    { engine: 'off' },
    dispatcherOf(
      entry('stream.authorize', ({ mediaId }) =>
        mediaId === `s${songs[1]?.id}` ? { allow: false, status: 403, reason: 'no' } : { allow: true },
      ),
    ),
  )
  const entries = songs.map(({ id }, index) => ({ songId: id, name: `song ${index}.flac`, suffix: 'flac' }))
  const { rmSync } = await import('node:fs')
  rmSync(home.pathOf(songs[2] as (typeof songs)[number]))
  const found = unzip(
    await bytesOf(
      await streamer.archive(home.user, {
        client: 'x',
        downloadName: 'A.zip',
        playlistName: 'A.m3u8',
        list: async () => entries,
      }),
    ),
  )
  assert.deepEqual(
    found.map(({ name }) => name),
    ['song 0.flac', 'A.m3u8', 'Missing songs.txt'],
  )
  assert.equal(found[1]?.content.toString(), '#EXTM3U\nsong 0.flac\n')
  assert.match(found[2]?.content.toString() ?? '', /song 2\.flac/)
  assert.doesNotMatch(found[2]?.content.toString() ?? '', /song 1/)
})

test('an archive ends when the login or the right behind it is gone', async (t) => {
  const keyId = 1 as ApiKeyId
  const ends: readonly ((home: ReturnType<typeof mediaHome>) => void)[] = [
    ({ rights }) => {
      rights.keys = []
    },
    ({ rights }) => {
      rights.user = undefined
    },
    ({ rights, user }) => {
      rights.user = { ...user, roles: ['stream'] }
    },
  ]
  for (const withdraw of ends) {
    const home = mediaHome(t)
    home.rights.keys = [keyId]
    const song = home.addSong(new Uint8Array(2_000_000), FLAC)
    const streamer = await home.streamer({ engine: 'off' })
    const entries = Array.from({ length: 100 }, (_, index) => ({ songId: song.id, name: `${index}`, suffix: 'flac' }))
    const request = { client: 'x', login: { keyId }, downloadName: 'A.zip', list: async () => entries }
    const stream = await (await streamer.archive(home.user, request)).open()
    await stream.read()
    withdraw(home)
    home.rights.changed()
    await assert.rejects(async () => {
      for (;;) {
        if ((await stream.read()) === undefined) return
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }, isForbidden)
    stream.close()
    assert.equal(streamer.status().streams, 0)
  }
  const home = mediaHome(t)
  const streamer = await home.streamer({ engine: 'off' })
  const guest = { ...home.user, roles: [] }
  await assert.rejects(
    streamer.archive(guest, { client: 'x', downloadName: 'A.zip', list: async () => [] }),
    isForbidden,
  )
})

test('a scope that shrinks while an archive is sent leaves the rest out', async (t) => {
  const home = mediaHome(t)
  const songs = Array.from({ length: 5 }, () => home.addSong(Buffer.from('song'), FLAC))
  const streamer = await home.streamer({ engine: 'off' })
  const entries = songs.map(({ id }, index) => ({ songId: id, name: `secret ${index}`, suffix: 'flac' }))
  const stream = await (
    await streamer.archive(home.user, { client: 'x', downloadName: 'A.zip', list: async () => entries })
  ).open()
  const first = Buffer.from((await stream.read()) ?? [])
  home.rights.scope = EMPTY_SCOPE
  const bytes = Buffer.concat([first, await rest(stream)])
  stream.close()
  assert.deepEqual(
    unzip(bytes).map(({ name }) => name),
    ['secret 0'],
  )
  assert.doesNotMatch(bytes.toString('latin1'), /secret [1-4]/)
})

test('one user has so many archives at a time, and may have others when some have ended', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(new Uint8Array(2_000_000), FLAC)
  const streamer = await home.streamer({ engine: 'off' })
  const request = {
    client: 'x',
    downloadName: 'A.zip',
    list: async () => [{ songId: song.id, name: 'a', suffix: 'flac' }],
  }
  const archive = async (user = home.user) => (await streamer.archive(user, request)).open()
  const streams = await Promise.all(Array.from({ length: 4 }, () => archive()))
  await assert.rejects(archive(), { code: 'BUSY' })
  const other = await archive({ ...home.user, id: 2 as typeof home.user.id })
  other.close()
  streams[0]?.close()
  streams.push(await archive())
  for (const stream of streams.slice(1)) stream.close()
  assert.equal(streamer.status().streams, 0)
})

test('songs are converted one after the other; whoever leaves ends that at once', async (t) => {
  const home = mediaHome(t)
  const songs = Array.from({ length: 3 }, () => home.addSong(new Uint8Array(2000), FLAC))
  const entries = songs.map(({ id }, index) => ({ songId: id, name: `${index}.mp3`, suffix: 'mp3' }))
  const request = { client: 'x', downloadName: 'A.zip', format: 'mp3', maxBitRate: 64, list: async () => entries }
  const quick = await home.streamer({ engine: 'native', ffmpegPath: writeStubEncoder(home.folder, { bytes: 50_000 }) })
  const found = unzip(await bytesOf(await quick.archive(home.user, request)))
  assert.deepEqual(
    found.map(({ name, content }) => [name, content.equals(Buffer.from(stubBytes(50_000)))]),
    entries.map(({ name }) => [name, true]),
  )

  const endlessly = { bytes: Number.POSITIVE_INFINITY, pauseMs: 5 }
  const endless = await home.streamer({ engine: 'native', ffmpegPath: writeStubEncoder(tempFolder(t), endlessly) })
  const stream = await (
    await endless.archive(home.user, {
      ...request,
      format: 'opus',
      list: async () => entries.map((one) => ({ ...one, suffix: 'opus' })),
    })
  ).open()
  await stream.read()
  await stream.read()
  stream.close()
  await eventually(
    () => endless.status().streams === 0 && endless.status().transcoder?.running.length === 0,
    'the end of all work',
  )
})

test('whoever waits for a place among conversions gets the song later, or leaves', async (t) => {
  const home = mediaHome(t)
  const song = home.addSong(new Uint8Array(2000), FLAC)
  let asked = 0
  const hooks = dispatcherOf(
    entry('stream.authorize', () => (++asked < 3 ? { allow: false, status: 429, reason: 'later' } : { allow: true })),
  )
  const streamer = await home.streamer({ engine: 'off' }, hooks, { busyRetryMs: 1 })
  const request = {
    client: 'x',
    downloadName: 'A.zip',
    list: async () => [{ songId: song.id, name: 'a', suffix: 'flac' }],
  }
  assert.deepEqual(
    unzip(await bytesOf(await streamer.archive(home.user, request))).map(({ name }) => name),
    ['a'],
  )
  const refusing = dispatcherOf(
    entry('stream.authorize', () => {
      asked++
      return { allow: false, status: 429, reason: 'never' }
    }),
  )
  const patient = await home.streamer({ engine: 'off' }, refusing, { busyRetryMs: 60_000 })
  const stream = await (await patient.archive(home.user, request)).open()
  const before = asked
  const reading = stream.read()
  await eventually(() => asked > before, 'a first try')
  stream.close()
  await reading.catch(() => undefined)
  assert.equal(asked, before + 1)
})

/** A song that gives one buffer again and again. */
function zeros(size: number): ByteSource {
  const block = new Uint8Array(1 << 20)
  return {
    contentType: 'audio/flac',
    open: async () => {
      let left = size
      return {
        read: async () => {
          const part = block.subarray(0, Math.min(left, block.length))
          left -= part.length
          return part.length > 0 ? part : undefined
        },
        close: () => {},
      }
    },
  }
}

test('more entries than the short form counts are found by everybody', async (t) => {
  const entries = Array.from({ length: 66_000 }, (_, index) => ({ name: `${index}`, open: async () => zeros(1) }))
  const bytes = await bytesOf(zipSource({ downloadName: 'a.zip', at: Date.UTC(2026, 0, 1), entries }))
  assert.equal(unzip(bytes).length, 66_000)
  // Python takes its time for so many.
  const counted = IS_LONG ? await countedByPython(tempFolder(t), bytes) : undefined
  assert.ok(counted === undefined || counted === 66_000)
})

test('ten thousand songs, ten gigabytes in all, need no memory of their own', { skip: !IS_LONG }, async () => {
  const entries = Array.from({ length: 10_000 }, (_, index) => ({
    name: `${index}.flac`,
    open: async () => zeros(1 << 20),
  }))
  const stream = await zipSource({ downloadName: 'a.zip', at: 0, entries }).open()
  let size = 0
  let most = 0
  for (let part = await stream.read(); part; part = await stream.read()) {
    size += part.length
    most = Math.max(most, process.memoryUsage().rss)
  }
  stream.close()
  assert.ok(size > 10_000 * (1 << 20))
  assert.ok(most < 400e6, `${most}`)
})
