import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { ask, startServer, subsonicUrl } from '../support/server-process.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { figure, median, progress } from './figures.ts'
import { load } from './load.ts'
import { cpuSeconds } from './process-memory.ts'
import { requestFigures } from './request-figures.ts'

const PAGE = 500
/** How many times the songs of the small library the large one has. */
const GROWTH = 5

/** Databases without files, one five times the other: start, requests a second, deep pages, and what growth costs. */
export async function apiFigures(folder: string, songs: number): Promise<void> {
  const small = await libraryFigures(join(folder, 'small'), songs)
  const large = await libraryFigures(join(folder, 'large'), GROWTH * songs)
  for (const [name, rate] of small) figure(`growth.${name}`, rate / (large.get(name) ?? Number.NaN), 'times the cost')
}

async function libraryFigures(data: string, songs: number): Promise<ReadonlyMap<string, number>> {
  const music = join(data, 'none')
  await mkdir(data, { recursive: true, mode: 0o700 })
  await mkdir(music)
  progress(`filling a database with ${songs} songs: takes long, and prints no figure`)
  const db = openDatabase({ path: join(data, 'tonearm.db'), log: silentLogger })
  migrate(db, { log: silentLogger })
  fillLibrary(db, { songs })
  progress('analysing it')
  Array.from(db.analyze())
  db.close()

  progress('starting on it, 5 times')
  const quiet = { TONEARM_SCANNER_ONSTART: 'false', TONEARM_SCANNER_WATCH: 'off' }
  const prefix = `api.${Math.round(songs / 1000)}k`
  const starts: number[] = []
  for (let round = 0; round < 5; round++) {
    const server = await startServer({ data, music: [music], env: quiet })
    starts.push(server.startMs)
    await server.stop()
  }
  figure(`${prefix}.start`, median(starts.slice(1)), 'ms')

  const server = await startServer({ data, music: [music], env: quiet })
  try {
    const rates = await requestFigures(server, { prefix, hasFiles: false })
    const list = subsonicUrl(server, 'getAlbumList2', { type: 'alphabeticalByName', size: 50 })
    await load(list, { connections: CONNECTIONS, seconds: 2 })
    figure(`${prefix}.getAlbumList2.remembered`, await ofOneCore(server.pid, list), 'requests/s of one core')
    const ping = await ofOneCore(server.pid, subsonicUrl(server, 'ping'))
    figure(`${prefix}.ping.share_of_bare`, ping / (await bareRate()), 'ratio')

    progress('searching by pages')
    figure(`${prefix}.search3.first_page`, await pageTime(server, 0), 'ms')
    figure(`${prefix}.search3.last_page`, await pageTime(server, songs - PAGE), 'ms')
    const started = performance.now()
    for (let offset = 0; offset < songs; offset += PAGE) await page(server, offset)
    figure(`${prefix}.search3.whole_library`, (performance.now() - started) / 1000, 's')
    return rates
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

/** Requests for each second of processor time: fair where others use the machine too. */
async function ofOneCore(pid: number, url: string): Promise<number> {
  const before = cpuSeconds(pid)
  const { requests } = await load(url, { connections: CONNECTIONS, seconds: 5 })
  return requests / (cpuSeconds(pid) - before)
}

/** uWebSockets.js with one route and a fixed answer, in a process of its own. */
async function bareRate(): Promise<number> {
  const child = fork(join(import.meta.dirname, 'bare-uws.mjs'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  try {
    const [port] = (await once(child, 'message')) as [number]
    return await ofOneCore(child.pid as number, `http://127.0.0.1:${port}/rest/ping?u=admin&p=x`)
  } finally {
    child.kill()
  }
}
