import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { audioBytes } from '../support/audio.ts'
import { generateLibrary } from '../support/music-library.ts'
import { ask, type ServerProcess, scanFinished, startServer, subsonicUrl } from '../support/server-process.ts'
import { figure, progress } from './figures.ts'

/** So many changed songs make a scan take statistics at its end. */
const CHANGED = 600
const LONG_SONG_BYTES = 64 << 20

/**
 * How long the loop of a server stands still, and how long a ping and a listener wait, while the library is worked on as a
 * whole: scans to their end, a backup and the doctor's check while a scan writes, and the first lists after a change.
 */
export async function pauseFigures(folder: string, songs: number): Promise<void> {
  const music = join(folder, 'pauses-music')
  const data = join(folder, 'pauses-data')
  await generateLibrary(music, songs)
  const tone = audioBytes({ format: 'mp3', tags: { title: 'Long', artist: 'Long', album: 'Long' } })
  await writeFile(join(music, 'long.mp3'), Buffer.alloc(LONG_SONG_BYTES, tone))
  progress('pauses: files made')
  const probeFile = join(folder, 'loop-probe')
  const server = await startServer({
    data,
    music: [music],
    env: {
      TONEARM_SCANNER_WATCH: 'off',
      NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'loop-probe.mjs'))}`,
      LOOP_PROBE_FILE: probeFile,
    },
  })
  const albums = await albumFolders(music)
  /** As if somebody had saved their tags again. */
  const touch = async () => {
    const now = new Date()
    for (const album of albums.splice(0, CHANGED / 10))
      for (const name of await readdir(album)) await utimes(join(album, name), now, now)
  }
  const rescan = async () => {
    await touch()
    await ask(server, 'startScan')
    await scanFinished(server)
  }
  const command = (...words: readonly string[]) => run([...words, '--data', data])
  const work: Readonly<Record<string, () => Promise<unknown>>> = {
    firstScan: () => scanFinished(server, 6 * 3_600_000),
    scan: rescan,
    firstLists: () => firstLists(server),
    backup: () => command('backup', join(folder, 'pauses-copy')),
    backupInScan: () => Promise.all([command('backup', join(folder, 'pauses-copy-2')), rescan()]),
    doctor: () => command('doctor'),
    doctorInScan: () => Promise.all([command('doctor'), rescan()]),
  }
  try {
    for (const [name, run] of Object.entries(work)) {
      await longestPause(server, probeFile)
      const listener = name === 'firstScan' ? undefined : await listen(server)
      const pings = watchPings(server)
      const started = performance.now()
      await run()
      // The commit that comes after may bring the log home.
      for (let n = 0; n < 3; n++) await ask(server, 'savePlayQueue', {})
      const seconds = (performance.now() - started) / 1000
      const longest = await longestPause(server, probeFile)
      figure(`pauses.${name}.processor`, longest.processor, 'ms')
      figure(`pauses.${name}.loop`, longest.pause, 'ms')
      figure(`pauses.${name}.ping`, await pings.end(), 'ms')
      if (listener) figure(`pauses.${name}.stream`, await listener.end(), 'ms')
      figure(`pauses.${name}.whole`, seconds, 's')
    }
  } finally {
    await server.stop()
  }
}

async function albumFolders(music: string): Promise<string[]> {
  const albums: string[] = []
  for (const artist of await readdir(music, { withFileTypes: true }))
    if (artist.isDirectory())
      for (const album of await readdir(join(music, artist.name))) albums.push(join(music, artist.name, album))
  return albums
}

async function firstLists(server: ServerProcess): Promise<void> {
  for (const method of ['getArtists', 'getIndexes', 'getGenres', 'getStarred2']) await ask(server, method)
  for (const type of ['newest', 'alphabeticalByName', 'alphabeticalByArtist', 'random', 'byYear', 'byGenre'])
    await ask(server, 'getAlbumList2', { type, size: 500, fromYear: 1900, toYear: 2100, genre: 'Rock' })
  for (const query of ['', 'a', 'silver'])
    await ask(server, 'search3', { query, songCount: 500, albumCount: 500, artistCount: 500 })
  await ask(server, 'getRandomSongs', { size: 500 })
}

/** Since the last call, as loop-probe.mjs tells it. */
async function longestPause(
  server: ServerProcess,
  file: string,
): Promise<{ readonly pause: number; readonly processor: number }> {
  rmSync(file, { force: true })
  process.kill(server.pid, 'SIGWINCH')
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, 'latin1') : ''
    if (text.endsWith('}')) return JSON.parse(text)
    await sleep(2)
  }
}

/** The slowest of pings one after the other, in milliseconds. */
function watchPings(server: ServerProcess): { end(): Promise<number> } {
  let slowest = 0
  let ended = false
  const pinging = (async () => {
    while (!ended) {
      const began = performance.now()
      await (await fetch(subsonicUrl(server, 'ping'))).arrayBuffer()
      slowest = Math.max(slowest, performance.now() - began)
      await sleep(5)
    }
  })()
  return {
    async end() {
      ended = true
      await pinging
      return slowest
    },
  }
}

/** Reads one song again and again; the longest wait for its next bytes, in milliseconds. */
async function listen(server: ServerProcess): Promise<{ end(): Promise<number> }> {
  const { searchResult3 } = (await ask(server, 'search3', { query: 'Long' })) as {
    searchResult3: { song: { id: string; title: string }[] }
  }
  const id = searchResult3.song.find(({ title }) => title === 'Long')?.id ?? ''
  let longest = 0
  let ended = false
  const listening = (async () => {
    while (!ended) {
      const reply = await fetch(subsonicUrl(server, 'stream', { id, format: 'raw' }))
      let last = performance.now()
      for await (const _ of reply.body ?? []) {
        longest = Math.max(longest, performance.now() - last)
        if (ended) break
        await sleep(10)
        last = performance.now()
      }
    }
  })()
  return {
    async end() {
      ended = true
      await listening
      return longest
    },
  }
}

async function run(words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join('dist', 'main.mjs'), ...words], { stdio: 'ignore' })
  await once(child, 'exit')
}
