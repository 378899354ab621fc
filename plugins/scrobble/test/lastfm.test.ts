import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { signatureOf } from '../lastfm.ts'
import type { Answer, Received } from './stand-in.ts'
import { assertHas, LASTFM_KEY, LASTFM_SECRET, play, stage, status } from './support.ts'

const SESSION = 'sk-of-alice'

/** Last.fm on a good day, as strict about signatures as the real one. */
function lastFm(request: Received): Answer {
  const { api_sig: signature, format, ...signed } = paramsOf(request)
  const text = Object.keys(signed)
    .sort()
    .map((name) => name + signed[name])
    .join('')
  const wanted = createHash('md5').update(`${text}${LASTFM_SECRET}`).digest('hex')
  if (signature !== wanted || format !== 'json' || signed.api_key !== LASTFM_KEY)
    return { status: 403, body: { error: 13, message: 'Invalid method signature supplied' } }
  switch (signed.method) {
    case 'auth.getToken':
      return { body: { token: 'request-token' } }
    case 'auth.getSession':
      return signed.token === 'request-token'
        ? { body: { session: { name: 'alice_fm', key: SESSION, subscriber: 0 } } }
        : { status: 403, body: { error: 14, message: 'Unauthorized Token' } }
    case 'track.scrobble':
      return {
        body: { scrobbles: { '@attr': { accepted: 1, ignored: 0 }, scrobble: { ignoredMessage: { code: '0' } } } },
      }
    default:
      return { body: { nowplaying: {} } }
  }
}

function paramsOf({ body }: Received): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(body))
}

function scrobbles(received: readonly Received[]) {
  return received.map(paramsOf).filter(({ method }) => method === 'track.scrobble')
}

async function linked(t: TestContext) {
  const made = await stage(t, lastFm)
  const { host } = made
  const start = await host.inject({ method: 'POST', url: '/plugins/scrobble/lastfm/start', user: 'alice' })
  assert.deepEqual(start.json(), { url: 'https://www.last.fm/api/auth/?api_key=key&token=request-token' })
  const finish = await host.inject({ method: 'POST', url: '/plugins/scrobble/lastfm/finish', user: 'alice' })
  assert.equal(finish.status, 200, finish.body)
  assert.ok(!finish.body.includes(SESSION))
  return made
}

test('the signature is the one of the specification: sorted names and values, the secret, MD5', () => {
  const wanted = createHash('md5').update('api_keyxartist[0]aartist[10]bmethodmsecret').digest('hex')
  const params = { method: 'm', format: 'json', 'artist[10]': 'b', 'artist[0]': 'a', api_key: 'x' }
  assert.equal(signatureOf(params, 'secret'), wanted)
  assert.equal(signatureOf({ artist: 'Björk' }, 's'), createHash('md5').update('artistBjörks', 'utf8').digest('hex'))
})

test('plays are sent signed, with their own index, oldest first', async (t) => {
  const { host, service } = await linked(t)
  await play(host, 'alice', 'Duet', 'One')
  await host.clock.advance(2_000)
  const [sent, ...more] = scrobbles(service.received)
  assert.deepEqual(more, [])
  const { api_sig, ...params } = sent ?? {}
  assert.match(api_sig ?? '', /^[0-9a-f]{32}$/)
  const at = Math.floor((host.clock.now() - 2_000) / 1000)
  assert.deepEqual(params, {
    method: 'track.scrobble',
    sk: SESSION,
    api_key: LASTFM_KEY,
    format: 'json',
    'artist[0]': 'Bob / Ann',
    'track[0]': 'Duet',
    'album[0]': 'Second',
    'albumArtist[0]': 'Bob',
    'duration[0]': '200',
    'trackNumber[0]': '2',
    'timestamp[0]': String(at - 600),
    'artist[1]': 'Ann',
    'track[1]': 'One',
    'album[1]': 'First',
    'duration[1]': '180',
    'trackNumber[1]': '1',
    'mbid[1]': '0dcc6a4e-9bbf-4cd5-b2a4-4b8d9b1b0f5d',
    'timestamp[1]': String(at),
  })
  assertHas((await status(host, 'alice'))[0], {
    service: 'lastfm',
    account: 'alice_fm',
    working: true,
    sent: 2,
    waiting: 0,
  })
})

