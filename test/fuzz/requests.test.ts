import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { hasAddon } from '../support/adapters.ts'
import { buildOnce } from '../support/build-once.ts'
import { LONG_TIMEOUT_MS, rounds } from '../support/long-run.ts'
import { generateLibrary, temporaryFolder } from '../support/music-library.ts'
import { watchTree } from '../support/process-tree.ts'
import { createRandom } from '../support/random.ts'
import { ask, PASSWORD, type ServerProcess, scanFinished, startServer } from '../support/server-process.ts'

const REQUESTS = rounds('TEST_FUZZ_REQUESTS', { short: 5000, long: 100_000 })
/** Of all processes together. */
const MOST_MEMORY = 256e6
const SLOWEST_MS = 10_000

const random = createRandom()
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: ServerProcess

before(async () => {
  buildOnce()
  folder = await temporaryFolder('tonearm-fuzz-')
  await generateLibrary(join(folder.path, 'music'), 60)
  server = await startServer({
    data: join(folder.path, 'data'),
    music: [join(folder.path, 'music')],
    // Of what is no HTTP/1.1 `auto` would suspect HTTP/1.0 and change engines, at which a connection just made is reset.
    env: hasAddon() ? { TONEARM_SERVER_ADAPTER: 'uws' } : {},
  })
  await scanFinished(server)
})
after(async () => {
  await server.stop()
  await folder.remove()
})

const METHODS = (
  'ping getLicense getOpenSubsonicExtensions tokenInfo getMusicFolders getIndexes getMusicDirectory getGenres getArtists getArtist getAlbum ' +
  'getSong getVideos getVideoInfo getArtistInfo getArtistInfo2 getAlbumInfo getAlbumInfo2 getSimilarSongs getSimilarSongs2 getTopSongs ' +
  'getAlbumList getAlbumList2 getRandomSongs getSongsByGenre getNowPlaying getStarred getStarred2 search search2 search3 getPlaylists ' +
  'getPlaylist createPlaylist updatePlaylist deletePlaylist stream getTranscodeDecision getTranscodeStream hls.m3u8 download getCoverArt getLyrics getLyricsBySongId getAvatar star unstar ' +
  'setRating scrobble reportPlayback getShares createShare getPodcasts getInternetRadioStations createInternetRadioStation updateInternetRadioStation ' +
  'deleteInternetRadioStation getUser getUsers createUser updateUser getBookmarks createBookmark deleteBookmark getPlayQueue savePlayQueue ' +
  'getPlayQueueByIndex savePlayQueueByIndex getScanStatus startScan noSuchMethod'
).split(' ')
const NAMES = (
  'id albumId artistId songId playlistId size offset count type genre fromYear toYear musicFolderId query artistCount albumCount songCount ' +
  'songOffset name comment public songIdToAdd songIndexToRemove maxBitRate format timeOffset estimateContentLength rating time submission ' +
  'position current currentIndex username email ifModifiedSince artist title callback f v c streamUrl homepageUrl includeNotPresent ' +
  'mediaId mediaType transcodeParams positionMs state playbackRate ignoreScrobble'
).split(' ')
const VALUES = [
  '',
  '0',
  '-1',
  '1',
  '500',
  '99999999999999999999',
  '1e308',
  'NaN',
  '-0',
  'null',
  'true',
  's1',
  'a1',
  'r1',
  'd1',
  'p1',
  's0',
  'szzzzzzzzzzz',
  's1_ff',
  '..',
  '../../etc/passwd',
  '%2e%2e%2f',
  "' OR 1=1 --",
  '"; DROP TABLE song; --',
  '""',
  '*',
  'a* OR b',
  'NEAR(a b)',
  '^',
  '(',
  '日本語',
  '\u202e',
  '👩‍👩‍👧',
  '\ud800',
  '\0',
  'a\0b',
  '<script>',
  ']]>',
  '&amp;',
  '{{7*7}}',
  '\r\nSet-Cookie: x=1',
  'x'.repeat(10_000),
  'alphabeticalByName',
  'byYear',
  'song',
  'byGenre',
  'random',
  'xml',
  'json',
  'jsonp',
  'a.b.c',
  'a();b',
]

