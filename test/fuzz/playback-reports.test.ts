import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { decodeIdOf } from '../../src/base/ids.ts'
import { type Ids, idsOf, LIBRARIES, USERS } from '../subsonic/world.ts'
import { onBothAdapters } from '../support/adapters.ts'
import { createTestClock, type TestClock } from '../support/clock.ts'
import { rounds } from '../support/long-run.ts'
import { createRandom } from '../support/random.ts'
import { askJson, at, listAt, login, queryString, type SubsonicQuery } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'

const STEPS = rounds('TEST_FUZZ_REPORTS', { short: 1500, long: 100_000 })
const LENGTH_MS = 200_000
const TITLES = ['One', 'Two']
const ME = login(ADMIN.name, ADMIN.password)

interface Stage {
  readonly server: TestServer
  readonly clock: TestClock
  readonly ids: Ids
  plays(): Promise<number>
}

async function stage(t: TestContext, adapter?: 'uws' | 'node'): Promise<Stage> {
  const clock = createTestClock()
  const options = { libraries: LIBRARIES, users: USERS, clock, ...(adapter ? { adapter } : {}) }
  const server = await startTestServer(options, t)
  const ids = idsOf(server.core.repositories)
  for (const title of TITLES)
    server.core.db.run('UPDATE song SET duration_ms = ? WHERE id = ?', [
      LENGTH_MS,
      Number(decodeIdOf('song', ids.song(title))),
    ])
  const playsOf = async (title: string) =>
    Number(at(await askJson(server.subsonic, 'getSong', { ...ME, id: ids.song(title) }), 'song.playCount') ?? 0)
  return { server, clock, ids, plays: async () => (await playsOf('One')) + (await playsOf('Two')) }
}

/** What the extension says, as plainly as it can be put: every 50 ms of the song that was heard, in a set. */
class Player {
  plays = 0
  title: string | undefined
  #state = ''
  #position = 0
  #rate = 1
  #since = 0
  #ignored = false
  #counted = false
  #heard = new Set<number>()

  tell(now: number, word: { title: string; state: string; position: number; rate: number; ignored: boolean }): void {
    const isOwn = this.title === word.title
    const isAgain = isOwn && word.state === 'starting' && this.#state === 'starting' && !this.#counted
    if (word.state === 'stopped' && !isOwn) return
    this.#listen(now)
    if (isOwn && (word.state !== 'starting' || isAgain)) this.#ignored = word.ignored
    this.#count()
    const isOut = this.#counted && this.position(now) >= LENGTH_MS - 10_000
    const isAnew = isOwn && word.state !== 'stopped' && !isAgain && word.position <= 3000 && isOut
    if (word.state === 'stopped') {
      this.title = undefined
      return
    }
    if (!isOwn || isAnew || (word.state === 'starting' && !isAgain)) {
      this.#heard = new Set()
      this.#counted = false
    }
    this.title = word.title
    this.#state = word.state
    this.#position = Math.min(word.position, LENGTH_MS)
    this.#rate = word.rate
    this.#since = now
    this.#ignored = word.ignored
  }

  forget(): void {
    this.title = undefined
    this.#heard = new Set()
  }

