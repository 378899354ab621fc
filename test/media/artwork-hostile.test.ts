import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { audioBytes, coverJpeg } from '../support/audio.ts'
import { dispatcherOf, entry } from '../support/hooks.ts'
import {
  type ArtworkFixture,
  artworkFixture,
  bytesOf,
  id,
  NEEDS_SHARP,
  picture,
  shapeOf,
  viewer,
} from './artwork-fixture.ts'

const NOT_FOUND = { code: 'NOT_FOUND' }

function crc(bytes: Uint8Array): number {
  let value = ~0
  for (const byte of bytes) {
    value ^= byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  }
  return ~value >>> 0
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const block = Buffer.alloc(body.length + 8)
  block.writeUInt32BE(data.length, 0)
  body.copy(block, 4)
  block.writeUInt32BE(crc(body), body.length + 4)
  return block
}

/** A few kilobytes that say they are so many pixels. */
function pixelBomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 0, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const data = deflateSync(Buffer.alloc(1 << 20))
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', new Uint8Array())])
}

async function albumWith(
  fixture: ArtworkFixture,
  key: number,
  name: string,
  bytes: Uint8Array | string,
): Promise<void> {
  await fixture.write(`1/${key}/${name}`, bytes)
  fixture.addFolder({ id: key, path: String(key), images: [name] })
  fixture.addAlbum({ id: key, folder: key, version: `a${key}` })
}

test('what is no good picture counts as none, is remembered, and harms nobody', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  const photo = await picture(900, 900, { noise: true })
  const bad: readonly (readonly [string, Uint8Array | string])[] = [
    ['cover.png', pixelBomb(60_000, 60_000)],
    ['cover.jpg', photo.subarray(0, photo.length / 2)],
    ['cover.jpg', Buffer.concat([photo, randomBytes(30 << 20)])],
    ['cover.jpg', '<html><script>alert(1)</script></html>'],
    ['cover.png', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ['cover.gif', 'GIF89a'],
    ['cover.jpg', ''],
    ['cover.webp', Buffer.concat([Buffer.from('RIFF\x10\0\0\0WEBPVP8 '), randomBytes(600)])],
    ['cover.jpg', Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), randomBytes(5000)])],
  ]
  for (const [index, [name, bytes]] of bad.entries()) await albumWith(fixture, index + 1, name, bytes)
  await albumWith(fixture, 50, 'cover.jpg', photo)

  for (const key of bad.keys())
    for (const size of [100, undefined])
      await assert.rejects(fixture.artwork.cover(viewer(), id('album', key + 1), size), NOT_FOUND, `picture ${key}`)
  assert.equal(await shapeOf(await fixture.artwork.cover(viewer(), id('album', 50), 100)), '100x100 jpeg')

  const remembered = fixture.db.all<{ n: number }>("SELECT count(*) AS n FROM artwork WHERE content = ''")
  assert.deepEqual(remembered, [{ n: bad.length }])
  const warnings = () => fixture.lines.filter(({ level }) => level === 'warn').length
  const before = warnings()
  assert.deepEqual(await fixture.artwork.prepare(new AbortController().signal), { made: 0, failed: 0 })
  assert.equal(warnings(), before)
})

test('a picture that ends too early is shown as far as it goes', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  const large = { noise: true } as const
  const jpeg = await picture(900, 900, large)
  const small = await picture(90, 90, large)
  const png = await picture(900, 900, { ...large, format: 'png' })
  const cut = (bytes: Buffer, count: number) => bytes.subarray(0, bytes.length - count)
  const torn: readonly (readonly [name: string, edge: number, bytes: Buffer])[] = [
    ['cover.jpg', 900, cut(jpeg, 2)],
    ['cover.jpg', 900, cut(jpeg, 500)],
    ['cover.jpg', 900, cut(jpeg, jpeg.length * 0.2)],
    ['cover.jpg', 90, cut(small, 2)],
    ['cover.png', 900, cut(png, 4)],
    ['cover.png', 900, cut(png, 12)],
    ['cover.png', 900, cut(png, 40)],
    ['cover.png', 900, cut(png, png.length * 0.2)],
    ['cover.png', 200, cut(await picture(200, 200, { ...large, format: 'png', interlaced: true }), 40)],
    ['cover.webp', 200, cut(await picture(200, 200, { ...large, format: 'webp' }), 40)],
    ['cover.gif', 200, cut(await picture(200, 200, { ...large, format: 'gif' }), 40)],
  ]
  for (const [index, [name, , bytes]] of torn.entries()) await albumWith(fixture, index + 1, name, bytes)
  for (const [index, [name, edge, bytes]] of torn.entries()) {
    const cover = (size?: number) => fixture.artwork.cover(viewer(), id('album', index + 1), size)
    assert.equal(await shapeOf(await cover(80)), '80x80 jpeg', `${index} ${name}`)
    const large = await shapeOf(await cover(800))
    assert.equal(large.split(' ')[0], edge > 800 ? '800x800' : `${edge}x${edge}`, `${index} ${name}`)
    assert.deepEqual(await bytesOf(await cover()), Buffer.from(bytes), `${index} ${name}`)
  }
})

