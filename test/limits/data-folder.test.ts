import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { audioBytes } from '../support/audio.ts'
import { buildOnce } from '../support/build-once.ts'
import { scratch } from '../support/program.ts'
import { ask, scanFinished, startServer, subsonicUrl } from '../support/server-process.ts'

before(buildOnce)

interface Answer {
  readonly status: string
  readonly error?: { readonly message: string }
}

/** Covers are being prepared, so that files come while others go. */
function remove(folder: string): void {
  for (let left = 50; existsSync(folder) && left > 0; left--) spawnSync('rm', ['-rf', folder])
}

/** What happens to the data folder under the running server, and what undoes it. */
const MISHAPS: Readonly<Record<string, (data: string) => (() => void) | undefined>> = {
  deleted: (data) => void remove(data),
  'moved away, and back': (data) => {
    renameSync(data, `${data}-away`)
    return () => {
      // The cache of covers makes its folders anew.
      remove(data)
      renameSync(`${data}-away`, data)
    }
  },
  'replaced by a copy': (data) => {
    cpSync(data, `${data}-copy`, { recursive: true, filter: (path) => !/sock|lock|presence/.test(path) })
    renameSync(data, `${data}-away`)
    renameSync(`${data}-copy`, data)
    return undefined
  },
  'replaced by an empty folder': (data) => {
    remove(data)
    mkdirSync(data, { recursive: true })
    return undefined
  },
  'without its database file': (data) => void rmSync(join(data, 'tonearm.db')),
  'without its log': (data) => void rmSync(join(data, 'tonearm.db-wal')),
}

for (const [what, happen] of Object.entries(MISHAPS))
  test(`a data folder ${what}: no write is answered as if it were kept`, async (t) => {
    let stop = async () => {}
    const home = scratch((cleanup) =>
      t.after(async () => {
        await stop()
        cleanup()
      }),
    )
    const music = join(home, 'music')
    const data = join(home, 'data')
    mkdirSync(music)
    writeFileSync(join(music, 'song.flac'), audioBytes({ format: 'flac', tags: { title: 'One', album: 'Two' } }))
    const server = await startServer({ data, music: [music] })
    stop = () => server.stop()
    await scanFinished(server)
    const { song } = ((await ask(server, 'getRandomSongs')).randomSongs as { song: { id: string }[] }) ?? {}
    const id = song[0]?.id ?? ''
    await ask(server, 'star', { id })
    const writes: readonly (readonly [string, Readonly<Record<string, string | number>>])[] = [
      ['star', { id }],
      ['unstar', { id }],
      ['setRating', { id, rating: 3 }],
      ['scrobble', { id, submission: 'true' }],
      ['createPlaylist', { name: 'A list', songId: id }],
      ['savePlayQueue', { id, current: id }],
      ['createBookmark', { id, position: 1000 }],
      ['createInternetRadioStation', { name: 'A', streamUrl: 'http://example.org/a' }],
      ['createUser', { username: 'ann', password: 'a long password', email: 'a@example.org' }],
      ['changePassword', { username: 'admin', password: 'another password' }],
    ]
    const undo = happen(data)
    for (const [method, parameters] of writes) {
      const answer = (await (await fetch(subsonicUrl(server, method, parameters))).json()) as {
        'subsonic-response': Answer
      }
      assert.equal(answer['subsonic-response'].status, 'failed', method)
      assert.match(answer['subsonic-response'].error?.message ?? '', /data folder/, method)
    }
    assert.equal((await fetch(`${server.url}/ping`)).status, 503)
    await ask(server, 'getRandomSongs')
    if (!undo) return
    undo()
    assert.equal((await fetch(`${server.url}/ping`)).status, 200)
    for (const [method, parameters] of writes.slice(0, 7)) await ask(server, method, parameters)
  })
