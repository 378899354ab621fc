import { mkdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { writeAudio } from '../support/audio.ts'
import { ask, scanFinished, startServer, subsonicUrl } from '../support/server-process.ts'
import { figure, MIB } from './figures.ts'
import { load } from './load.ts'
import { cpuSeconds, memoryOf } from './process-memory.ts'

const CLIENTS = 1000
const SONGS = 20
/** Each client takes this much every second: a 320 kbit/s stream. */
const BYTES_A_SECOND = 40_000
const SECONDS = 12

/** A thousand players that read at the speed of music. */
export async function streamFigures(folder: string): Promise<void> {
  const music = join(folder, 'long')
  await mkdir(music, { recursive: true })
  for (let n = 0; n < SONGS; n++)
    await writeAudio(join(music, 'Band', 'Long', `${n}.mp3`), {
      format: 'mp3',
      seconds: 300,
      tags: { title: `Long ${n}` },
    })
  const server = await startServer({ data: join(folder, 'stream-data'), music: [music] })
  const clients: Client[] = []
  try {
    await scanFinished(server)
    const { randomSongs } = (await ask(server, 'getRandomSongs', { size: SONGS })) as {
      randomSongs: { song: { id: string }[] }
    }
    await new Promise((resolve) => setTimeout(resolve, 3000))
    const idle = memoryOf(server.pid).rssBytes
    const urls = randomSongs.song.map((song) => subsonicUrl(server, 'stream', { id: song.id, format: 'raw' }))
    const before = cpuSeconds(server.pid)
    const { bytes } = await load(urls, { connections: 4, seconds: 4 })
    figure('streams.raw', bytes / 1e6 / (cpuSeconds(server.pid) - before), 'MB for a second of processor time')
    for (let n = 0; n < CLIENTS; n++) clients.push(slowClient(urls[n % urls.length] as string))
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
    const growth = memoryOf(server.pid).rssBytes - idle
    const starved = clients.filter((client) => client.received() < BYTES_A_SECOND * (SECONDS - 6)).length
    figure('streams.1000.growth', growth / MIB, 'MiB')
    figure('streams.1000.starved', starved, 'clients')
  } finally {
    for (const client of clients) client.close()
    await server.stop()
  }
}

interface Client {
  received(): number
  close(): void
}

function slowClient(url: string): Client {
  const { hostname, port, pathname, search } = new URL(url)
  let received = 0
  const socket: Socket = connect(Number(port), hostname)
  socket.on('connect', () => socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`))
  socket.on('error', () => {})
  let budget = BYTES_A_SECOND
  socket.on('data', (chunk) => {
    received += chunk.length
    budget -= chunk.length
    if (budget <= 0) socket.pause()
  })
  const timer = setInterval(() => {
    budget = BYTES_A_SECOND
    socket.resume()
  }, 1000)
  return {
    received: () => received,
    close: () => {
      clearInterval(timer)
      socket.destroy()
    },
  }
}
