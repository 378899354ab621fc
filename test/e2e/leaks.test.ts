import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { definePlugin } from '../../src/plugin/api/define.ts'
import { coverJpeg } from '../support/audio.ts'
import {
  type Hidden,
  leakIn,
  MARK,
  musicProbes,
  nativeProbes,
  type Probe,
  subsonicProbes,
} from '../support/leak-probe.ts'
import { makeMusicLibrary } from '../support/music-library.ts'
import { type PluginServer, startPluginServer } from '../support/plugin-server.ts'
import { ADMIN } from '../support/test-server.ts'

/** A library of marked titles: the user `kid` could see all of it once, and may not any more. */

const open = (title: string, extra = {}) => ({
  title,
  artist: 'Ann',
  albumartist: 'Ann',
  album: 'Light',
  genre: 'Rock',
  date: 2001,
  ...extra,
})
const marked = (n: number, extra = {}) => ({
  audio: {
    tags: {
      title: `${MARK} song ${n}`,
      artist: `${MARK} artist`,
      albumartist: `${MARK} artist`,
      album: `${MARK} album`,
      genre: `${MARK} genre`,
      composer: `${MARK} composer`,
      comment: `${MARK} comment`,
      mood: `${MARK} mood`,
      date: 1999,
      ...extra,
    },
    lyrics: [{ text: `${MARK} lyrics` }],
  },
})
const picture = Buffer.concat([coverJpeg(3), Buffer.from(MARK)])

const OPEN = {
  'Ann/Light/01 - One.mp3': open('One'),
  'Ann/Light/02 - Two.mp3': open('Two', { artist: 'Ann / Ben' }),
  'Ben/Day/01 - Three.mp3': open('Three', { artist: 'Ben', albumartist: 'Ben', album: 'Day', genre: 'Jazz' }),
  // Hidden by folder, by genre, and as explicit; artists and genres of what is open have a part in each.
  [`Box/${MARK}/01 - ${MARK}.mp3`]: marked(1, { artist: ['Ann', `${MARK} artist`], genre: 'Rock' }),
  [`Box/${MARK}/cover.jpg`]: picture,
  [`Ann/Mixed/01 - ${MARK}.mp3`]: marked(2, { album: `${MARK} by genre`, albumartist: 'Ann' }),
  [`Ben/Loud/01 - ${MARK}.mp3`]: marked(3, {
    album: `${MARK} loud`,
    albumartist: 'Ben',
    genre: 'Rock',
    itunesadvisory: '1',
  }),
}
const CLOSED = {
  [`${MARK}/01 - ${MARK}.mp3`]: marked(4, { artist: ['Ben', `${MARK} artist`], genre: 'Jazz' }),
  [`${MARK}/02 - ${MARK}.mp3`]: marked(5),
  [`${MARK}/cover.jpg`]: picture,
  [`${MARK}/${MARK}.m3u`]: `01 - ${MARK}.mp3\n02 - ${MARK}.mp3\n`,
}

