import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Credentials } from '../../src/auth/authenticator.ts'
import type { Auth } from '../../src/auth/create-auth.ts'
import { createPasswordHasher } from '../../src/auth/password-hash.ts'
import { createAuthBench, PHONE, tokenOf } from '../support/auth.ts'

async function login(auth: Auth, credentials: Credentials): Promise<string> {
  try {
    return (await auth.authenticator.authenticate(credentials, PHONE)).method
  } catch (error) {
    return (error as { code: string }).code
  }
}
const byToken = (name = 'Anna') => ({ username: name, ...tokenOf('sesame') })
const byPassword = { username: 'Anna', password: 'sesame' }

test('without the key token login answers 41 for everybody, passwords still work, and the admin is told', async (t) => {
  const bench = createAuthBench(t)
  await bench.auth.accounts.create({ name: 'Anna', password: 'sesame' })
  rmSync(bench.keyDir, { recursive: true })
  const auth = bench.restart()
  assert.equal(await login(auth, byToken()), 'TOKEN_AUTH_UNSUPPORTED')
  assert.equal(await login(auth, byToken('nobody')), 'TOKEN_AUTH_UNSUPPORTED')
  assert.match(auth.keyProblem() ?? '', /password\.key/)
  assert.ok(bench.logged.some((line) => line.startsWith('password key lost') && line.includes('backup')))
  assert.equal(await login(auth, { ...byPassword, password: 'wrong' }), 'BAD_CREDENTIALS')
  assert.equal(await login(auth, byPassword), 'password')
})

test('a login by password heals a lost key for its user, without ending sessions', async (t) => {
  const bench = createAuthBench(t)
  const { id, credentialsVersion } = await bench.auth.accounts.create({ name: 'Anna', password: 'sesame' })
  rmSync(bench.keyDir, { recursive: true })
  const auth = bench.restart()
  assert.equal(await login(auth, byPassword), 'password')
  assert.equal(await login(auth, byToken()), 'token')
  assert.equal(auth.keyProblem(), undefined)
  assert.equal(bench.repositories.users.find(id)?.credentialsVersion, credentialsVersion)
  assert.equal(await login(bench.restart(), byToken()), 'token')
})

test('the key put back from a backup opens everything again', async (t) => {
  const bench = createAuthBench(t)
  await bench.auth.accounts.create({ name: 'Anna', password: 'sesame' })
  const file = join(bench.keyDir, 'password.key')
  const backup = join(bench.keyDir, 'backup')
  copyFileSync(file, backup)
  rmSync(file)
  assert.equal(await login(bench.restart(), byToken()), 'TOKEN_AUTH_UNSUPPORTED')
  copyFileSync(backup, file)
  const auth = bench.restart()
  assert.equal(await login(auth, byToken()), 'token')
  assert.equal(auth.keyProblem(), undefined)
})

test('a damaged key file is not overwritten, and no password is taken that could not be sealed', async (t) => {
  const bench = createAuthBench(t)
  const { id } = await bench.auth.accounts.create({ name: 'Anna', password: 'sesame' })
  const file = join(bench.keyDir, 'password.key')
  writeFileSync(file, 'damaged')
  chmodSync(file, 0o600)
  const auth = bench.restart()
  assert.equal(await login(auth, byToken()), 'TOKEN_AUTH_UNSUPPORTED')
  assert.equal(await login(auth, byPassword), 'password')
  await assert.rejects(auth.accounts.update(id, { password: 'new' }), { code: 'DATA_DAMAGED' })
  assert.equal(await login(auth, byPassword), 'password')
  assert.equal((await auth.accounts.update(id, { password: 'new', tokenLogin: false })).tokenLogin, false)
  assert.equal(await login(auth, { username: 'Anna', password: 'new' }), 'password')
  assert.equal(readFileSync(file, 'utf8'), 'damaged')
})

test('a rotation seals everything by a new key', async (t) => {
  const bench = createAuthBench(t)
  await bench.auth.accounts.create({ name: 'Anna', password: 'sesame' })
  await bench.auth.accounts.create({ name: 'Hashed', password: 'x', tokenLogin: false })
  const file = join(bench.keyDir, 'password.key')
  const before = readFileSync(file)
  assert.deepEqual(bench.auth.rotatePasswordKey(), { resealed: 1, unreadable: 0 })
  assert.notDeepEqual(readFileSync(file), before)
  assert.equal(await login(bench.auth, byToken()), 'token')
  assert.equal(await login(bench.restart(), byToken()), 'token')
})

test('a rotation that was cut off before its users were done is completed at the next start', async (t) => {
  const bench = createAuthBench(t)
  await bench.auth.accounts.create({ name: 'Anna', password: 'sesame' })
  const file = join(bench.keyDir, 'password.key')
  const old = readFileSync(file)
  writeFileSync(join(bench.keyDir, 'password.previous.key'), old, { mode: 0o600 })
  writeFileSync(file, Buffer.alloc(32, 7), { mode: 0o600 })
  assert.equal(await login(bench.restart(), byToken()), 'token')
  assert.throws(() => readFileSync(join(bench.keyDir, 'password.previous.key')), { code: 'ENOENT' })
  assert.equal(await login(bench.restart(), byToken()), 'token')
})

test('a password that is replaced while the old one is checked is neither let in nor sealed', async (t) => {
  const bench = createAuthBench(t)
  const { id } = await bench.auth.accounts.create({ name: 'Anna', password: 'sesame' })
  rmSync(bench.keyDir, { recursive: true })
  const auth = bench.restart()
  const { users } = bench.repositories
  const passwordHash = await createPasswordHasher(4).hash('new')
  // All in one turn of the loop: the check has begun, and can't have ended.
  const running = login(auth, byPassword)
  users.update(id, { passwordHash, passwordSealed: users.credentials(id)?.passwordSealed ?? null }, bench.clock.now())
  bench.clock.advance(61_000)
  assert.equal(await running, 'BAD_CREDENTIALS')
  assert.equal(await login(auth, byToken()), 'TOKEN_AUTH_UNSUPPORTED')
  assert.equal(await login(auth, { username: 'Anna', password: 'new' }), 'password')
})
