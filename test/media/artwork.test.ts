import assert from 'node:assert/strict'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { audioBytes, coverJpeg } from '../support/audio.ts'
import { artworkFixture, bytesOf, id, NEEDS_SHARP, picture, shapeOf, sharp, viewer } from './artwork-fixture.ts'

const NOT_FOUND = { code: 'NOT_FOUND' }

test(
  'an album shows its cover in the size asked for, never enlarged, and untouched without a size',
  NEEDS_SHARP,
  async (t) => {
    const fixture = await artworkFixture(t)
    const original = await picture(1600, 800)
    await fixture.write('1/A/cover.jpg', original)
    fixture.addFolder({ id: 1, path: 'A', images: ['cover.jpg'] })
    fixture.addAlbum({ id: 1, folder: 1, version: 'aa' })
    const cover = (size?: number) => fixture.artwork.cover(viewer(), id('album', 1), size)

    assert.equal(await shapeOf(await cover(300)), '300x150 jpeg')
    assert.equal(await shapeOf(await cover(64)), '64x32 jpeg')
    assert.equal(await shapeOf(await cover(1000)), '1000x500 jpeg')
    assert.equal(await shapeOf(await cover(2 ** 40)), '1600x800 jpeg')
    assert.deepEqual(await bytesOf(await cover()), original)
    assert.deepEqual(await bytesOf(await cover(0)), original)
    assert.equal((await cover()).contentType, 'image/jpeg')
  },
)

test('on a square, what is none gets clear edges, and what is one stays as it is', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  const pictures = { wide: await picture(1600, 800), tall: await picture(90, 300, { format: 'png' }) }
  await fixture.write('1/wide/cover.jpg', pictures.wide)
  await fixture.write('1/tall/cover.png', pictures.tall)
  await fixture.write('1/even/cover.jpg', await picture(700, 700))
  for (const [key, path, name] of [
    [1, 'wide', 'cover.jpg'],
    [2, 'tall', 'cover.png'],
    [3, 'even', 'cover.jpg'],
  ] as const) {
    fixture.addFolder({ id: key, path, images: [name] })
    fixture.addAlbum({ id: key, folder: key, version: `a${key}` })
  }
  const cover = (album: number, size?: number) =>
    fixture.artwork.cover(viewer(), id('album', album), size, { square: true })
  const cases: readonly (readonly [number, number | undefined, string])[] = [
    [1, 300, '300x300 png'],
    [1, 1000, '1000x1000 png'],
    [1, 2 ** 40, '1600x1600 png'],
    [1, undefined, '640x640 png'],
    [2, 100, '100x100 png'],
    [2, 1000, '300x300 png'],
    [2, undefined, '300x300 png'],
    [3, 300, '300x300 jpeg'],
    [3, undefined, '640x640 jpeg'],
  ]
  for (const [album, size, shape] of cases)
    for (const again of ['made', 'cached'])
      assert.equal(await shapeOf(await cover(album, size)), shape, `${album} ${size} ${again}`)
  assert.equal((await cover(1, 300)).contentType, 'image/png')
  const plain = await fixture.artwork.cover(viewer(), id('album', 1), 300)
  assert.equal(await shapeOf(plain), '300x150 jpeg')
  assert.notEqual((await cover(1, 300)).etag, plain.etag)
  const { data, info } = await (sharp as NonNullable<typeof sharp>)(await bytesOf(await cover(1, 300)))
    .raw()
    .toBuffer({ resolveWithObject: true })
  const alphaAt = (x: number, y: number) => data[(y * info.width + x) * info.channels + 3]
  assert.deepEqual([alphaAt(150, 74), alphaAt(150, 75), alphaAt(150, 224), alphaAt(150, 225)], [0, 255, 255, 0])
})

test('a song shows the picture inside it, else its album', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  const inside = await picture(800, 800, { format: 'png' })
  await fixture.write('1/A/1.flac', audioBytes({ format: 'flac', picture: { mime: 'image/png', data: inside } }))
  await fixture.write('1/A/cover.jpg', coverJpeg())
  fixture.addFolder({ id: 1, path: 'A', images: ['cover.jpg'] })
  fixture.addAlbum({ id: 1, folder: 1, version: 'aa' })
  fixture.addSong({ id: 1, album: 1, folder: 1, path: 'A/1.flac', embedded: true, version: 'bb' })
  fixture.addSong({ id: 2, album: 1, folder: 1, path: 'A/2.flac', version: 'aa' })
  fixture.addSong({ id: 3, album: 1, folder: 1, path: 'A/3.flac' })

  assert.equal(await shapeOf(await fixture.artwork.cover(viewer(), id('song', 1), 200)), '200x200 jpeg')
  assert.deepEqual(await bytesOf(await fixture.artwork.cover(viewer(), id('song', 1), undefined)), inside)
  for (const song of [2, 3])
    assert.deepEqual(await bytesOf(await fixture.artwork.cover(viewer(), id('song', song), undefined)), coverJpeg())
})

