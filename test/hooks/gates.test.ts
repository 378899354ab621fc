import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY_SCOPE } from '../../src/base/access-scope.ts'
import type { LibraryId, SongId } from '../../src/base/ids.ts'
import { createHookTable } from '../../src/hooks/hook-table.ts'
import type { HookInput } from '../../src/hooks/hooks.ts'
import { dispatcherOf, entry, gate, OWNER, watch } from '../support/hooks.ts'

const PLAY: HookInput<'stream.authorize'> = { userId: 'u1', mediaId: 's1', purpose: 'stream', client: 'test' }
const LOOK: HookInput<'access.scope'> = { userId: 'u1', purpose: 'browse' }
const libraries = (...ids: number[]) => ids as LibraryId[]
const never = () => new Promise<never>(() => {})

test('a hook without listeners answers at once and without a promise', () => {
  const hooks = dispatcherOf()
  assert.equal(hooks.has('stream.authorize'), false)
  assert.deepEqual(hooks.guard('stream.authorize', PLAY), { allow: true })
  assert.equal(hooks.narrow('access.scope', LOOK), undefined)
  assert.deepEqual(hooks.collect('access.grants', LOOK), [])
  assert.equal(hooks.provide('artist.info', { artistId: 'r1', name: 'x' }), undefined)
  const headers = { a: 'b' }
  assert.equal(hooks.transform('response.headers', headers), headers)
})

test('guards are asked in order and the first denial ends it', () => {
  const asked: string[] = []
  const ask = (name: string, allow: boolean) => () => {
    asked.push(name)
    return allow ? ({ allow: true } as const) : ({ allow: false, reason: name, status: 429 } as const)
  }
  const hooks = dispatcherOf(
    entry('stream.authorize', ask('last', true), { order: 'post' }),
    entry('stream.authorize', ask('denies', false), { position: 2 }),
    entry('stream.authorize', ask('earlier place', true), { position: 1 }),
    entry('stream.authorize', ask('first', true), { order: 'pre', position: 9 }),
  )
  assert.deepEqual(hooks.guard('stream.authorize', PLAY), { allow: false, reason: 'denies', status: 429 })
  assert.deepEqual(asked, ['first', 'earlier place', 'denies'])
})

test('a guard that answers later is waited for, and the rest still asked', async () => {
  const hooks = dispatcherOf(
    entry('stream.authorize', async () => ({ allow: true })),
    entry('stream.authorize', () => ({ allow: false, reason: 'second' })),
  )
  const verdict = hooks.guard('stream.authorize', PLAY)
  assert.ok(verdict instanceof Promise)
  assert.deepEqual(await verdict, { allow: false, reason: 'second' })
})

test('a guard that throws, rejects, is late or answers nonsense denies without telling why', async () => {
  const secret = 'password=hunter2'
  const bad = [
    () => {
      throw new Error(secret)
    },
    () => Promise.reject(new Error(secret)),
    never,
    () => undefined,
    () => ({ allow: 'yes', reason: secret }),
    () => true,
  ]
  for (const handler of bad) {
    const hooks = dispatcherOf(entry('stream.authorize', handler as never, { timeoutMs: 15 }))
    const seen = watch(hooks)
    const verdict = await hooks.guard('stream.authorize', PLAY)
    assert.equal(verdict.allow, false)
    assert.ok(!JSON.stringify(verdict).includes(secret))
    assert.equal(seen.failures.length, 1)
    assert.equal(seen.leases.get(OWNER), 0)
  }
})

test('what a late guard says afterwards changes nothing and rejects nowhere', async () => {
  const answer = gate<{ allow: true }>()
  let aborted = false
  const hooks = dispatcherOf(
    entry(
      'stream.authorize',
      (_, call) => {
        call.signal.addEventListener('abort', () => {
          aborted = true
        })
        return answer.promise
      },
      { timeoutMs: 10 },
    ),
  )
  const seen = watch(hooks)
  const verdict = await hooks.guard('stream.authorize', PLAY)
  assert.equal(verdict.allow, false)
  assert.ok(aborted)
  assert.equal(seen.failures[0]?.error.code, 'PLUGIN_TIMEOUT')
  answer.fail(new Error('too late'))
  await new Promise(setImmediate)
  assert.deepEqual(hooks.stats(OWNER).failures, 0)
  assert.deepEqual(hooks.stats(OWNER).timeouts, 1)
})

