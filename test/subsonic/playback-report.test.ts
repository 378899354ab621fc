import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeIdOf } from '../../src/base/ids.ts'
import { createTestClock } from '../support/clock.ts'
import { askJson, at, listAt, login, queryString, type SubsonicQuery } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'
import { type Ids, idsOf, LIBRARIES, USERS } from './world.ts'

const clock = createTestClock()
let server: TestServer
let ids: Ids

before(async () => {
  server = await startTestServer({ libraries: LIBRARIES, users: USERS, clock })
  ids = idsOf(server.core.repositories)
  const { db } = server.core
  const lengths = { One: 200_000, Two: 1_000_000, Only: 200_000, loose: 0 }
  for (const [title, length] of Object.entries(lengths))
    db.run('UPDATE song SET duration_ms = ? WHERE id = ?', [length, Number(decodeIdOf('song', ids.song(title)))])
})
after(() => server?.stop())

const asAdmin = (endpoint: string, query: SubsonicQuery = {}, client = 'test') =>
  askJson(server.subsonic, endpoint, { ...login(ADMIN.name, ADMIN.password, client), ...query })
const asAnn = (endpoint: string, query: SubsonicQuery = {}, client = 'test') =>
  askJson(server.subsonic, endpoint, { ...login('ann', 'ann-pass', client), ...query })
const playsOf = async (title: string) =>
  Number(at(await asAdmin('getSong', { id: ids.song(title) }), 'song.playCount') ?? 0)

/** `own`: the song that the history is about. */
type Step = (client: string, own?: string) => Promise<void> | void
type More = Readonly<{ song?: string; rate?: number; ignore?: boolean }>

/** One word of the client. */
const word =
  (state: string) =>
  (seconds: number, { song, rate = 1, ignore = false }: More = {}): Step =>
  async (client, own = 'One') => {
    const mediaId = ids.song(song ?? own)
    const rest = { playbackRate: rate, ignoreScrobble: ignore }
    const answer = await asAdmin(
      'reportPlayback',
      { mediaId, mediaType: 'song', positionMs: seconds * 1000, state, ...rest },
      client,
    )
    assert.equal(answer.status, 'ok', JSON.stringify(answer))
  }
const [starts, plays, pauses, stops] = ['starting', 'playing', 'paused', 'stopped'].map(word) as [
  ReturnType<typeof word>,
  ReturnType<typeof word>,
  ReturnType<typeof word>,
  ReturnType<typeof word>,
]
const wait =
  (seconds: number): Step =>
  () =>
    clock.advance(seconds * 1000)
/** With `ago`: a time, so many seconds ago. */
const scrobbles =
  ({ ago, client: name }: { ago?: number; client?: string } = {}): Step =>
  async (client, own = 'One') => {
    const time: SubsonicQuery = ago === undefined ? {} : { time: clock.now() - ago * 1000 }
    await asAdmin('scrobble', { id: ids.song(own), ...time }, name ?? client)
  }
const tells =
  (song = 'One'): Step =>
  async (client) => {
    await asAdmin('scrobble', { id: ids.song(song), submission: false }, client)
  }
const clockJumps =
  (seconds: number): Step =>
  () =>
    clock.jump(seconds * 1000)
const times = (count: number, ...steps: readonly Step[]): Step[] => Array.from({ length: count }, () => steps).flat()