test('a cover that can not be kept in a smaller size, say on a full disk, is sent larger', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  await fixture.write('1/A/cover.jpg', await picture(900, 900))
  fixture.addFolder({ id: 1, path: 'A', images: ['cover.jpg'] })
  fixture.addAlbum({ id: 1, folder: 1, version: 'aa' })
  const cover = (size: number) => fixture.artwork.cover(viewer(), id('album', 1), size)
  assert.equal(await shapeOf(await cover(640)), '640x640 jpeg')
  const sizes = join(fixture.cache, 'sizes')
  await rm(sizes, { recursive: true, force: true })
  await writeFile(sizes, 'in the way')
  assert.equal(await shapeOf(await cover(100)), '640x640 jpeg')
  assert.equal(fixture.lines.filter(({ message }) => /cover cache/.test(message)).length, 1)
  await rm(sizes)
  assert.equal(await shapeOf(await cover(100)), '100x100 jpeg')
})

test('thumbnails are there when the music disks are not', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  await fixture.write('1/A/cover.jpg', await picture(900, 900))
  await fixture.write(
    '1/A/1.mp3',
    audioBytes({ format: 'mp3', picture: { mime: 'image/jpeg', data: await picture(700, 700) } }),
  )
  await fixture.write('1/artist.png', await picture(650, 325, { format: 'png' }))
  fixture.addFolder({ id: 2, path: 'X', images: ['artist.png'] })
  fixture.addFolder({ id: 1, path: 'A', images: ['cover.jpg'], version: 'aa' })
  fixture.addAlbum({ id: 1, folder: 1, version: 'aa' })
  fixture.addSong({ id: 1, album: 1, folder: 1, path: 'A/1.mp3', embedded: true, version: 'bb' })

  assert.deepEqual(await fixture.artwork.prepare(new AbortController().signal), { made: 2, failed: 0 })
  await rename(fixture.music, `${fixture.music}-asleep`)
  for (const [kind, key, size, shape] of [
    ['album', 1, 300, '300x300 jpeg'],
    ['folder', 1, 640, '640x640 jpeg'],
    ['song', 1, 100, '100x100 jpeg'],
    ['album', 1, undefined, '640x640 jpeg'],
    ['album', 1, 1200, '640x640 jpeg'],
  ] as const)
    assert.equal(await shapeOf(await fixture.artwork.cover(viewer(), id(kind, key), size)), shape)

  const again = await fixture.restart()
  assert.equal(await shapeOf(await again.cover(viewer(), id('song', 1), 50)), '50x50 jpeg')
  assert.deepEqual(await again.prepare(new AbortController().signal), { made: 0, failed: 0 })
})

test('small originals are kept as they are and share one stored picture', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  const small = await picture(200, 100, { format: 'webp' })
  for (const [key, path] of [
    [1, 'A'],
    [2, 'B'],
  ] as const) {
    await fixture.write(`1/${path}/Folder.webp`, small)
    fixture.addFolder({ id: key, path, images: ['Folder.webp'] })
    fixture.addAlbum({ id: key, folder: key, version: `a${key}` })
  }
  await fixture.artwork.prepare(new AbortController().signal)
  await rename(fixture.music, `${fixture.music}-asleep`)
  for (const key of [1, 2]) {
    const source = await fixture.artwork.cover(viewer(), id('album', key), undefined)
    assert.equal(source.contentType, 'image/webp')
    assert.deepEqual(await bytesOf(source), small)
    assert.equal(await shapeOf(await fixture.artwork.cover(viewer(), id('album', key), 100)), '100x50 jpeg')
  }
  assert.deepEqual(fixture.db.all('SELECT count(DISTINCT content) AS contents, count(*) AS versions FROM artwork'), [
    { contents: 1, versions: 2 },
  ])
})

test('what a viewer may not see has no cover', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  await fixture.write('2/A/cover.jpg', coverJpeg())
  fixture.addFolder({ id: 1, path: 'A', images: ['cover.jpg'], version: 'aa', library: 2 })
  fixture.addArtist({ id: 5 })
  fixture.addAlbum({ id: 1, folder: 1, version: 'aa', library: 2, artist: 5 })
  fixture.addSong({ id: 1, album: 1, folder: 1, path: 'A/1.mp3', version: 'aa', library: 2, artist: 5 })
  const outside = viewer({ libraries: [1 as never] })
  for (const kind of ['song', 'album', 'artist', 'folder'] as const) {
    const key = kind === 'artist' ? 5 : 1
    assert.deepEqual(await bytesOf(await fixture.artwork.cover(viewer(), id(kind, key), undefined)), coverJpeg(), kind)
    await assert.rejects(fixture.artwork.cover(outside, id(kind, key), 100), NOT_FOUND, kind)
    await assert.rejects(fixture.artwork.cover(viewer({ libraries: [] }), id(kind, key), 100), NOT_FOUND, kind)
  }
  for (const unknown of [id('album', 99), id('song', 99), id('radio', 1), id('user', 1), id('playlist', 7)])
    await assert.rejects(fixture.artwork.cover(viewer(), unknown, 100), NOT_FOUND)
})

