import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createTestClock } from '../support/clock.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'

const clock = createTestClock()
let server: TestServer
before(async () => {
  server = await startTestServer({
    users: [{ name: 'ann', password: 'ann-pass' }],
    settings: { 'auth.attempts': '5' },
    clock,
  })
})
after(() => server.stop())

type Json = Readonly<Record<string, unknown>>

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Json
}

async function call(
  path: string,
  options: { method?: string; token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { token, body, headers = {}, method = body === undefined ? 'GET' : 'POST' } = options
  const response = await fetch(server.url + path, {
    method,
    headers: { ...headers, ...(token === undefined ? {} : { 'x-nd-authorization': `Bearer ${token}` }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
}

async function login(name = 'ann', password = `${name}-pass`): Promise<string> {
  const { status, body } = await call('/auth/login', { body: { username: name, password } })
  assert.equal(status, 200)
  return String(body.token)
}

test('a login answers what clients of Navidrome expect', async () => {
  const { status, headers, body } = await call('/auth/login', { body: { username: 'ANN', password: 'ann-pass' } })
  assert.equal(status, 200)
  assert.deepEqual([body.username, body.name, body.isAdmin], ['ann', 'ann', false])
  const md5 = createHash('md5').update(`ann-pass${body.subsonicSalt}`).digest('hex')
  assert.equal(body.subsonicToken, md5)
  assert.match(String(body.subsonicSalt), /^[0-9a-f]{6}$/)
  assert.equal(headers.get('x-nd-authorization'), body.token)
  const payload = JSON.parse(Buffer.from(String(body.token).split('.')[1] ?? '', 'base64url').toString())
  assert.deepEqual([payload.iss, payload.sub, payload.uid], ['ND', 'ann', body.id])
  assert.equal((await call('/auth/login', { body: '{' })).status, 422)
  assert.equal((await call('/auth/login', { body: { username: 'ann' } })).status, 422)
})

test('only the first administrator may be made without a login', async () => {
  const { status, body } = await call('/auth/createAdmin', { body: { username: 'eve', password: 'x' } })
  assert.deepEqual([status, body], [403, { error: 'Cannot create another first admin' }])
})

test('a token works in both headers and slides with use', async () => {
  const token = await login()
  assert.equal((await call('/api/keepalive/')).status, 401)
  const fresh = await call('/api/keepalive/', { token })
  assert.deepEqual(fresh.body, { response: 'ok', id: 'keepalive' })
  assert.equal(fresh.headers.get('x-nd-authorization'), token)
  assert.equal((await call('/api/keepalive/', { headers: { authorization: `Bearer ${token}` } })).status, 200)
  clock.advance(40 * 3_600_000)
  const renewed = (await call('/api/keepalive/', { token })).headers.get('x-nd-authorization') ?? ''
  assert.notEqual(renewed, token)
  clock.advance(20 * 3_600_000)
  assert.equal((await call('/api/keepalive/', { token })).status, 401)
  assert.equal((await call('/api/keepalive/', { token: renewed })).status, 200)
  assert.equal((await call('/api/keepalive/', { token: `${renewed.slice(0, -2)}xx` })).status, 401)
})

test('sessions are listed, ended one by one and all together, at once', async () => {
  const [first, second] = [await login(), await login()]
  const list = async (token: string) => (await call('/api/v1/auth/sessions', { token })).body.items as Json[]
  const before = await list(second)
  const current = before.filter((session) => session.current)
  assert.equal(current.length, 1)
  assert.ok(!JSON.stringify(before).includes(second))
  assert.equal((await call('/api/v1/auth/logout', { method: 'POST', token: first })).status, 204)
  assert.equal((await call('/api/v1/auth/me', { token: first })).status, 401)
  assert.equal((await list(second)).length, before.length - 1)
  const third = await login()
  const other = (await list(second)).find((session) => !session.current)
  const admin = await login(ADMIN.name, ADMIN.password)
  const foreign = await call(`/api/v1/auth/sessions/${other?.id}`, { method: 'DELETE', token: admin })
  assert.equal(foreign.status, 404)
  const open = (await list(third)).length
  const all = await call('/api/auth/revoke-all', { method: 'POST', token: second })
  assert.equal(all.body.revoked, open)
  assert.equal((await list(await login())).length, 1)
  for (const token of [second, third]) assert.equal((await call('/api/v1/auth/me', { token })).status, 401)
  assert.equal((await call('/api/v1/auth/me', { token: admin })).status, 200)
})

test('a login of the other API answers by its own statuses', async () => {
  const good = await call('/api/v1/auth/login', { body: { username: 'ann', password: 'ann-pass' } })
  assert.equal(good.status, 200)
  const me = await call('/api/v1/auth/me', { headers: { authorization: `Bearer ${good.body.token}` } })
  assert.equal(me.body.username, 'ann')
  const refreshed = await call('/api/v1/auth/refresh', { method: 'POST', token: String(good.body.token) })
  assert.equal(typeof refreshed.body.token, 'string')
  assert.equal((await call('/api/v1/auth/login', { body: '[]' })).status, 400)
  assert.equal((await call('/api/v1/auth/login', { body: { username: 'ann' } })).status, 400)
  assert.equal((await call('/api/v1/auth/login', { body: { username: 'ann', password: 'x' } })).status, 401)
})

test('a changed password ends all sessions', async () => {
  const token = await login()
  const { id } = server.core.accounts.find('ann') ?? assert.fail()
  await server.core.accounts.update(id, { password: 'ann-pass' })
  assert.equal((await call('/api/keepalive/', { token })).status, 401)
})

test('the signing key can be changed: old tokens last until the next change', async () => {
  const token = await login()
  const admin = await login(ADMIN.name, ADMIN.password)
  const rotate = (by: string) => call('/api/v1/auth/rotate-key', { method: 'POST', token: by })
  assert.equal((await rotate(token)).status, 403)
  assert.equal((await rotate(admin)).status, 204)
  assert.equal((await call('/api/keepalive/', { token })).status, 200)
  assert.equal((await rotate(admin)).status, 204)
  assert.equal((await call('/api/keepalive/', { token })).status, 401)
})

test('a user has a bounded number of sessions', async () => {
  const tokens: string[] = []
  for (let count = 0; count < 66; count++) {
    tokens.push(await login())
    clock.advance(1000)
  }
  assert.equal((await call('/api/keepalive/', { token: tokens[0] as string })).status, 401)
  assert.equal((await call('/api/keepalive/', { token: tokens[65] as string })).status, 200)
})

test('API keys are made, listed without the key, used and deleted by their owner alone', async () => {
  const token = await login()
  const made = await call('/api/apikey', { token, body: { name: 'phone' } })
  const { key, id } = made.body as { key: string; id: string }
  assert.equal(made.status, 200)
  const listed = await call('/api/apikey', { token })
  assert.equal(listed.headers.get('x-total-count'), '1')
  assert.ok(!JSON.stringify(listed.body).includes(key))
  assert.equal((await call('/api/keepalive/', { token: key })).status, 200)
  const another = await call('/api/apikey', { token: key, body: { name: 'of a thief' } })
  assert.deepEqual([another.status, (await call('/api/apikey', { token })).headers.get('x-total-count')], [403, '1'])
  const admin = await login(ADMIN.name, ADMIN.password)
  assert.equal((await call(`/api/apikey/${id}`, { method: 'DELETE', token: admin })).status, 404)
  assert.deepEqual((await call(`/api/apikey/${id}`, { method: 'DELETE', token })).body, {})
  assert.equal((await call('/api/keepalive/', { token: key })).status, 401)
})

test('lists take what makes no sense for what it can mean, and no more', async () => {
  const token = await login()
  const ids: string[] = []
  for (const name of ['b', 'a', 'c']) ids.push(String((await call('/api/apikey', { token, body: { name } })).body.id))
  const names = async (query: string) => {
    const { status, headers, body } = await call(`/api/apikey?${query}`, { token })
    assert.equal(status, 200, query)
    return [(body as unknown as Json[]).map(({ name }) => name).join(''), headers.get('x-total-count')]
  }
  const all = [...'bac'].join('')
  for (const query of ['_start=-5&_end=-1', '_start=a&_end=b', '_start=1.5', '_end=0', `_end=${'9'.repeat(30)}`])
    assert.deepEqual(await names(query), [all, '3'], query)
  for (const query of ['_start=1&_end=1', '_start=2&_end=1', '_start=1e9&_end=1e12', `_start=${'9'.repeat(30)}`])
    assert.deepEqual(await names(query), ['', '3'], query)
  for (const sort of ['nonsense', '__proto__', 'constructor', 'id;DROP TABLE user--', 'toString', ''])
    assert.deepEqual(await names(`_sort=${encodeURIComponent(sort)}&_order=DESC;`), [all, '3'], sort)
  for (const filters of [
    '{bad',
    '[]',
    'null',
    '7',
    '{"name":{"$ne":1}}',
    '{"__proto__":{"name":"a"}}',
    '{"toString":"x"}',
  ])
    assert.deepEqual(await names(`_filters=${encodeURIComponent(filters)}`), [all, '3'], filters)
  assert.deepEqual(await names('_sort=name&_order=desc&_start=1&_end=3'), ['ba', '3'])
  assert.deepEqual(await names(`name=${encodeURIComponent(`' OR 1=1 --`)}`), ['', '0'])
  assert.deepEqual(await names('name=%25'), ['', '0'])
  for (const id of ids) await call(`/api/apikey/${id}`, { method: 'DELETE', token })
})

test('NUL characters, at which the database would end a text, are taken out of bodies', async () => {
  const token = await login()
  const made = await call('/api/apikey', { token, body: { 'na\0me': 'ki\0t\0chen', other: ['\0'] } })
  assert.deepEqual([made.status, made.body.name], [200, 'kitchen'])
  assert.ok(!JSON.stringify((await call('/api/apikey', { token })).body).includes('\\u0000'))
  const again = await call('/auth/login', { body: { username: 'an\0n', password: 'ann\0-pass' } })
  assert.equal(again.status, 200)
  await call(`/api/apikey/${made.body.id}`, { method: 'DELETE', token })
})

test('nothing is reported to anybody, and it says so', async () => {
  const { body } = await call('/api/insights/', { token: await login() })
  assert.deepEqual(body, { id: 'insights_status', lastRun: 'disabled', success: false })
})

test('wrong passwords make further ones wait', async () => {
  const guess = () => call('/auth/login', { body: { username: 'mallory', password: 'x' } })
  const statuses: number[] = []
  for (let count = 0; count < 8; count++) statuses.push((await guess()).status)
  assert.deepEqual(statuses.slice(0, 3), [401, 401, 401])
  const last = await guess()
  assert.equal(last.status, 429)
  assert.ok(Number(last.headers.get('retry-after')) > 0)
})
