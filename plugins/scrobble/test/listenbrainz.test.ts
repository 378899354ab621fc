import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Answer, Received } from './stand-in.ts'
import { assertHas, play, stage, status } from './support.ts'

const TOKEN = 'b2c3-token-of-alice'

/** ListenBrainz on a good day. */
function listenBrainz({ path, headers }: Received): Answer {
  if (path === '/1/validate-token')
    return headers.authorization === `Token ${TOKEN}`
      ? { body: { code: 200, message: 'Token valid.', valid: true, user_name: 'alice_lb' } }
      : { body: { code: 200, message: 'Token invalid.', valid: false } }
  return { body: { status: 'ok' } }
}

async function linked(t: TestContext, config: Readonly<Record<string, unknown>> = {}) {
  const made = await stage(t, listenBrainz, config)
  const reply = await made.host.inject({
    method: 'PUT',
    url: '/plugins/scrobble/listenbrainz',
    user: 'alice',
    body: { token: TOKEN },
  })
  assert.equal(reply.status, 200, reply.body)
  assert.ok(!reply.body.includes(TOKEN))
  return made
}

function submissions(received: readonly Received[]) {
  return received
    .filter(({ path }) => path === '/1/submit-listens')
    .map(({ headers, body }) => ({ authorization: headers.authorization, ...JSON.parse(body) }))
}

test('a play is sent with all that is known of the song', async (t) => {
  const { host, service } = await linked(t)
  await play(host, 'alice', 'One')
  await host.clock.advance(2_000)
  assert.deepEqual(submissions(service.received), [
    {
      authorization: `Token ${TOKEN}`,
      listen_type: 'single',
      payload: [
        {
          listened_at: Math.floor((host.clock.now() - 2_000) / 1000),
          track_metadata: {
            artist_name: 'Ann',
            track_name: 'One',
            release_name: 'First',
            additional_info: {
              media_player: 'kit',
              submission_client: 'Tonearm',
              duration_ms: 180_224,
              tracknumber: 1,
              recording_mbid: '0dcc6a4e-9bbf-4cd5-b2a4-4b8d9b1b0f5d',
              isrc: 'DEA123456789',
            },
          },
        },
      ],
    },
  ])
  const [link] = await status(host, 'alice')
  assertHas(link, {
    service: 'listenbrainz',
    account: 'alice_lb',
    working: true,
    waiting: 0,
    sent: 1,
  })
})

test('what starts to play is told at once, and only by those who linked', async (t) => {
  const { host, service } = await linked(t)
  await host.subsonic('scrobble', { id: host.track('Two'), submission: false }, 'alice')
  await host.subsonic('scrobble', { id: host.track('One'), submission: false }, 'bob')
  await host.settled()
  const [first, ...more] = await eventually(
    () => submissions(service.received),
    (sent) => sent.length > 0,
  )
  assert.deepEqual(more, [])
  assert.equal(first.listen_type, 'playing_now')
  assert.deepEqual(Object.keys(first.payload[0]), ['track_metadata'])
  assert.equal(first.payload[0].track_metadata.track_name, 'Two')
})

test('players that report are told while they play and once enough was heard, but for what is to be ignored', async (t) => {
  const { host, service } = await linked(t)
  const report = async (state: string, seconds: number, ignoreScrobble = false) => {
    const rest = { mediaType: 'song', positionMs: seconds * 1000, ignoreScrobble }
    const answer = await host.subsonic('reportPlayback', { mediaId: host.track('One'), state, ...rest }, 'alice')
    assert.equal(answer.status, 'ok')
    await host.settled()
  }
  const sent = (count: number) =>
    eventually(
      () => submissions(service.received).map(({ listen_type }) => listen_type),
      (types) => types.length >= count,
    )
  await report('playing', 0, true)
  await host.clock.advance(170_000)
  await report('stopped', 170, true)
  await host.clock.advance(5_000)
  assert.deepEqual(submissions(service.received), [])

  const began = host.clock.now()
  await report('starting', 0)
  assert.deepEqual(await sent(1), ['playing_now'])
  await report('playing', 0)
  await host.clock.advance(60_000)
  await report('paused', 60)
  await host.clock.advance(600_000)
  await report('playing', 60)
  assert.deepEqual(await sent(2), ['playing_now', 'playing_now'])
  await host.clock.advance(40_000)
  await report('playing', 100)
  await host.clock.advance(2_000)
  assert.deepEqual(await sent(3), ['playing_now', 'playing_now', 'single'])
  assert.equal(submissions(service.received)[2].payload[0].listened_at, Math.floor(began / 1000))
  await report('stopped', 102)
  await host.subsonic('scrobble', { id: host.track('One'), time: began }, 'alice')
  await host.settled()
  await host.clock.advance(5_000)
  assert.equal((await sent(3)).length, 3)
})

test('what could not be sent waits ever longer, survives a restart, and goes in one batch, oldest first', async (t) => {
  const { host, service, loaded } = await linked(t)
  service.answer(() => ({ status: 503, body: 'upstream is away' }))
  await play(host, 'alice', 'One', 'Two', 'Long')
  await host.clock.advance(2_000)
  assert.equal(submissions(service.received).length, 1)
  await host.clock.advance(20_000)
  assert.equal(submissions(service.received).length, 1, 'not before 30 seconds')
  await host.clock.advance(70_000)
  assert.equal(submissions(service.received).length, 2)
  await host.clock.advance(20 * 60_000)
  const tries = submissions(service.received).length
  assert.ok(tries >= 5 && tries <= 7, `${tries} tries in 20 minutes`)

  await loaded.reload()
  service.answer(listenBrainz)
  await host.clock.advance(70_000)
  const last = submissions(service.received).at(-1)
  assert.equal(last.listen_type, 'import')
  assert.deepEqual(
    last.payload.map((one: { track_metadata: { track_name: string } }) => one.track_metadata.track_name),
    ['One', 'Two', 'Long'],
  )
  const sent = submissions(service.received).length
  await host.clock.advance(3_600_000)
  assert.equal(submissions(service.received).length, sent, 'sent once')
  assert.equal((await status(host, 'alice'))[0]?.waiting, 0)
})

