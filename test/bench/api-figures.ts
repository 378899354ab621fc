import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { ask, startServer, subsonicUrl } from '../support/server-process.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { figure, median, percentile, progress } from './figures.ts'
import { load } from './load.ts'
import { cpuSeconds } from './process-memory.ts'

const LARGE = 100_000
const PAGE = 500

/** A database of 100,000 songs without files: start, requests a second, deep pages. */
export async function apiFigures(folder: string): Promise<void> {
  const data = join(folder, 'large')
  const music = join(folder, 'none')
  await mkdir(music, { recursive: true })
  await mkdir(data, { recursive: true, mode: 0o700 })
  progress(`filling a database with ${LARGE} songs: takes the longest, and prints no figure`)
  const db = openDatabase({ path: join(data, 'tonearm.db'), log: silentLogger })
  migrate(db, { log: silentLogger })
  fillLibrary(db, { songs: LARGE })
  progress('analysing it')
  Array.from(db.analyze())
  db.close()

  progress('starting on it, 5 times')
  const quiet = { TONEARM_SCANNER_ONSTART: 'false', TONEARM_SCANNER_WATCH: 'off' }
  const starts: number[] = []
  for (let round = 0; round < 5; round++) {
    const server = await startServer({ data, music: [music], env: quiet })
    starts.push(server.startMs)
    await server.stop()
  }
  figure('start.100k', median(starts.slice(1)), 'ms')

  const server = await startServer({ data, music: [music], env: quiet })
  try {
    progress('lists and pings')
    const list = subsonicUrl(server, 'getAlbumList2', { type: 'alphabeticalByName', size: 50 })
    await load(list, { connections: CONNECTIONS, seconds: 2 })
    const albums = await ofOneCore(server.pid, list)
    figure('api.getAlbumList2', albums.rate, 'requests/s of one core')
    figure('api.getAlbumList2.p99', percentile(albums.latencies, 0.99), 'ms')
    const ping = await ofOneCore(server.pid, subsonicUrl(server, 'ping'))
    const bare = await bareRate()
    figure('api.ping', ping.rate, 'requests/s of one core')
    figure('api.ping.share_of_bare', ping.rate / bare, 'ratio')

    progress('searching by pages')
    const first = await pageTime(server, 0)
    const last = await pageTime(server, LARGE - PAGE)
    figure('search3.first_page', first, 'ms')
    figure('search3.last_page', last, 'ms')
    const started = performance.now()
    for (let offset = 0; offset < LARGE; offset += PAGE) await page(server, offset)
    figure('search3.whole_library', (performance.now() - started) / 1000, 's')
  } finally {
    await server.stop()
  }
}

type Target = Parameters<typeof ask>[0]

const page = (server: Target, offset: number) =>
  ask(server, 'search3', { query: '', songCount: PAGE, songOffset: offset, albumCount: 0, artistCount: 0 })

async function pageTime(server: Target, offset: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 9; round++) {
    const started = performance.now()
    await page(server, offset)
    times.push(performance.now() - started)
  }
  return median(times)
}

const CONNECTIONS = 64

/** Requests by the processor time that they cost the server: fair where others use the machine too. */
async function ofOneCore(
  pid: number,
  url: string,
): Promise<{ readonly rate: number; readonly latencies: readonly number[] }> {
  const before = cpuSeconds(pid)
  const { requests, latencies } = await load(url, { connections: CONNECTIONS, seconds: 5 })
  return { rate: requests / (cpuSeconds(pid) - before), latencies }
}

/** uWebSockets.js with one route and a fixed answer, in a process of its own. */
async function bareRate(): Promise<number> {
  const child = fork(join(import.meta.dirname, 'bare-uws.mjs'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  try {
    const [port] = (await once(child, 'message')) as [number]
    return (await ofOneCore(child.pid as number, `http://127.0.0.1:${port}/rest/ping?u=admin&p=x`)).rate
  } finally {
    child.kill()
  }
}
