import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pause } from '../../src/base/deadline.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { createArtworkCache } from '../../src/media/artwork/artwork-cache.ts'
import { edgeFor } from '../../src/media/artwork/sizes.ts'
import { writeStored } from '../../src/media/artwork/stored-picture.ts'
import { coverJpeg } from '../support/audio.ts'
import { tempFolder } from '../support/temp-database.ts'
import { artworkFixture, bytesOf, IMAGE_CHILD, id, NEEDS_SHARP, picture, shapeOf, viewer } from './artwork-fixture.ts'

const FACTS = { type: 'image/jpeg', width: 10, height: 10 } as const
const KIB = 1024

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
}

async function ageBy(path: string, days: number): Promise<void> {
  const then = new Date(Date.now() - days * 86_400_000)
  await utimes(path, then, then)
}

test('sizes that were not asked for longest go first, masters last', async (t) => {
  const cache = createArtworkCache({ folder: tempFolder(t), maxBytes: 100 * KIB, log: silentLogger })
  const block = Buffer.alloc(20 * KIB)
  for (const name of ['aa1', 'bb2']) {
    await writeStored(cache.masterPath(name), FACTS, block)
    await ageBy(cache.masterPath(name), 90)
  }
  const sizes = [100, 200, 300, 400].map((edge) => cache.sizePath('aa1', edge))
  for (const [index, path] of sizes.entries()) {
    await writeStored(path, FACTS, block)
    await ageBy(path, 40 - index)
  }
  assert.ok(await cache.open(sizes[0] as string))
  const { bytes, removed } = await cache.sweep()
  assert.ok(bytes <= 100 * KIB)
  assert.equal(removed, 2)
  const left = await Promise.all(sizes.map(async (path) => (await cache.open(path)) !== undefined))
  assert.deepEqual(left, [true, false, false, true])
  for (const name of ['aa1', 'bb2']) assert.ok(await cache.open(cache.masterPath(name)))
})

test('small sizes are remembered, within a bound; masters and large ones are not', async (t) => {
  const folder = tempFolder(t)
  const cache = createArtworkCache({ folder, maxBytes: 100 << 20, log: silentLogger })
  const small = Array.from({ length: 80 }, (_, at) => cache.sizePath('aa1', at))
  for (const path of small) await writeStored(path, FACTS, Buffer.alloc(60 * KIB, path))
  const large = cache.sizePath('aa1', 'o')
  await writeStored(large, FACTS, Buffer.alloc(65 * KIB))
  const master = cache.masterPath('aa1')
  await writeStored(master, FACTS, Buffer.alloc(KIB))
  await ageBy(small[79] as string, 3)
  for (const path of [large, master, ...small]) assert.ok(await cache.open(path))
  const isTouched = () => Date.now() - statSync(small[79] as string).mtimeMs < 86_400_000
  while (!isTouched()) await pause(5)
  await rm(folder, { recursive: true })
  for (const path of [large, master]) assert.equal(await cache.open(path), undefined)
  const known = (await Promise.all(small.map((path) => cache.open(path)))).map((stored) => stored?.data)
  const last = known.flatMap((data, at) => (data ? [at] : []))
  assert.ok(last.length > 50 && last.length <= 68, `${last.length} are remembered`)
  assert.equal(last[0], 80 - last.length, 'the latest')
  for (const at of last) assert.deepEqual(known[at], Buffer.alloc(60 * KIB, small[at]))
})

test('writing a lot brings a sweep by itself', async (t) => {
  const folder = tempFolder(t)
  const cache = createArtworkCache({ folder, maxBytes: 50 * KIB, log: silentLogger })
  for (let edge = 1; edge <= 20; edge++)
    cache.added(await writeStored(cache.sizePath('aa', edge), FACTS, Buffer.alloc(10 * KIB)))
  await cache.sweep()
  assert.ok(filesBelow(folder).length <= 5)
})

test('a sweep removes what belongs to nothing and what a dead process left', async (t) => {
  const folder = tempFolder(t)
  const cache = createArtworkCache({ folder, maxBytes: 1 << 20, log: silentLogger })
  for (const name of ['used', 'unused']) await writeStored(cache.masterPath(name), FACTS, coverJpeg())
  const temporary = `${cache.masterPath('used')}.123.tmp`
  const fresh = `${cache.masterPath('used')}.456.tmp`
  for (const path of [temporary, fresh]) await writeFile(path, 'half')
  await ageBy(temporary, 1)
  await cache.sweep((content) => content === 'used')
  assert.deepEqual([...filesBelow(folder)].sort(), [cache.masterPath('used'), fresh].sort())
})