/** All that lie in the repository: the routes and endpoints of each are probed with those of the core. */
const PLUGINS = readdirSync(new URL('../../plugins/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => new URL(`../../plugins/${name}/`, import.meta.url))
const names = PLUGINS.map((url) => basename(url.pathname))
const OTHERS = PLUGINS.filter((_, index) => names[index] !== 'library-acl')
const KID = 'u=kid&p=kid-pass&v=1.16.1&c=leaks'
const BASIC = { authorization: `Basic ${Buffer.from('kid:kid-pass').toString('base64')}` }
/** Requests at a time. */
const LANES = 12
const RULES = {
  denyFolders: [{ libraryId: 1, path: 'Box' }],
  denyGenres: [`${MARK} GENRE`],
  denyExplicit: true,
  share: true,
  jukebox: true,
}

let server: PluginServer
let hidden: Hidden
let probeIds: readonly string[]
let genreIds: readonly string[]
let kid: string

before(async () => {
  server = await startPluginServer({
    libraries: { Open: OPEN, [`Closed ${MARK}`]: CLOSED },
    users: [{ name: 'kid', password: 'kid-pass' }],
  })
  await server.load(...PLUGINS)
  kid = `u${server.core.accounts.find('kid')?.id.toString(36)}`
  const ids = (sql: string, letter: string) =>
    server.core.db.all<{ id: number }>(sql).map(({ id }) => letter + id.toString(36))
  const like = `LIKE '%${MARK}%'`
  const songs = ids(`SELECT id FROM song WHERE title ${like}`, 's')
  hidden = {
    ids: [
      ...songs,
      ...ids(`SELECT id FROM album WHERE name ${like}`, 'a'),
      ...ids(`SELECT id FROM artist WHERE name ${like}`, 'r'),
      ...ids(
        `SELECT id FROM folder WHERE path ${like} OR path IN ('Box', 'Ann/Mixed', 'Ben/Loud') OR library_id = 2`,
        'd',
      ),
    ],
    libraryId: 2,
  }
  assert.equal(songs.length, 5)
  await setRules({ share: true }, [1, 2])
  await usedByEverybody(songs)
  await setRules(RULES, [1])
  probeIds = [
    ...hidden.ids,
    ...ids('SELECT id FROM playlist', 'p'),
    ...ids(`SELECT id FROM artist WHERE name IN ('Ann', 'Ben')`, 'r'),
    ...ids(`SELECT id FROM song WHERE title = 'Two'`, 's'),
    ...ids(`SELECT id FROM album WHERE name = 'Light'`, 'a'),
    ...ids(`SELECT id FROM folder WHERE path IN ('', 'Ann', 'Ben') AND library_id = 1`, 'd'),
    ...ids('SELECT id FROM user', 'u'),
    '1',
    '2',
  ]
  genreIds = ids('SELECT id FROM genre', 'g')
})
after(() => server.stop())

/** While kid still might: stars, plays, marks, queues and lists of what is hidden later, by kid and by the administrator. */
async function usedByEverybody(songs: readonly string[]): Promise<void> {
  const admin = `u=${ADMIN.name}&p=${ADMIN.password}&v=1.16.1&c=before`
  const list = songs.map((id) => `songId=${id}`).join('&')
  const id = songs.map((one) => `id=${one}`).join('&')
  const marks = hidden.ids.map((one) => `id=${one}`).join('&')
  for (const who of [KID, admin]) {
    for (const call of [
      `star?${marks}`,
      `scrobble?${id}&submission=true`,
      `scrobble?id=${songs[4]}&submission=false`,
      `createPlaylist?name=Shared&songId=s1&${list}`,
      `createShare?${id}&id=s1&description=Mine`,
      `savePlayQueue?${id}&id=s1&current=${songs[1]}&position=1`,
      ...songs.flatMap((song) => [`setRating?id=${song}&rating=5`, `createBookmark?id=${song}&position=10`]),
    ]) {
      const answer = await (await fetch(`${server.url}/rest/${call}&f=json&${who}`)).text()
      assert.match(answer, /"status":"ok"/, call)
    }
  }
  for (const playlist of server.core.db.all<{ id: number }>('SELECT id FROM playlist')) {
    await fetch(`${server.url}/rest/updatePlaylist?playlistId=p${playlist.id.toString(36)}&public=true&${admin}`)
  }
}

async function asAdmin(method: string, path: string, body: unknown): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${ADMIN.name}:${ADMIN.password}`).toString('base64')}`
  const answer = await fetch(server.url + path, { method, headers: { authorization }, body: JSON.stringify(body) })
  assert.equal(answer.status, 200, await answer.text())
}

async function setRules(rules: object, libraryIds: readonly number[]): Promise<void> {
  await asAdmin('PUT', `/api/user/${kid}/access`, rules)
  await asAdmin('PUT', `/api/user/${kid}/library`, { libraryIds })
}

/** Thousands of requests: connections are kept, and nothing is packed only to be unpacked. */
const agent = new Agent({ keepAlive: true, maxSockets: LANES })
after(() => agent.destroy())

async function asKid({ method, path, body }: Probe, format: 'xml' | 'json'): Promise<string> {
  const isSubsonic = path.startsWith('/rest/')
  const url = server.url + path + (isSubsonic ? `&f=${format}&${KID}` : '')
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method, agent, headers: isSubsonic ? {} : BASIC }, resolve)
      .on('error', reject)
      .end(body)
  })
  // Byte by byte: what is in a song or a picture counts as well.
  return (await bytesOf(answer)).toString('latin1')
}

/** Whole, but of events that go on for ever what is told at the beginning. */
async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const parts: Uint8Array[] = []
  answer.on('data', (part: Uint8Array) => parts.push(part))
  await new Promise<void>((resolve, reject) => {
    answer.on('end', resolve).on('error', reject)
    if (!answer.headers['content-type']?.startsWith('text/event-stream')) return
    setTimeout(() => {
      resolve()
      answer.destroy()
    }, 500)
  })
  return Buffer.concat(parts)
}

