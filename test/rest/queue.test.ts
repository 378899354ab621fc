import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothAdapters } from '../support/adapters.ts'
import { createTestClock } from '../support/clock.ts'
import { callerOf, mayOnlySee, type RestCall, songIds } from '../support/rest-caller.ts'
import { ADMIN, startTestServer } from '../support/test-server.ts'

const LIBRARIES = {
  Open: {
    'a/1.mp3': { title: 'One', artist: 'Ann', album: 'Light' },
    'a/2.mp3': { title: 'Two', artist: 'Ann', album: 'Light' },
    'a/3.mp3': { title: 'Three', artist: 'Ann', album: 'Light' },
  },
  Shut: { 'b/1.mp3': { title: 'Secret', artist: 'Eve', album: 'Dark' } },
}
const OPTIONS = {
  libraries: LIBRARIES,
  users: [
    { name: 'ann', password: 'ann-pass' },
    { name: 'bob', password: 'bob-pass' },
  ],
}

interface Queue {
  readonly id: string
  readonly userId: string
  readonly current: number
  readonly position: number
  readonly changedBy: string
  readonly items: readonly { readonly id: string; readonly title: string; readonly path: string }[]
  readonly createdAt: string | null
  readonly updatedAt: string | null
}

async function queueOf(call: RestCall): Promise<Queue> {
  const { status, body } = await call('GET /api/queue')
  assert.equal(status, 200)
  return body as Queue
}

/** Titles, current and position. */
async function shown(call: RestCall): Promise<readonly unknown[]> {
  const { items, current, position } = await queueOf(call)
  return [items.map(({ title }) => title).join(), current, position]
}

onBothAdapters('a queue is saved, read, changed in part and cleared', async (t, adapter) => {
  const clock = createTestClock()
  const server = await startTestServer({ ...OPTIONS, adapter, clock }, t)
  const { One = '', Two = '', Three = '' } = songIds(server)
  const ann = await callerOf(server, 'ann')
  const none = await queueOf(ann)
  assert.deepEqual([none.current, none.position, none.items, none.createdAt, none.updatedAt], [0, 0, [], null, null])
  const saved = await ann('POST /api/queue', {
    body: { ids: [One, Two, Three], current: 1, position: 12_500 },
    headers: { 'user-agent': 'feishin/1.0 (x)' },
  })
  assert.deepEqual([saved.status, saved.text], [204, ''])
  const { items, ...head } = await queueOf(ann)
  const now = new Date(clock.now()).toISOString()
  assert.deepEqual(head, {
    id: head.userId,
    userId: head.userId,
    current: 1,
    position: 12_500,
    changedBy: 'feishin',
    createdAt: now,
    updatedAt: now,
  })
  assert.deepEqual(
    items.map(({ id, title, path }) => [id, title, path]),
    [
      [One, 'One', 'a/1.mp3'],
      [Two, 'Two', 'a/2.mp3'],
      [Three, 'Three', 'a/3.mp3'],
    ],
  )
  const table: readonly [body: object, titles: string, current: number, position: number][] = [
    [{ position: 99.6 }, 'One,Two,Three', 1, 100],
    [{}, 'One,Two,Three', 1, 100],
    [{ current: 2 }, 'One,Two,Three', 2, 0],
    [{ current: 0, position: 7 }, 'One,Two,Three', 0, 7],
    [{ position: -4 }, 'One,Two,Three', 0, 0],
    [{ current: 2, position: 8 }, 'One,Two,Three', 2, 8],
    [{ ids: [Three, Two, Three] }, 'Three,Two,Three', 2, 8],
    [{ ids: [Three, Two] }, 'Three,Two', 1, 0],
    [{ ids: ['zz', Three, 'a1', Two], current: 3, position: 4 }, 'Three,Two', 1, 4],
    [{ ids: [One], current: 0 }, 'One', 0, 0],
    [{ ids: null, current: null, position: 3 }, 'One', 0, 3],
    [{ ids: [] }, '', 0, 0],
    [{ position: 5 }, '', 0, 0],
    [{ current: 0 }, '', 0, 0],
    [{ ids: [One, Two] }, 'One,Two', 0, 0],
  ]
  for (const [body, ...after] of table) {
    assert.equal((await ann('PUT /api/queue', { body })).status, 204, JSON.stringify(body))
    assert.deepEqual(await shown(ann), after, JSON.stringify(body))
  }
  assert.deepEqual(await shown(await callerOf(server, 'bob')), ['', 0, 0])
  assert.equal((await ann('DELETE /api/queue')).status, 204)
  assert.deepEqual(await shown(ann), ['', 0, 0])
  await ann('POST /api/queue', { body: { ids: [One] } })
  assert.equal((await ann('POST /api/queue', { body: {} })).status, 204)
  assert.deepEqual(await shown(ann), ['', 0, 0])
})

