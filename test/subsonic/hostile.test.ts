import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, login, queryString } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'
import { type Ids, idsOf, LIBRARIES, USERS } from './world.ts'

const SEED = Number(process.env.SEED ?? 20260102)
const ROUNDS = 3000

let server: TestServer
let ids: Ids
before(async () => {
  server = await startTestServer({ libraries: LIBRARIES, users: USERS, settings: { 'transcoding.engine': 'off' } })
  ids = idsOf(server.core.repositories)
})
after(() => server?.stop())

/** Mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const NAMES = (
  'id albumId artistId songId songIdToAdd songIndexToRemove playlistId musicFolderId type size count offset query any ' +
  'artist album title artistCount albumCount songCount artistOffset songOffset genre fromYear toYear rating time ' +
  'submission position current currentIndex comment name public username email maxBitRate format timeOffset ' +
  'ifModifiedSince newerThan includeNotPresent adminRole streamRole homepageUrl streamUrl f callback v c'
).split(' ')

const VALUES = [
  '',
  '0',
  '-1',
  '1',
  '5',
  '2147483648',
  '-9223372036854775808',
  '9007199254740993',
  '1e9',
  'NaN',
  'null',
  'undefined',
  'true',
  'false',
  '""',
  "'",
  '"',
  '%',
  '%00',
  '\u0000',
  '\ud800',
  '\uffff',
  '<x/>',
  '&amp;',
  ']]>',
  '../../etc/passwd',
  '*',
  'a*',
  '"a',
  'OR 1=1 --',
  "'; DROP TABLE song; --",
  '{}',
  '[]',
  'byYear',
  'byGenre',
  'random',
  'newest',
  'starred',
  'recent',
  'json',
  'xml',
  'jsonp',
  'alert(1)',
  '__proto__',
  'constructor',
  's1',
  'a1',
  'r1',
  'd1',
  'p1',
  'i1',
  'u1',
  'g1',
  'szzzzzzzzzzz',
  's0',
  'a1_ff',
  'http://x.example/',
  'javascript:1',
  '海',
  'é',
  'ﬀ',
  '\u202e',
  'x'.repeat(5000),
  'NEAR(a b)',
  'a AND',
  '(',
  'title:x',
  '^a',
]

/** Of endpoints that answer with more of them than others. */
const STATUSES: Readonly<Record<string, readonly number[]>> = {
  getTranscodeDecision: [405],
  getTranscodeStream: [400, 403, 404, 410],
}

test(`hostile requests never break anything (SEED=${SEED})`, { timeout: 120_000 }, async () => {
  const random = randomFrom(SEED)
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T
  const endpoints = server.subsonic.endpoints().filter(({ name }) => name !== 'changePassword' && name !== 'startScan')
  const people = [login(ADMIN.name, ADMIN.password), login('ann', 'ann-pass'), login('guest', 'guest-pass')]
  for (let round = 0; round < ROUNDS; round++) {
    const { name } = pick(endpoints)
    const query: Record<string, string | readonly string[]> = { ...pick(people) }
    for (let count = random(6); count > 0; count--) {
      query[pick(NAMES)] = random(4) === 0 ? [pick(VALUES), pick(VALUES), pick(VALUES)] : pick(VALUES)
    }
    const what = `${name}?${safeQuery(query)}`
    const answer = await ask(server.subsonic, name, query, { method: pick(['GET', 'POST', 'HEAD']) })
    assert.ok([200, 501, ...(STATUSES[name] ?? [])].includes(answer.status), `${answer.status} for ${what}`)
    assert.ok(!answer.text.includes('The server failed'), `${answer.text} for ${what}`)
    if (String(answer.headers['content-type']).startsWith('application/json')) JSON.parse(answer.text)
  }
  const song = await ask(server.subsonic, 'getSong', { ...login(ADMIN.name, ADMIN.password), id: ids.song('One') })
  assert.match(song.text, /title="One"/)
})

function safeQuery(query: Readonly<Record<string, string | readonly string[]>>): string {
  return queryString(query).slice(0, 500)
}