async function assertTight(probes: readonly Probe[], formats: readonly ('xml' | 'json')[]): Promise<void> {
  const leaks: string[] = []
  await inLanes(
    probes.flatMap((probe) => formats.map((format) => ({ probe, format }))),
    async ({ probe, format }) => {
      const leak = leakIn(await asKid(probe, format), probe, hidden)
      if (leak) leaks.push(`${probe.method} ${probe.path} (${format}): ${leak}`)
    },
  )
  assert.deepEqual(leaks.sort(), [])
}

/** Some at a time: most of an answer is waiting. */
async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const lane = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** Answers without what the time changes, lists in an order of their own. */
async function answers(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const ids = [...someIds(), ...probeIds.slice(hidden.ids.length)]
  const probes = [...musicProbes([...ids, ...genreIds]), ...subsonicProbes(server, ids, true)]
  const isText = ({ path }: Probe) =>
    !/\/rest\/(stream|getTranscodeStream|download|getCoverArt|getAvatar|hls)/.test(path)
  await inLanes(probes.filter(isText), async (probe) => {
    const text = await asKid(probe, 'json')
    found.set(
      probe.path,
      canonical(
        JSON.parse(text, (key, value) => (/^(lastModified|lastScan|scanType|minutesAgo)$/.test(key) ? 0 : value)),
      ),
    )
  })
  return found
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? ''
  return `{${Object.entries(value)
    .map(([key, member]) => `${key}:${canonical(member)}`)
    .sort()
    .join()}}`
}

/** Of each kind one; for the runs that are repeated under changing conditions. */
function someIds(): readonly string[] {
  return ['s', 'a', 'r', 'd'].map((letter) => hidden.ids.find((id) => id.startsWith(letter)) ?? assert.fail())
}

function nativeReads(ids: readonly string[]): readonly Probe[] {
  return nativeProbes(server, ids).filter(({ method }) => method === 'GET')
}

/** `work` again and again while `until` runs, with as long a rest after each turn as it took: half of the time is left. */
async function meanwhile(work: () => Promise<void>, until: () => Promise<void>): Promise<void> {
  let over = false
  const loop = (async () => {
    while (!over) {
      const began = performance.now()
      await work()
      await new Promise((resolve) => setTimeout(resolve, performance.now() - began))
    }
  })()
  try {
    await until()
  } finally {
    over = true
    await loop
  }
}

test('what kid may see is there', async () => {
  const text = await asKid({ method: 'GET', path: '/rest/search3?query=&songCount=500', sent: [] }, 'json')
  for (const title of ['One', 'Two', 'Three']) assert.ok(text.includes(`"title":"${title}"`), title)
})

test('every endpoint with every id shows nothing of what is hidden', async () => {
  await assertTight(subsonicProbes(server, probeIds, true), ['json'])
  // One tree becomes both: another format can only differ in how a thing of a kind is written.
  await assertTight(subsonicProbes(server, someIds(), true), ['xml'])
  await assertTight([...musicProbes([...probeIds, ...genreIds]), ...nativeProbes(server, probeIds)], ['json'])
})

test('no answer changes with what is hidden: no count, no order, no page', async () => {
  const before = await answers()
  const more = Object.fromEntries(Array.from({ length: 7 }, (_, n) => [`${MARK}/1${n} - ${MARK}.mp3`, marked(10 + n)]))
  await makeMusicLibrary(join(server.musicDir, `Closed ${MARK}`), more)
  await makeMusicLibrary(join(server.musicDir, 'Open/Box'), {
    [`${MARK}/10 - ${MARK}.mp3`]: marked(20, { artist: 'Ann' }),
  })
  await makeMusicLibrary(join(server.musicDir, 'Open/Ben/Loud'), {
    '10 - x.mp3': marked(21, { album: `${MARK} loud`, albumartist: 'Ben', genre: 'Rock', itunesadvisory: '1' }),
  })
  await server.core.scanner.scan({ kind: 'quick' })
  const different = [...(await answers())].filter(([path, answer]) => answer !== before.get(path))
  assert.deepEqual(
    different.map(([path, answer]) => `${path}\n  was ${before.get(path)}\n  is  ${answer}`),
    [],
  )
})

