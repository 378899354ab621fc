import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { gotify } from '../../channels/gotify.ts'
import {
  type Answer,
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

const TOKEN = 'AbCdEf.123-_'

interface Message {
  readonly title: string
  readonly message: string
  readonly priority: number
  readonly extras: Readonly<Record<string, unknown>>
}

const error = (status: number, name: string, description: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: name, errorCode: status, errorDescription: description }),
})

/** Gotify's own rules for `POST /message`, below a path as a proxy may have it. */
function rules({ method, path, headers, body }: Received): Answer {
  if (method !== 'POST' || path !== '/gotify/message') return error(404, 'Not Found', 'page not found')
  if (headers['x-gotify-key'] !== TOKEN)
    return error(401, 'Unauthorized', 'you need to provide a valid access token or user credentials to access this api')
  if (headers['content-type'] !== 'application/json') return error(400, 'Bad Request', 'unsupported content type')
  const given = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as Message
  if (!given.message) return error(400, 'Bad Request', "Field 'message' is required")
  if (!Number.isInteger(given.priority)) return error(400, 'Bad Request', 'priority is no number')
  return { status: 200, body: JSON.stringify({ id: 1, appid: 1, date: '2026-03-01T12:30:00Z', ...given }) }
}

async function stage(t: TestContext) {
  const server = await startStandIn(t)
  server.answer(rules)
  const tools = toolsOf(await networkOf(t, '127.0.0.1'))
  return { server, tools, target: { server: `${server.url}/gotify/`, token: TOKEN } }
}

function sent({ received }: StandIn): Message {
  return JSON.parse(received.at(-1)?.body.toString() ?? '') as Message
}

describe('Gotify', () => {
  test('is told everything, and opens the page on a click', async (t) => {
    const { server, tools, target } = await stage(t)
    await gotify.send(target, DELIVERY, tools)
    assert.deepEqual(sent(server), {
      title: DELIVERY.title,
      message: DELIVERY.body,
      priority: 5,
      extras: {
        'client::display': { contentType: 'text/plain' },
        'client::notification': { click: { url: DELIVERY.url } },
      },
    })
    await gotify.send({ ...target, server: `${server.url}/gotify` }, DELIVERY, tools)
    assert.equal(server.received[1]?.path, '/gotify/message')
  })

  test('is told of trouble with more weight, and of a title without text', async (t) => {
    const { server, tools, target } = await stage(t)
    const { url: _, ...plain } = DELIVERY
    await gotify.send(target, { ...plain, level: 'warn', body: '' }, tools)
    assert.equal(sent(server).message, DELIVERY.title)
    assert.equal(sent(server).priority, 7)
    assert.equal(sent(server).extras['client::notification'], undefined)
    await gotify.send(target, { ...DELIVERY, level: 'error' }, tools)
    assert.equal(sent(server).priority, 8)
  })

  test('takes every script and every length', async (t) => {
    const { server, tools, target } = await stage(t)
    for (const text of HOSTILE.filter((one) => one !== '')) {
      await gotify.send(target, { ...DELIVERY, title: text, body: text }, tools)
      const { title, message } = sent(server)
      assert.ok(isClean(title) && isClean(message))
      assert.ok(!title.includes('\n'))
      assert.ok(Buffer.byteLength(title) <= 1024 && Buffer.byteLength(message) <= 16 * 1024)
    }
    await gotify.send(target, { ...DELIVERY, title: HOSTILE[2], body: HOSTILE[3] }, tools)
    assert.deepEqual([sent(server).title, sent(server).message], [HOSTILE[2], HOSTILE[3]])
  })

  test('says what is wrong by its answer', async (t) => {
    const { server, tools, target } = await stage(t)
    const wrong = await failureOf(gotify.send({ ...target, token: 'other-secret' }, DELIVERY, tools))
    assert.equal(wrong.retry, false)
    assert.match(wrong.message, /does not accept the token/)
    assert.doesNotMatch(wrong.message, /other-secret/)
    server.answer(error(500, 'Internal Server Error', 'database is locked'))
    const locked = await failureOf(gotify.send(target, DELIVERY, tools))
    assert.equal(locked.retry, true)
    assert.match(locked.message, /500: database is locked/)
    server.answer({ status: 301, headers: { location: 'https://127.0.0.1/' } })
    assert.match((await failureOf(gotify.send(target, DELIVERY, tools))).message, /another address/)
    server.answer({ status: 503, headers: { 'retry-after': '30' } })
    assert.equal((await failureOf(gotify.send(target, DELIVERY, tools))).retryAfterMs, 30_000)
  })

  test('tells what is wrong with a target, and shows no secret of it', () => {
    const server = 'https://push.example.org/gotify/'
    assert.equal(gotify.problem({ server, token: TOKEN }, NO_CONFIG), undefined)
    assert.match(gotify.problem({ server: 'push.example.org', token: TOKEN }, NO_CONFIG) ?? '', /server/)
    for (const token of ['', 'a b', 'a\nb', 'тайна'])
      assert.match(gotify.problem({ server, token }, NO_CONFIG) ?? '', /token/, token)
    assert.equal(gotify.label({ server, token: TOKEN }), 'push.example.org/gotify')
    assert.deepEqual(gotify.hosts({ server, token: TOKEN }), ['push.example.org'])
  })
})
