import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeId, type SongId } from '../../src/base/ids.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { ask, type ServerProcess, startServer } from '../support/server-process.ts'
import { fillLibrary } from '../support/synthetic-library.ts'
import { figure, median } from './figures.ts'

const SONGS = 50_000
const SHARES = 10_000
const ROUNDS = 7
const PASS = 'a long password'

/** 10,000 shares of one user that are all addressed to another, who has none of the music: what lists of them cost. */
export async function manySharesFigures(folder: string): Promise<void> {
  const data = join(folder, 'many-shares')
  const music = join(folder, 'no-music')
  await mkdir(music, { recursive: true })
  await mkdir(data, { recursive: true, mode: 0o700 })
  const path = join(data, 'tonearm.db')
  const db = openDatabase({ path, log: silentLogger })
  migrate(db, { log: silentLogger })
  fillLibrary(db, { songs: SONGS, libraries: 2 })
  Array.from(db.analyze())
  db.close()
  const env = { TONEARM_SCANNER_ONSTART: 'false', TONEARM_SCANNER_WATCH: 'off' }
  let server = await startServer({ data, music: [music], env })
  for (const name of ['ann', 'ben'])
    await ask(server, 'createUser', { username: name, password: PASS, email: `${name}@example.org`, shareRole: 'true' })
  await server.stop()
  fill(path)
  server = await startServer({ data, music: [music], env })
  try {
    const [ann, ben] = [await login(server, 'ann', PASS), await login(server, 'ben', PASS)]
    const rest = (user: string, method: string, more = '') =>
      `${server.url}/rest/${method}?u=${user}&p=${encodeURIComponent(PASS)}&v=1.16.1&c=bench&f=json${more}`
    const page = '?_start=0&_end=50&_sort=createdAt&_order=DESC'
    await timed('shares.native.page', () => get(`${server.url}/api/share${page}`, ann))
    await timed('shares.native.page.last', () => get(`${server.url}/api/share?_start=9950&_end=10000`, ann))
    await timed('shares.pinakes.outgoing', () => get(`${server.url}/api/v1/shares/outgoing?limit=50`, ann))
    await timed('shares.pinakes.outgoing.last', () =>
      get(`${server.url}/api/v1/shares/outgoing?limit=50&offset=9950`, ann),
    )
    await timed('shares.pinakes.incoming', () => get(`${server.url}/api/v1/shares/incoming?limit=50`, ben))
    await timed('shares.getShares', () => get(rest('ann', 'getShares')))
    await timed('shares.getPlaylists', () => get(rest('ben', 'getPlaylists')))
    const { playlists } = await get(rest('ben', 'getPlaylists'))
    figure('shares.getPlaylists.count', playlists.playlist.length, 'playlists')
    const one = playlists.playlist[5_000]?.id
    await timed('shares.getPlaylist', () => get(rest('ben', 'getPlaylist', `&id=${one}`)))
    // Each new share or change of one makes what users may see be worked out anew.
    const albums = () => get(rest('ben', 'getAlbumList2', '&type=alphabeticalByName&size=50'))
    await timed('shares.getAlbumList2', albums)
    const { albumList2 } = await albums()
    figure('shares.getAlbumList2.count', albumList2.album?.length ?? 0, 'albums')
    const { items } = await get(`${server.url}/api/v1/shares/outgoing?limit=50`, ann)
    await timed('shares.update', (round) => patch(server, ann, items[round].id, `text ${round}`))
    await timed('shares.getAlbumList2.anew', async (round) => {
      await patch(server, ann, items[round].id, `other ${round}`)
      const started = performance.now()
      await albums()
      return performance.now() - started
    })
  } finally {
    await server.stop()
  }
}

/** Mostly songs, some albums and artists, each another's. */
function fill(path: string): void {
  const db = openDatabase({ path, log: silentLogger })
  const ids = (table: string) => db.select(`SELECT id FROM ${table} ORDER BY id`, [], (row) => row.number(0))
  const [songs, albums, artists] = [ids('song'), ids('album'), ids('artist')]
  const user = (name: string) => db.select('SELECT id FROM user WHERE name = ?', [name], (row) => row.number(0))[0] ?? 0
  const [ann, ben] = [user('ann'), user('ben')]
  db.exec(`DELETE FROM user_library WHERE user_id = ${ben}`)
  db.transaction(() => {
    for (let n = 0; n < SHARES; n++) {
      const id = n.toString(36).padStart(10, 'A')
      db.run(
        `INSERT INTO sharing_share (id, owner_id, root_id, recipient, recipient_id, description, contents, format,
          max_bit_rate, can_view, can_stream, can_download, can_reshare, password, salt, max_views, max_downloads,
          created_at, updated_at) VALUES (?, ?, ?, 'user', ?, ?, 'Contents', '', 0, 1, 1, 0, 0, '', 'salt', 0, 0, ?, ?)`,
        [id, ann, ann, ben, `Share ${n}`, Date.now() - n * 1000, Date.now()],
      )
      const kind = n % 50 === 0 ? 'artist' : n % 5 === 0 ? 'album' : 'song'
      const list = { song: songs, album: albums, artist: artists }[kind]
      const key = list[n % list.length] as number
      db.run(`INSERT INTO sharing_target (share_id, position, kind, ref, ${kind}_id) VALUES (?, 0, ?, ?, ?)`, [
        id,
        kind,
        encodeId(kind, key as SongId as never),
        key,
      ])
    }
  })
  db.close()
}

async function login({ url }: Pick<ServerProcess, 'url'>, username: string, password: string): Promise<string> {
  const reply = await fetch(`${url}/auth/login`, { method: 'POST', body: JSON.stringify({ username, password }) })
  return ((await reply.json()) as { token: string }).token
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of any shape are looked into
async function get(url: string, token = ''): Promise<any> {
  const reply = await fetch(url, token ? { headers: { 'x-nd-authorization': `Bearer ${token}` } } : {})
  const body = (await reply.json()) as Record<string, { status?: string }>
  if (!reply.ok || (body['subsonic-response'] && body['subsonic-response'].status !== 'ok'))
    throw new Error(`${new URL(url).pathname}: ${reply.status} ${JSON.stringify(body).slice(0, 300)}`)
  return body['subsonic-response'] ?? body
}

async function patch({ url }: ServerProcess, token: string, id: string, description: string): Promise<void> {
  const reply = await fetch(`${url}/api/v1/shares/${id}`, {
    method: 'PATCH',
    headers: { 'x-nd-authorization': `Bearer ${token}` },
    body: JSON.stringify({ description }),
  })
  if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`)
}

/** The median of some rounds; one that answers a number has measured by itself. */
async function timed(name: string, work: (round: number) => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    const own = await work(round)
    times.push(typeof own === 'number' ? own : performance.now() - started)
  }
  figure(name, median(times), 'ms')
}