function hostileQuery(): string {
  const login = random.next() < 0.9 ? `u=admin&p=${encodeURIComponent(PASSWORD)}&v=1.16.1&c=fuzz` : 'u=admin&t=00&s=x'
  const parameters = Array.from(
    { length: random.whole(6) },
    () => `${random.pick(NAMES)}=${wellFormed(random.pick(VALUES))}`,
  )
  if (random.next() < 0.1) parameters.push('%', '%zz=%zz', '==', '&&&')
  return [login, ...parameters].join('&')
}

function wellFormed(value: string): string {
  return random.next() < 0.05
    ? value.replace(/[\s\0#]/g, '')
    : encodeURIComponent(value.replace(/[\ud800-\udfff]/g, (c) => (value.length > 1 ? c : '\ufffd')).toWellFormed())
}

async function hostileFetch(): Promise<number> {
  const method = random.pick(METHODS) + (random.next() < 0.3 ? '.view' : '')
  const query = hostileQuery()
  const signal = AbortSignal.timeout(SLOWEST_MS)
  const form = random.next() < 0.3
  const headers: Record<string, string> =
    random.next() < 0.2
      ? { range: random.pick(['bytes=0-', 'bytes=-1', 'bytes=5-2', 'bytes=a-b', 'bytes=0-0,2-2', 'items=1']) }
      : {}
  const url = `${server.url}${random.next() < 0.05 ? '//' : '/'}rest/${method}${form ? '' : `?${query}`}`
  const reply = await fetch(
    url,
    form
      ? {
          method: 'POST',
          body: query,
          signal,
          headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
        }
      : { method: random.pick(['GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'PUT']), signal, headers },
  )
  await reply.arrayBuffer()
  return reply.status
}

/** Bytes that are hardly HTTP. @returns the status, 0 when the server just hung up. */
function hostileBytes(): Promise<number> {
  const lines = [
    `GET /${'a/../'.repeat(random.whole(200))}rest/ping HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET /rest/ping?${'x'.repeat(random.whole(300_000))} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `POST /rest/ping HTTP/1.1\r\nHost: x\r\nContent-Length: ${random.pick(['-1', '5, 6', '99999999999', 'abc'])}\r\n\r\nhello`,
    'POST /rest/ping HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'GET /rest/ping HTTP/9.9\r\n\r\n',
    'GET http://example.invalid/rest/ping HTTP/1.1\r\nHost: x\r\n\r\n',
    `GET /rest/ping HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(random.whole(400_000))}\r\n\r\n`,
    Buffer.from(random.bytes(200)).toString('latin1'),
  ]
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1')
    let text = ''
    const late = setTimeout(() => socket.destroy(), 1500)
    socket.on('connect', () => socket.end(random.pick(lines), 'latin1'))
    socket.on('data', (chunk) => {
      text = (text + chunk.toString('latin1')).slice(0, 100)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(late)
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)
      Number.isNaN(status) ? reject(new Error(text)) : resolve(status)
    })
  })
}

test(`${REQUESTS} hostile requests get no 5xx and no hang, and the library is as before`, {
  timeout: LONG_TIMEOUT_MS,
}, async (t) => {
  t.diagnostic(`seed ${random.seed}`)
  const before = await counts()
  const memory = watchTree(server.pid)
  t.after(() => memory.end())
  let left = REQUESTS
  const statuses = new Map<number, number>()
  const worker = async () => {
    while (left-- > 0) {
      const status = await (random.next() < 0.04 ? hostileBytes() : hostileFetch())
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  // 501 is the answer for what only a plugin brings, which clients take for 'not supported'; 505 for no HTTP of ours.
  const bad = [...statuses].filter(([status]) => status >= 500 && status !== 501 && status !== 505)
  assert.deepEqual(bad, [], `answers by status: ${JSON.stringify([...statuses])}`)
  assert.deepEqual(await counts(), before)
  const most = memory.end()
  t.diagnostic(`most memory of all processes: ${Math.round(most / 1e6)} MB`)
  assert.ok(most < MOST_MEMORY, `${Math.round(most / 1e6)} MB`)
})

async function counts(): Promise<unknown> {
  const { searchResult3 } = (await ask(server, 'search3', {
    query: '',
    songCount: 500,
    albumCount: 500,
    artistCount: 500,
  })) as {
    searchResult3: Record<'song' | 'album' | 'artist', { id: string; title?: string; name?: string }[]>
  }
  const names = (list: { id: string; title?: string; name?: string }[]) =>
    list.map((one) => `${one.id} ${one.title ?? one.name}`)
  return { songs: names(searchResult3.song), albums: names(searchResult3.album), artists: names(searchResult3.artist) }
}