/** What happens, and how often the song (One, 200 s, if none is named) was played by that. */
const HISTORIES: Readonly<Record<string, readonly [plays: number, song: string, ...steps: readonly Step[]]>> = {
  'from start to end': [1, 'One', starts(0), plays(0), wait(200), stops(200)],
  'exactly half': [1, 'One', starts(0), plays(0), wait(100), stops(100)],
  'less than half': [0, 'One', starts(0), plays(0), wait(99.9), stops(99.9)],
  'half, told while it goes on': [1, 'One', plays(0), wait(50), plays(50), wait(50), plays(100)],
  'counted once, however often it is told': [
    1,
    'One',
    plays(0),
    ...Array.from({ length: 40 }, (_, index) => [wait(5), plays(5 * (index + 1))]).flat(),
    stops(200),
  ],
  'four minutes of a long song': [1, 'Two', starts(0), plays(0), wait(240), plays(240)],
  'less than four minutes of a long song': [0, 'Two', starts(0), plays(0), wait(239), stops(239)],
  'four minutes of a song without a length': [1, 'loose', starts(0), plays(0), wait(240), stops(240)],
  'a song without a length, less': [0, 'loose', starts(0), plays(0), wait(200), stops(200)],
  'buffering is not listening': [0, 'One', starts(0), wait(150), plays(0), wait(60), stops(60)],
  'nor is a pause': [0, 'One', plays(0), wait(60), pauses(60), wait(600), stops(60)],
  'a pause does not take away': [1, 'One', plays(0), wait(60), pauses(60), wait(600), plays(60), wait(40), stops(100)],
  'positions alone are not heard': [0, 'One', starts(0), plays(0), plays(100), plays(150), stops(199)],
  'a seek to the end is no listening': [0, 'One', plays(0), wait(10), plays(190), wait(10), stops(200)],
  'from the middle to the end': [1, 'One', starts(100), plays(100), wait(100), stops(200)],
  'back and forth after it counted': [1, 'One', plays(0), ...times(3, wait(120), plays(0)), stops(0)],
  'the same minute twice is one minute': [0, 'One', plays(0), wait(60), plays(0), wait(60), stops(60)],
  'parts that together are half': [1, 'One', plays(0), wait(50), plays(120), wait(50), stops(170)],
  'jumping about in the same second': [0, 'One', ...times(100, plays(0), plays(199), wait(0.2)), stops(0)],
  'twice as fast': [1, 'One', plays(0, { rate: 2 }), wait(50), stops(100)],
  'half as fast': [0, 'One', plays(0, { rate: 0.5 }), wait(150), stops(75)],
  'a new start counts anew': [2, 'One', starts(0), plays(0), wait(200), starts(0), plays(0), wait(200), stops(200)],
  'after a stop it counts anew': [2, 'One', plays(0), wait(150), stops(150), plays(0), wait(150), stops(150)],
  'a start that is told twice is one': [1, 'One', starts(0), starts(0), plays(0), wait(150), starts(0), stops(0)],
  'without a stop, by the next song': [
    1,
    'One',
    plays(0),
    wait(200),
    starts(0, { song: 'Two' }),
    stops(0, { song: 'Two' }),
  ],
  'a stop of another song': [1, 'One', plays(0), wait(60), stops(5, { song: 'Two' }), wait(60), stops(120)],
  ignored: [0, 'One', starts(0, { ignore: true }), plays(0, { ignore: true }), wait(200), stops(200, { ignore: true })],
  'ignored at last': [0, 'One', plays(0), wait(200), stops(200, { ignore: true })],
  'ignored by the next song': [1, 'One', plays(0), wait(200), starts(0, { song: 'Two', ignore: true })],
  'heard while ignored': [0, 'One', plays(0, { ignore: true }), wait(90), plays(90), wait(90), stops(180)],
  'ignored and scrobbled': [
    1,
    'One',
    plays(0, { ignore: true }),
    wait(100),
    scrobbles(),
    wait(100),
    stops(200, { ignore: true }),
  ],
  'each scrobble of a client that lets ignore': [
    2,
    'One',
    plays(0, { ignore: true }),
    wait(100),
    scrobbles(),
    wait(200),
    scrobbles(),
    stops(200, { ignore: true }),
  ],
  'silence after the start is not heard': [0, 'One', plays(0), wait(100_000)],
  'a late word within half an hour': [1, 'One', plays(0), wait(200 + 1799), stops(200)],
  'a word that comes too late': [0, 'One', plays(0), wait(200 + 1801), stops(200)],
  'a scrobble after it counted': [1, 'One', plays(0), wait(100), plays(100), scrobbles(), wait(100), stops(200)],
  'a scrobble before it counted': [1, 'One', plays(0), wait(50), scrobbles(), wait(150), stops(200)],
  'a scrobble at its end': [1, 'One', plays(0), wait(200), stops(200), scrobbles()],
  'a scrobble a little after its end': [1, 'One', plays(0), wait(200), stops(200), wait(20), scrobbles()],
  'a scrobble during the next song': [1, 'One', plays(0), wait(200), plays(0, { song: 'Two' }), wait(5), scrobbles()],
  'scrobbles before and after': [
    1,
    'One',
    plays(0),
    wait(100),
    scrobbles({ ago: 100 }),
    wait(100),
    stops(200),
    scrobbles(),
  ],
  'one that was skipped and is told all the same': [1, 'One', plays(0), wait(20), stops(20), scrobbles({ ago: 20 })],
  'a scrobble with the time of its start': [
    1,
    'One',
    plays(0),
    wait(200),
    stops(200),
    wait(9000),
    scrobbles({ ago: 9200 }),
  ],
  'a scrobble with the time of its end': [
    1,
    'One',
    plays(0),
    wait(200),
    stops(200),
    wait(9000),
    scrobbles({ ago: 9000 }),
  ],
  'a scrobble with a time by a clock that is behind': [
    1,
    'One',
    plays(0),
    wait(200),
    stops(200),
    wait(9000),
    scrobbles({ ago: 9205 }),
  ],
  'the same told again and again': [
    1,
    'One',
    plays(0),
    wait(200),
    stops(200),
    ...times(3, wait(50), scrobbles({ ago: 200 })),
  ],
  'an older play told later': [2, 'One', plays(0), wait(200), stops(200), scrobbles({ ago: 4000 })],
  'an older play told while it plays': [2, 'One', plays(0), wait(20), scrobbles({ ago: 4000 }), wait(180), stops(200)],
  'a play without reports, right after one with': [
    2,
    'One',
    plays(0),
    wait(200),
    stops(200),
    wait(205),
    scrobbles({ ago: 200 }),
  ],
  'a scrobble of another client': [2, 'One', plays(0), wait(200), stops(200), scrobbles({ client: 'another client' })],
  'the wall clock is set on': [1, 'One', plays(0), wait(60), clockJumps(5e7), plays(60), wait(50), stops(110)],
  'the wall clock is set back': [0, 'One', plays(0), wait(60), clockJumps(-5e7), plays(60), wait(30), stops(90)],
  'the wall clock is set, and a scrobble tells the start': [
    1,
    'One',
    plays(0),
    wait(60),
    clockJumps(5e7),
    wait(60),
    stops(120),
    scrobbles({ ago: 120 }),
  ],
  'stopped in the middle, then played on': [
    1,
    'Two',
    starts(0),
    plays(0),
    wait(300),
    stops(300),
    wait(5),
    plays(300),
    wait(700),
    stops(1000),
  ],
  'stopped and played on, and told with the time of its start': [
    1,
    'Two',
    plays(0),
    wait(300),
    stops(300),
    wait(5),
    plays(301),
    wait(300),
    stops(600),
    scrobbles({ ago: 605 }),
  ],
  'two parts that are half, with a stop between them': [
    1,
    'One',
    plays(0),
    wait(60),
    stops(60),
    wait(9000),
    plays(60),
    wait(60),
    stops(120),
  ],
  'paused for hours, and told with the time of its start': [
    1,
    'One',
    plays(0),
    wait(60),
    pauses(60),
    wait(10_800),
    plays(60),
    wait(140),
    stops(200),
    scrobbles({ ago: 11_000 }),
  ],
  'paused for hours after it counted, and told at its end': [
    1,
    'One',
    plays(0),
    wait(110),
    pauses(110),
    wait(10_800),
    plays(110),
    wait(90),
    stops(200),
    scrobbles({ ago: 0 }),
  ],
  'a play without reports while another is paused for hours': [
    2,
    'One',
    plays(0),
    wait(110),
    stops(110),
    wait(10_800),
    plays(110),
    wait(90),
    stops(200),
    scrobbles({ ago: 5000 }),
  ],
  'played on after more than a day': [
    2,
    'One',
    plays(0),
    wait(120),
    stops(120),
    wait(90_000),
    plays(120, { rate: 0.5 }),
    ...[wait(30), plays(0), wait(100), stops(100)],
  ],
  'again and again, told by the position alone': [3, 'One', ...times(3, plays(0), wait(200)), stops(200)],
  'and when nobody tells of the end': [
    2,
    'One',
    plays(0),
    wait(190),
    plays(190),
    wait(12),
    plays(1),
    wait(120),
    stops(120),
  ],
  'silence is not heard, whatever goes on after it': [0, 'One', plays(0), wait(9000), plays(150), wait(40), stops(190)],
  'said to play, then reported': [1, 'One', tells(), starts(0), plays(0), wait(150), tells(), stops(150)],
  'said to play, which nobody hears': [0, 'One', tells(), wait(150), tells('Two')],
  'two players that call themselves the same': [
    1,
    'One',
    starts(0),
    plays(0),
    starts(0, { song: 'Two' }),
    ...Array.from({ length: 12 }, (_, index) => [
      wait(10),
      plays(10 * (index + 1)),
      plays(10 * (index + 1), { song: 'Two' }),
    ]).flat(),
    stops(120),
  ],
}