test('the next candidate is taken when the first is broken', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  const inside = await picture(300, 300)
  await fixture.write('1/A/cover.jpg', 'no picture')
  await fixture.write('1/A/1.mp3', audioBytes({ format: 'mp3', picture: { mime: 'image/jpeg', data: inside } }))
  fixture.addFolder({ id: 1, path: 'A', images: ['cover.jpg'] })
  fixture.addAlbum({ id: 1, folder: 1, version: 'aa' })
  fixture.addSong({ id: 1, album: 1, folder: 1, path: 'A/1.mp3', embedded: true })
  assert.deepEqual(await bytesOf(await fixture.artwork.cover(viewer(), id('album', 1), undefined)), inside)
})

test('a file that is not there now is not remembered as absent', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  fixture.addFolder({ id: 1, path: 'A', images: ['cover.jpg'] })
  fixture.addAlbum({ id: 1, folder: 1, version: 'aa' })
  await assert.rejects(fixture.artwork.cover(viewer(), id('album', 1), 50), NOT_FOUND)
  await fixture.write('1/A/cover.jpg', coverJpeg())
  assert.equal(await shapeOf(await fixture.artwork.cover(viewer(), id('album', 1), 50)), '50x50 jpeg')
})

test('links out of the library and pipes are no covers', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  await fixture.write('elsewhere/secret.jpg', coverJpeg())
  await fixture.write('1/pictures/real.jpg', coverJpeg())
  for (const [key, target] of [
    [1, '../../elsewhere/secret.jpg'],
    [2, '../pictures/real.jpg'],
  ] as const) {
    await mkdir(join(fixture.music, '1', String(key)))
    await symlink(target, join(fixture.music, '1', String(key), 'cover.jpg'))
    fixture.addFolder({ id: key, path: String(key), images: ['cover.jpg'] })
    fixture.addAlbum({ id: key, folder: key, version: `a${key}` })
  }
  await mkdir(join(fixture.music, '1', '3'))
  execFileSync('mkfifo', [join(fixture.music, '1', '3', 'cover.jpg')])
  fixture.addFolder({ id: 3, path: '3', images: ['cover.jpg'] })
  fixture.addAlbum({ id: 3, folder: 3, version: 'a3' })
  for (const key of [1, 3]) await assert.rejects(fixture.artwork.cover(viewer(), id('album', key), 50), NOT_FOUND)
  assert.deepEqual(await bytesOf(await fixture.artwork.cover(viewer(), id('album', 2), undefined)), coverJpeg())
})

test('equal requests at once share one making, and each gets the picture', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  await albumWith(fixture, 1, 'cover.jpg', await picture(1200, 1200, { noise: true }))
  const sources = await Promise.all(
    Array.from({ length: 300 }, () => fixture.artwork.cover(viewer(), id('album', 1), 128)),
  )
  const bodies = new Set(await Promise.all(sources.map(async (source) => (await bytesOf(source)).toString('base64'))))
  assert.equal(bodies.size, 1)
})

test('more different requests than the queue holds are told to come back', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  for (let key = 1; key <= 130; key++) await albumWith(fixture, key, 'cover.jpg', coverJpeg(key))
  const outcomes = await Promise.allSettled(
    Array.from({ length: 130 }, (_, index) => fixture.artwork.cover(viewer(), id('album', index + 1), 50)),
  )
  const refused = outcomes.filter((one) => one.status === 'rejected')
  assert.ok(refused.length > 0 && refused.length <= 30, `${refused.length} refused`)
  for (const { reason } of refused) assert.equal(reason.code, 'BUSY')
  assert.equal(await shapeOf(await fixture.artwork.cover(viewer(), id('album', 130), 50)), '50x50 jpeg')
})

test('a guard may refuse covers', NEEDS_SHARP, async (t) => {
  const asked: unknown[] = []
  const hooks = dispatcherOf(
    entry('stream.authorize', (input) => {
      asked.push(input)
      return { allow: false, reason: 'not today' }
    }),
  )
  const fixture = await artworkFixture(t, { hooks })
  await albumWith(fixture, 1, 'cover.jpg', coverJpeg())
  const refused = fixture.artwork.cover(viewer(), id('album', 1), 50, { client: 'tester' })
  await assert.rejects(refused, { code: 'FORBIDDEN' })
  assert.deepEqual(asked, [{ userId: 'u1', mediaId: 'a1', purpose: 'cover', client: 'tester' }])
})

test(
  'plugins give pictures for what has none; theirs are checked like any other and asked for once',
  NEEDS_SHARP,
  async (t) => {
    const asked: string[] = []
    const portrait = await picture(800, 400)
    const hooks = dispatcherOf(
      entry('media.artwork', ({ mediaId, name }) => {
        asked.push(`${mediaId} ${name}`)
        const bytes = mediaId === 'a1' ? portrait : Buffer.from('<svg/>')
        return { contentType: 'image/jpeg', bytes }
      }),
    )
    const fixture = await artworkFixture(t, { hooks })
    fixture.addFolder({ id: 1, path: 'A' })
    for (const key of [1, 2]) fixture.addAlbum({ id: key, folder: 1 })
    for (let round = 0; round < 3; round++) {
      assert.equal(await shapeOf(await fixture.artwork.cover(viewer(), id('album', 1), 100)), '100x50 jpeg')
      await assert.rejects(fixture.artwork.cover(viewer(), id('album', 2), 100), NOT_FOUND)
    }
    assert.deepEqual(asked, ['a1 album 1', 'a2 album 2'])
    await fixture.artwork.prepare(new AbortController().signal)
    const again = await fixture.restart()
    assert.equal(await shapeOf(await again.cover(viewer(), id('album', 1), 100)), '100x50 jpeg')
    assert.equal(asked.length, 2)
  },
)
