import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { type NtfyTarget, ntfy } from '../../channels/ntfy.ts'
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

interface Published {
  readonly topic: string
  readonly message: string
  readonly title?: string
  readonly priority?: number
  readonly tags?: readonly string[]
  readonly click?: string
  readonly sequence_id?: string
}

const error = (code: number, http: number, text: string): Answer => ({
  status: http,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ code, http, error: text, link: 'https://ntfy.sh/docs/publish/' }),
})

/** ntfy's own rules for publishing as JSON, as of its version 2.28. */
function rules({ method, path, body }: Received): Answer {
  if (method !== 'POST' || path !== '/') return error(40401, 404, 'page not found')
  if (body.byteLength > 8192) return error(41301, 413, 'request entity too large')
  const bytes = (text: unknown) => (text === undefined ? 0 : Buffer.byteLength(text as string))
  let given: Published
  try {
    given = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as Published
  } catch {
    return error(40024, 400, 'invalid request: request body must be valid JSON')
  }
  if (!/^[-_A-Za-z0-9]{1,64}$/.test(given.topic)) return error(40009, 400, 'invalid request: topic invalid')
  if (bytes(given.title) > 1024) return error(40057, 400, 'invalid request: title too long')
  if (bytes(given.tags?.join('')) > 512) return error(40058, 400, 'invalid request: tags too long')
  if (bytes(given.message) > 4096) return error(40000, 400, 'would become an attachment')
  if (given.message === '') return error(40000, 400, 'would be shown as triggered')
  const { priority = 3, click, sequence_id: sequence = 'none' } = given
  if (!Number.isInteger(priority) || priority < 1 || priority > 5) return error(40007, 400, 'priority invalid')
  if (click !== undefined && !URL.canParse(click)) return error(40000, 400, 'click invalid')
  if (!/^[-_A-Za-z0-9]{1,64}$/.test(sequence)) return error(40049, 400, 'sequence ID invalid')
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id: 'x', ...given }) }
}

async function stage(t: TestContext) {
  const server = await startStandIn(t)
  server.answer(rules)
  const tools = toolsOf(await networkOf(t, '127.0.0.1'))
  const target: NtfyTarget = { server: server.url, topic: 'my-music_1' }
  return { server, tools, target }
}

function published({ received }: StandIn): Published {
  return JSON.parse(received.at(-1)?.body.toString() ?? '') as Published
}

