import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Credentials } from '../../src/auth/authenticator.ts'
import type { AuthSettings } from '../../src/auth/create-auth.ts'
import { createAuthenticator } from '../../src/auth/create-authenticator.ts'
import { createLastSeen } from '../../src/auth/last-seen.ts'
import { createPasswordCheck } from '../../src/auth/password-check.ts'
import { createPasswordHasher } from '../../src/auth/password-hash.ts'
import { openPasswordVault } from '../../src/auth/password-vault.ts'
import { createThrottle } from '../../src/auth/throttle.ts'
import { createUserDirectory } from '../../src/auth/user-directory.ts'
import { createHookTable } from '../../src/hooks/hook-table.ts'
import type { HookInput } from '../../src/hooks/hooks.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { createAuthBench, PHONE, tokenOf } from '../support/auth.ts'
import { entry, quietHooks } from '../support/hooks.ts'

async function start(t: TestContext, settings: Partial<AuthSettings> = {}) {
  const bench = createAuthBench(t, settings)
  const anna = await bench.auth.accounts.create({ name: 'Anna', password: 'sesame' })
  const login = async (credentials: Credentials, origin = PHONE) => {
    try {
      const { user, method } = await bench.auth.authenticator.authenticate(credentials, origin)
      return `${user.name} by ${method}`
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  return { ...bench, anna, login }
}

test("the specification's worked example logs in", async (t) => {
  const { login } = await start(t)
  const token = '26719a1196d2a940705a59634eb18eab'
  assert.equal(tokenOf('sesame').token, token)
  assert.equal(await login({ username: 'Anna', token, salt: 'c19b2d' }), 'Anna by token')
  assert.equal(await login({ username: 'Anna', token: token.toUpperCase(), salt: 'c19b2d' }), 'Anna by token')
  assert.equal(await login({ username: 'Anna', token, salt: 'c19b2e' }), 'BAD_CREDENTIALS')
  assert.equal(await login({ username: 'Anna', password: 'sesame' }), 'Anna by password')
})

test('names are compared as a person would, passwords exactly', async (t) => {
  const { login } = await start(t)
  assert.equal(await login({ username: ' ANNA', password: 'sesame' }), 'Anna by password')
  assert.equal(await login({ username: 'anna', password: 'Sesame' }), 'BAD_CREDENTIALS')
  assert.equal(await login({ username: 'anna', password: 'sesame ' }), 'BAD_CREDENTIALS')
})

// CVE-2025-27112: an unknown user with an empty token was let in.
test('an unknown user gets in by nothing, least of all by an empty token', async (t) => {
  const { login } = await start(t, { attempts: 0 })
  for (const username of ['nobody', 'Anna']) {
    for (const token of ['', '0', '\u0000', 'd41d8cd98f00b204e9800998ecf8427', ' '.repeat(32), '0'.repeat(32)]) {
      for (const salt of ['', 'salt']) assert.equal(await login({ username, token, salt }), 'BAD_CREDENTIALS')
    }
    assert.equal(await login({ username, ...tokenOf('') }), 'BAD_CREDENTIALS')
    assert.equal(await login({ username, password: '' }), 'BAD_CREDENTIALS')
    assert.equal(await login({ username, password: 'x'.repeat(1025) }), 'BAD_CREDENTIALS')
  }
})

test('an unknown user and a wrong password read the same', async (t) => {
  const { auth } = await start(t)
  const said: string[] = []
  for (const username of ['Anna', 'nobody', '', 'x'.repeat(5000), '__proto__']) {
    for (const offer of [{ password: 'wrong' }, tokenOf('wrong')]) {
      if (username === '') continue
      const error = await auth.authenticator.authenticate({ username, ...offer }, PHONE).catch((thrown) => thrown)
      if (error.code !== 'TOO_MANY_ATTEMPTS') said.push(`${error.code} ${error.message} ${error.retryAfter}`)
    }
  }
  assert.equal(new Set(said).size, 1)
})

test('a wrong password costs one hash, whether the user exists, has a sealed password or not', async (t) => {
  const { auth, repositories, keyDir, clock } = await start(t)
  await auth.accounts.create({ name: 'Hashed', password: 'other', tokenLogin: false })
  const vault = openPasswordVault({ users: repositories.users, folder: keyDir, clock, log: silentLogger })
  const directory = createUserDirectory(repositories, { vault, clock })
  const hasher = createPasswordHasher(4)
  let hashes = 0
  const counting = {
    ...hasher,
    verify: (password: string, stored: string | undefined) => {
      hashes++
      return hasher.verify(password, stored)
    },
  }
  const authenticator = createAuthenticator({
    directory,
    check: createPasswordCheck(counting, clock),
    vault,
    throttle: createThrottle({ attempts: 0, attemptWindowMs: 1 }, clock),
    lastSeen: createLastSeen(repositories, { clock, log: silentLogger }),
    hooks: quietHooks,
    clock,
    log: silentLogger,
  })
  for (const username of ['Anna', 'Hashed', 'nobody']) {
    hashes = 0
    await assert.rejects(authenticator.authenticate({ username, password: 'wrong' }, PHONE), {
      code: 'BAD_CREDENTIALS',
    })
    assert.equal(hashes, 1, username)
  }
  hashes = 0
  await authenticator.authenticate({ username: 'Anna', password: 'sesame' }, PHONE)
  assert.equal(hashes, 0)
})

test('an API key stands alone, and a revoked or changed one is refused', async (t) => {
  const { auth, anna, login, db } = await start(t)
  const { key, record } = auth.accounts.createApiKey(anna.id, 'phone')
  assert.equal(await login({ apiKey: key }), 'Anna by apiKey')
  assert.equal(await login({ apiKey: key, username: 'Anna' }), 'AUTH_MECHANISM_CONFLICT')
  assert.equal(await login({ apiKey: `${key}x` }), 'BAD_API_KEY')
  assert.equal(await login({ apiKey: '' }), 'BAD_API_KEY')
  const stored = JSON.stringify(db.all('SELECT * FROM api_key'))
  assert.ok(!stored.includes(key))
  assert.ok(key.startsWith(record.hint))
  assert.equal(auth.accounts.revokeApiKey(anna.id, record.id), true)
  assert.equal(await login({ apiKey: key }), 'BAD_API_KEY')
})

test('a user who switched token login off is told so, and logs in by password', async (t) => {
  const { auth, anna, login, repositories } = await start(t)
  await auth.accounts.update(anna.id, { tokenLogin: false })
  assert.equal(repositories.users.credentials(anna.id)?.passwordSealed, null)
  assert.equal(await login({ username: 'Anna', ...tokenOf('sesame') }), 'TOKEN_AUTH_UNSUPPORTED')
  assert.equal(await login({ username: 'Anna', password: 'sesame' }), 'Anna by password')
  assert.equal(await login({ username: 'Anna', password: 'sesame' }), 'Anna by password')
  assert.equal(await login({ username: 'Anna', password: 'wrong' }), 'BAD_CREDENTIALS')
})

test('a changed password holds at once, also where the old one was just right', async (t) => {
  const { auth, anna, login } = await start(t)
  for (const tokenLogin of [true, false]) {
    await auth.accounts.update(anna.id, { password: `old ${tokenLogin}`, tokenLogin })
    assert.equal(await login({ username: 'Anna', password: `old ${tokenLogin}` }), 'Anna by password')
    await auth.accounts.update(anna.id, { password: `new ${tokenLogin}` })
    assert.equal(await login({ username: 'Anna', password: `old ${tokenLogin}` }), 'BAD_CREDENTIALS')
    assert.equal(await login({ username: 'Anna', password: `new ${tokenLogin}` }), 'Anna by password')
  }
})

test('a removed user is out at once', async (t) => {
  const { auth, login } = await start(t)
  const bob = await auth.accounts.create({ name: 'Bob', password: 'builder' })
  const { key } = auth.accounts.createApiKey(bob.id, 'phone')
  assert.equal(await login({ apiKey: key }), 'Bob by apiKey')
  assert.equal(await login({ username: 'bob', ...tokenOf('builder') }), 'Bob by token')
  auth.accounts.remove(bob.id)
  assert.equal(await login({ apiKey: key }), 'BAD_API_KEY')
  assert.equal(await login({ username: 'bob', ...tokenOf('builder') }), 'BAD_CREDENTIALS')
})

test('too many failures make an address wait, with the right password too, and then it may again', async (t) => {
  const { login, clock } = await start(t)
  for (let time = 0; time < 5; time++) {
    assert.equal(await login({ username: 'Anna', ...tokenOf('wrong') }), 'BAD_CREDENTIALS')
  }
  assert.equal(await login({ username: 'Anna', ...tokenOf('sesame') }), 'TOO_MANY_ATTEMPTS')
  assert.equal(await login({ username: 'nobody', password: 'x' }), 'TOO_MANY_ATTEMPTS')
  const elsewhere = { address: '198.51.100.7', client: 'phone' }
  assert.equal(await login({ username: 'Anna', ...tokenOf('sesame') }, elsewhere), 'Anna by token')
  clock.advance(20_000)
  assert.equal(await login({ username: 'Anna', ...tokenOf('sesame') }), 'Anna by token')
})

test('guesses sent in parallel are not more than guesses sent one by one', async (t) => {
  const { login } = await start(t)
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => login({ username: 'Anna', password: `guess ${index}` })),
  )
  assert.equal(answers.filter((answer) => answer === 'BAD_CREDENTIALS').length, 5)
  assert.equal(answers.filter((answer) => answer === 'TOO_MANY_ATTEMPTS').length, 35)
})