test('what is no queue is refused and changes nothing', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { One = '', Two = '' } = songIds(server)
  const ann = await callerOf(server, 'ann')
  await ann('POST /api/queue', { body: { ids: [One, Two], current: 1, position: 5 } })
  const table: readonly [body: unknown, status: number][] = [
    ['{', 422],
    ['[]', 422],
    [{ ids: [One], current: 1 }, 400],
    [{ ids: [One], current: -1 }, 400],
    [{ ids: [], current: 1 }, 400],
    [{ current: 2 }, 400],
    [{ ids: One }, 400],
    [{ ids: [7] }, 400],
    [{ ids: [One], current: '0' }, 400],
    [{ ids: [One], current: 1e300 }, 400],
    [{ ids: [One], position: 1e300 }, 400],
    [{ ids: [One], position: {} }, 400],
    ['{"ids":["s1"],"position":NaN}', 422],
  ]
  for (const [body, status] of table) {
    for (const method of ['PUT', 'POST']) {
      const answer = await ann(`${method} /api/queue`, { body })
      assert.equal(answer.status, status, `${method} ${JSON.stringify(body)}`)
      assert.equal(typeof (answer.body as { error: unknown }).error, 'string')
    }
  }
  assert.deepEqual(await shown(ann), ['One,Two', 1, 5])
  assert.equal((await ann('PUT /api/queue', { body: { current: 2 } })).text, '{"error":"current index out of bounds"}')
})

test('both APIs read and write the same queue', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { One = '', Two = '' } = songIds(server)
  const ann = await callerOf(server, 'ann')
  const login = 'u=ann&p=ann-pass&v=1.16.1&c=player&f=json'
  await ann(`GET /rest/savePlayQueueByIndex?${login}&id=${One}&id=${Two}&currentIndex=1&position=77`)
  const { changedBy } = await queueOf(ann)
  assert.deepEqual([...(await shown(ann)), changedBy], ['One,Two', 1, 77, 'player'])
  await ann('PUT /api/queue', { body: { current: 0, position: 3 } })
  const { text } = await ann(`GET /rest/getPlayQueueByIndex?${login}`)
  assert.match(text, /"currentIndex":0/)
  assert.match(text, /"position":3/)
})

test('songs that a user may not see any more are neither shown nor counted, and come back', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { One = '', Two = '', Secret = '' } = songIds(server)
  const ann = await callerOf(server, 'ann')
  await ann('POST /api/queue', { body: { ids: [Secret, One, Secret, Two], current: 2, position: 40 } })
  assert.deepEqual(await shown(ann), ['Secret,One,Secret,Two', 2, 40])
  await mayOnlySee(server, 'ann', 'Open')
  const { text } = await ann('GET /api/queue')
  for (const word of ['Secret', Secret, 'Eve', 'Dark', 'Shut']) assert.ok(!text.includes(word), word)
  assert.deepEqual(await shown(ann), ['One,Two', 1, 0])
  for (const [current, status] of [
    [2, 400],
    [0, 204],
  ] as const)
    assert.equal((await ann('PUT /api/queue', { body: { current, position: 9 } })).status, status)
  assert.deepEqual(await shown(ann), ['One,Two', 0, 9])
  await mayOnlySee(server, 'ann', 'Shut')
  assert.deepEqual(await shown(ann), ['Secret,Secret', 1, 0])
  // An unknown song and a hidden one make no difference.
  for (const id of [One, 'szzzz']) {
    assert.equal((await ann('POST /api/queue', { body: { ids: [id] } })).status, 204)
    assert.deepEqual(await shown(ann), ['', 0, 0])
  }
})

test('only administrators learn where a song lies on the disk, and nobody without a login a queue', async (t) => {
  const server = await startTestServer(OPTIONS, t)
  const { One = '' } = songIds(server)
  for (const [call, knows] of [
    [await callerOf(server, 'ann'), false],
    [await callerOf(server, ADMIN.name, ADMIN.password), true],
  ] as const) {
    await call('POST /api/queue', { body: { ids: [One] } })
    assert.equal((await call('GET /api/queue')).text.includes(server.musicDir), knows)
  }
  for (const method of ['GET', 'POST', 'PUT', 'DELETE'])
    assert.equal((await fetch(`${server.url}/api/queue`, { method })).status, 401)
})