const reset = () => clock.advance(100 * 3_600_000)
const entriesOf = async (ask: typeof asAdmin) => listAt(await ask('getNowPlaying'), 'nowPlaying.entry')
/** Title, state, position and rate of what plays, as this user is told. */
const shown = async (ask = asAdmin) =>
  (await entriesOf(ask)).map((entry) => ['title', 'state', 'positionMs', 'playbackRate'].map((name) => at(entry, name)))

for (const [what, [expected, song, ...steps]] of Object.entries(HISTORIES))
  test(`a history: ${what}`, async () => {
    reset()
    const before = await playsOf(song)
    for (const step of steps) await step(what, song)
    assert.equal((await playsOf(song)) - before, expected)
  })

test('what plays is told with its state, position and rate, which go on between reports', async () => {
  reset()
  const told = async (...steps: readonly Step[]) => {
    for (const step of steps) await step('app')
    return shown()
  }
  assert.deepEqual(await told(), [])
  assert.deepEqual(await told(starts(0)), [['One', 'starting', 0, 1]])
  assert.deepEqual(await told(wait(7)), [['One', 'starting', 0, 1]])
  assert.deepEqual(await told(plays(0)), [['One', 'playing', 0, 1]])
  assert.deepEqual(await told(wait(12.345)), [['One', 'playing', 12_345, 1]])
  assert.deepEqual(await told(plays(20, { rate: 1.5 }), wait(10)), [['One', 'playing', 35_000, 1.5]])
  assert.deepEqual(await told(pauses(36), wait(500)), [['One', 'paused', 36_000, 1]])
  assert.deepEqual(await told(plays(190), wait(60)), [['One', 'playing', 200_000, 1]])
  const [entry] = await entriesOf(asAdmin)
  assert.deepEqual([at(entry, 'minutesAgo'), at(entry, 'playerName'), at(entry, 'username')], [9, 'app', 'admin'])
  assert.deepEqual(await told(plays(500)), [['One', 'playing', 200_000, 1]])
  assert.deepEqual(await told(stops(200)), [])
  assert.deepEqual(await told(tells(), wait(30)), [['One', 'playing', 30_000, 1]])
  assert.deepEqual(await told(plays(31), wait(1)), [['One', 'playing', 32_000, 1]])
  assert.deepEqual(await told(pauses(0, { song: 'Two' })), [['Two', 'paused', 0, 1]])
  assert.deepEqual(await told(wait(1000 + 1799)), [['Two', 'paused', 0, 1]])
  assert.deepEqual(await told(wait(2)), [])
  assert.deepEqual(await told(stops(0)), [])
})

