import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { ask, startServer, subsonicUrl } from '../support/server-process.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { figure, progress } from './figures.ts'
import { load } from './load.ts'
import { cpuSeconds } from './process-memory.ts'

const SONGS = 20_000
const PLAYERS = 16

/** What a word of a player costs the server, over HTTP, with the plugins that come along. */
export async function reportFigures(folder: string): Promise<void> {
  const data = join(folder, 'reports')
  const music = join(folder, 'no-music')
  await mkdir(music, { recursive: true })
  await mkdir(data, { recursive: true, mode: 0o700 })
  const db = openDatabase({ path: join(data, 'tonearm.db'), log: silentLogger })
  migrate(db, { log: silentLogger })
  fillLibrary(db, { songs: SONGS })
  Array.from(db.analyze())
  db.close()

  progress('players that tell where they are')
  const quiet = { TONEARM_SCANNER_ONSTART: 'false', TONEARM_SCANNER_WATCH: 'off' }
  const server = await startServer({ data, music: [music], env: quiet })
  try {
    const report = { mediaType: 'song', positionMs: 1000, state: 'playing' }
    for (let player = 0; player < PLAYERS; player++)
      await ask(server, 'reportPlayback', {
        ...report,
        mediaId: `s${(player + 1).toString(36)}`,
        c: `player ${player}`,
      })
    const url = subsonicUrl(server, 'reportPlayback', { ...report, mediaId: 's1' })
    // The login and the start of the plugins have been written by then.
    await load(url, { connections: 16, seconds: 8 })
    const written = writtenBytes(server.pid)
    const each = await costOf(server.pid, url)
    figure('reports.processor_time', each, 'ms each')
    figure('reports.written', writtenBytes(server.pid) - written, 'bytes')
    figure('reports.ping', await costOf(server.pid, subsonicUrl(server, 'ping')), 'ms each')
  } finally {
    await server.stop()
  }
}

async function costOf(pid: number, url: string): Promise<number> {
  await load(url, { connections: 16, seconds: 2 })
  const before = cpuSeconds(pid)
  const { requests } = await load(url, { connections: 16, seconds: 5 })
  return ((cpuSeconds(pid) - before) / requests) * 1000
}

/** Handed to the kernel for disks, by the process and the children that it waited for. */
function writtenBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
}
