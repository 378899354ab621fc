import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HookInput } from '../../src/hooks/hooks.ts'
import { dispatcherOf, entry, watch } from '../support/hooks.ts'

const batch = (): HookInput<'scan.tags'> => [
  { path: 'a.mp3', tags: { title: ['A'] } },
  { path: 'b.mp3', tags: { title: ['B'] } },
]
const ARTIST = { artistId: 'r1', name: 'Nina' }
const never = () => new Promise<never>(() => {})

test('each transform sees what the one before made', async () => {
  const add = (tag: string) => (files: HookInput<'scan.tags'>) =>
    files.map(({ path, tags }) => ({ path, tags: { ...tags, [tag]: Object.keys(tags) } }))
  const hooks = dispatcherOf(
    entry('scan.tags', add('one')),
    entry('scan.tags', async (files) => add('two')(files)),
    entry('scan.tags', () => undefined),
    entry('scan.tags', add('three')),
  )
  const [first] = await hooks.transform('scan.tags', batch())
  assert.deepEqual(first, {
    path: 'a.mp3',
    tags: { title: ['A'], one: ['title'], two: ['title', 'one'], three: ['title', 'one', 'two'] },
  })
})

test('a transform that fails, is late or breaks the batch is skipped', async () => {
  const bad = [
    () => {
      throw new Error('no')
    },
    never,
    (files: HookInput<'scan.tags'>) => files.slice(1),
    (files: HookInput<'scan.tags'>) => [...files].reverse(),
    (files: HookInput<'scan.tags'>) => files.map(({ path }) => ({ path, tags: { title: 'not a list' } })),
    (files: HookInput<'scan.tags'>) => {
      ;(files[0] as { path: string }).path = 'changed in place'
      return files
    },
  ]
  for (const handler of bad) {
    const hooks = dispatcherOf(
      entry('scan.tags', handler as never, { timeoutMs: 15 }),
      entry('scan.tags', (files) => files.map(({ path, tags }) => ({ path, tags: { ...tags, seen: ['yes'] } }))),
    )
    const seen = watch(hooks)
    const files = await hooks.transform('scan.tags', batch())
    assert.deepEqual(
      files.map(({ path, tags }) => [path, tags.title, tags.seen]),
      [
        ['a.mp3', ['A'], ['yes']],
        ['b.mp3', ['B'], ['yes']],
      ],
    )
    assert.equal(seen.failures.length, 1)
  }
})

test('a transform can not smuggle a line break into the headers', () => {
  const hooks = dispatcherOf(
    entry('response.headers', (headers) => ({ ...headers, 'x-good': 'yes' })),
    entry('response.headers', (headers) => ({ ...headers, 'x-bad': 'a\r\nset-cookie: b' })),
    entry('response.headers', (headers) => ({ ...headers, 'bad name': 'a' })),
  )
  assert.deepEqual(hooks.transform('response.headers', { etag: '"1"' }), { etag: '"1"', 'x-good': 'yes' })
})

test('the first provider with an answer wins and the rest are not asked', async () => {
  let asked = 0
  const hooks = dispatcherOf(
    entry('artist.info', () => undefined),
    entry('artist.info', (() => null) as never),
    entry('artist.info', async () => ({ biography: 'second' })),
    entry('artist.info', () => {
      asked++
      return { biography: 'third' }
    }),
  )
  assert.deepEqual(await hooks.provide('artist.info', ARTIST), { biography: 'second' })
  assert.equal(asked, 0)
})

test('a failing provider is passed over, and when all fail there is no answer', async () => {
  const failing = [
    entry('artist.info', () => Promise.reject(new Error('offline'))),
    entry('artist.info', never, { timeoutMs: 10 }),
    entry('artist.info', (() => ({ images: 'not a list' })) as never),
  ]
  assert.equal(await dispatcherOf(...failing).provide('artist.info', ARTIST), undefined)
  const helped = dispatcherOf(
    ...failing,
    entry('artist.info', () => ({ similar: ['Billie'] })),
  )
  assert.deepEqual(await helped.provide('artist.info', ARTIST), { similar: ['Billie'] })
})

test('pictures are bytes with a type of picture', () => {
  const ask = (answer: unknown) =>
    dispatcherOf(entry('media.artwork', (() => answer) as never)).provide('media.artwork', {
      mediaId: 'a1',
      name: '',
      artist: '',
    })
  const picture = { contentType: 'image/png', bytes: new Uint8Array([1]) }
  assert.equal(ask(picture), picture)
  assert.equal(ask({ contentType: 'text/html', bytes: new Uint8Array([1]) }), undefined)
  assert.equal(ask({ contentType: 'image/png', bytes: new Uint8Array() }), undefined)
  assert.equal(ask({ contentType: 'image/png', bytes: 'text' }), undefined)
})

test('collected answers are united, each once, and a failing handler adds nothing', async () => {
  const hooks = dispatcherOf(
    entry('access.grants', () => ['s1', 's2']),
    entry('access.grants', async () => ['s2', 's3']),
    entry('access.grants', never, { timeoutMs: 10 }),
    entry('access.grants', (() => ['s4', 5]) as never),
    entry('access.grants', () => {
      throw new Error('no')
    }),
  )
  assert.deepEqual(await hooks.collect('access.grants', { userId: 'u1', purpose: 'browse' }), ['s1', 's2', 's3'])
})

test('collecting from synchronous handlers needs no promise', () => {
  const hooks = dispatcherOf(entry('access.grants', () => ['s1']))
  assert.deepEqual(hooks.collect('access.grants', { userId: 'u1', purpose: 'browse' }), ['s1'])
})