test('a service that names a time is left in peace until then', async (t) => {
  const { host, service } = await linked(t)
  service.answer(() => ({ status: 429, headers: { 'retry-after': '900' }, body: { code: 429, error: 'slow down' } }))
  await play(host, 'alice', 'One')
  await host.clock.advance(2_000)
  await host.clock.advance(14 * 60_000)
  assert.equal(submissions(service.received).length, 1)
  service.answer(listenBrainz)
  await host.clock.advance(3 * 60_000)
  assert.equal(submissions(service.received).length, 2)
})

test('a token that no longer works stops this link only, tells the user, and keeps the plays for the next link', async (t) => {
  const { host, service } = await linked(t)
  service.answer(() => ({ status: 401, body: { code: 401, error: 'Invalid authorization token.' } }))
  await play(host, 'alice', 'One')
  await host.clock.advance(2_000)
  assertHas((await status(host, 'alice'))[0], {
    working: false,
    problem: 'Invalid authorization token.',
    waiting: 1,
  })
  assert.equal(host.sent.length, 1)
  assertHas(host.sent[0], { topic: 'scrobble.unlinked', userId: host.user('alice') })
  await play(host, 'alice', 'Two')
  await host.clock.advance(3_600_000)
  assert.equal(submissions(service.received).length, 1, 'a dead token is not tried again')
  assert.equal(host.sent.length, 1)

  service.answer(listenBrainz)
  await host.inject({ method: 'PUT', url: '/plugins/scrobble/listenbrainz', user: 'alice', body: { token: TOKEN } })
  await host.clock.advance(2_000)
  assert.equal(submissions(service.received).at(-1).payload.length, 2)
})

test('one play that the service refuses does not hold up the others', async (t) => {
  const { host, service } = await linked(t)
  service.answer((request) =>
    request.body.includes('"Two"') ? { status: 400, body: { code: 400, error: 'bad listen' } } : listenBrainz(request),
  )
  await play(host, 'alice', 'One', 'Two', 'Long')
  await host.clock.advance(2_000)
  assertHas((await status(host, 'alice'))[0], { sent: 2, refused: 1, waiting: 0 })
})

test('a full queue drops its oldest plays and says how many', async (t) => {
  const { host, service } = await linked(t, { maxQueued: 2 })
  service.answer(() => ({ status: 503, body: '' }))
  await play(host, 'alice', 'One', 'Two', 'Long', 'Duet')
  assertHas((await status(host, 'alice'))[0], { waiting: 2, dropped: 2 })
  service.answer(listenBrainz)
  await host.clock.advance(120_000)
  assert.deepEqual(
    submissions(service.received)
      .at(-1)
      .payload.map((one: { track_metadata: { track_name: string } }) => one.track_metadata.track_name),
    ['Long', 'Duet'],
  )
})

test('big queues go in batches of a hundred', async (t) => {
  const { host, service } = await linked(t)
  service.answer(() => ({ status: 503, body: '' }))
  const ids = Array.from({ length: 250 }, () => host.track('One'))
  const time = ids.map((_, index) => host.clock.now() - (250 - index) * 200_000)
  await host.subsonic('scrobble', { id: ids, time }, 'alice')
  await host.settled()
  await host.clock.advance(2_000)
  service.answer(listenBrainz)
  await host.clock.advance(120_000)
  assert.deepEqual(
    submissions(service.received)
      .slice(1)
      .map(({ payload }) => payload.length),
    [100, 100, 50],
  )
})

test('an unknown token is not taken, and unlinking forgets what waits', async (t) => {
  const { host, service } = await linked(t)
  const wrong = await host.inject({
    method: 'PUT',
    url: '/plugins/scrobble/listenbrainz',
    user: 'bob',
    body: { token: 'nonsense' },
  })
  assert.equal(wrong.status, 422)
  assert.deepEqual(await status(host, 'bob'), [])
  service.answer(() => ({ status: 503, body: '' }))
  await play(host, 'alice', 'One')
  const gone = await host.inject({ method: 'DELETE', url: '/plugins/scrobble/listenbrainz', user: 'alice' })
  assert.equal(gone.status, 204)
  assert.deepEqual(await status(host, 'alice'), [])
  await host.clock.advance(600_000)
  assert.equal(submissions(service.received).length, 0)
})

test('links are private, and go with their user', async (t) => {
  const { host, service } = await linked(t)
  assert.equal((await host.inject('/plugins/scrobble')).status, 401)
  assert.deepEqual(await status(host, 'bob'), [])
  service.answer(() => ({ status: 503, body: '' }))
  await play(host, 'alice', 'One')
  await host.subsonic('deleteUser', { username: 'alice' })
  const before = service.received.length
  service.answer(listenBrainz)
  await host.clock.advance(600_000)
  assert.equal(service.received.length, before)
  assert.ok(!JSON.stringify(host.logged).includes(TOKEN))
})

test('nothing is left of the plugin', async (t) => {
  const { host } = await linked(t)
  await play(host, 'alice', 'One')
  await host.assertNoLeaks('scrobble')
})

/** What is told in the background arrives in real time. */
async function eventually<T>(look: () => T, isThere: (found: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 6000; tries++) {
    const found = look()
    if (isThere(found)) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return look()
}
