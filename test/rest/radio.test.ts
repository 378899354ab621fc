import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestClock } from '../support/clock.ts'
import { callerOf, type RestCall, strangerTo } from '../support/rest-caller.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'

const clock = createTestClock()
let server: TestServer
let admin: RestCall
let ann: RestCall
let stranger: RestCall
before(async () => {
  server = await startTestServer({ users: [{ name: 'ann', password: 'ann-pass' }], clock })
  admin = await callerOf(server, ADMIN.name, ADMIN.password)
  ann = await callerOf(server, 'ann')
  stranger = strangerTo(server)
})
after(() => server.stop())

type Station = Readonly<Record<string, unknown>>

async function names(query: string): Promise<{ names: unknown[]; total: string | null }> {
  const { body, headers } = await ann(`GET /api/radio?${query}`)
  return { names: (body as Station[]).map(({ name }) => name), total: headers.get('x-total-count') }
}

test('a station is made, read, changed in part and removed', async () => {
  const made = await admin('POST /api/radio', { body: { name: 'One', streamUrl: 'http://one.example/s' } })
  assert.equal(made.status, 200)
  const { id } = made.body as { id: string }
  assert.deepEqual(made.body, { id })
  assert.match(id, /^[A-Za-z0-9_-]+$/)
  const createdAt = new Date(clock.now()).toISOString()
  const first = {
    id,
    name: 'One',
    streamUrl: 'http://one.example/s',
    homePageUrl: '',
    createdAt,
    updatedAt: createdAt,
  }
  assert.deepEqual((await ann(`GET /api/radio/${id}`)).body, first)
  clock.advance(5000)
  const changed = await admin(`PUT /api/radio/${id}`, { body: { id: 'other', homePageUrl: 'https://one.example' } })
  const second = { ...first, homePageUrl: 'https://one.example', updatedAt: new Date(clock.now()).toISOString() }
  assert.deepEqual([changed.status, changed.body], [200, second])
  const emptied = await admin(`PUT /api/radio/${id}`, { body: { ...second, homePageUrl: '' } })
  assert.equal((emptied.body as Station).homePageUrl, '')
  const removed = await admin(`DELETE /api/radio/${id}`)
  assert.deepEqual([removed.status, removed.body], [200, {}])
  for (const gone of [`GET /api/radio/${id}`, `DELETE /api/radio/${id}`])
    assert.equal((await admin(gone)).status, 404, gone)
  assert.equal((await admin(`PUT /api/radio/${id}`, { body: second })).status, 404)
})

test('stations of one API are those of the other', async () => {
  const { id } = (await admin('POST /api/radio', { body: { name: 'Both', streamUrl: 'http://both.example/' } }))
    .body as { id: string }
  const { text } = await stranger('GET /rest/getInternetRadioStations?u=ann&p=ann-pass&v=1.16.1&c=test&f=json')
  assert.ok(text.includes(`"${id}"`))
  await admin(`DELETE /api/radio/${id}`)
})

test('lists are filtered, sorted and cut as clients ask', async () => {
  for (const name of ['Beta Jazz', 'alpha jazz', 'Gamma'])
    await admin('POST /api/radio', { body: { name, streamUrl: `http://${name.slice(0, 2)}.example/` } })
  const table: readonly [query: string, names: readonly string[], total: number][] = [
    ['', ['alpha jazz', 'Beta Jazz', 'Gamma'], 3],
    ['_start=0&_end=10000', ['alpha jazz', 'Beta Jazz', 'Gamma'], 3],
    ['_start=0&_end=-1', ['alpha jazz', 'Beta Jazz', 'Gamma'], 3],
    ['_sort=name&_order=DESC', ['Gamma', 'Beta Jazz', 'alpha jazz'], 3],
    ['_sort=stream_url&_order=desc', ['Gamma', 'Beta Jazz', 'alpha jazz'], 3],
    ['_sort=nonsense', ['alpha jazz', 'Beta Jazz', 'Gamma'], 3],
    ['_start=1&_end=2', ['Beta Jazz'], 3],
    ['_start=5&_end=5', [], 3],
    ['name=JAZZ', ['alpha jazz', 'Beta Jazz'], 2],
    ['name=JAZZ&_start=1&_end=2', ['Beta Jazz'], 2],
    [`_filters=${encodeURIComponent('{"name":"mm"}')}`, ['Gamma'], 1],
    ['name=', ['alpha jazz', 'Beta Jazz', 'Gamma'], 3],
    ['library_id=7', ['alpha jazz', 'Beta Jazz', 'Gamma'], 3],
    ['name=%25', [], 0],
    ['id=i1zz', [], 0],
  ]
  for (const [query, wanted, total] of table)
    assert.deepEqual(await names(query), { names: wanted, total: String(total) }, query)
})

test('only administrators change stations, and nobody without a login sees them', async () => {
  const [{ id }] = (await ann('GET /api/radio')).body as [Station]
  const body = { name: 'Mine', streamUrl: 'http://mine.example/' }
  const lines = ['POST /api/radio', `PUT /api/radio/${id}`, `DELETE /api/radio/${id}`]
  for (const line of lines) {
    const options = line.startsWith('DELETE') ? {} : { body }
    assert.equal((await ann(line, options)).status, 403, line)
    assert.equal((await stranger(line, options)).status, 401, line)
  }
  assert.equal((await stranger('GET /api/radio')).status, 401)
  assert.equal((await stranger(`GET /api/radio/${id}`)).status, 401)
})

test('bodies that make no station are refused, and name the field', async () => {
  const good = { name: 'X', streamUrl: 'http://x.example/' }
  const table: readonly [body: unknown, status: number, errors?: object][] = [
    ['{', 422],
    ['[]', 422],
    ['null', 422],
    ['', 422],
    [{}, 400, { name: 'ra.validation.required' }],
    [{ ...good, name: ' ' }, 400, { name: 'ra.validation.required' }],
    [{ ...good, name: 7 }, 400, { name: 'ra.validation.invalid' }],
    [{ ...good, name: 'x'.repeat(20_000) }, 400, { name: 'ra.validation.invalid' }],
    [{ ...good, streamUrl: 'javascript:alert(1)' }, 400, { streamUrl: 'ra.validation.invalid' }],
    [{ ...good, streamUrl: 'x.example' }, 400, { streamUrl: 'ra.validation.invalid' }],
    [{ ...good, homePageUrl: 'data:text/html,x' }, 400, { homePageUrl: 'ra.validation.invalid' }],
    [{ ...good, homePageUrl: {} }, 400, { homePageUrl: 'ra.validation.invalid' }],
  ]
  const before = (await names('')).total
  for (const [body, status, errors] of table) {
    const answer = await admin('POST /api/radio', { body })
    assert.equal(answer.status, status, JSON.stringify(body).slice(0, 80))
    if (errors) assert.deepEqual((answer.body as { errors: object }).errors, errors)
  }
  assert.equal((await names('')).total, before)
  for (const id of ['0', 'i', 'i0', 's1', 'x'.repeat(3000), '-1'])
    assert.equal((await admin(`GET /api/radio/${id}`)).status, 404, id)
})

test('translations are asked for without a login: there are none', async () => {
  const list = await stranger('GET /api/translation?_start=0&_end=-1')
  assert.deepEqual([list.status, list.body, list.headers.get('x-total-count')], [200, [], '0'])
  assert.equal((await stranger('GET /api/translation/de')).status, 404)
})
