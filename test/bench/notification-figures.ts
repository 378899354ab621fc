import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type AlbumId, encodeId } from '../../src/base/ids.ts'
import { DATABASE_FILE } from '../../src/db/data-lock.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { writeAudio } from '../support/audio.ts'
import { PASSWORD, type ServerProcess, scanFinished, startServer } from '../support/server-process.ts'
import { figure, MIB, median, percentile } from './figures.ts'
import { memoryOf } from './process-memory.ts'

const USERS = 50
const NOTES = 10_000
const ALBUMS = 40
const ROUNDS = 200

async function login({ url }: ServerProcess, username: string, password: string): Promise<string> {
  const reply = await fetch(`${url}/auth/login`, { method: 'POST', body: JSON.stringify({ username, password }) })
  return ((await reply.json()) as { token: string }).token
}

/** 10,000 notes of 50 users: how soon the newest of one are there, with the names of albums read as that user. */
export async function notificationFigures(folder: string): Promise<void> {
  const music = join(folder, 'noted')
  const data = join(folder, 'notes-data')
  for (let n = 0; n < ALBUMS; n++) {
    const path = join(music, 'Band', `Album ${n}`, '01 - Song.mp3')
    mkdirSync(join(path, '..'), { recursive: true })
    await writeAudio(path, {
      format: 'mp3',
      seconds: 1,
      tags: { title: `Song ${n}`, artist: 'Band', album: `Album ${n}` },
    })
  }
  const env = { TONEARM_SCANNER_WATCH: 'off' }
  let server = await startServer({ data, music: [music], env })
  await scanFinished(server)
  await server.stop()
  fill(join(data, DATABASE_FILE))

  server = await startServer({ data, music: [music], env })
  try {
    const token = await login(server, 'admin', PASSWORD)
    const headers = { 'x-nd-authorization': `Bearer ${token}` }
    await new Promise((resolve) => setTimeout(resolve, 3000))
    const before = memoryOf(server.pid).rssBytes
    for (const [name, path] of [
      ['newest_50', '/api/notifications?_start=0&_end=50'],
      ['unread_count', '/api/notifications/unread'],
    ] as const) {
      const times: number[] = []
      for (let n = 0; n < ROUNDS; n++) {
        const started = performance.now()
        const reply = await fetch(`${server.url}${path}`, { headers })
        const text = await reply.text()
        times.push(performance.now() - started)
        if (!reply.ok || (name === 'newest_50' && !text.includes('New: Album'))) throw new Error(`${path}: ${text}`)
      }
      figure(`notifications.${name}.median`, median(times), 'ms')
      figure(`notifications.${name}.p95`, percentile(times, 0.95), 'ms')
    }
    figure('notifications.growth', (memoryOf(server.pid).rssBytes - before) / MIB, 'MiB')
  } finally {
    await server.stop()
  }
}

/** What would have come about by 10,000 albums; made at once. */
function fill(path: string): void {
  const db = openDatabase({ path, log: silentLogger })
  db.transaction(() => {
    const albums = db.all<{ id: number }>('SELECT id FROM album')
    for (let user = 2; user <= USERS; user++)
      db.run('INSERT INTO user (id, name, key, password_hash, created_at, updated_at) VALUES (?1, ?2, ?2, ?3, 0, 0)', [
        user,
        `user${user}`,
        'none',
      ])
    for (let n = 1; n <= NOTES; n++)
      db.run(
        `INSERT INTO notifications_note (user_id, seq, topic, level, group_key, listed, data, created_at, updated_at)
         VALUES (?1, ?2, 'music.new', 'info', '', 1, ?3, ?4, ?4)`,
        [
          1 + (n % USERS),
          n + 1_000,
          JSON.stringify({
            albums: [{ id: encodeId('album', (albums[n % albums.length]?.id ?? 1) as AlbumId), songs: 1 }],
          }),
          Date.now() - n,
        ],
      )
    db.run('UPDATE notifications_counter SET value = ?', [NOTES + 2_000])
  })
  db.close()
}
