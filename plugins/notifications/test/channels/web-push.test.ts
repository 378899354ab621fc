import assert from 'node:assert/strict'
import { createECDH, createPublicKey, verify } from 'node:crypto'
import { describe, type TestContext, test } from 'node:test'
import type { VapidKeys } from '../../channel.ts'
import { type PushSubscription, parseSubscription, subscriptionProblem } from '../../channels/push-subscription.ts'
import { webPush } from '../../channels/web-push.ts'
import { browser } from './push-browser.ts'
import {
  DELIVERY,
  failureOf,
  HOSTILE,
  isClean,
  NO_CONFIG,
  networkOf,
  type Received,
  type StandIn,
  startStandIn,
  toolsOf,
} from './support.ts'

// Push services are reached by https only; the stand-in has a certificate of nobody.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'

function vapidKeys(): VapidKeys {
  const key = createECDH('prime256v1')
  const publicKey = key.generateKeys().toString('base64url')
  const privateKey = Buffer.from(key.getPrivateKey('hex').padStart(64, '0'), 'hex').toString('base64url')
  return { publicKey, privateKey }
}

/** RFC 8292: the claims of a signature that is right. */
function claims({ headers }: Received, { publicKey }: VapidKeys): Record<string, unknown> {
  const [, token = '', key] = /^vapid t=([^,]+), k=(.+)$/.exec(headers.authorization ?? '') ?? []
  assert.equal(key, publicKey)
  const [head = '', payload = '', signature = ''] = token.split('.')
  assert.deepEqual(JSON.parse(Buffer.from(head, 'base64url').toString()), { typ: 'JWT', alg: 'ES256' })
  const point = Buffer.from(publicKey, 'base64url')
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  const signed = verify(
    'sha256',
    Buffer.from(`${head}.${payload}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  assert.ok(signed, 'signature')
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
}

async function stage(t: TestContext) {
  const service = await startStandIn(t, { tls: true })
  service.answer({ status: 201 })
  const network = await networkOf(t, '127.0.0.1')
  const vapid = vapidKeys()
  const config = { ...NO_CONFIG, pushContact: 'mailto:admin@example.org' }
  return { service, network, vapid, config, tools: toolsOf(network, { vapid, config }) }
}

function last({ received }: StandIn): Received {
  return received.at(-1) as Received
}

describe('Web Push', () => {
  test('arrives encrypted for one browser, and signed by this server', async (t) => {
    const { service, tools, vapid } = await stage(t)
    const { subscription, open } = browser(`${service.url}/push/v1/secret`)
    await webPush.send(subscription, DELIVERY, tools)
    const request = last(service)
    assert.equal(request.method, 'POST')
    assert.equal(request.path, '/push/v1/secret')
    assert.equal(request.headers['content-encoding'], 'aes128gcm')
    assert.deepEqual(open(request.body), {
      id: DELIVERY.id,
      topic: DELIVERY.topic,
      title: DELIVERY.title,
      level: 'info',
      at: DELIVERY.at,
      url: DELIVERY.url,
      body: DELIVERY.body,
    })
    assert.ok(!request.body.includes('Joni'))
    const { aud, exp, sub } = claims(request, vapid)
    assert.equal(aud, service.url)
    assert.equal(sub, 'mailto:admin@example.org')
    const seconds = Number(exp) - Date.now() / 1000
    assert.ok(seconds > 3600 && seconds <= 24 * 3600, `valid for ${seconds} s`)
    // For another browser it is noise.
    assert.throws(() => browser(service.url).open(request.body))
  })

  test('says how urgent it is, how long it is worth keeping, and what it takes the place of', async (t) => {
    const { service, tools } = await stage(t)
    const { subscription } = browser(service.url)
    const topics: unknown[] = []
    for (const [level, id, urgency] of [
      ['info', 'one', 'normal'],
      ['warn', 'two', 'normal'],
      ['error', 'two', 'high'],
    ] as const) {
      await webPush.send(subscription, { ...DELIVERY, level, id }, tools)
      const { ttl, urgency: told, topic } = last(service).headers
      assert.equal(told, urgency)
      assert.match(String(ttl), /^[1-9]\d{4,6}$/)
      assert.match(String(topic), /^[A-Za-z0-9_-]{1,32}$/)
      topics.push(topic)
    }
    assert.notEqual(topics[0], topics[1])
    assert.equal(topics[1], topics[2])
  })

  test('fits into 4,096 bytes, in every script', async (t) => {
    const { service, tools } = await stage(t)
    const { subscription, open } = browser(service.url)
    for (const text of [...HOSTILE, '\u{1F3B5}'.repeat(50_000), '"\\'.repeat(30_000)]) {
      await webPush.send(subscription, { ...DELIVERY, title: text, body: text }, tools)
      const { body } = last(service)
      assert.ok(body.byteLength <= 4096, `${body.byteLength} bytes`)
      const note = open(body) as { title: string; body: string; url: string }
      assert.ok(isClean(note.title) && isClean(note.body))
      assert.equal(note.url, DELIVERY.url)
      if (text.length > 10_000) assert.ok(body.byteLength > 3_000, `only ${body.byteLength} bytes of it`)
    }
    await webPush.send(subscription, { ...DELIVERY, title: HOSTILE[2], body: HOSTILE[3] }, tools)
    const { title, body } = open(last(service).body)
    assert.deepEqual([title, body], [HOSTILE[2], HOSTILE[3]])
    await webPush.send(subscription, { ...DELIVERY, url: `https://example.org/${'x'.repeat(5_000)}` }, tools)
    assert.equal(open(last(service).body).url, undefined)
  })

  test('is forgotten where the browser is gone, tried again where the service has trouble', async (t) => {
    const { service, tools } = await stage(t)
    const { subscription } = browser(`${service.url}/secret-of-the-browser`)
    const table: readonly (readonly [status: number, retry: boolean, gone: boolean])[] = [
      [404, false, true],
      [410, false, true],
      [400, false, false],
      [401, false, false],
      [403, false, false],
      [413, false, false],
      [307, false, false],
      [429, true, false],
      [500, true, false],
      [503, true, false],
    ]
    for (const [status, retry, gone] of table) {
      service.answer({ status, headers: { 'retry-after': '90', location: 'https://127.0.0.1:1/' } })
      const failure = await failureOf(webPush.send(subscription, DELIVERY, tools))
      assert.deepEqual([failure.retry, failure.gone], [retry, gone], failure.message)
      assert.equal(failure.retryAfterMs, retry ? 90_000 : undefined)
      assert.doesNotMatch(failure.message, /secret-of/)
    }
    for (const status of [200, 201, 202, 204]) {
      service.answer({ status })
      await webPush.send(subscription, DELIVERY, tools)
    }
  })

  test('names somebody whom a push service can ask', async (t) => {
    const { service, network, vapid } = await stage(t)
    const { subscription } = browser(service.url)
    const { url: _, ...plain } = DELIVERY
    const table = [
      [{ pushContact: 'https://example.org/me', mailFrom: 'a@example.org' }, DELIVERY, 'https://example.org/me'],
      [{ mailFrom: 'Tonearm <tonearm@example.org>' }, DELIVERY, 'mailto:tonearm@example.org'],
      [{ pushContact: 'nonsense', mailFrom: 'nonsense' }, DELIVERY, 'https://music.example.org'],
      [{}, { ...DELIVERY, url: 'http://nas.local:4533/' }, 'mailto:tonearm@example.org'],
      [{}, plain, 'mailto:tonearm@example.org'],
    ] as const
    for (const [config, delivery, expected] of table) {
      await webPush.send(subscription, delivery, toolsOf(network, { vapid, config: { ...NO_CONFIG, ...config } }))
      assert.equal(claims(last(service), vapid).sub, expected)
    }
  })

  test('takes no subscription that no browser gives', async (t) => {
    const { service, tools } = await stage(t)
    const { subscription } = browser(service.url)
    const { p256dh, auth } = subscription.keys
    const text = JSON.stringify({ ...subscription, expirationTime: null })
    assert.deepEqual(parseSubscription(text), subscription)
    const wrong: readonly PushSubscription[] = [
      { ...subscription, endpoint: service.url.replace('https', 'http') },
      { ...subscription, endpoint: 'https://me:pw@example.org/' },
      { ...subscription, endpoint: '' },
      { ...subscription, endpoint: `https://example.org/${'x'.repeat(3_000)}` },
      { ...subscription, keys: { p256dh: '', auth } },
      { ...subscription, keys: { p256dh: p256dh.slice(0, -4), auth } },
      // A point that is not on the curve.
      {
        ...subscription,
        keys: { p256dh: Buffer.concat([Buffer.of(4), Buffer.alloc(64, 7)]).toString('base64url'), auth },
      },
      { ...subscription, keys: { p256dh, auth: auth.slice(2) } },
      { ...subscription, keys: { p256dh, auth: '' } },
    ]
    for (const one of wrong) {
      assert.notEqual(subscriptionProblem(one), undefined, JSON.stringify(one))
      assert.equal(webPush.problem(one, NO_CONFIG), subscriptionProblem(one))
      assert.equal(parseSubscription(JSON.stringify(one)), undefined)
      const failure = await failureOf(webPush.send(one, DELIVERY, tools))
      assert.deepEqual([failure.retry, failure.gone], [false, true])
    }
    for (const nonsense of ['', 'null', '[]', '{}', '{"endpoint":1}', '{"endpoint":"https://a.b/","keys":null}'])
      assert.equal(parseSubscription(nonsense), undefined, nonsense)
    assert.equal(service.received.length, 0)
  })

  test('is shown by its browser, not by its address', () => {
    const label = (endpoint: string) => webPush.label(browser(endpoint).subscription)
    assert.equal(label('https://fcm.googleapis.com/fcm/send/secret'), 'Chrome or Android')
    assert.equal(label('https://updates.push.services.mozilla.com/wpush/v2/secret'), 'Firefox')
    assert.equal(label('https://web.push.apple.com/secret'), 'Safari')
    assert.equal(label('https://wns2-par02p.notify.windows.com/w/?token=secret'), 'Edge')
    assert.equal(label('https://evil-googleapis.com.example.org/secret'), 'evil-googleapis.com.example.org')
    assert.deepEqual(webPush.hosts(browser('https://web.push.apple.com/x').subscription), ['web.push.apple.com'])
  })
})