test('songs of less than half a minute are not for Last.fm', async (t) => {
  const { host, service } = await linked(t)
  await play(host, 'alice', 'Jingle')
  await host.clock.advance(120_000)
  assert.deepEqual(scrobbles(service.received), [])
})

test('batches hold fifty', async (t) => {
  const { host, service } = await linked(t)
  service.answer(() => ({ status: 500, body: { error: 11, message: 'Service Offline' } }))
  const time = Array.from({ length: 120 }, (_, index) => host.clock.now() - (120 - index) * 200_000)
  await host.subsonic('scrobble', { id: time.map(() => host.track('One')), time }, 'alice')
  await host.settled()
  await host.clock.advance(2_000)
  service.answer(lastFm)
  await host.clock.advance(120_000)
  const sizes = scrobbles(service.received)
    .slice(1)
    .map((params) => Object.keys(params).filter((name) => name.startsWith('track[')).length)
  assert.deepEqual(sizes, [50, 50, 20])
})

test('an ended session stops the link and tells the user', async (t) => {
  const { host, service } = await linked(t)
  service.answer(() => ({ status: 403, body: { error: 9, message: 'Invalid session key - Please re-authenticate' } }))
  await play(host, 'alice', 'One')
  await host.clock.advance(3_600_000)
  assert.equal(scrobbles(service.received).length, 1)
  assertHas((await status(host, 'alice'))[0], { working: false, waiting: 1 })
  assertHas(host.sent[0], { topic: 'scrobble.unlinked', userId: host.user('alice') })
})

test('a wrong key of the server keeps everybody’s plays and tells the administrators, not the user', async (t) => {
  const { host, service } = await linked(t)
  service.answer(() => ({ status: 403, body: { error: 10, message: 'Invalid API key' } }))
  await play(host, 'alice', 'One')
  await host.clock.advance(60_000)
  assertHas((await status(host, 'alice'))[0], { working: true, waiting: 1 })
  assert.equal(host.sent.length, 1)
  assertHas(host.sent[0], { topic: 'scrobble.misconfigured', userId: undefined })
  service.answer(lastFm)
  await host.clock.advance(2 * 3_600_000)
  assertHas((await status(host, 'alice'))[0], { waiting: 0, sent: 1 })
})

test('what the day’s limit kept out is sent again later, the rest is done', async (t) => {
  const { host, service } = await linked(t)
  const ignored = (code: string) => ({ ignoredMessage: { code } })
  service.answer(() => ({
    body: { scrobbles: { '@attr': { accepted: 1, ignored: 2 }, scrobble: [ignored('0'), ignored('1'), ignored('5')] } },
  }))
  await play(host, 'alice', 'One', 'Two', 'Long')
  await host.clock.advance(2_000)
  assertHas((await status(host, 'alice'))[0], { waiting: 1, sent: 2 })
  service.answer(lastFm)
  await host.clock.advance(30 * 60_000)
  assert.equal(scrobbles(service.received).length, 1)
  await host.clock.advance(40 * 60_000)
  assert.equal(scrobbles(service.received).at(-1)?.['track[0]'], 'Long')
  assertHas((await status(host, 'alice'))[0], { waiting: 0, sent: 3 })
})

test('a link that was begun by nobody, or not allowed yet, is refused', async (t) => {
  const { host, service } = await stage(t, lastFm)
  const finish = () => host.inject({ method: 'POST', url: '/plugins/scrobble/lastfm/finish', user: 'alice' })
  assert.equal((await finish()).status, 409)
  service.answer((request) =>
    paramsOf(request).method === 'auth.getSession'
      ? { status: 403, body: { error: 14, message: 'Unauthorized Token' } }
      : lastFm(request),
  )
  await host.inject({ method: 'POST', url: '/plugins/scrobble/lastfm/start', user: 'alice' })
  assert.equal((await finish()).status, 409)
  service.answer(() => ({ status: 500, body: 'no' }))
  assert.equal((await finish()).status, 502)
  service.answer(lastFm)
  assert.equal((await finish()).status, 200)
})

test('without a key there is no Last.fm', async (t) => {
  const { host } = await stage(t, lastFm, { lastFmKey: '' })
  const reply = await host.inject({ method: 'POST', url: '/plugins/scrobble/lastfm/start', user: 'alice' })
  assert.equal(reply.status, 503)
})
