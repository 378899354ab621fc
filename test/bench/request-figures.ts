import { ask, type ServerProcess, subsonicUrl } from '../support/server-process.ts'
import { figure, percentile, progress } from './figures.ts'
import { load } from './load.ts'
import { treeCpuSeconds } from './process-memory.ts'

/** Clients at once. */
const CONNECTIONS = 8
const SECONDS = 4
/** So many addresses are asked in turn at most. */
const MOST_ADDRESSES = 2000
/** Of processor time, for a figure. */
const LEAST_SECONDS = 0.5
const LISTENERS = ['ann', 'ben', 'cleo']
const LISTENERS_PASSWORD = 'listens to much music'
const ALBUM_LISTS = ['newest', 'alphabeticalByName', 'alphabeticalByArtist', 'frequent', 'recent', 'highest']

interface Kind {
  readonly name: string
  readonly method: string
  /** One for each address, in turn. */
  readonly parameters: readonly Readonly<Record<string, string | number>>[]
  /** Each answer is another one though the address is the same: nothing of it can be remembered. */
  readonly isRandom?: boolean
}

/**
 * What clients ask for, as they ask for it: addresses in turn, of several listeners. The first time through is cold, the
 * second one warm, where the server may have remembered answers. Requests for each second of processor time of the
 * server and its children, which is fair where others use the machine too.
 * Of fewer than half a second of processor time no rate is told: clocks tick every 10 ms.
 * @returns the cold rates by name, of what is too short for one the warm rate.
 */
export async function requestFigures(
  server: ServerProcess,
  options: { readonly prefix: string; readonly hasFiles: boolean },
): Promise<ReadonlyMap<string, number>> {
  for (const username of LISTENERS)
    await ask(server, 'createUser', { username, password: LISTENERS_PASSWORD, email: `${username}@example.org` })
  const rates = new Map<string, number>()
  for (const kind of await kinds(server, options.hasFiles)) {
    progress(`${options.prefix}.${kind.name}`)
    const urls = kind.parameters.slice(0, MOST_ADDRESSES).flatMap((parameters, at) => {
      const username = LISTENERS[at % LISTENERS.length] as string
      return subsonicUrl(server, kind.method, { ...parameters, u: username, p: LISTENERS_PASSWORD })
    })
    const name = `${options.prefix}.${kind.name}`
    const cold = await rate(server, urls, kind.isRandom ? undefined : urls.length)
    if (cold.rate !== undefined) figure(name, cold.rate, 'requests/s of one core')
    figure(`${name}.p99`, percentile(cold.latencies, 0.99), 'ms')
    const again = kind.isRandom ? undefined : (await rate(server, urls)).rate
    if (again !== undefined) figure(`${name}.again`, again, 'requests/s of one core')
    rates.set(kind.name, cold.rate ?? again ?? Number.NaN)
  }
  return rates
}

async function rate(server: ServerProcess, urls: readonly string[], requests?: number) {
  const before = treeCpuSeconds(server.pid)
  const result = await load(urls, { connections: CONNECTIONS, seconds: SECONDS, ...(requests ? { requests } : {}) })
  const spent = treeCpuSeconds(server.pid) - before
  return { rate: spent < LEAST_SECONDS ? undefined : result.requests / spent, latencies: result.latencies }
}

async function kinds(server: ServerProcess, hasFiles: boolean): Promise<readonly Kind[]> {
  const albums: Named[] = []
  for (let offset = 0; albums.length < MOST_ADDRESSES; offset += 500) {
    const { albumList2 } = (await ask(server, 'getAlbumList2', { type: 'newest', size: 500, offset })) as {
      albumList2: { album?: Named[] }
    }
    albums.push(...(albumList2.album ?? []))
    if ((albumList2.album?.length ?? 0) < 500) break
  }
  const songs = await songsOf(server)
  const total = ((await ask(server, 'getScanStatus')) as { scanStatus: { count: number } }).scanStatus.count
  const offsets = (step: number, count: number) => Array.from({ length: count }, (_, at) => at * step)
  const pages = Math.max(1, Math.floor(total / 500))
  const search = { albumCount: 20, artistCount: 20, songCount: 20 }
  const withoutFiles: readonly Kind[] = [
    { name: 'ping', method: 'ping', parameters: [{}], isRandom: true },
    {
      name: 'getAlbumList2',
      method: 'getAlbumList2',
      parameters: ALBUM_LISTS.flatMap((type) =>
        offsets(50, Math.min(300, Math.ceil(total / 11 / 50))).map((offset) => ({ type, size: 50, offset })),
      ),
    },
    {
      name: 'getAlbumList2.random',
      method: 'getAlbumList2',
      parameters: LISTENERS.map(() => ({ type: 'random', size: 20 })),
      isRandom: true,
    },
    { name: 'getAlbum', method: 'getAlbum', parameters: albums.map(({ id }) => ({ id })) },
    { name: 'getArtists', method: 'getArtists', parameters: LISTENERS.map(() => ({})) },
    {
      name: 'search3.words',
      method: 'search3',
      parameters: songs.map(({ title = '' }) => ({ query: title.split(' ').slice(0, 2).join(' '), ...search })),
    },
    {
      name: 'search3.page',
      method: 'search3',
      // The latest pages first, as the first ones are the cheapest for who counts rows.
      parameters: offsets(500, Math.min(pages, 60)).map((back) => ({
        query: '',
        songCount: 500,
        songOffset: Math.max(0, total - 500 - back),
        albumCount: 0,
        artistCount: 0,
      })),
    },
    {
      name: 'getRandomSongs',
      method: 'getRandomSongs',
      parameters: LISTENERS.map(() => ({ size: 100 })),
      isRandom: true,
    },
    { name: 'getSong', method: 'getSong', parameters: songs.map(({ id }) => ({ id })) },
    { name: 'scrobble', method: 'scrobble', parameters: songs.slice(0, 500).map(({ id }) => ({ id })), isRandom: true },
  ]
  if (!hasFiles) return withoutFiles
  return [
    ...withoutFiles,
    {
      name: 'getCoverArt',
      method: 'getCoverArt',
      parameters: albums.slice(0, 200).map(({ coverArt = '' }) => ({ id: coverArt, size: 300 })),
    },
    { name: 'stream', method: 'stream', parameters: songs.map(({ id }) => ({ id, format: 'raw' })) },
  ]
}

interface Named {
  readonly id: string
  readonly title?: string
  readonly coverArt?: string
}

/** Songs from everywhere in the library. */
async function songsOf(server: ServerProcess): Promise<readonly Named[]> {
  const songs = new Map<string, Named>()
  for (let round = 0; round < MOST_ADDRESSES / 500; round++) {
    const { randomSongs } = (await ask(server, 'getRandomSongs', { size: 500 })) as { randomSongs: { song: Named[] } }
    for (const song of randomSongs.song) songs.set(song.id, song)
  }
  return [...songs.values()]
}