test('scopes of all narrowing handlers are intersected and denials add up', async () => {
  const hooks = dispatcherOf(
    entry('access.scope', () => ({ libraries: libraries(1, 2, 3), deny: { genres: ['Metal'] } })),
    entry('access.scope', async () => ({ libraries: libraries(2, 3, 4), deny: { explicit: true } })),
    entry('access.scope', () => ({ libraries: 'all' })),
  )
  const scope = await hooks.narrow('access.scope', LOOK)
  assert.deepEqual(scope?.libraries, [2, 3])
  assert.deepEqual(scope?.deny?.genres, ['Metal'])
  assert.equal(scope?.deny?.explicit, true)
})

test('narrowing handlers that answer synchronously need no promise', () => {
  const hooks = dispatcherOf(entry('access.scope', () => ({ libraries: libraries(7) })))
  assert.deepEqual(hooks.narrow('access.scope', LOOK), { libraries: [7] })
})

test('a narrowing handler that fails, is late or answers a wrong scope leaves nothing visible', async () => {
  const bad = [
    () => {
      throw new Error('no')
    },
    never,
    () => undefined,
    () => ({ libraries: ['1'] }),
    () => ({ libraries: 'all', deny: { genre: ['misspelt'] } }),
    () => ({ libraries: 'all', deny: { constructor: [] } }),
    () => ({ libraries: 'all', denied: {} }),
    () => ({ libraries: 'all', deny: { songs: ['s1'] } }),
  ]
  for (const handler of bad) {
    const hooks = dispatcherOf(
      entry('access.scope', () => ({ libraries: 'all' })),
      entry('access.scope', handler as never, { timeoutMs: 15 }),
    )
    assert.deepEqual(await hooks.narrow('access.scope', LOOK), EMPTY_SCOPE)
  }
})

test('a narrowing handler can not grant', () => {
  const hooks = dispatcherOf(entry('access.scope', () => ({ libraries: 'all', grants: [5 as SongId] })))
  assert.deepEqual(hooks.narrow('access.scope', LOOK), { libraries: 'all' })
})

test('a closed gate refuses without asking anybody', () => {
  let asked = 0
  const hooks = dispatcherOf()
  hooks.swap(
    createHookTable(
      [
        entry('stream.authorize', () => {
          asked++
          return { allow: true }
        }),
      ],
      new Map([
        ['stream.authorize', 'The plugin that decides this is not there.'],
        ['access.scope', 'The plugin that decides this is not there.'],
      ]),
    ),
  )
  assert.ok(hooks.has('access.scope'))
  assert.deepEqual(hooks.guard('stream.authorize', PLAY), {
    allow: false,
    reason: 'The plugin that decides this is not there.',
  })
  assert.deepEqual(hooks.narrow('access.scope', LOOK), EMPTY_SCOPE)
  assert.equal(asked, 0)
  hooks.swap(createHookTable([]))
  assert.deepEqual(hooks.guard('stream.authorize', PLAY), { allow: true })
})

test('only gates can be closed, and only hooks that exist be listened to', () => {
  assert.throws(() => createHookTable([], new Map([['scan.tags', 'x']])), { code: 'BAD_REQUEST' })
  assert.throws(() => createHookTable([entry('toString' as 'scan.tags', (files) => files)]), { code: 'BAD_REQUEST' })
})

test('a synchronous handler that blocked past its deadline keeps its answer but is named', () => {
  const hooks = dispatcherOf(
    entry(
      'stream.authorize',
      () => {
        const until = performance.now() + 6
        while (performance.now() < until);
        return { allow: true }
      },
      { timeoutMs: 1 },
    ),
  )
  const seen = watch(hooks)
  assert.deepEqual(hooks.guard('stream.authorize', PLAY), { allow: true })
  assert.equal(seen.failures[0]?.error.code, 'PLUGIN_TIMEOUT')
  assert.ok(hooks.stats(OWNER).totalMicros >= 6000)
})