  position(now: number): number {
    const moved = this.#state === 'playing' ? (now - this.#since) * this.#rate : 0
    return Math.min(LENGTH_MS, this.#position + moved)
  }

  get state(): string {
    return this.#state
  }

  #listen(now: number): void {
    if (this.title === undefined || this.#ignored || this.#state !== 'playing') return
    for (let ms = this.#position; ms < this.position(now); ms += 50) this.#heard.add(ms)
  }

  #count(): void {
    if (this.title === undefined || this.#ignored || this.#counted || this.#heard.size * 50 < LENGTH_MS / 2) return
    this.#counted = true
    this.plays++
  }
}

test('any history of reports counts as a plain model of it does', async (t) => {
  const { server, clock, ids, plays } = await stage(t)
  const random = createRandom()
  t.diagnostic(`TEST_SEED=${random.seed}`)
  const players = new Map(['tv', 'phone', 'car'].map((client) => [client, new Player()]))
  let now = 0
  for (let step = 0; step < STEPS; step++) {
    // Longer than any session is remembered, now and then.
    const wait = random.whole(60) === 0 ? 100 * 3_600_000 : random.whole(600) * 100
    clock.advance(wait)
    now += wait
    if (wait > 3_600_000) for (const player of players.values()) player.forget()
    if (random.whole(10) === 0) clock.jump((random.whole(2001) - 1000) * 60_000)
    const client = random.pick([...players.keys()])
    const player = players.get(client) as Player
    const title = random.whole(5) === 0 ? random.pick(TITLES) : (player.title ?? random.pick(TITLES))
    const asked = random.pick(['starting', 'playing', 'playing', 'playing', 'playing', 'paused', 'stopped'])
    // Of a song that comes back without a start only the server knows whether it goes on.
    const state = title === player.title ? asked : 'starting'
    const goesOn = player.title === title && random.whole(4) > 0
    const position = goesOn ? Math.round(player.position(now) / 50) * 50 : random.whole(LENGTH_MS / 50 + 50) * 50
    const [rate, ignored] = [random.pick([0.5, 1, 1, 2]), random.whole(12) === 0]
    const query = { mediaId: ids.song(title), mediaType: 'song', positionMs: position, state, playbackRate: rate }
    const answer = await askJson(server.subsonic, 'reportPlayback', {
      ...ME,
      c: client,
      ...query,
      ignoreScrobble: ignored,
    })
    assert.equal(answer.status, 'ok')
    player.tell(now, { title, state, position, rate, ignored })
    if (step % 50 > 0) continue
    const expected = [...players.values()].reduce((sum, one) => sum + one.plays, 0)
    assert.equal(await plays(), expected, `after step ${step}`)
    const entries = listAt(await askJson(server.subsonic, 'getNowPlaying', ME), 'nowPlaying.entry')
    const shown = entries.map((entry) => ['playerName', 'title', 'state', 'positionMs'].map((name) => at(entry, name)))
    const meant = [...players].flatMap(([name, one]) =>
      one.title === undefined ? [] : [[name, one.title, one.state, Math.round(one.position(now))]],
    )
    assert.deepEqual(shown.sort(), meant.sort(), `after step ${step}`)
  }
})

const NAMES = ['mediaId', 'mediaType', 'positionMs', 'state', 'playbackRate', 'ignoreScrobble', 'c', 'u', 'f']
const WORDS = (
  'song podcast starting playing paused stopped 0 -0 -1 1 1.5 1e3 1e99 1e-99 1e400 NaN Infinity -Infinity 0x10 true false yes null ' +
  'undefined [] {} 9007199254740991 9007199254740992 99999999999999999999 __proto__ constructor toString s0 s4 s4_ff d1 %00 \u202e ' +
  '\ud83d\ude00 😀'
).split(' ')

test('no word makes the server fail', async (t) => {
  const { server, clock, ids } = await stage(t)
  const random = createRandom()
  t.diagnostic(`TEST_SEED=${random.seed}`)
  const sound: SubsonicQuery = { mediaId: ids.song('One'), mediaType: 'song', positionMs: 1000, state: 'playing' }
  for (let step = 0; step < STEPS; step++) {
    clock.advance(random.whole(100_000))
    if (random.whole(5) === 0) clock.jump((random.whole(3) - 1) * 2 ** random.whole(50))
    const odd = Array.from({ length: random.whole(4) }, () => {
      const value = random.whole(20) === 0 ? 'x'.repeat(16_000) : random.pick(WORDS)
      return [random.pick(NAMES), random.whole(8) === 0 ? [value, random.pick(WORDS)] : value] as const
    })
    const query = { ...ME, ...sound, ...Object.fromEntries(odd), f: 'json' }
    const what = JSON.stringify(query).slice(0, 300)
    const answer = await askJson(server.subsonic, 'reportPlayback', query)
    assert.ok([undefined, 0, 10, 40, 70].includes(at(answer, 'error.code') as number), what)
    assert.notEqual(at(answer, 'error.message'), 'The server failed.', what)
    const entries = listAt(await askJson(server.subsonic, 'getNowPlaying', ME), 'nowPlaying.entry')
    assert.ok(entries.length <= 16)
    for (const entry of entries) {
      const [position, rate, minutes] = ['positionMs', 'playbackRate', 'minutesAgo'].map((name) =>
        Number(at(entry, name)),
      )
      assert.ok(Number.isInteger(position) && Number(position) >= 0 && Number(position) <= LENGTH_MS, what)
      assert.ok(Number(rate) > 0 && Number.isFinite(rate) && Number.isInteger(minutes) && Number(minutes) >= 0, what)
    }
  }
})

onBothAdapters(
  'a plain client that speaks HTTP is understood by query and by form, in JSON and XML',
  async (t, adapter) => {
    const { server, clock, ids, plays } = await stage(t, adapter)
    const word = (state: string, positionMs: number) => ({
      mediaId: ids.song('One'),
      mediaType: 'song',
      positionMs,
      state,
    })
    const get = async (endpoint: string, query: SubsonicQuery = {}) => {
      const reply = await fetch(`${server.url}/rest/${endpoint}?${queryString({ ...ME, f: 'json', ...query })}`)
      assert.equal(reply.status, 200)
      return ((await reply.json()) as Record<string, unknown>)['subsonic-response']
    }
    const post = async (endpoint: string, query: SubsonicQuery) => {
      const body = new URLSearchParams(queryString({ ...ME, ...query }))
      const reply = await fetch(`${server.url}/rest/${endpoint}.view`, { method: 'POST', body })
      assert.equal(reply.status, 200)
      return reply.text()
    }
    assert.equal(at(await get('reportPlayback.view', word('starting', 0)), 'status'), 'ok')
    assert.match(await post('reportPlayback', word('playing', 0)), /<subsonic-response [^>]*status="ok"/)
    clock.advance(60_000)
    const [entry] = listAt(await get('getNowPlaying'), 'nowPlaying.entry')
    assert.deepEqual(
      ['id', 'username', 'state', 'positionMs', 'playbackRate'].map((name) => at(entry, name)),
      [ids.song('One'), ADMIN.name, 'playing', 60_000, 1],
    )
    assert.match(await post('getNowPlaying', {}), / state="playing" positionMs="60000" playbackRate="1"/)
    assert.match(
      await post('getNowPlaying', { f: 'json' }),
      /"state":"playing","positionMs":60000,"playbackRate":1[,}]/,
    )
    clock.advance(60_000)
    assert.match(await post('reportPlayback', { ...word('stopped', 120_000), f: 'json' }), /"status":"ok"/)
    assert.deepEqual(listAt(await get('getNowPlaying'), 'nowPlaying.entry'), [])
    assert.equal(await plays(), 1)
    assert.equal(at(await get('reportPlayback', { ...word('playing', 0), state: 'x' }), 'error.code'), 0)
  },
)