test('pages are full and agree with the totals', async () => {
  const rest = async (call: string) =>
    JSON.parse(await asKid({ method: 'GET', path: `/rest/${call}`, sent: [] }, 'json'))['subsonic-response']
  const walk = async (call: (offset: number) => string, pick: (answer: never) => readonly { id: string }[]) => {
    const seen: string[] = []
    for (let offset = 0; ; offset++) {
      const page = pick((await rest(call(offset))) as never)
      if (page.length === 0) return seen
      assert.equal(page.length, 1, 'a short page')
      seen.push(page[0]?.id ?? '')
    }
  }
  const songs = await walk(
    (offset) => `search3?query=&songCount=1&songOffset=${offset}&albumCount=0&artistCount=0`,
    (answer: { searchResult3: { song?: { id: string }[] } }) => answer.searchResult3.song ?? [],
  )
  assert.deepEqual([songs.length, new Set(songs).size], [3, 3])
  const albums = await walk(
    (offset) => `getAlbumList2?type=alphabeticalByName&size=1&offset=${offset}`,
    (answer: { albumList2: { album?: { id: string }[] } }) => answer.albumList2.album ?? [],
  )
  assert.equal(new Set(albums).size, 2)
  const { genres } = await rest('getGenres?')
  assert.deepEqual(
    genres.genre.map((one: Record<string, unknown>) => [one.value, one.songCount, one.albumCount]).sort(),
    [
      ['Jazz', 1, 1],
      ['Rock', 2, 1],
    ],
  )
  const { playlists } = await rest('getPlaylists?')
  for (const { id, songCount } of playlists.playlist) {
    const { playlist } = await rest(`getPlaylist?id=${id}`)
    assert.equal((playlist.entry ?? []).length, songCount)
  }
})

test('nothing shows while grants and rules change around it', async () => {
  let turn = 0
  await meanwhile(
    async () => {
      turn++
      await asAdmin('PUT', `/api/user/${kid}/access`, turn % 2 ? { denyGenres: [`${MARK} genre`, 'Jazz'] } : RULES)
      await asAdmin('PUT', `/api/user/${kid}/library`, { libraryIds: [1] })
      server.core.auth.scopes.invalidate()
    },
    () => assertTight([...nativeReads(someIds()), ...subsonicProbes(server, someIds(), true)], ['json']),
  )
  await setRules(RULES, [1])
  assert.ok(turn > 3)
})

test('nothing shows while the plugins are reloaded again and again', async () => {
  let turn = 0
  await meanwhile(
    async () => {
      turn++
      for (const name of names) await server.host.reload(name)
    },
    async () => {
      // A reload waits for what runs: each request costs more here than anywhere else.
      const ids = someIds().slice(0, 2)
      await assertTight([...nativeReads(ids), ...subsonicProbes(server, ids, true)], ['json'])
    },
  )
  assert.ok(turn > 3)
})

test('each plugin has its part in what is probed', () => {
  assert.ok(names.includes('library-acl') && names.includes('sharing'))
  const probes = [...subsonicProbes(server, ['x'], false), ...nativeProbes(server, ['x'])].map(({ path }) => path)
  for (const { path } of server.routes()) {
    const start = path.split(/[:*]/, 1)[0] as string
    assert.ok(
      probes.some((probe) => probe.startsWith(start)),
      path,
    )
  }
  for (const endpoint of ['createShare', 'getShares'])
    assert.ok(
      probes.some((probe) => probe.startsWith(`/rest/${endpoint}?`)),
      endpoint,
    )
})

test('endpoints that change something take nothing hidden for it', async () => {
  await assertTight(subsonicProbes(server, probeIds, false), ['json'])
})

const songsOfKid = async () => {
  const text = await asKid({ method: 'GET', path: '/rest/search3?query=&songCount=500', sent: [] }, 'json')
  return text.split('"title"').length - 1
}

test('when a plugin that narrows throws, nothing is visible at all', async () => {
  const throwing = definePlugin({
    name: 'throwing',
    apiVersion: '1.0',
    permissions: ['access:scope'],
    setup(ctx) {
      ctx.hooks.on('access.scope', () => {
        throw new Error(MARK)
      })
    },
  })
  await server.load(...PLUGINS, throwing)
  assert.equal(await songsOfKid(), 0)
  await assertTight([...nativeReads(someIds()), ...subsonicProbes(server, someIds(), true)], ['json'])
  // One that only vanished would keep its gate shut.
  await server.host.setEnabled('throwing', false)
  await server.load(...PLUGINS)
  assert.equal(await songsOfKid(), 3)
})

test('when the plugin is missing, nothing is visible; when it is back, what was', async () => {
  await server.load(...OTHERS)
  assert.equal(await songsOfKid(), 0)
  await assertTight([...nativeReads(someIds()), ...subsonicProbes(server, someIds(), true)], ['json'])
  await server.load(...PLUGINS)
  assert.equal(await songsOfKid(), 3)
})

test('when the plugin is switched off, nothing is visible', async () => {
  await server.host.setEnabled('library-acl', false)
  assert.equal(await songsOfKid(), 0)
  await server.host.setEnabled('library-acl', true)
  assert.equal(await songsOfKid(), 3)
})