test(
  "an artist's own picture is for those who see its folder; others get an album that they see",
  NEEDS_SHARP,
  async (t) => {
    const fixture = await artworkFixture(t)
    const portrait = await picture(90, 90, { colour: '#ff0000' })
    await fixture.write('2/Artist/artist.jpg', portrait)
    await fixture.write('1/Other/cover.jpg', coverJpeg())
    fixture.addArtist({ id: 5, version: 'dd' })
    fixture.addFolder({ id: 1, path: 'Artist', images: ['artist.jpg'], library: 2 })
    fixture.addFolder({ id: 2, path: 'Artist/Album', parent: 1, library: 2 })
    fixture.addFolder({ id: 3, path: 'Other', images: ['cover.jpg'] })
    fixture.addAlbum({ id: 1, folder: 2, artist: 5, library: 2 })
    fixture.addAlbum({ id: 2, folder: 3, artist: 5, version: 'aa' })
    const cover = async (libraries: readonly number[] | 'all') =>
      bytesOf(await fixture.artwork.cover(viewer({ libraries: libraries as never }), id('artist', 5), undefined))
    assert.deepEqual(await cover('all'), portrait)
    assert.deepEqual(await cover([2]), portrait)
    assert.deepEqual(await cover([1]), coverJpeg())
  },
)

test('a playlist shows four different covers, or one when there are fewer', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  const colours = ['#ff0000', '#00ff00', '#0000ff', '#ffffff', '#000000']
  for (const [index, colour] of colours.entries()) {
    const key = index + 1
    await fixture.write(`1/${key}/cover.png`, await picture(400, 400, { colour, format: 'png' }))
    fixture.addFolder({ id: key, path: String(key), images: ['cover.png'] })
    fixture.addAlbum({ id: key, folder: key, version: `a${key}` })
    fixture.addSong({ id: key, album: key, folder: key, path: `${key}/1.mp3`, version: `a${key}` })
  }
  fixture.addPlaylist({ id: 1, songs: [1, 1, 2, 3, 2, 4, 5] })
  fixture.addPlaylist({ id: 2, songs: [2, 3, 2] })
  fixture.addPlaylist({ id: 3, songs: [] })
  const cover = (key: number, size?: number) => fixture.artwork.cover(viewer(), id('playlist', key), size)

  assert.equal(await shapeOf(await cover(1)), '600x600 jpeg')
  const { default: sharp } = await import('sharp')
  const pixels = await sharp(await bytesOf(await cover(1, 100)))
    .raw()
    .toBuffer()
  const at = (x: number, y: number) =>
    [...pixels.subarray((y * 100 + x) * 3, (y * 100 + x) * 3 + 3)].map((value) => Math.round(value / 255))
  assert.deepEqual(
    [at(25, 25), at(75, 25), at(25, 75), at(75, 75)],
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [1, 1, 1],
    ],
  )
  assert.equal(await shapeOf(await cover(2, 50)), '50x50 jpeg')
  await assert.rejects(cover(3), NOT_FOUND)
  await assert.rejects(fixture.artwork.cover(viewer({ libraries: [2 as never] }), id('playlist', 1), 50), NOT_FOUND)
})

test('the current version may be kept for ever, others are asked for again', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  await fixture.write('1/A/cover.jpg', coverJpeg())
  fixture.addFolder({ id: 1, path: 'A', images: ['cover.jpg'] })
  fixture.addAlbum({ id: 1, folder: 1, version: 'aa' })
  const cover = (version?: string, size?: number) =>
    fixture.artwork.cover(viewer(), id('album', 1), size, version === undefined ? {} : { version })
  assert.match((await cover('aa')).cacheControl ?? '', /immutable/)
  assert.match((await cover('ab')).cacheControl ?? '', /no-cache/)
  assert.match((await cover()).cacheControl ?? '', /no-cache/)
  const [full, small] = [await cover(), await cover(undefined, 50)]
  assert.match(full.etag ?? '', /^"[^"]+"$/)
  assert.notEqual(full.etag, small.etag)
  assert.equal((await cover()).etag, full.etag)
  assert.ok(full.lastModified instanceof Date)
  assert.equal(full.length, coverJpeg().length)
  assert.deepEqual(await bytesOf(full, { start: 3, end: 9 }), coverJpeg().subarray(3, 10))
})

test('the placeholder is a setting, and only for what exists', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  fixture.addFolder({ id: 1, path: 'A' })
  fixture.addAlbum({ id: 1, folder: 1 })
  await assert.rejects(fixture.artwork.cover(viewer(), id('album', 1), 100), NOT_FOUND)
  const drawn = await fixture.restart({ placeholder: true })
  const source = await drawn.cover(viewer(), id('album', 1), 100)
  assert.equal(await shapeOf(source), '100x100 jpeg')
  assert.equal(source.cacheControl, 'no-store')
  assert.equal(await shapeOf(await drawn.cover(viewer(), id('album', 1), undefined)), '600x600 jpeg')
  await assert.rejects(drawn.cover(viewer(), id('album', 2), 100), NOT_FOUND)
})
