import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { APE, BASES, type Base, brokenApe, ID3_AHEAD, TAILS } from '../support/audio/odd-files.ts'
import { buildOnce } from '../support/build-once.ts'
import { temporaryFolder } from '../support/music-library.ts'
import { createRandom, type Random } from '../support/random.ts'
import { ask, scanFinished, startServer } from '../support/server-process.ts'
import { mutate } from './mutate.ts'

/** 2500 for the whole of it. */
const FILES = Number(process.env.TEST_ODD_FILES ?? 250)
/** The most that the process that reads tags may have had in memory, MB. */
const MOST_MEMORY = 130

type Change = (bytes: Buffer, random: Random) => Uint8Array

/** What leaves the sound as it is: such a file is always listed. */
const HARMLESS: readonly Change[] = [
  (bytes, random) => Buffer.concat([bytes, random.pick(Object.values(TAILS))]),
  (bytes, random) => Buffer.concat([bytes, random.bytes(1 + random.whole(5000))]),
  (bytes, random) => Buffer.concat([bytes, Buffer.alloc(1 + random.whole(100_000))]),
  (bytes) => Buffer.concat([ID3_AHEAD, bytes]),
  (bytes, random) => Buffer.concat([ID3_AHEAD, bytes, random.pick(Object.values(TAILS))]),
  (bytes, random) =>
    Buffer.concat([bytes, brokenApe(random.pick(['item too long', 'count too high', 'size too big']))]),
]
const HARMFUL: readonly Change[] = [
  (bytes, random) => bytes.subarray(0, random.whole(bytes.length)),
  (bytes, random) => bytes.subarray(0, bytes.length - 1 - random.whole(300)),
  (bytes, random) => bytes.subarray(random.whole(bytes.length)),
  (bytes, random) => Buffer.concat([bytes.subarray(0, random.whole(bytes.length)), Buffer.alloc(random.whole(50_000))]),
  (bytes, random) => Buffer.concat([random.bytes(random.whole(600)), bytes]),
  (bytes, random) => Buffer.concat([bytes, APE.subarray(0, random.whole(APE.length))]),
  mutate,
  mutate,
  mutate,
]

let folder: Awaited<ReturnType<typeof temporaryFolder>>
before(async () => {
  buildOnce()
  folder = await temporaryFolder('tonearm-odd-')
})
after(() => folder.remove())

test(`a library of ${FILES} odd files is scanned to its end`, { timeout: 1_200_000 }, async (t) => {
  const random = createRandom(Number(process.env.TEST_SEED ?? 11))
  t.diagnostic(`seed ${random.seed}`)
  const music = join(folder.path, 'music')
  let harmless = 0
  for (let n = 0; n < FILES; n++) {
    const base: Base = random.pick(BASES)
    const isHarmless = n % 4 === 0
    if (isHarmless) harmless++
    const change = random.pick(isHarmless ? HARMLESS : HARMFUL)
    const album = join(music, isHarmless ? 'Harmless' : 'Harmful', String(n % 40))
    await mkdir(album, { recursive: true })
    await writeFile(join(album, `${n}.${base.ending}`), change(base.bytes(), random))
  }
  const server = await startServer({
    data: join(folder.path, 'data'),
    music: [music],
    env: { TONEARM_SCANNER_WATCH: 'off' },
  })
  const memory = watchReaders(server.pid)
  try {
    await scanFinished(server)
    const { scanStatus } = (await ask(server, 'getScanStatus')) as { scanStatus: { scanning: boolean; count: number } }
    t.diagnostic(`${scanStatus.count} of ${FILES} listed, ${harmless} harmless; reader at most ${memory.most()} MB`)
    assert.equal(scanStatus.scanning, false)
    assert.ok(scanStatus.count >= harmless)
    assert.equal(await songsBelow(server, 'Harmless'), harmless)
    if (process.platform === 'linux') assert.ok(memory.most() > 0 && memory.most() < MOST_MEMORY, `${memory.most()} MB`)
  } finally {
    memory.stop()
    await server.stop()
  }
})

async function songsBelow(server: Parameters<typeof ask>[0], name: string): Promise<number> {
  const { indexes } = (await ask(server, 'getIndexes')) as {
    indexes: { index: { artist: { id: string; name: string }[] }[] }
  }
  const root = indexes.index.flatMap(({ artist }) => artist).find((one) => one.name === name)
  const inside = async (id: string): Promise<number> => {
    const { directory } = (await ask(server, 'getMusicDirectory', { id })) as {
      directory: { child?: { id: string; isDir: boolean }[] }
    }
    let songs = 0
    for (const child of directory.child ?? []) songs += child.isDir ? await inside(child.id) : 1
    return songs
  }
  return root ? inside(root.id) : 0
}

/** The most memory that any process of the server's children that reads tags had, as the system counts it. */
function watchReaders(pid: number): { most(): number; stop(): void } {
  let most = 0
  const look = () => {
    for (const child of childrenOf(pid)) {
      try {
        if (!readFileSync(`/proc/${child}/cmdline`, 'latin1').includes('tag-reader-child')) continue
        const [, peak = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child}/status`, 'latin1')) ?? []
        most = Math.max(most, Math.round(Number(peak) / 1024))
      } catch {
        // Gone meanwhile.
      }
    }
  }
  const timer = setInterval(look, 100)
  return { most: () => most, stop: () => clearInterval(timer) }
}

function childrenOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean),
    )
  } catch {
    return []
  }
}
