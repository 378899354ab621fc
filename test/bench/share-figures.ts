import { mkdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAudio } from '../support/audio.ts'
import { ask, PASSWORD, scanFinished, startServer } from '../support/server-process.ts'
import { figure, MIB } from './figures.ts'
import { memoryOf } from './process-memory.ts'

const SONGS = 10
const BYTES = 512 * MIB

/** A share of 5 GiB as one ZIP: what it costs in memory, and how fast it comes. The songs are sparse files. */
export async function shareFigures(folder: string): Promise<void> {
  const music = join(folder, 'shared')
  const paths = Array.from({ length: SONGS }, (_, n) => join(music, 'Band', 'Big', `${n}.mp3`))
  await mkdir(music, { recursive: true })
  for (const [n, path] of paths.entries())
    await writeAudio(path, { format: 'mp3', seconds: 1, tags: { title: `Big ${n}`, artist: 'Band', album: 'Big' } })
  const server = await startServer({
    data: join(folder, 'share-data'),
    music: [music],
    env: { TONEARM_SCANNER_WATCH: 'off' },
  })
  try {
    await scanFinished(server)
    // Grown after the scan: a tag reader has no business with holes.
    for (const path of paths) await truncate(path, BYTES)
    const { randomSongs } = (await ask(server, 'getRandomSongs', { size: SONGS })) as {
      randomSongs: { song: { id: string }[] }
    }
    const login = await fetch(`${server.url}/auth/login`, {
      method: 'POST',
      body: JSON.stringify({ username: 'admin', password: PASSWORD }),
    })
    const { token } = (await login.json()) as { token: string }
    const made = await fetch(`${server.url}/api/share`, {
      method: 'POST',
      headers: { 'x-nd-authorization': `Bearer ${token}` },
      body: JSON.stringify({ songs: randomSongs.song.map(({ id }) => id), downloadable: true }),
    })
    if (made.status !== 201) throw new Error(`the share was not made: ${made.status}`)
    const { id } = (await made.json()) as { id: string }
    await (await fetch(`${server.url}/share/${id}`)).text()
    await new Promise((resolve) => setTimeout(resolve, 3000))
    const idle = memoryOf(server.pid).rssBytes
    const started = performance.now()
    const reply = await fetch(`${server.url}/share/${id}?download`)
    let received = 0
    let most = idle
    let looked = 0
    for await (const chunk of reply.body as AsyncIterable<Uint8Array>) {
      received += chunk.length
      if (received - looked < 64 * MIB) continue
      looked = received
      most = Math.max(most, memoryOf(server.pid).rssBytes)
    }
    if (received < SONGS * BYTES) throw new Error(`only ${received} bytes came`)
    figure('share.zip.5GiB.growth', (most - idle) / MIB, 'MiB')
    figure('share.zip.speed', received / MIB / ((performance.now() - started) / 1000), 'MiB/s')
  } finally {
    await server.stop()
  }
}
