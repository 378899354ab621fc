import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type AccessScope, EMPTY_SCOPE, FULL_SCOPE } from '../../src/base/access-scope.ts'
import type { LibraryId } from '../../src/base/ids.ts'
import { type AnyHookEntry, createHookTable } from '../../src/hooks/hook-table.ts'
import type { Purpose } from '../../src/hooks/hooks.ts'
import { createAuthBench } from '../support/auth.ts'
import { entry, gate } from '../support/hooks.ts'

async function start(t: TestContext) {
  const bench = createAuthBench(t)
  const { accounts, scopes } = bench.auth
  const settings = { recursive: true, followSymlinks: true, excludePatterns: [] }
  const libraries = [1, 2, 3].map((n) =>
    bench.repositories.libraries.create({ name: `L${n}`, path: `/l${n}`, ...settings }, 1),
  )
  const [one, two, three] = libraries as [LibraryId, LibraryId, LibraryId]
  const anna = await accounts.create({ name: 'Anna', password: 'x', libraries: [one, two] })
  const admin = await accounts.create({ name: 'Root', password: 'x', isAdmin: true })
  const listen = (...entries: readonly AnyHookEntry[]) => {
    bench.hooks.swap(createHookTable(entries))
    scopes.invalidate()
  }
  const scopeOf = async (purpose: Purpose = 'browse'): Promise<AccessScope> =>
    (await scopes.viewer(anna, purpose)).scope
  return { ...bench, accounts, scopes, anna, admin, one, two, three, listen, scopeOf }
}

test('a user sees the granted libraries, an administrator all, without waiting', async (t) => {
  const { scopes, anna, admin, one, two } = await start(t)
  const viewer = scopes.viewer(anna, 'browse')
  assert.ok(!(viewer instanceof Promise))
  assert.deepEqual(viewer, { userId: anna.id, scope: { libraries: [one, two] } })
  assert.equal(scopes.viewer(anna, 'browse'), viewer)
  assert.deepEqual(scopes.viewer(admin, 'browse'), { userId: admin.id, scope: FULL_SCOPE })
})

test('changed grants hold at once and are told', async (t) => {
  const { scopes, accounts, anna, three, scopeOf } = await start(t)
  await scopeOf()
  const told: unknown[] = []
  const forget = scopes.onInvalidate((id) => told.push(id))
  await accounts.update(anna.id, { libraries: [three] })
  assert.deepEqual((await scopeOf()).libraries, [three])
  assert.deepEqual(told, [anna.id])
  forget()
  scopes.invalidate()
  assert.equal(told.length, 1)
})

test('plugins narrow, and can not widen', async (t) => {
  const { listen, scopeOf, two, three } = await start(t)
  listen(
    entry('access.scope', () => ({ libraries: [two, three], deny: { genres: ['Metal'] } })),
    entry('access.scope', async () => ({ libraries: 'all' })),
  )
  const scope = await scopeOf()
  assert.deepEqual([scope.libraries, scope.deny?.genres], [[two], ['Metal']])
})

test('grants are single songs beyond the scope; what is no song is left out', async (t) => {
  const { listen, scopeOf } = await start(t)
  listen(
    entry('access.scope', () => ({ libraries: [] })),
    entry('access.grants', ({ purpose }) => (purpose === 'browse' ? ['s9', 'a3', 'nonsense', 's1a', 's9'] : [])),
  )
  assert.deepEqual(await scopeOf(), { libraries: [], grants: [9, 46] })
  assert.deepEqual(await scopeOf('download'), { libraries: [] })
})

test('a gate that fails leaves nothing, grants included, and is asked again soon', async (t) => {
  const { listen, scopeOf, clock, one } = await start(t)
  let broken = true
  let asked = 0
  listen(
    entry('access.scope', () => {
      asked++
      if (broken) throw new Error('down')
      return { libraries: [one] }
    }),
    entry('access.grants', () => ['s9']),
  )
  assert.deepEqual(await scopeOf(), EMPTY_SCOPE)
  assert.deepEqual(await scopeOf(), EMPTY_SCOPE)
  assert.equal(asked, 1)
  broken = false
  clock.advance(3_000)
  assert.deepEqual(await scopeOf(), { libraries: [one], grants: [9] })
})

test('a gate that is closed leaves nothing', async (t) => {
  const { hooks, scopes, scopeOf } = await start(t)
  hooks.swap(createHookTable([], new Map([['access.scope', 'missing']])))
  scopes.invalidate()
  assert.deepEqual(await scopeOf(), EMPTY_SCOPE)
})

test('administrators are not narrowed, even by a broken plugin', async (t) => {
  const { listen, scopes, admin } = await start(t)
  listen(
    entry('access.scope', () => {
      throw new Error('down')
    }),
  )
  assert.deepEqual(scopes.viewer(admin, 'browse'), { userId: admin.id, scope: FULL_SCOPE })
})

test('plugins are asked once per user and purpose, together for those who ask at the same time', async (t) => {
  const { listen, scopes, anna, clock } = await start(t)
  const asked: string[] = []
  listen(
    entry('access.scope', async ({ userId, purpose }) => {
      asked.push(`${userId} ${purpose}`)
      return { libraries: 'all' }
    }),
  )
  const viewers = await Promise.all([scopes.viewer(anna, 'browse'), scopes.viewer(anna, 'browse')])
  assert.equal(viewers[0], viewers[1])
  assert.equal(scopes.viewer(anna, 'browse'), viewers[0])
  await scopes.viewer(anna, 'stream')
  assert.deepEqual(asked, ['u1 browse', 'u1 stream'])
  clock.advance(61_000)
  await scopes.viewer(anna, 'browse')
  assert.equal(asked.length, 3)
})

test('an invalidation while a scope is worked out is not lost', async (t) => {
  const { listen, scopes, accounts, anna, scopeOf, two, three } = await start(t)
  const first = gate<AccessScope>()
  let asked = 0
  listen(entry('access.scope', () => (++asked === 1 ? first.promise : { libraries: 'all' })))
  const running = scopeOf()
  await accounts.update(anna.id, { libraries: [three] })
  first.open({ libraries: [two, three] })
  assert.deepEqual((await running).libraries, [three])
  assert.equal(asked, 2)
  scopes.invalidate()
  assert.deepEqual((await scopeOf()).libraries, [three])
})

test('a scope that is invalidated without end leaves nothing visible', async (t) => {
  const { listen, scopes, scopeOf } = await start(t)
  listen(
    entry('access.scope', async () => {
      scopes.invalidate()
      return { libraries: 'all' }
    }),
  )
  assert.deepEqual(await scopeOf(), EMPTY_SCOPE)
  listen(
    entry('access.scope', () => {
      scopes.invalidate()
      return { libraries: 'all' }
    }),
  )
  assert.deepEqual(await scopeOf(), EMPTY_SCOPE)
})
