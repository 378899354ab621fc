import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import { decodeIdOf } from '../../src/base/ids.ts'
import { callerOf, mayOnlySee, type RestCall, songIds, strangerTo } from '../support/rest-caller.ts'
import { startTestServer, type TestServer } from '../support/test-server.ts'

interface Play {
  readonly id: string
  readonly mediaFileId: string
  readonly submissionTime: number
}

let server: TestServer
let ann: RestCall
let bob: RestCall
let titles: ReadonlyMap<string, string>
before(async () => {
  server = await startTestServer({
    libraries: {
      Open: { 'a/1.mp3': { title: 'One' }, 'a/2.mp3': { title: 'Two' } },
      Shut: { 'b/1.mp3': { title: 'Secret' } },
    },
    users: ['ann', 'bob'].map((name) => ({ name, password: `${name}-pass` })),
  })
  const ids = songIds(server)
  titles = new Map(Object.entries(ids).map(([title, id]) => [id, title]))
  const play = (name: string, title: string, seconds: number) => {
    const userId = server.core.accounts.find(name)?.id ?? assert.fail()
    const songId = decodeIdOf('song', ids[title] ?? '') ?? assert.fail()
    server.core.repositories.plays.record({ userId, scope: FULL_SCOPE }, [{ songId, at: seconds * 1000 + 999 }], 'c')
  }
  play('ann', 'One', 100)
  play('bob', 'Two', 150)
  play('ann', 'Secret', 200)
  // An offline player tells of it later.
  play('ann', 'Two', 50)
  play('ann', 'One', 300)
  await mayOnlySee(server, 'ann', 'Open')
  ann = await callerOf(server, 'ann')
  bob = await callerOf(server, 'bob')
})
after(() => server.stop())

async function plays(call: RestCall, query: string): Promise<readonly Play[]> {
  const { status, body } = await call(`GET /api/scrobble?${query}`)
  assert.equal(status, 200, query)
  return body as readonly Play[]
}

test('own plays of what one may see are listed by period, order and page', async () => {
  const [newest] = await plays(ann, '')
  const song = newest?.mediaFileId ?? ''
  assert.deepEqual(newest, { id: newest?.id, mediaFileId: song, submissionTime: 300 })
  assert.match(newest?.id ?? '', /^[A-Za-z0-9_-]+$/)
  const table: readonly [query: string, times: readonly number[], total: number][] = [
    ['', [300, 100, 50], 3],
    ['_sort=submission_time', [50, 100, 300], 3],
    ['_sort=submissionTime&_order=ASC', [50, 100, 300], 3],
    ['_sort=submission_time&_order=DESC', [300, 100, 50], 3],
    ['_sort=nonsense&_order=ASC', [300, 100, 50], 3],
    ['_start=1&_end=2', [100], 3],
    ['_start=0&_end=-1', [300, 100, 50], 3],
    ['_start=7&_end=9', [], 3],
    ['from=100', [300, 100], 2],
    ['to=100', [100, 50], 2],
    ['from=51&to=299', [100], 1],
    ['from=100&to=100', [100], 1],
    ['from=101&to=99', [], 0],
    [`_filters=${encodeURIComponent('{"from":100,"to":299}')}`, [100], 1],
    ['from=soon&to=1e3', [300, 100, 50], 3],
    ['from=', [300, 100, 50], 3],
    ['from=-999999999999&to=999999999999', [300, 100, 50], 3],
    [`id=${newest?.id}&id=0&id=x`, [300], 1],
    [`media_file_id=${song}`, [300, 100], 2],
    ['media_file_id=a1', [], 0],
    ['user_id=u1&library_id=2', [300, 100, 50], 3],
  ]
  for (const [query, times, total] of table) {
    const { body, headers } = await ann(`GET /api/scrobble?${query}`)
    assert.deepEqual(
      (body as readonly Play[]).map(({ submissionTime }) => submissionTime),
      times,
      query,
    )
    assert.equal(headers.get('x-total-count'), String(total), query)
  }
  assert.deepEqual(
    (await plays(bob, '')).map(({ mediaFileId }) => titles.get(mediaFileId)),
    ['Two'],
  )
})

test('one play is read by its owner alone, and not when its song is hidden', async () => {
  const [own] = await plays(ann, '')
  assert.deepEqual((await ann(`GET /api/scrobble/${own?.id}`)).body, own)
  assert.equal((await bob(`GET /api/scrobble/${own?.id}`)).status, 404)
  const seen = new Set((await plays(ann, '')).map(({ id }) => id))
  const all = server.core.db.select('SELECT id FROM play', [], (row) => row.text(0))
  assert.equal(all.length, 5)
  for (const id of [...all.filter((id) => !seen.has(id)), '0', '-1', '1e3', 'x', '9'.repeat(40)])
    assert.equal((await ann(`GET /api/scrobble/${id}`)).status, 404, id)
  const { text } = await ann('GET /api/scrobble')
  for (const [id, title] of titles) assert.equal(text.includes(`"${id}"`), title !== 'Secret')
  for (const path of ['/api/scrobble', `/api/scrobble/${own?.id}`])
    assert.equal((await strangerTo(server)(`GET ${path}`)).status, 401)
})
