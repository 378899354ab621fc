import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { coverJpeg, writeAudio } from '../support/audio.ts'
import { buildOnce } from '../support/build-once.ts'
import { LONG_TIMEOUT_MS, rounds } from '../support/long-run.ts'
import { temporaryFolder } from '../support/music-library.ts'
import { watchTree } from '../support/process-tree.ts'
import { createRandom } from '../support/random.ts'
import { ask, scanFinished, startServer } from '../support/server-process.ts'
import { mutate } from './mutate.ts'

const FILES = rounds('TEST_FUZZ_FILES', { short: 2000, long: 10_000 })
/** Of all processes together. */
const MOST_MEMORY = 256e6
const HEALTHY = 50
const FORMATS = ['mp3', 'flac', 'ogg', 'opus', 'm4a', 'wav', 'aiff'] as const
/** Names that don't fit what is inside come up too. */
const ENDINGS = [
  ...FORMATS,
  'wma',
  'ape',
  'wv',
  'mpc',
  'dsf',
  'dff',
  'mka',
  'webm',
  'spx',
  'aac',
  'mp2',
  'tta',
  'tak',
  'shn',
  'm4b',
] as const

const random = createRandom()
let folder: Awaited<ReturnType<typeof temporaryFolder>>

before(async () => {
  buildOnce()
  folder = await temporaryFolder('tonearm-fuzz-')
})
after(() => folder.remove())

test(`${FILES} damaged files leave the server alive and the rest of the library whole`, {
  timeout: LONG_TIMEOUT_MS,
}, async (t) => {
  t.diagnostic(`seed ${random.seed}`)
  const music = join(folder.path, 'music')
  for (let n = 0; n < HEALTHY; n++) {
    const format = FORMATS[n % FORMATS.length] as (typeof FORMATS)[number]
    await writeAudio(join(music, 'Healthy', 'Album', `${n}.${format}`), {
      format,
      tags: { title: `Healthy ${n}`, artist: 'Healthy', album: 'Album', tracknumber: n + 1 },
    })
  }
  const originals = await Promise.all(
    FORMATS.map(async (format) => {
      const path = join(folder.path, 'originals', `one.${format}`)
      await writeAudio(path, {
        format,
        tags: { title: 'Damaged', artist: 'Damaged', album: 'Damaged' },
        picture: { mime: 'image/jpeg', data: coverJpeg() },
      })
      return readFile(path)
    }),
  )
  for (let n = 0; n < FILES; n++) {
    const path = join(music, 'Damaged', String(n % 40))
    await mkdir(path, { recursive: true })
    await writeFile(join(path, `${n}.${random.pick(ENDINGS)}`), mutate(random.pick(originals), random))
  }
  const server = await startServer({
    data: join(folder.path, 'data'),
    music: [music],
    env: { TONEARM_SCANNER_WATCH: 'off' },
  })
  const memory = watchTree(server.pid)
  try {
    await scanFinished(server, LONG_TIMEOUT_MS)
    const { searchResult3 } = (await ask(server, 'search3', { query: 'Healthy', songCount: 500 })) as {
      searchResult3: { song: { id: string; title: string; duration: number }[] }
    }
    const healthy = searchResult3.song.filter((song) => song.title.startsWith('Healthy '))
    assert.equal(healthy.length, HEALTHY)
    assert.ok(
      healthy.every((song) => song.duration >= 1),
      'a healthy song lost its length',
    )
    // The quick scan after it does not try the damaged ones again and again.
    const again = performance.now()
    await ask(server, 'startScan')
    await scanFinished(server, LONG_TIMEOUT_MS)
    assert.ok(performance.now() - again < 60_000, 'the second scan hangs')
    const most = memory.end()
    t.diagnostic(`most memory of all processes: ${Math.round(most / 1e6)} MB`)
    assert.ok(most < MOST_MEMORY, `${Math.round(most / 1e6)} MB`)
  } finally {
    memory.end()
    await server.stop()
  }
})