test('a client that begins with many requests at once is let in', async (t) => {
  const { auth, anna, login } = await start(t)
  await auth.accounts.update(anna.id, { tokenLogin: false })
  const answers = await Promise.all(Array.from({ length: 40 }, () => login({ username: 'Anna', password: 'sesame' })))
  assert.deepEqual(new Set(answers), new Set(['Anna by password']))
})

test('logins are told once a visit, failures each, and no secret reaches hook or log', async (t) => {
  const { auth, anna, login, hooks, clock, logged } = await start(t)
  const told: HookInput<'user.login'>[] = []
  hooks.swap(createHookTable([entry('user.login', (event) => void told.push(event))]))
  const { key } = auth.accounts.createApiKey(anna.id, 'phone')
  const right = { username: 'Anna', ...tokenOf('sesame', 'pepper') }
  await login(right)
  await login(right)
  await login({ apiKey: key })
  await login({ username: 'Anna', password: 'Geheim1!' })
  await login({ username: 'typed-my-password', password: 'Geheim2!' })
  await login({ apiKey: 'tn_wrong' })
  clock.advance(31 * 60_000)
  await login(right)
  await hooks.settled(1000)
  assert.deepEqual(
    told.map(({ userId, name, ok }) => [userId, name, ok]),
    [
      ['u1', 'Anna', true],
      ['u1', 'Anna', false],
      [null, 'typed-my-password', false],
      [null, '', false],
      ['u1', 'Anna', true],
    ],
  )
  const everything = logged.join('\n') + JSON.stringify(told)
  for (const secret of ['sesame', 'Geheim', key, 'tn_wrong', right.token, 'pepper']) {
    assert.ok(!everything.includes(secret), secret)
  }
  assert.ok(!logged.join('\n').includes('typed-my-password'))
})

test('last seen times are written together, at the flush', async (t) => {
  const { auth, anna, login, repositories, clock } = await start(t)
  const { key } = auth.accounts.createApiKey(anna.id, 'phone')
  const at = clock.now()
  await login({ apiKey: key })
  clock.advance(1000)
  await login({ apiKey: key })
  assert.equal(repositories.users.find(anna.id)?.lastAccessAt, undefined)
  // Who looks at the list sees them before.
  for (const user of [auth.accounts.get(anna.id), auth.accounts.list().find(({ id }) => id === anna.id)])
    assert.deepEqual([user?.lastLoginAt, user?.lastAccessAt], [at, at + 1000])
  auth.stop()
  const user = repositories.users.find(anna.id)
  assert.deepEqual([user?.lastLoginAt, user?.lastAccessAt], [at, at + 1000])
  assert.equal(auth.accounts.listApiKeys(anna.id)[0]?.lastUsedAt, at + 1000)
})
