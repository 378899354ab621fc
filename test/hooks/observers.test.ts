import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHookTable, type HookOwner } from '../../src/hooks/hook-table.ts'
import type { HookInput } from '../../src/hooks/hooks.ts'
import { MAX_QUEUED } from '../../src/hooks/observers.ts'
import { dispatcherOf, entry, gate, OWNER, until, watch } from '../support/hooks.ts'

const created = (id: number) => ({ userId: `u${id}` })
const progress = (at: number): HookInput<'playback.progress'> => ({
  userId: 'u1',
  mediaId: 's1',
  client: 'test',
  sessionId: '1',
  at,
  positionMs: 0,
  state: 'playing',
})

test('observers run after the caller has gone on, in order', async () => {
  const seen: string[] = []
  const hooks = dispatcherOf(entry('user.created', ({ userId }) => void seen.push(userId)))
  for (let id = 1; id <= 3; id++) hooks.observe('user.created', created(id))
  assert.deepEqual(seen, [])
  assert.equal(await hooks.settled(1000), true)
  assert.deepEqual(seen, ['u1', 'u2', 'u3'])
})

test('the events of a slow handler keep their order while others go on', async () => {
  const slow: string[] = []
  const quick: string[] = []
  const first = gate<void>()
  const other: HookOwner = { plugin: 'other', generation: 1 }
  const hooks = dispatcherOf(
    entry('user.created', async ({ userId }) => {
      if (userId === 'u1') await first.promise
      slow.push(userId)
    }),
    entry('user.created', ({ userId }) => void quick.push(userId), { owner: other }),
  )
  for (let id = 1; id <= 3; id++) hooks.observe('user.created', created(id))
  await until(() => quick.length === 3)
  assert.deepEqual([slow, quick], [[], ['u1', 'u2', 'u3']])
  assert.equal(await hooks.settled(5), false)
  first.open()
  assert.equal(await hooks.settled(1000), true)
  assert.deepEqual(slow, ['u1', 'u2', 'u3'])
})

test('a failing observer fails alone', async () => {
  const seen: string[] = []
  const other: HookOwner = { plugin: 'other', generation: 1 }
  const hooks = dispatcherOf(
    entry('user.created', () => {
      throw new Error('no')
    }),
    entry('user.created', () => Promise.reject(new Error('no'))),
    entry('user.created', ({ userId }) => void seen.push(userId), { owner: other }),
  )
  const { failures } = watch(hooks)
  hooks.observe('user.created', created(1))
  hooks.observe('user.created', created(2))
  await hooks.settled(1000)
  assert.deepEqual(seen, ['u1', 'u2'])
  assert.equal(hooks.stats(OWNER).failures, 4)
  assert.deepEqual(
    failures.map(({ owner, hook, error }) => [owner, hook, error.code]),
    Array.from({ length: 4 }, () => [OWNER, 'user.created', 'PLUGIN_FAILED']),
  )
  assert.equal(hooks.stats(other).failures, 0)
})

test('a full queue drops progress first, then the oldest, and counts', async () => {
  const seen: string[] = []
  const hold = gate<void>()
  const hooks = dispatcherOf(
    entry('user.created', async ({ userId }) => {
      await hold.promise
      seen.push(userId)
    }),
    entry('playback.progress', async ({ at }) => {
      await hold.promise
      seen.push(`progress ${at}`)
    }),
  )
  hooks.observe('user.created', created(0))
  hooks.observe('playback.progress', progress(0))
  await until(() => hooks.stats(OWNER).running === 2)
  // Both handlers are busy now; what follows waits.
  hooks.observe('playback.progress', progress(1))
  hooks.observe('playback.progress', progress(2))
  for (let id = 1; id <= MAX_QUEUED - 2; id++) hooks.observe('user.created', created(id))
  assert.equal(hooks.stats(OWNER).dropped, 0)
  hooks.observe('user.created', created(MAX_QUEUED - 1))
  hooks.observe('user.created', created(MAX_QUEUED))
  hooks.observe('user.created', created(MAX_QUEUED + 1))
  hooks.observe('playback.progress', progress(3))
  assert.deepEqual([hooks.stats(OWNER).dropped, hooks.stats(OWNER).queued], [4, MAX_QUEUED])
  hold.open()
  assert.equal(await hooks.settled(5000), true)
  assert.deepEqual(
    seen.filter((name) => name.startsWith('progress')),
    ['progress 0'],
  )
  assert.deepEqual(
    seen.filter((name) => name.startsWith('u')),
    ['u0', ...Array.from({ length: MAX_QUEUED }, (_, index) => `u${index + 2}`)],
  )
})