test('sizes are never more than asked, and only a few hundred different ones', () => {
  const made = new Set<number>()
  for (let size = 1; size <= 2000; size++) {
    const edge = edgeFor(size) as number
    assert.ok(edge >= 1 && edge <= size && edge > size * 0.85, `${size} became ${edge}`)
    made.add(edge)
  }
  assert.ok(made.size < 400, `${made.size} sizes`)
  for (const size of [50, 64, 100, 128, 150, 160, 256, 300, 320, 500, 512, 600, 640, 1000])
    assert.equal(edgeFor(size), size)
  for (const none of [undefined, 0, -5, Number.NaN]) assert.equal(edgeFor(none), undefined)
  for (const huge of [2001, 1e9, 2 ** 63, Number.POSITIVE_INFINITY]) assert.equal(edgeFor(huge), 2000)
})

test('an emptied cache is filled again by the next preparation', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  await fixture.write('1/A/cover.jpg', coverJpeg())
  fixture.addFolder({ id: 1, path: 'A', images: ['cover.jpg'] })
  fixture.addAlbum({ id: 1, folder: 1, version: 'aa' })
  const prepare = () => fixture.artwork.prepare(new AbortController().signal)
  assert.deepEqual(await prepare(), { made: 1, failed: 0 })
  await rm(fixture.cache, { recursive: true })
  assert.deepEqual(await prepare(), { made: 1, failed: 0 })
  fixture.db.run("UPDATE album SET cover_version = ''")
  await prepare()
  assert.deepEqual(filesBelow(fixture.cache), [])
  assert.deepEqual(fixture.db.all('SELECT * FROM artwork'), [])
})

test('a master whose bytes rotted is made again', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  await fixture.write('1/A/cover.jpg', await picture(900, 900, { noise: true }))
  fixture.addFolder({ id: 1, path: 'A', images: ['cover.jpg'] })
  fixture.addAlbum({ id: 1, folder: 1, version: 'aa' })
  await fixture.artwork.prepare(new AbortController().signal)
  const [master] = filesBelow(join(fixture.cache, 'masters')) as [string]
  const good = readFileSync(master)
  const sizes = [110, 120, 130, 140]
  for (const damaged of [
    Buffer.alloc(0),
    good.subarray(0, 5000),
    Buffer.concat([good.subarray(0, 16), Buffer.alloc(good.length - 16)]),
  ]) {
    await writeFile(master, damaged)
    const size = sizes.pop() as number
    assert.equal(await shapeOf(await fixture.artwork.cover(viewer(), id('album', 1), size)), `${size}x${size} jpeg`)
    assert.deepEqual(readFileSync(master), good)
  }
})

test('an aborted preparation stops and the next one goes on', NEEDS_SHARP, async (t) => {
  const fixture = await artworkFixture(t)
  for (let key = 1; key <= 30; key++) {
    await fixture.write(`1/${key}/cover.jpg`, coverJpeg(key))
    fixture.addFolder({ id: key, path: String(key), images: ['cover.jpg'] })
    fixture.addAlbum({ id: key, folder: key, version: `a${key}` })
  }
  const abort = new AbortController()
  const first = fixture.artwork.prepare(abort.signal)
  await fixture.artwork.cover(viewer(), id('album', 1), 50)
  abort.abort()
  const { made } = await first
  const rest = await fixture.artwork.prepare(new AbortController().signal)
  assert.ok(made < 30, `${made} made before the end`)
  assert.ok(made + rest.made >= 29 && rest.failed === 0)
  assert.deepEqual(fixture.db.all("SELECT count(*) AS n FROM artwork WHERE content <> ''"), [{ n: 30 }])
})

test(
  'without a resizer covers are sent as they are, up to a bound, and better ones made when it is back',
  NEEDS_SHARP,
  async (t) => {
    const hooks = `export async function resolve(name, context, next) {
    if (name === 'sharp') throw new Error('there is no sharp')
    return next(name, context)
  }`
    const register = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)})`
    const without = {
      path: IMAGE_CHILD.path,
      execArgv: [...IMAGE_CHILD.execArgv, '--import', `data:text/javascript,${encodeURIComponent(register)}`],
    }
    const fixture = await artworkFixture(t, { child: without, settings: { maxFileBytes: 300 * KIB } })
    const photo = await picture(700, 700)
    await fixture.write('1/1/cover.jpg', photo)
    await fixture.write('1/2/cover.jpg', await picture(900, 900, { noise: true }))
    await fixture.write('1/3/cover.jpg', '<html>')
    for (const key of [1, 2, 3]) {
      fixture.addFolder({ id: key, path: String(key), images: ['cover.jpg'] })
      fixture.addAlbum({ id: key, folder: key, version: `a${key}` })
    }
    assert.deepEqual(await fixture.artwork.prepare(new AbortController().signal), { made: 1, failed: 2 })
    assert.deepEqual(await bytesOf(await fixture.artwork.cover(viewer(), id('album', 1), 100)), photo)
    for (const key of [2, 3])
      await assert.rejects(fixture.artwork.cover(viewer(), id('album', key), 100), { code: 'NOT_FOUND' })
    assert.equal(fixture.lines.filter(({ message }) => message.includes('no image resizer')).length, 1)

    const again = await fixture.restart({}, IMAGE_CHILD)
    assert.equal(await shapeOf(await again.cover(viewer(), id('album', 1), 100)), '100x100 jpeg')
  },
)