test('a song is shown to those who may see it, and reported by them', async () => {
  reset()
  const [secret, open] = [ids.song('Only'), ids.song('One')]
  const report = { mediaType: 'song', positionMs: 0, state: 'playing' }
  assert.equal(at(await asAdmin('reportPlayback', { ...report, mediaId: secret }, 'one'), 'status'), 'ok')
  assert.equal(at(await asAdmin('reportPlayback', { ...report, mediaId: open }, 'two'), 'status'), 'ok')
  for (const state of ['starting', 'playing', 'paused', 'stopped'])
    assert.equal(at(await asAnn('reportPlayback', { ...report, state, mediaId: secret }), 'error.code'), 70)
  assert.deepEqual(
    (await shown(asAnn)).map(([title]) => title),
    ['One'],
  )
  assert.deepEqual(
    (await shown()).map(([title]) => title),
    ['One', 'Only'],
  )
})

test('one user says nothing of what another plays, and counts nothing for them', async () => {
  reset()
  const report = { mediaId: ids.song('One'), mediaType: 'song', positionMs: 0 }
  const before = await playsOf('One')
  await asAdmin('reportPlayback', { ...report, state: 'playing' }, 'app')
  clock.advance(150_000)
  await asAnn('reportPlayback', { ...report, state: 'stopped' }, 'app')
  await asAnn('scrobble', { id: ids.song('One') }, 'app')
  assert.equal((await shown()).length, 1)
  assert.equal((await playsOf('One')) - before, 0)
  await asAdmin('reportPlayback', { ...report, state: 'stopped' }, 'app')
  assert.equal((await playsOf('One')) - before, 1)
})