describe('ntfy', () => {
  test('is told everything in one body of JSON', async (t) => {
    const { server, tools, target } = await stage(t)
    await ntfy.send(target, DELIVERY, tools)
    assert.deepEqual(published(server), {
      topic: 'my-music_1',
      message: DELIVERY.body,
      title: DELIVERY.title,
      priority: 3,
      tags: ['musical_note'],
      click: DELIVERY.url,
      sequence_id: DELIVERY.id,
    })
    assert.equal(server.received[0]?.headers.authorization, undefined)
  })

  test('is told of trouble with more weight, and of a title without text', async (t) => {
    const { server, tools, target } = await stage(t)
    const { url: _, ...plain } = DELIVERY
    await ntfy.send(target, { ...plain, level: 'warn', body: '' }, tools)
    const { message, title, priority, click } = published(server)
    assert.deepEqual([message, title, priority, click], [DELIVERY.title, undefined, 4, undefined])
    await ntfy.send(target, { ...DELIVERY, level: 'error' }, tools)
    assert.equal(published(server).priority, 5)
  })

  test('knows a second try by its sequence, whatever the id is made of', async (t) => {
    const { server, tools, target } = await stage(t)
    const ids: string[] = []
    for (const id of ['a.b', 'a.b', 'a-b', 'x'.repeat(100)]) {
      await ntfy.send(target, { ...DELIVERY, id }, tools)
      ids.push(published(server).sequence_id ?? '')
    }
    assert.equal(ids[0], ids[1])
    assert.equal(new Set(ids).size, 3)
  })

  test('is asked with a token, or with a user and password of any script', async (t) => {
    const { server, tools, target } = await stage(t)
    await ntfy.send({ ...target, token: 'tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2' }, DELIVERY, tools)
    assert.equal(server.received[0]?.headers.authorization, 'Bearer tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2')
    await ntfy.send({ ...target, user: 'söra', password: 'pä:ss' }, DELIVERY, tools)
    const [scheme, value = ''] = server.received[1]?.headers.authorization?.split(' ') ?? []
    assert.equal(scheme, 'Basic')
    assert.equal(Buffer.from(value, 'base64').toString(), 'söra:pä:ss')
  })

  test('takes every script and every length by its own rules', async (t) => {
    const { server, tools, target } = await stage(t)
    for (const text of HOSTILE) {
      for (const [title, body] of [
        [text, text],
        [text, ''],
        ['Title', text],
      ] as const) {
        if (title === '' && body === '') continue
        await ntfy.send(target, { ...DELIVERY, title, body }, tools)
        const { title: heading = '', message } = published(server)
        assert.ok(isClean(heading) && isClean(message))
        assert.ok(!heading.includes('\n'))
      }
    }
    await ntfy.send(target, { ...DELIVERY, title: HOSTILE[2], body: HOSTILE[3] }, tools)
    assert.deepEqual([published(server).title, published(server).message], [HOSTILE[2], HOSTILE[3]])
    await ntfy.send(target, { ...DELIVERY, body: '\u{1F3B5}'.repeat(5_000) }, tools)
    assert.match(published(server).message, /^(\u{1F3B5}){1023}…$/u)
  })

  test('says what is wrong by its answer', async (t) => {
    const { server, tools, target } = await stage(t)
    const table: readonly (readonly [answer: Answer, retry: boolean, says: RegExp])[] = [
      [error(40101, 401, 'unauthorized'), false, /does not accept publishing without a token/],
      [error(40301, 403, 'forbidden'), false, /does not accept/],
      [error(40010, 400, 'invalid request: topic name is not allowed'), false, /400: .*topic name is not allowed/],
      [error(42908, 429, 'limit reached: daily message quota reached'), true, /429: limit reached/],
      [error(50701, 507, 'cannot publish: too many messages'), true, /507/],
      [{ status: 500, body: '<html>secret</html>' }, true, /answers 500$/],
      [{ status: 502, body: '[1' }, true, /answers 502$/],
      [{ status: 400, body: JSON.stringify({ error: `a\r\nb${'x'.repeat(999)}` }) }, false, /: a bx{100,200}…$/],
      [{ status: 308, headers: { location: 'http://127.0.0.1:1/' } }, false, /another address/],
    ]
    for (const [answer, retry, says] of table) {
      server.answer(answer)
      const failure = await failureOf(ntfy.send(target, DELIVERY, tools))
      assert.equal(failure.retry, retry, failure.message)
      assert.match(failure.message, says)
      assert.equal(failure.gone, false)
    }
    server.answer(error(40101, 401, 'unauthorized'))
    const failure = await failureOf(ntfy.send({ ...target, token: 'tk_secret' }, DELIVERY, tools))
    assert.match(failure.message, /does not accept the token/)
    assert.doesNotMatch(failure.message, /tk_secret/)
  })

  test('tells what is wrong with a target, and shows no secret of it', () => {
    const good = { server: 'https://ntfy.sh', topic: 'music' }
    const problem = (rest: Partial<NtfyTarget>) => ntfy.problem({ ...good, ...rest }, NO_CONFIG)
    assert.equal(problem({}), undefined)
    assert.equal(problem({ token: 'tk_1' }), undefined)
    assert.equal(problem({ user: 'ann', password: 'pw' }), undefined)
    assert.match(problem({ server: 'ntfy.sh' }) ?? '', /server/)
    for (const topic of ['', 'with space', 'a/b', 'x'.repeat(65), 'топик', 'a\n'])
      assert.match(problem({ topic }) ?? '', /topic/, topic)
    assert.match(problem({ token: 'tk\r\nX-Evil: 1' }) ?? '', /token/)
    assert.match(problem({ user: 'a:b', password: 'c' }) ?? '', /colon/)
    assert.match(problem({ user: 'ann' }) ?? '', /password/)
    assert.match(problem({ password: 'pw' }) ?? '', /user/)
    assert.equal(ntfy.label({ ...good, token: 'tk_1' }), 'ntfy.sh/music')
    assert.deepEqual(ntfy.hosts(good), ['ntfy.sh'])
  })
})
