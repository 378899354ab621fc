import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { createArtwork } from '../../src/media/create-artwork.ts'
import { createLyrics } from '../../src/media/lyrics.ts'
import { coverJpeg } from '../support/audio.ts'
import { quietHooks } from '../support/hooks.ts'
import { EVERYTHING, scanRig } from '../support/scanned-library.ts'
import { tempFolder } from '../support/temp-database.ts'
import { bytesOf, IMAGE_CHILD, id, NEEDS_SHARP, PRIORITY, picture, SETTINGS, shapeOf } from './artwork-fixture.ts'

test('what a scan found is prepared once, and shown while the music disks sleep', NEEDS_SHARP, async (t) => {
  const embedded = await picture(700, 700)
  const song = (title: string, album: string, track: number, withPicture: boolean) => ({
    audio: {
      tags: { title, album, artist: 'Somebody', albumartist: 'Somebody', tracknumber: track },
      ...(withPicture ? { picture: { mime: 'image/jpeg', data: embedded } } : {}),
    },
  })
  const rig = await scanRig(t, {
    'Somebody/artist.jpg': await picture(1000, 500),
    'Somebody/Files/Cover.JPG': coverJpeg(),
    'Somebody/Files/1.mp3': song('filed', 'Files', 1, false),
    'Somebody/Files/1.lrc': '[00:01.00]beside',
    'Somebody/Inside/1.flac': song('first', 'Inside', 1, true),
    'Somebody/Inside/2.mp3': song('second', 'Inside', 2, true),
    'Somebody/Bare/1.mp3': song('bare', 'Bare', 1, false),
  })
  await rig.scan()
  const cacheDir = join(tempFolder(t), 'artwork')
  const artwork = createArtwork({
    db: rig.db,
    repositories: rig.repositories,
    hooks: quietHooks,
    clock: systemClock,
    log: silentLogger,
    entry: IMAGE_CHILD,
    settings: { ...SETTINGS, priority: PRIORITY, cacheDir },
  })
  t.after(() => artwork.stop())
  const prepare = () => artwork.prepare(new AbortController().signal)
  assert.equal((await prepare()).failed, 0)
  assert.deepEqual(await prepare(), { made: 0, failed: 0 })
  const masters = readdirSync(join(cacheDir, 'masters'), { recursive: true }).filter((name) => String(name).length > 3)
  assert.equal(masters.length, 3)

  const lyrics = createLyrics({
    repositories: rig.repositories,
    hooks: quietHooks,
    log: silentLogger,
    priority: ['.lrc'],
  })
  const found = await lyrics.ofSong(EVERYTHING, rig.song('filed').id)
  assert.deepEqual(found[0]?.lines, [{ ms: 1000, text: 'beside' }])

  await rename(rig.folder, `${rig.folder}-asleep`)
  t.after(() => rename(`${rig.folder}-asleep`, rig.folder))
  const cover = (kind: 'song' | 'album' | 'artist' | 'folder', key: number, size = 80) =>
    artwork.cover(EVERYTHING, id(kind, key), size)
  const { artistId } = rig.song('filed')
  assert.equal(await shapeOf(await cover('artist', artistId)), '80x40 jpeg')
  for (const title of ['filed', 'first', 'second']) {
    const { id: songId, albumId, folderId, coverVersion } = rig.song(title)
    assert.notEqual(coverVersion, '')
    assert.equal(await shapeOf(await cover('song', songId)), '80x80 jpeg')
    assert.equal(await shapeOf(await cover('album', albumId)), '80x80 jpeg')
    assert.equal(await shapeOf(await cover('folder', folderId)), '80x80 jpeg')
    const kept = await artwork.cover(EVERYTHING, id('song', songId), 80, { version: coverVersion })
    assert.match(kept.cacheControl ?? '', /immutable/)
  }
  assert.deepEqual(await bytesOf(await cover('album', rig.song('filed').albumId, 500)), coverJpeg())
  const bare = rig.song('bare')
  assert.equal(bare.coverVersion, '')
  await assert.rejects(cover('album', bare.albumId), { code: 'NOT_FOUND' })
})
