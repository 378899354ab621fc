import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHookTable, type HookOwner } from '../../src/hooks/hook-table.ts'
import type { HookInput } from '../../src/hooks/hooks.ts'
import { dispatcherOf, entry, gate, OWNER, watch } from '../support/hooks.ts'

const PLAY: HookInput<'stream.authorize'> = { userId: 'u1', mediaId: 's1', purpose: 'stream', client: 'test' }

test('a call that runs finishes with the table that it began with, and holds who is still to be asked', async () => {
  const first = gate<{ allow: true }>()
  const later: HookOwner = { plugin: 'later', generation: 1 }
  const hooks = dispatcherOf(
    entry('stream.authorize', () => first.promise),
    entry('stream.authorize', () => ({ allow: false, reason: 'old' }), { owner: later }),
  )
  const { leases } = watch(hooks)
  const running = hooks.guard('stream.authorize', PLAY)
  assert.deepEqual([leases.get(OWNER), leases.get(later)], [1, 1])
  hooks.swap(createHookTable([entry('stream.authorize', () => ({ allow: false, reason: 'new' }))]))
  assert.deepEqual(hooks.guard('stream.authorize', PLAY), { allow: false, reason: 'new' })
  first.open({ allow: true })
  assert.deepEqual(await running, { allow: false, reason: 'old' })
  assert.deepEqual([leases.get(OWNER), leases.get(later)], [0, 0])
})

test('a handler may swap the table while it is called', () => {
  const hooks = dispatcherOf(
    entry('stream.authorize', () => {
      hooks.swap(createHookTable([]))
      return { allow: true }
    }),
    entry('stream.authorize', () => ({ allow: false, reason: 'still asked' })),
  )
  assert.deepEqual(hooks.guard('stream.authorize', PLAY), { allow: false, reason: 'still asked' })
  assert.deepEqual(hooks.guard('stream.authorize', PLAY), { allow: true })
})

test('when an owner ends, its running calls are given up at once and its signal aborts', async () => {
  const ending = new AbortController()
  const owner: HookOwner = { plugin: 'a', generation: 1, signal: ending.signal }
  let signal: AbortSignal | undefined
  const hooks = dispatcherOf(
    entry(
      'stream.authorize',
      (_, call) => {
        signal = call.signal
        return new Promise(() => {})
      },
      { owner },
    ),
  )
  const { leases, failures } = watch(hooks)
  const running = hooks.guard('stream.authorize', PLAY)
  assert.equal(hooks.stats(owner).running, 1)
  ending.abort()
  assert.equal((await running).allow, false)
  assert.equal(signal?.aborted, true)
  assert.deepEqual([leases.get(owner), hooks.stats(owner).running, failures.length], [0, 0, 0])
  const again = await hooks.guard('stream.authorize', PLAY)
  assert.equal(again.allow, false)
  assert.equal(hooks.stats(owner).calls, 1)
})

test('many calls at once put one listener on the owner', async () => {
  const ending = new AbortController()
  const owner: HookOwner = { plugin: 'a', generation: 1, signal: ending.signal }
  let listeners = 0
  const add = ending.signal.addEventListener.bind(ending.signal)
  ending.signal.addEventListener = ((type: string, listener: () => void) => {
    listeners++
    add(type, listener)
  }) as typeof ending.signal.addEventListener
  const hooks = dispatcherOf(entry('stream.authorize', async () => ({ allow: true }), { owner }))
  const verdicts = await Promise.all(Array.from({ length: 100 }, () => hooks.guard('stream.authorize', PLAY)))
  assert.ok(verdicts.every((verdict) => verdict.allow))
  assert.equal(listeners, 1)
})

test('counters tell calls, failures and time by owner', async () => {
  const other: HookOwner = { plugin: 'other', generation: 1 }
  const hooks = dispatcherOf(
    entry('artist.info', () => Promise.reject(new Error('no'))),
    entry('artist.info', () => ({ biography: 'x' }), { owner: other }),
  )
  await hooks.provide('artist.info', { artistId: 'r1', name: '' })
  const failed = hooks.stats(OWNER)
  assert.deepEqual([failed.calls, failed.failures, failed.timeouts, failed.running], [1, 1, 0, 0])
  const { calls, failures } = hooks.stats(other)
  assert.deepEqual({ calls, failures }, { calls: 1, failures: 0 })
})

test('a failure carries plugin, hook and cause for the host', async () => {
  const cause = new Error('inner')
  const hooks = dispatcherOf(
    entry('artist.info', () => {
      throw cause
    }),
  )
  const { failures } = watch(hooks)
  await hooks.provide('artist.info', { artistId: 'r1', name: '' })
  assert.equal(failures[0]?.error.cause, cause)
  assert.deepEqual(failures[0]?.error.details, { plugin: 'tester', generation: 1, hook: 'artist.info' })
})
