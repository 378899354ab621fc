import { join } from 'node:path'
import { generateLibrary } from '../support/music-library.ts'
import { watchTree } from '../support/process-tree.ts'
import { ask, type ServerProcess, scanFinished, startServer, subsonicUrl } from '../support/server-process.ts'
import { figure, MIB, percentile } from './figures.ts'
import { bytesWritten, memoryOf, treeCpuSeconds } from './process-memory.ts'
import { requestFigures } from './request-figures.ts'

const IDLE_SECONDS = 30

/** First scan, quick scan, memory after browsing, writes of an idle minute; on files that are made here. */
export async function scanFigures(folder: string, songs: number): Promise<void> {
  const music = join(folder, 'music')
  await generateLibrary(music, songs)
  let ended = false
  const server = await startServer({ data: join(folder, 'data'), music: [music] })
  try {
    const scan = scanFinished(server)
    const latencies: number[] = []
    let scanning = true
    const probe = (async () => {
      while (scanning && !ended) {
        const started = performance.now()
        await (await fetch(subsonicUrl(server, 'getAlbumList2', { type: 'newest', size: 20 }))).arrayBuffer()
        latencies.push(performance.now() - started)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })()
    const tree = watchTree(server.pid)
    const cpuBefore = treeCpuSeconds(server.pid)
    const seconds = await scan
    scanning = false
    await probe
    figure('scan.first.peak', tree.end() / MIB, 'MiB of all processes')
    figure('scan.first.processor', treeCpuSeconds(server.pid) - cpuBefore, 's')
    figure('scan.first.rate', songs / seconds, 'songs/s')
    figure('scan.first.api_p99', percentile(latencies, 0.99), 'ms')
    figure('scan.first.api_longest', Math.max(...latencies), 'ms')

    const again = performance.now()
    await ask(server, 'startScan')
    await scanFinished(server)
    figure('scan.unchanged', (performance.now() - again) / 1000, 's')

    await browse(server)
    // V8 gives its garbage back some seconds after the last request.
    await new Promise((resolve) => setTimeout(resolve, 20_000))
    const memory = memoryOf(server.pid)
    figure('memory.idle.rss', memory.rssBytes / MIB, 'MiB')
    figure('memory.idle.private_dirty', memory.privateDirtyBytes / MIB, 'MiB')

    const before = bytesWritten(server.pid)
    await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000))
    figure('writes.idle', ((bytesWritten(server.pid) - before) * 3600) / IDLE_SECONDS, 'bytes/h')
    await scrobbleWrites(server)
    await requestFigures(server, { prefix: 'files', hasFiles: true })
  } finally {
    ended = true
    await server.stop()
  }
}

/** What a person's first evening asks for. */
async function browse(server: ServerProcess): Promise<void> {
  for (const type of ['newest', 'random', 'alphabeticalByName', 'alphabeticalByArtist', 'recent', 'frequent']) {
    for (let offset = 0; offset < 500; offset += 50) await ask(server, 'getAlbumList2', { type, size: 50, offset })
  }
  await ask(server, 'getArtists')
  await ask(server, 'getIndexes')
  await ask(server, 'getGenres')
  const { albumList2 } = (await ask(server, 'getAlbumList2', { type: 'newest', size: 100 })) as {
    albumList2: { album: { id: string }[] }
  }
  for (const album of albumList2.album) await ask(server, 'getAlbum', { id: album.id })
  for (const query of ['a', 'silver', 'stone echo', 'x']) await ask(server, 'search3', { query })
  for (let offset = 0; offset < 5000; offset += 500) {
    await ask(server, 'search3', { query: '', songCount: 500, songOffset: offset, albumCount: 0, artistCount: 0 })
  }
}

async function scrobbleWrites(server: ServerProcess): Promise<void> {
  const { randomSongs } = (await ask(server, 'getRandomSongs', { size: 50 })) as {
    randomSongs: { song: { id: string }[] }
  }
  const before = bytesWritten(server.pid)
  for (const song of randomSongs.song) await ask(server, 'scrobble', { id: song.id })
  figure('writes.scrobble', (bytesWritten(server.pid) - before) / randomSongs.song.length, 'bytes')
}
