import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { AppError } from '../../src/base/errors.ts'
import type { Logger } from '../../src/log/logger.ts'
import { tree } from '../../src/subsonic/endpoint.ts'
import { ask, askJson, at, listAt, login } from '../support/subsonic-request.ts'
import { ADMIN, startTestServer, type TestServer } from '../support/test-server.ts'

const lines: string[] = []
const log: Logger = {
  debug: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`),
  info: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`),
  warn: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`),
  error: (message, fields) => void lines.push(`${message} ${String(fields?.err ?? JSON.stringify(fields))}`),
  child: () => log,
}
const ME = login(ADMIN.name, ADMIN.password)

let server: TestServer
before(async () => {
  server = await startTestServer({
    log,
    users: [{ name: 'guest', password: 'guest-pass', roles: [] }],
    settings: { 'auth.attempts': '5' },
  })
})
after(() => server?.stop())

async function codeOf(path: string, query: Parameters<typeof ask>[2], options?: Parameters<typeof ask>[3]) {
  return at(await askJson(server.subsonic, path, query, options), 'error.code')
}

test('a method is found with and without .view, in any case, with a slash at its end', async () => {
  for (const path of ['/rest/ping', '/rest/ping.view', '/rest/PING.VIEW', '/rest/ping/']) {
    assert.equal(at(await askJson(server.subsonic, path, ME), 'status'), 'ok', path)
  }
})

test('the answer is XML unless JSON is asked for, also of methods that nobody knows', async () => {
  const xml = await ask(server.subsonic, 'noSuchThing', ME)
  assert.equal(xml.status, 200)
  assert.equal(xml.headers['content-type'], 'text/xml; charset=utf-8')
  assert.match(xml.text, /status="failed".*<error code="0" message="This server has no method 'noSuchThing'\."\/>/)
  assert.equal(await codeOf('<script>', ME), 0)
})

test('JSONP needs the name of a function', async () => {
  const good = await ask(server.subsonic, 'ping', { ...ME, f: 'jsonp', callback: 'angular.callbacks._0' })
  assert.match(good.text, /^angular\.callbacks\._0\(\{"subsonic-response":\{"status":"ok"/)
  for (const callback of ['alert(1)', 'a b', 'x;y', '', 'x['.repeat(200)]) {
    const bad = await ask(server.subsonic, 'ping', { ...ME, f: 'jsonp', callback })
    assert.equal(at(JSON.parse(bad.text), 'subsonic-response.error.code'), 10, callback)
    assert.match(String(bad.headers['content-type']), /^application\/json/)
  }
})

test('a form is read with the query; other bodies are left alone', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' }
  const body = `u=${ADMIN.name}&p=${ADMIN.password}&f=json`
  const form = await ask(server.subsonic, 'ping.view', { v: '1.8.0', c: 'x' }, { method: 'POST', headers, body })
  assert.equal(at(JSON.parse(form.text), 'subsonic-response.status'), 'ok')
  const none = await askJson(server.subsonic, 'ping', ME, { method: 'POST' })
  assert.equal(none.status, 'ok')
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"u":1}' }
  assert.equal(at(await askJson(server.subsonic, 'ping', ME, json), 'status'), 'ok')
  const get = { headers: { 'content-type': 'application/json' } }
  assert.equal(at(await askJson(server.subsonic, 'ping', ME, get), 'status'), 'ok')
})

test('other methods than GET, HEAD and POST are refused with the ones that work', async () => {
  const answer = await ask(server.subsonic, 'ping', { ...ME, f: 'json' }, { method: 'DELETE' })
  assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD, POST'])
  assert.equal(at(JSON.parse(answer.text), 'subsonic-response.status'), 'failed')
})

test('every way to log in works, and every wrong one has its code', async () => {
  const salt = 'c19b2d'
  const t = createHash('md5')
    .update(ADMIN.password + salt)
    .digest('hex')
  const admin = server.core.accounts.find(ADMIN.name)
  assert.ok(admin)
  const { key } = server.core.accounts.createApiKey(admin.id, 'test')
  const hex = Buffer.from(ADMIN.password).toString('hex').toUpperCase()
  const ping = (query: Parameters<typeof ask>[2]) => codeOf('ping', query)
  assert.equal(await ping({ u: 'admin', t, s: salt }), undefined)
  assert.equal(await ping({ u: 'admin', p: `enc:${hex}` }), undefined)
  assert.equal(await ping({ apiKey: key }), undefined)
  assert.equal(await ping({}), 10)
  assert.equal(await ping({ u: 'admin', t }), 10)
  assert.equal(await ping({ u: 'admin', p: 'x', t, s: salt }), 43)
  assert.equal(await ping({ u: 'admin', apiKey: key }), 43)
  assert.equal(await ping({ apiKey: 'wrong' }), 44)
  assert.equal(await ping({ u: 'admin', p: 'wrong' }), 40)
  assert.equal(await codeOf('tokenInfo', ME), 42)
  assert.deepEqual((await askJson(server.subsonic, 'tokenInfo', { apiKey: key })).tokenInfo, { username: 'admin' })
})

test('the extensions are told to everybody, wrong credentials or not', async () => {
  for (const query of [{}, { u: 'nobody', p: 'x' }, { ...ME, c: 'DSub' }]) {
    const answer = await askJson(server.subsonic, 'getOpenSubsonicExtensions', query)
    assert.deepEqual(listAt(answer, 'openSubsonicExtensions', 'name'), [
      'apiKeyAuthentication',
      'formPost',
      'indexBasedQueue',
      'playbackReport',
      'songLyrics',
      'topSongsByArtistId',
      'transcodeOffset',
      'transcoding',
    ])
  }
})

test('too many wrong logins answer 429 with the time to wait, and an envelope', async () => {
  const attempt = () => ask(server.subsonic, 'ping', { u: 'guest', p: 'guess', f: 'json' }, { address: '198.51.100.7' })
  let last = await attempt()
  for (let count = 0; count < 30 && last.status === 200; count++) last = await attempt()
  assert.equal(last.status, 429)
  assert.ok(Number(last.headers['retry-after']) >= 1)
  assert.equal(at(JSON.parse(last.text), 'subsonic-response.error.code'), 40)
})

test('only another major version is refused', async () => {
  for (const v of ['1.2.0', '1.99.0', '', '16', 'one']) assert.equal(await codeOf('ping', { ...ME, v }), undefined, v)
  assert.equal(await codeOf('ping', { ...ME, v: '2.0.0' }), 30)
  assert.equal(await codeOf('ping', { ...ME, v: '0.9.0' }), 20)
})

test('rights are checked before parameters, and administrators have all', async () => {
  const guest = login('guest', 'guest-pass')
  for (const endpoint of ['stream', 'download', 'createUser', 'startScan', 'createPodcastChannel', 'jukeboxControl']) {
    assert.equal(await codeOf(endpoint, guest), 50, endpoint)
  }
  for (const endpoint of ['stream', 'download', 'createUser']) assert.equal(await codeOf(endpoint, ME), 10, endpoint)
})

test('without sharing its calls answer 501 and an envelope', async () => {
  for (const endpoint of ['getShares', 'createShare', 'updateShare', 'deleteShare']) {
    const answer = await ask(server.subsonic, endpoint, { ...ME, f: 'json' })
    assert.equal(answer.status, 501, endpoint)
    assert.equal(at(JSON.parse(answer.text), 'subsonic-response.status'), 'failed')
  }
  assert.equal(await codeOf('getShares', { u: 'admin', p: 'wrong' }), 40)
})

test('plugins add endpoints and take over stand-ins, all at once', async (t) => {
  const { subsonic } = server
  t.after(() => subsonic.swapExtensions({ endpoints: [], extensions: [] }))
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  subsonic.swapExtensions({
    endpoints: [
      tree('getShares', () => ({ shares: { share: [] } })),
      tree('getSonicSimilarTracks', () => ({ sonicMatch: [] }), { needs: 'share' }),
      tree('slow', () => held.then(() => ({ slow: { done: true } }))),
    ],
    extensions: [
      { name: 'sonicSimilarity', versions: [1] },
      { name: 'songLyrics', versions: [2] },
    ],
  })
  const slow = askJson(subsonic, 'slow', ME)
  assert.deepEqual((await askJson(subsonic, 'getshares.view', ME)).shares, { share: [] })
  assert.equal(await codeOf('getSonicSimilarTracks', login('guest', 'guest-pass')), 50)
  assert.ok(subsonic.endpoints().some(({ name }) => name === 'getSonicSimilarTracks'))
  const extensions = listAt(await askJson(subsonic, 'getOpenSubsonicExtensions'), 'openSubsonicExtensions')
  assert.deepEqual(
    extensions.filter((one) => ['songLyrics', 'sonicSimilarity'].includes(String(at(one, 'name')))),
    [
      { name: 'songLyrics', versions: [1, 2] },
      { name: 'sonicSimilarity', versions: [1] },
    ],
  )
  assert.throws(
    () => subsonic.swapExtensions({ endpoints: [tree('PING', () => ({}))], extensions: [] }),
    /'PING' exists already/,
  )
  const twice = [tree('one', () => ({})), tree('One', () => ({}))]
  assert.throws(() => subsonic.swapExtensions({ endpoints: twice, extensions: [] }), /exists already/)
  assert.equal(at(await askJson(subsonic, 'getShares', ME), 'status'), 'ok', 'a refused swap changes nothing')
  subsonic.swapExtensions({ endpoints: [], extensions: [] })
  assert.equal((await ask(subsonic, 'getShares', ME)).status, 501)
  release()
  assert.deepEqual((await slow).slow, { done: true }, 'a request under way keeps its endpoint')
})

test('what breaks inside is told to nobody but the log', async (t) => {
  t.after(() => server.subsonic.swapExtensions({ endpoints: [], extensions: [] }))
  server.subsonic.swapExtensions({
    endpoints: [
      tree('broken', () => {
        throw new TypeError('secret /home/ann/music')
      }),
      tree('busy', () => {
        throw new AppError('BUSY', 'Later.', { retryAfter: 2.2 })
      }),
    ],
    extensions: [],
  })
  const answer = await ask(server.subsonic, 'broken', { ...ME, f: 'json' })
  assert.equal(answer.status, 200)
  assert.equal(at(JSON.parse(answer.text), 'subsonic-response.error.code'), 0)
  assert.ok(!answer.text.includes('secret'))
  assert.ok(lines.some((line) => line.includes('secret /home/ann/music')))
  const busy = await ask(server.subsonic, 'busy', { ...ME, f: 'json' })
  assert.deepEqual([busy.status, busy.headers['retry-after']], [429, '3'])
})

test('requests are logged with their client and never with a secret', async () => {
  lines.length = 0
  await ask(server.subsonic, 'ping', { ...login('admin', ADMIN.password, 'phone'), t: 'tok-en', s: 'sa-lt' })
  await ask(server.subsonic, 'changePassword', { ...ME, username: 'guest', password: 'fresh-secret' })
  const text = lines.join('\n')
  assert.match(text, /"endpoint":"ping".*"client":"phone"/)
  for (const secret of [ADMIN.password, 'tok-en', 'sa-lt', 'fresh-secret']) assert.ok(!text.includes(secret), secret)
})
