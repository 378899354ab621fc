import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { createArtwork } from '../../src/media/create-artwork.ts'
import { apeItemTag } from '../support/audio/ape.ts'
import { asfFile, asfPicture } from '../support/audio/asf.ts'
import { apic, encoded, frame22, frame23, pic22, tagOf } from '../support/audio/odd-id3.ts'
import type { AudioFormat } from '../support/audio/spec.ts'
import { audioBytes, coverJpeg, fixtureBytes } from '../support/audio.ts'
import { quietHooks } from '../support/hooks.ts'
import { EVERYTHING, type ScanRig, scanRig } from '../support/scanned-library.ts'
import { tempFolder } from '../support/temp-database.ts'
import { bytesOf, IMAGE_CHILD, id, NEEDS_SHARP, PRIORITY, picture, SETTINGS, shapeOf } from './artwork-fixture.ts'

function artworkOf(t: TestContext, rig: ScanRig) {
  const artwork = createArtwork({
    db: rig.db,
    repositories: rig.repositories,
    hooks: quietHooks,
    clock: systemClock,
    log: silentLogger,
    entry: IMAGE_CHILD,
    settings: { ...SETTINGS, priority: PRIORITY, cacheDir: join(tempFolder(t), 'artwork') },
  })
  t.after(() => artwork.stop())
  return artwork
}

const WITH_PICTURES: readonly AudioFormat[] = [
  ...(['mp3', 'mp2', 'aac', 'flac', 'ogg', 'opus', 'spx', 'm4a', 'wav', 'aiff', 'dsf', 'dff'] as const),
  ...(['wv', 'mpc', 'ape', 'tta', 'tak', 'shn'] as const),
]

/** Key, flags (2 = binary, 0 = text), value. */
const APE_ITEMS: Readonly<Record<string, (data: Buffer) => readonly [string, number, Buffer]>> = {
  'with a name': (data) => ['Cover Art (Front)', 2, Buffer.concat([Buffer.from('cover.jpg\0'), data])],
  'without a name': (data) => ['Cover Art (Front)', 2, data],
  'called a text': (data) => ['COVER ART (FRONT)', 0, Buffer.concat([Buffer.from('cover.jpg\0'), data])],
}

const wma = (data: Buffer, where: 'extended' | 'library', mime: string) =>
  asfFile(fixtureBytes('tagged.wma'), { [where]: [['WM/Picture', asfPicture(mime, data)]] })

test('a cover that is announced can be fetched, from every container and in every kind', NEEDS_SHARP, async (t) => {
  const photo = await picture(300, 300, { noise: true })
  const png = await picture(120, 120, { noise: true, format: 'png' })
  const kinds: Readonly<Record<string, readonly [mime: string, data: Buffer]>> = {
    jpeg: ['image/jpeg', photo],
    png: ['image/png', png],
    gif: ['image/gif', await picture(120, 120, { format: 'gif' })],
    webp: ['image/webp', await picture(120, 120, { format: 'webp' })],
    'jpeg without its end': ['image/jpeg', photo.subarray(0, -2)],
    'png short by some bytes': ['image/png', png.subarray(0, -30)],
    'jpeg that is called png': ['image/png', photo],
    'without a type': ['', photo],
  }
  const files: Record<string, Buffer> = {}
  const expected = new Map<string, Buffer>()
  const add = (path: string, bytes: Buffer, data: Buffer) => {
    files[path] = bytes
    expected.set(path, data)
  }
  for (const [kind, [mime, data]] of Object.entries(kinds)) {
    for (const format of WITH_PICTURES)
      add(`${kind}/${format}/1.${format}`, audioBytes({ format, picture: { mime, data } }), data)
    // More than 64 KiB stands in the library object.
    add(`${kind}/wma 1/1.wma`, wma(data, 'library', mime), data)
    if (data.length < 65_000) add(`${kind}/wma 2/1.wma`, wma(data, 'extended', mime), data)
    const old = audioBytes({
      format: 'ogg',
      native: [
        ['COVERART', data.toString('base64')],
        ['COVERARTMIME', mime],
      ],
    })
    add(`${kind}/coverart/1.ogg`, old, data)
    for (const format of ['mp3', 'wav', 'aiff', 'dsf'] as const) {
      const id3 = tagOf(3, 0, frame23('APIC', apic(data, mime)))
      add(`${kind}/2.3 in ${format}/1.${format}`, audioBytes({ format, id3 }), data)
    }
  }
  for (const [name, item] of Object.entries(APE_ITEMS))
    for (const [format, base] of [
      ['wv', 'tone.wv'],
      ['mpc', 'tone.mpc'],
      ['mp3', 'tone.mp3'],
    ] as const)
      add(`ape ${name}/${format}/1.${format}`, Buffer.concat([fixtureBytes(base), apeItemTag(...item(photo))]), photo)
  const [, jpeg] = kinds.jpeg as readonly [string, Buffer]
  add('2.2/1.mp3', audioBytes({ format: 'mp3', id3: tagOf(2, 0, frame22('PIC', pic22(jpeg))) }), jpeg)
  const rig = await scanRig(t, files)
  await rig.scan()
  const artwork = artworkOf(t, rig)
  assert.deepEqual(rig.problems(), [])
  assert.equal(rig.songs().length, expected.size)
  for (const { id: songId, albumId, path, coverVersion } of rig.songs()) {
    assert.notEqual(coverVersion, '', path)
    assert.deepEqual(
      await bytesOf(await artwork.cover(EVERYTHING, id('song', songId), undefined)),
      expected.get(path),
      path,
    )
    assert.match(await shapeOf(await artwork.cover(EVERYTHING, id('album', albumId), 80)), /^80x80 /, path)
  }
})

test('what could not be shown is not announced', async (t) => {
  const bmp = Buffer.concat([Buffer.from('BM'), Buffer.alloc(200)])
  const link = Buffer.from('http://example.org/cover.jpg')
  const mp3 = (...frames: readonly Buffer[]) => audioBytes({ format: 'mp3', id3: tagOf(3, 0, ...frames) })
  const rig = await scanRig(t, {
    'bmp/1.mp3': mp3(frame23('APIC', apic(bmp, 'image/bmp'))),
    'bmp/2.flac': audioBytes({ format: 'flac', picture: { mime: 'image/bmp', data: bmp } }),
    'link/1.mp3': mp3(frame23('APIC', apic(link, '-->'))),
    'empty/1.mp3': mp3(frame23('APIC', apic(Buffer.alloc(0)))),
    'html/1.ape': audioBytes({ format: 'ape', picture: { mime: 'image/jpeg', data: Buffer.from('<html></html>') } }),
    'second/1.mp3': mp3(
      frame23('TIT2', encoded('shown')),
      frame23('APIC', apic(bmp, 'image/bmp')),
      frame23('APIC', apic(coverJpeg())),
    ),
  })
  await rig.scan()
  const artwork = artworkOf(t, rig)
  for (const { id: songId, title, coverVersion } of rig.songs()) {
    assert.equal(coverVersion !== '', title === 'shown', title)
    const cover = artwork.cover(EVERYTHING, id('song', songId), undefined)
    if (coverVersion === '') await assert.rejects(cover, { code: 'NOT_FOUND' })
    else assert.deepEqual(await bytesOf(await cover), coverJpeg())
  }
})
