import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { newWebhookSecret, webhook } from '../../channels/webhook.ts'
import {
  DELIVERY,
  eventually,
  failureOf,
  HOSTILE,
  isClean,
  NO_CONFIG,
  networkOf,
  type Received,
  startStandIn,
  toolsOf,
} from './support.ts'

const SECRET = newWebhookSecret()

/** The receiver's side, by the library of the specification. Throws for a signature or a time that is not right. */
function verified({ headers, body }: Received, secret = SECRET): unknown {
  return new Webhook(secret).verify(body.toString(), headers as Record<string, string>)
}

describe('a webhook', () => {
  test('is signed as receivers check it, and says all there is', async (t) => {
    const receiver = await startStandIn(t)
    const tools = toolsOf(await networkOf(t, '127.0.0.1'))
    await webhook.send({ url: `${receiver.url}/hook?room=1#top`, secret: SECRET }, DELIVERY, tools)
    const [request] = receiver.received as [Received]
    assert.equal(request.method, 'POST')
    assert.equal(request.path, '/hook?room=1')
    assert.equal(request.headers['content-type'], 'application/json')
    assert.deepEqual(verified(request), {
      type: 'share.received',
      timestamp: '2026-03-01T12:30:00.000Z',
      data: {
        id: DELIVERY.id,
        title: DELIVERY.title,
        body: DELIVERY.body,
        level: 'info',
        url: DELIVERY.url,
      },
    })
    const forged = { ...request, body: Buffer.from(request.body.toString().replace('Ann', 'Eve')) }
    assert.throws(() => verified(forged), /signature/)
    assert.throws(() => verified(request, newWebhookSecret()), /signature/)
  })

  test('can be told from one that somebody sends again later', async (t) => {
    const receiver = await startStandIn(t)
    const network = await networkOf(t, '127.0.0.1')
    const target = { url: receiver.url, secret: SECRET }
    const now = Date.now()
    await webhook.send(target, DELIVERY, toolsOf(network, { now: () => now - 600_000 }))
    await webhook.send(target, DELIVERY, toolsOf(network, { now: () => now }))
    const [old, fresh] = receiver.received as [Received, Received]
    assert.throws(() => verified(old), /too old/)
    verified(fresh)
    // A second try is the same delivery, signed anew.
    assert.equal(old.headers['webhook-id'], DELIVERY.id)
    assert.equal(fresh.headers['webhook-id'], DELIVERY.id)
    assert.equal(old.body.toString(), fresh.body.toString())
    assert.notEqual(old.headers['webhook-signature'], fresh.headers['webhook-signature'])
  })

  test('takes any text of 16 bytes as its key', async (t) => {
    const receiver = await startStandIn(t)
    const secret = 'größer als sechzehn'
    await webhook.send({ url: receiver.url, secret }, DELIVERY, toolsOf(await networkOf(t, '127.0.0.1')))
    const [{ headers, body }] = receiver.received as [Received]
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const expected = createHmac('sha256', Buffer.from(secret, 'utf8')).update(signed, 'utf8').digest('base64')
    assert.equal(headers['webhook-signature'], `v1,${expected}`)
  })

  test('knows from the answer whether another try makes sense', async (t) => {
    const receiver = await startStandIn(t)
    const tools = toolsOf(await networkOf(t, '127.0.0.1'), { now: () => Date.UTC(2026, 2, 1) })
    const send = () => webhook.send({ url: `${receiver.url}/secret-path`, secret: SECRET }, DELIVERY, tools)
    for (const status of [200, 201, 202, 204]) {
      receiver.answer({ status })
      await send()
    }
    const table: readonly (readonly [
      status: number,
      retryAfter: string,
      retry: boolean,
      waitMs: number | undefined,
    ])[] = [
      [400, '', false, undefined],
      [401, '60', false, undefined],
      [403, '', false, undefined],
      [404, '', false, undefined],
      [413, '', false, undefined],
      [501, '', false, undefined],
      [408, '', true, undefined],
      [425, '', true, undefined],
      [429, '120', true, 120_000],
      [429, ' 7 ', true, 7_000],
      [429, '-5', true, undefined],
      [429, 'soon', true, undefined],
      [503, 'Sun, 01 Mar 2026 00:10:00 GMT', true, 600_000],
      [503, 'Sun, 01 Mar 2020 00:10:00 GMT', true, 0],
      [503, '99999999999999999999', true, undefined],
      [503, '9999999999', true, 24 * 3_600_000],
      [500, '', true, undefined],
      [502, '', true, undefined],
    ]
    for (const [status, retryAfter, retry, waitMs] of table) {
      receiver.answer({ status, headers: retryAfter === '' ? {} : { 'retry-after': retryAfter }, body: 'inner secret' })
      const failure = await failureOf(send())
      const found = [failure.retry, failure.retryAfterMs, failure.gone]
      assert.deepEqual(found, [retry, waitMs, false], `${status} ${retryAfter}: ${failure.message}`)
      assert.match(failure.message, new RegExp(String(status)))
      assert.doesNotMatch(failure.message, /secret/)
    }
    receiver.answer({ status: 410 })
    const gone = await failureOf(send())
    assert.deepEqual([gone.retry, gone.gone], [false, true])
  })

  test('follows no redirect: its signature is for one address', async (t) => {
    const receiver = await startStandIn(t)
    const other = await startStandIn(t)
    const tools = toolsOf(await networkOf(t, '127.0.0.1'))
    for (const status of [301, 302, 303, 307, 308]) {
      receiver.answer({ status, headers: { location: `${other.url}/inside` } })
      const failure = await failureOf(webhook.send({ url: receiver.url, secret: SECRET }, DELIVERY, tools))
      assert.equal(failure.retry, false)
      assert.match(failure.message, /another address/)
    }
    assert.equal(receiver.received.length, 5)
    assert.equal(other.received.length, 0)
  })

  test('reaches nothing private without a grant, and says which one is missing', async (t) => {
    const receiver = await startStandIn(t)
    const { port } = new URL(receiver.url)
    const tools = toolsOf(await networkOf(t, '*'))
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '2130706433', '0x7f000001']) {
      const failure = await failureOf(webhook.send({ url: `http://${host}:${port}/`, secret: SECRET }, DELIVERY, tools))
      assert.equal(failure.retry, false, host)
      assert.match(failure.message, /private address/, host)
    }
    const ungranted = toolsOf(await networkOf(t, 'example.org'))
    const failure = await failureOf(webhook.send({ url: receiver.url, secret: SECRET }, DELIVERY, ungranted))
    assert.match(failure.message, /net:127\.0\.0\.1/)
    assert.equal(receiver.received.length, 0)
  })

  test('is done with an answer that never ends', async (t) => {
    const receiver = await startStandIn(t)
    const tools = toolsOf(await networkOf(t, '127.0.0.1'))
    for (const status of [200, 500]) {
      receiver.answer((_, response) => {
        response.writeHead(status)
        const more = () => {
          while (response.write('x'.repeat(64 * 1024)));
          response.once('drain', more)
        }
        more()
        return undefined
      })
      const sending = webhook.send({ url: receiver.url, secret: SECRET }, DELIVERY, tools)
      if (status === 200) await sending
      else assert.equal((await failureOf(sending)).retry, true)
      await eventually(async () => (await receiver.open()) === 0, 'the connection is let go')
    }
    // One that begins an answer and falls silent.
    receiver.answer((_, response) => {
      response.writeHead(200).write('so')
      return undefined
    })
    await webhook.send({ url: receiver.url, secret: SECRET }, DELIVERY, tools)
    await eventually(async () => (await receiver.open()) === 0, 'the connection is let go')
  })

  test('gives up a silent peer at its deadline, and tells what can not be reached', async (t) => {
    const receiver = await startStandIn(t)
    receiver.answer(() => undefined)
    const network = await networkOf(t, '127.0.0.1', 'no-such-host.invalid')
    const deadline = new AbortController()
    const sending = failureOf(
      webhook.send({ url: receiver.url, secret: SECRET }, DELIVERY, toolsOf(network, { signal: deadline.signal })),
    )
    await eventually(() => receiver.received.length === 1, 'it was asked')
    deadline.abort()
    const late = await sending
    assert.equal(late.retry, true)
    assert.match(late.message, /in time/)
    await eventually(async () => (await receiver.open()) === 0, 'the connection is let go')

    const nowhere = await failureOf(
      webhook.send({ url: 'http://no-such-host.invalid/', secret: SECRET }, DELIVERY, toolsOf(network)),
    )
    assert.equal(nowhere.retry, true)
    assert.match(nowhere.message, /no-such-host\.invalid can't be reached/)
  })

  test('carries every script, and no control characters', async (t) => {
    const receiver = await startStandIn(t)
    const tools = toolsOf(await networkOf(t, '127.0.0.1'))
    for (const text of HOSTILE) {
      await webhook.send({ url: receiver.url, secret: SECRET }, { ...DELIVERY, title: text, body: text }, tools)
      const { data } = verified(receiver.received.at(-1) as Received) as { data: { title: string; body: string } }
      assert.ok(isClean(data.title) && isClean(data.body), JSON.stringify(data))
      assert.ok(!data.title.includes('\n'))
    }
    const { data } = verified(receiver.received[2] as Received) as { data: { title: string } }
    assert.equal(data.title, HOSTILE[2])
  })

  test('tells what is wrong with a target, and shows no secret of it', () => {
    const url = 'https://example.org/services/T000/B000'
    const problem = (target: { url: string; secret: string }) => webhook.problem(target, NO_CONFIG)
    assert.equal(problem({ url, secret: SECRET }), undefined)
    for (const wrong of ['', 'example.org', 'ftp://example.org', 'https://me:pw@example.org', 'javascript:alert(1)'])
      assert.match(problem({ url: wrong, secret: SECRET }) ?? '', /address/, wrong)
    for (const secret of ['short', 'whsec_', 'whsec_not base64!', `whsec_${Buffer.alloc(8).toString('base64')}`])
      assert.match(problem({ url, secret }) ?? '', /secret/, secret)
    assert.equal(webhook.label({ url, secret: SECRET }), 'example.org')
    assert.deepEqual(webhook.hosts({ url, secret: SECRET }), ['example.org'])
    assert.notEqual(newWebhookSecret(), newWebhookSecret())
  })
})