test('an observer that hangs holds up only its own events, until its deadline', async () => {
  const seen: string[] = []
  const hooks = dispatcherOf(
    entry(
      'user.created',
      ({ userId }) => {
        seen.push(userId)
        return userId === 'u1' ? new Promise(() => {}) : undefined
      },
      { timeoutMs: 10 },
    ),
  )
  hooks.observe('user.created', created(1))
  hooks.observe('user.created', created(2))
  assert.equal(await hooks.settled(1000), true)
  assert.deepEqual(seen, ['u1', 'u2'])
  assert.equal(hooks.stats(OWNER).timeouts, 1)
})

test('waiting events hold a lease and outlive a swap; a generation that ended gets none', async () => {
  const seen: string[] = []
  const ending = new AbortController()
  const old: HookOwner = { plugin: 'a', generation: 1, signal: ending.signal }
  const next: HookOwner = { plugin: 'a', generation: 2 }
  const hold = gate<void>()
  const hooks = dispatcherOf(
    entry(
      'user.created',
      async ({ userId }) => {
        await hold.promise
        seen.push(`old ${userId}`)
      },
      { owner: old },
    ),
  )
  const { leases } = watch(hooks)
  hooks.observe('user.created', created(1))
  hooks.observe('user.created', created(2))
  hooks.observe('user.created', created(3))
  await until(() => hooks.stats(old).running === 1)
  assert.equal(leases.get(old), 2)
  hooks.swap(createHookTable([entry('user.created', ({ userId }) => void seen.push(`new ${userId}`), { owner: next })]))
  hooks.observe('user.created', created(4))
  await until(() => seen.length > 0)
  assert.deepEqual(seen, ['new u4'])
  hold.open()
  await hooks.settled(1000)
  assert.deepEqual(seen, ['new u4', 'old u1', 'old u2', 'old u3'])
  assert.deepEqual([leases.get(old), leases.get(next)], [0, 0])

  hooks.swap(createHookTable([entry('user.created', () => new Promise(() => {}), { owner: old })]))
  hooks.observe('user.created', created(5))
  hooks.observe('user.created', created(6))
  await until(() => hooks.stats(old).running === 1)
  ending.abort()
  assert.equal(await hooks.settled(1000), true)
  hooks.observe('user.created', created(7))
  assert.equal(hooks.stats(old).dropped, 2)
  assert.equal(leases.get(old), 0)
})

test('a handler that stays keeps its order over a swap of the table', async () => {
  const seen: string[] = []
  const first = gate<void>()
  const stays = entry('user.created', async ({ userId }) => {
    if (userId === 'u1') await first.promise
    seen.push(userId)
  })
  const hooks = dispatcherOf(stays)
  hooks.observe('user.created', created(1))
  await until(() => hooks.stats(OWNER).running === 1)
  hooks.swap(createHookTable([stays]))
  hooks.observe('user.created', created(2))
  // A second queue would deliver the second event by now.
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  first.open()
  await hooks.settled(1000)
  assert.deepEqual(seen, ['u1', 'u2'])
})

test('observers can not change what others see', async () => {
  const seen: string[] = []
  const hooks = dispatcherOf(
    entry('library.changed', (event) => void (event.added as string[]).push('forged')),
    entry('library.changed', (event) => void seen.push(...event.added)),
  )
  hooks.observe('library.changed', { added: ['s1'], changed: [], removed: [], truncated: false })
  await hooks.settled(1000)
  assert.deepEqual(seen, ['s1'])
})
