import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Auth } from '../../src/auth/create-auth.ts'
import { MAX_CLIENTS, MAX_PLACES } from '../../src/auth/familiar-places.ts'
import { createAuthBench } from '../support/auth.ts'

const HOME = { address: '203.0.113.7', client: 'phone' }
const password = 'anna likes tea'

async function start(t: TestContext) {
  const bench = createAuthBench(t)
  const anna = await bench.auth.accounts.create({ name: 'Anna', password })
  const login = async (origin = HOME, given = password, auth: Auth = bench.auth) =>
    auth.authenticator.authenticate({ username: 'Anna', password: given }, origin).then(
      () => 'in',
      (error: { code: string }) => error.code,
    )
  /** Somebody else at the same address guesses until the address waits, and from the whole world until the user's count is full. */
  const attack = async (auth: Auth = bench.auth) => {
    for (let guess = 0; guess < 10; guess++) await login({ ...HOME, client: 'guesser' }, 'wrong', auth)
    for (let guess = 0; guess < 40; guess++)
      await login({ address: `198.51.100.${guess}`, client: 'guesser' }, 'wrong', auth)
  }
  return { ...bench, anna, login, attack }
}

test('a place where a user has logged in stays open under guesses, also after a restart', async (t) => {
  const { login, attack, restart } = await start(t)
  assert.equal(await login(), 'in')
  const auth = restart()
  await attack(auth)
  assert.equal(await login(HOME, password, auth), 'in')
  assert.equal(await login({ ...HOME, client: 'another' }, password, auth), 'TOO_MANY_ATTEMPTS')
})

test('no logins with other client names take a place away, of the user or of others', async (t) => {
  const { auth, login, attack, restart } = await start(t)
  await login()
  await auth.accounts.create({ name: 'Eve', password: 'eve also likes tea' })
  for (let index = 0; index < 3 * MAX_CLIENTS; index++) {
    await auth.authenticator.authenticate(
      { username: 'Eve', password: 'eve also likes tea' },
      { ...HOME, client: `eve ${index}` },
    )
    assert.equal(await login({ ...HOME, client: `script ${index}` }), 'in')
  }
  for (const now of [auth, restart()]) {
    await attack(now)
    assert.equal(await login(HOME, password, now), 'in')
  }
})

test('a user who travels keeps the places that are in use', async (t) => {
  const { login, attack, clock, repositories, anna } = await start(t)
  await login()
  for (let index = 0; index < 2 * MAX_PLACES; index++) {
    clock.advance(60_000)
    await login({ address: `192.0.2.${index}`, client: 'phone' })
    if (index % 10 === 0) await login()
  }
  assert.equal(new Set(repositories.familiarPlaces.of(anna.id).map(({ place }) => place)).size, MAX_PLACES)
  await attack()
  assert.equal(await login(), 'in')
  assert.equal(await login({ address: '192.0.2.127', client: 'phone' }), 'in')
})

test('a place is written when it is new and once a day, and goes with its user', async (t) => {
  const { auth, anna, login, clock, repositories } = await start(t)
  const written = () => repositories.familiarPlaces.of(anna.id).map(({ seenAt }) => seenAt)
  const first = clock.now()
  await login()
  clock.advance(60 * 60_000)
  await login()
  assert.deepEqual(written(), [first])
  clock.advance(24 * 60 * 60_000)
  await login()
  assert.deepEqual(written(), [clock.now()])
  await auth.accounts.create({ name: 'boss', password: 'boss likes tea', isAdmin: true })
  auth.accounts.remove(anna.id)
  assert.deepEqual(written(), [])
})

test('a good API key gets in, whoever fails at its address', async (t) => {
  const { auth, anna, attack } = await start(t)
  const { key } = auth.accounts.createApiKey(anna.id, 'phone')
  const byKey = (apiKey: string) =>
    auth.authenticator.authenticate({ apiKey }, HOME).then(
      ({ method }) => method,
      (error: { code: string }) => error.code,
    )
  await attack()
  for (let guess = 0; guess < 10; guess++) await byKey('tn_wrong')
  assert.equal(await byKey('tn_wrong'), 'TOO_MANY_ATTEMPTS')
  assert.equal(await byKey(key), 'apiKey')
})