test('a client with a new name each time neither fills the list nor pushes out others', async () => {
  reset()
  const report = { mediaId: ids.song('One'), mediaType: 'song', positionMs: 0, state: 'playing' }
  await asAnn('reportPlayback', report, 'quiet')
  for (let number = 0; number < 1100; number++) await asAdmin('reportPlayback', report, `loud ${number}`)
  const names = (await entriesOf(asAdmin)).map((entry) => at(entry, 'playerName'))
  assert.equal(names.length, 17)
  assert.ok(names.includes('quiet') && names.includes('loud 1099'))
  const before = await at(await asAnn('getSong', { id: ids.song('One') }), 'song.playCount')
  clock.advance(100_000)
  await asAnn('reportPlayback', { ...report, state: 'stopped' }, 'quiet')
  const after = await at(await asAnn('getSong', { id: ids.song('One') }), 'song.playCount')
  assert.equal(Number(after) - Number(before ?? 0), 1)
})

const SOUND = { mediaId: 'One', mediaType: 'song', positionMs: '0', state: 'playing' }
/** A change of a report that is right, and the error that it gets. */
const WORDS: readonly (readonly [change: Readonly<Record<string, string | undefined>>, code: number | undefined])[] = [
  [{}, undefined],
  ...['mediaId', 'mediaType', 'positionMs', 'state'].flatMap((name) => [
    [{ [name]: undefined }, 10] as const,
    [{ [name]: '' }, 10] as const,
  ]),
  ...['s0', 's999999', 'nonsense', 'Main', '../x', "' OR 1=1"].map((mediaId) => [{ mediaId }, 70] as const),
  ...['album', 'artist', 'folder'].map((mediaId) => [{ mediaId }, 70] as const),
  [{ mediaType: 'podcast' }, 70],
  ...['Song', 'video', 'songs', '0'].map((mediaType) => [{ mediaType }, 0] as const),
  ...['-1', '1.5', 'NaN', 'Infinity', '1e400', '0x10', 'x', '9'.repeat(40)].map(
    (positionMs) => [{ positionMs }, 0] as const,
  ),
  ...['1', '200000', '999999999', '9007199254740991'].map((positionMs) => [{ positionMs }, undefined] as const),
  ...['play', 'PLAYING', 'completed', 'constructor'].map((state) => [{ state }, 0] as const),
  ...['starting', 'paused', 'stopped'].map((state) => [{ state }, undefined] as const),
  ...['0', '-1', '-0', 'NaN', 'Infinity', '1e99', '1e-99', 'fast', '0.0001', '1000'].map(
    (playbackRate) => [{ playbackRate }, 0] as const,
  ),
  ...['1', '0.5', '2.25', '1e0', ''].map((playbackRate) => [{ playbackRate }, undefined] as const),
  ...['true', 'false', '1', '0', ''].map((ignoreScrobble) => [{ ignoreScrobble }, undefined] as const),
  [{ ignoreScrobble: 'perhaps' }, 0],
]

test('what is missing, wrong or unknown is refused, by query and by form alike', async () => {
  reset()
  const names: Readonly<Record<string, string>> = {
    One: ids.song('One'),
    album: ids.album('First'),
    artist: ids.artist('Ann'),
    folder: ids.folder('Main/Ann'),
  }
  for (const [change, code] of WORDS) {
    const sent = Object.fromEntries(
      Object.entries({ ...SOUND, ...change }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, name === 'mediaId' ? (names[value] ?? value) : value]],
      ),
    )
    const what = JSON.stringify(change)
    const byQuery = await asAdmin('reportPlayback', sent)
    assert.equal(at(byQuery, 'error.code'), code, what)
    const body = queryString({ ...login(ADMIN.name, ADMIN.password), f: 'json', ...sent })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const byForm = await askJson(server.subsonic, 'reportPlayback', {}, { method: 'POST', headers, body })
    assert.deepEqual(byForm, byQuery, what)
  }
})

test('the extension is advertised', async () => {
  const extensions = listAt(await asAdmin('getOpenSubsonicExtensions'), 'openSubsonicExtensions')
  assert.deepEqual(
    extensions.find((one) => at(one, 'name') === 'playbackReport'),
    { name: 'playbackReport', versions: [1] },
  )
})

test('a report writes nothing, and one row when it counts', async () => {
  reset()
  const { db } = server.core
  const changes = () => db.get<{ n: number }>('SELECT total_changes() AS n', [])?.n ?? 0
  const client = 'writer'
  // The login is noted.
  await starts(0)(client)
  const before = changes()
  await plays(0)(client)
  for (let second = 10; second < 100; second += 10) {
    clock.advance(10_000)
    await plays(second)(client)
  }
  assert.equal(changes() - before, 0)
  clock.advance(20_000)
  await plays(110)(client)
  assert.equal(changes() - before, 1)
  await pauses(110)(client)
  await stops(110)(client)
  assert.equal(changes() - before, 1)
})
