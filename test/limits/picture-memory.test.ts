import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { audioBytes } from '../support/audio.ts'
import { buildOnce } from '../support/build-once.ts'
import { watchTree } from '../support/process-tree.ts'
import { scratch } from '../support/program.ts'
import { ask, scanFinished, startServer, subsonicUrl } from '../support/server-process.ts'

const sharp = await import('sharp').then(
  ({ default: loaded }) => loaded,
  () => undefined,
)

before(buildOnce)

/** A few kilobytes each that are large when decoded. */
async function hostilePictures(): Promise<readonly (readonly [string, Buffer])[]> {
  if (!sharp) return []
  const plain = (edge: number) =>
    sharp({ create: { width: edge, height: edge, channels: 3, background: '#f08020' }, limitInputPixels: false })
  return [
    ['png in passes', await plain(7900).png({ progressive: true, compressionLevel: 9 }).toBuffer()],
    ['png in passes, within the bound', await plain(6000).png({ progressive: true, compressionLevel: 9 }).toBuffer()],
    [
      'jpeg in passes',
      await plain(7900).jpeg({ progressive: true, chromaSubsampling: '4:4:4', quality: 10 }).toBuffer(),
    ],
    ['jpeg, turned', await plain(7900).withMetadata({ orientation: 6 }).jpeg({ quality: 10 }).toBuffer()],
    ['avif', await plain(4000).avif({ effort: 0, quality: 10 }).toBuffer()],
    ['avif, within the bound', await plain(2600).avif({ effort: 0, quality: 10 }).toBuffer()],
    ['webp', await plain(7900).webp({ quality: 10, effort: 0 }).toBuffer()],
    ['webp without loss', await plain(5000).webp({ lossless: true, effort: 0 }).toBuffer()],
    ['gif', await plain(4500).gif({ effort: 1 }).toBuffer()],
  ]
}

/** A FLAC whose pictures are holes in the file: 16 MB each, of which the disk has none. */
function writeHollow(path: string, pictures: number): void {
  const flac = audioBytes({ format: 'flac', tags: { title: 'Hollow', album: path } })
  const file = openSync(path, 'w')
  // Mark and stream info; then pictures; then the rest of the blocks, which end the list.
  const info = 4 + 4 + 34
  let at = writeSync(file, flac, 0, info, 0)
  const length = 0xfffff0
  for (let picture = 0; picture < pictures; picture++) {
    const block = Buffer.alloc(4 + 32 + 10)
    block.writeUInt32BE(0x06_000000 + length)
    block.writeUInt32BE(3, 4)
    block.writeUInt32BE(10, 8)
    block.write('image/jpeg', 12, 'latin1')
    block.writeUInt32BE(length - 42, 42)
    writeSync(file, block, 0, block.length, at)
    at += 4 + length
  }
  ftruncateSync(file, at)
  writeSync(file, flac, info, flac.length - info, at)
  closeSync(file)
}

test('files with pictures that are large when read or decoded leave all processes small', {
  skip: !sharp,
}, async (t) => {
  let stop = async () => {}
  const home = scratch((cleanup) =>
    t.after(async () => {
      await stop()
      cleanup()
    }),
  )
  const music = join(home, 'music')
  const pictures = await hostilePictures()
  for (const [index, [name, cover]] of pictures.entries())
    for (const copy of [1, 2]) {
      const folder = join(music, `${index}-${copy}`)
      mkdirSync(folder, { recursive: true })
      writeFileSync(
        join(folder, 'song.flac'),
        audioBytes({
          format: 'flac',
          tags: { title: name, album: `${name} ${copy}` },
          picture: { mime: 'image/png', data: cover },
        }),
      )
    }
  for (const count of [1, 3, 40])
    for (const copy of [1, 2, 3]) {
      mkdirSync(join(music, `hollow-${count}-${copy}`))
      writeHollow(join(music, `hollow-${count}-${copy}`, 'song.flac'), count)
    }
  const server = await startServer({ data: join(home, 'data'), music: [music], env: { TONEARM_LOG_LEVEL: 'warn' } })
  stop = () => server.stop()
  const memory = watchTree(server.pid, 20)
  t.after(() => memory.end())
  await scanFinished(server, 120_000)
  const list = async () =>
    (await ask(server, 'getAlbumList2', { type: 'alphabeticalByName', size: 100 })) as {
      albumList2: { album: readonly { id: string; name: string; songCount: number; coverArt?: string }[] }
    }
  // A reader that took too long for one file, as on a busy machine, is asked again by the next scan.
  for (let again = 0; again < 5 && (await list()).albumList2.album.length < pictures.length * 2 + 9; again++) {
    await ask(server, 'startScan', { fullScan: 'true' })
    await scanFinished(server, 120_000)
  }
  const { albumList2 } = await list()
  assert.equal(albumList2.album.length, pictures.length * 2 + 9, 'each file is in the library, whatever its picture')
  const answers = await Promise.all(
    albumList2.album.map(async ({ id, name }) => {
      const answer = await fetch(subsonicUrl(server, 'getCoverArt', { id, size: 300 }))
      await answer.arrayBuffer()
      return [name, answer.status] as const
    }),
  )
  const most = memory.end()
  for (const [name, status] of answers) assert.ok([200, 404].includes(status), `${name}: ${status}`)
  t.diagnostic(`most memory of all processes: ${Math.round(most / 1e6)} MB`)
  assert.ok(most < 420e6, `${Math.round(most / 1e6)} MB`)
})
