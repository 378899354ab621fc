import assert from 'node:assert/strict'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pause } from '../../src/base/deadline.ts'
import { checkIntegrity } from '../../src/db/integrity.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { writeAudio } from '../support/audio.ts'
import { buildOnce } from '../support/build-once.ts'
import { LONG_TIMEOUT_MS, rounds } from '../support/long-run.ts'
import { generateLibrary, temporaryFolder } from '../support/music-library.ts'
import { createRandom } from '../support/random.ts'
import { ask, type ServerProcess, startServer } from '../support/server-process.ts'

const ROUNDS = rounds('TEST_KILLS', { short: 50, long: 200 })

const random = createRandom()
let folder: Awaited<ReturnType<typeof temporaryFolder>>

before(async () => {
  buildOnce()
  folder = await temporaryFolder('tonearm-kill-')
})
after(() => folder.remove())

/** What was answered 'ok', and must be there for ever. */
interface Promised {
  /** All answers together. */
  answers: number
  readonly stars: Map<string, boolean>
  readonly plays: Map<string, number>
  readonly playlists: Set<string>
}

async function listen(server: ServerProcess, promised: Promised, killed: AbortSignal): Promise<void> {
  const { randomSongs } = (await ask(server, 'getRandomSongs', { size: 20 })) as {
    randomSongs: { song: { id: string }[] }
  }
  const ids = randomSongs.song.map(({ id }) => id)
  for (let n = 0; ids.length > 0 && !killed.aborted; n++) {
    const id = random.pick(ids)
    const kind = n % 3
    if (kind === 0) {
      await ask(server, 'scrobble', { id, time: 1_700_000_000_000 + n * 1000 + random.whole(1000) })
      promised.plays.set(id, (promised.plays.get(id) ?? 0) + 1)
    } else if (kind === 1) {
      const starred = random.next() < 0.5
      // While the answer is under way nobody knows which of the two holds.
      promised.stars.delete(id)
      await ask(server, starred ? 'star' : 'unstar', { id })
      promised.stars.set(id, starred)
    } else {
      const { playlist } = (await ask(server, 'createPlaylist', { name: `list ${n}`, songId: id })) as {
        playlist: { id: string }
      }
      promised.playlists.add(playlist.id)
    }
    promised.answers++
  }
}

async function assertKept(server: ServerProcess, promised: Promised): Promise<void> {
  for (const [id, starred] of promised.stars) {
    const { song } = (await ask(server, 'getSong', { id })) as { song: { starred?: string } }
    assert.equal(song.starred !== undefined, starred, `star of ${id}`)
  }
  for (const [id, plays] of promised.plays) {
    const { song } = (await ask(server, 'getSong', { id })) as { song: { playCount?: number } }
    assert.ok((song.playCount ?? 0) >= plays, `${id} was played ${plays} times, ${song.playCount} are left`)
  }
  const { playlists } = (await ask(server, 'getPlaylists')) as { playlists: { playlist: { id: string }[] } }
  const there = new Set(playlists.playlist.map(({ id }) => id))
  for (const id of promised.playlists) assert.ok(there.has(id), `playlist ${id} is gone`)
}

test(`nothing that was answered is lost by ${ROUNDS} kills during scans and writes`, {
  timeout: LONG_TIMEOUT_MS,
}, async (t) => {
  t.diagnostic(`seed ${random.seed}`)
  const music = join(folder.path, 'music')
  const data = join(folder.path, 'data')
  await generateLibrary(music, 400)
  const promised: Promised = { answers: 0, stars: new Map(), plays: new Map(), playlists: new Set() }
  for (let round = 0; round < ROUNDS; round++) {
    const server = await startServer({ data, music: [music] })
    try {
      await assertKept(server, promised)
      // Something for the scanner to do in each round: a new song, and a move.
      const song = join(music, 'New', `Round ${round}`, '01 - Song.mp3')
      await mkdir(join(song, '..'), { recursive: true })
      await writeAudio(song, {
        format: 'mp3',
        tags: { title: `Round ${round}`, artist: 'New', album: `Round ${round}` },
      })
      if (round > 0) {
        const old = join(music, 'New', `Round ${round - 1}`, '01 - Song.mp3')
        await rename(old, old.replace('01 - Song', '01 - Moved'))
      }
      const killed = new AbortController()
      const work = Promise.allSettled([
        ask(server, 'startScan', { fullScan: String(round % 2 === 0) }),
        listen(server, promised, killed.signal),
        listen(server, promised, killed.signal),
      ])
      // A moment that nobody chose, but not before something was promised: a loaded machine is slow to answer.
      const goal = promised.answers + 1 + random.whole(8)
      for (let waited = 0; promised.answers < goal && waited < 10_000; waited += 5) await pause(5)
      await pause(random.whole(300))
      await server.stop('SIGKILL')
      killed.abort()
      await work
    } finally {
      await server.stop('SIGKILL')
    }
  }
  assert.ok(promised.plays.size > 0 && promised.stars.size > 0 && promised.playlists.size > 0, 'nothing was written')

  const last = await startServer({ data, music: [music] })
  await assertKept(last, promised)
  await last.stop()
  const db = openDatabase({ path: join(data, 'tonearm.db'), log: silentLogger })
  migrate(db, { log: silentLogger })
  assert.deepEqual(checkIntegrity(db).problems, [])
  db.close()
})
