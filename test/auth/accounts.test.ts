import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LibraryId, UserId } from '../../src/base/ids.ts'
import { createHookTable } from '../../src/hooks/hook-table.ts'
import { createAuthBench, PHONE, tokenOf } from '../support/auth.ts'
import { entry } from '../support/hooks.ts'

test('the first start makes an administrator with a password that is shown once', async (t) => {
  const { auth, db } = createAuthBench(t)
  const first = await auth.accounts.ensureFirstAdmin()
  assert.equal(first.created, true)
  const password = first.password ?? ''
  const identity = await auth.authenticator.authenticate({ username: 'admin', ...tokenOf(password) }, PHONE)
  assert.equal(identity.user.isAdmin, true)
  assert.deepEqual(await auth.accounts.ensureFirstAdmin(), { created: false })
  assert.ok(!JSON.stringify(db.all('SELECT * FROM user')).includes(password))
})

test('a given first password is used and not repeated', async (t) => {
  const { auth } = createAuthBench(t)
  assert.deepEqual(await auth.accounts.ensureFirstAdmin({ password: 'given' }), { created: true })
  const { user } = await auth.authenticator.authenticate({ username: 'admin', password: 'given' }, PHONE)
  assert.equal(user.name, 'admin')
})

test('the database holds passwords only hashed and sealed', async (t) => {
  const { auth, repositories } = createAuthBench(t)
  const user = await auth.accounts.create({ name: 'Anna', password: 'sesame-open' })
  const stored = repositories.users.credentials(user.id)
  assert.match(stored?.passwordHash ?? '', /^scrypt\$/)
  assert.equal(Buffer.from(stored?.passwordSealed ?? []).includes('sesame'), false)
  assert.equal(user.tokenLogin, true)
})

test('new users get sensible roles and the libraries for new users', async (t) => {
  const { auth, repositories } = createAuthBench(t)
  const settings = { recursive: true, followSymlinks: true, excludePatterns: [] }
  const open = repositories.libraries.create({ name: 'Open', path: '/open', ...settings }, 1)
  const closed = repositories.libraries.create({ name: 'Closed', path: '/closed', ...settings }, 1)
  repositories.libraries.update(closed, { defaultNewUsers: false }, 1)
  const anna = await auth.accounts.create({ name: 'Anna', password: 'x' })
  assert.ok(anna.roles.includes('stream') && !anna.roles.includes('upload') && !anna.isAdmin)
  assert.deepEqual(repositories.users.libraries(anna.id), [open])
  const bob = await auth.accounts.create({ name: 'Bob', password: 'x', libraries: [closed, closed], roles: [] })
  assert.deepEqual([repositories.users.libraries(bob.id), bob.roles], [[closed], []])
  await assert.rejects(auth.accounts.create({ name: 'C', password: 'x', libraries: [99 as LibraryId] }), {
    code: 'NOT_FOUND',
  })
})

test('names that look alike are one name', async (t) => {
  const { auth } = createAuthBench(t)
  await auth.accounts.create({ name: 'Zoë', password: 'x' })
  await assert.rejects(auth.accounts.create({ name: ' ZOE', password: 'x' }), { code: 'CONFLICT' })
  const bob = await auth.accounts.create({ name: 'Bob', password: 'x' })
  await assert.rejects(auth.accounts.update(bob.id, { name: 'zoé' }), { code: 'CONFLICT' })
  const both = await Promise.allSettled([
    auth.accounts.create({ name: 'twin', password: 'x' }),
    auth.accounts.create({ name: 'Twin', password: 'x' }),
  ])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

test('a rename keeps the password, a new password the rest; old sessions end only with the password', async (t) => {
  const { auth } = createAuthBench(t)
  const { id, credentialsVersion } = await auth.accounts.create({
    name: 'Anna',
    password: 'one',
    email: 'a@example.org',
  })
  const renamed = await auth.accounts.update(id, { name: 'Annika', maxBitRate: 192 })
  assert.equal(renamed.credentialsVersion, credentialsVersion)
  assert.equal((await auth.authenticator.authenticate({ username: 'annika', ...tokenOf('one') }, PHONE)).user.id, id)
  const changed = await auth.accounts.update(id, { password: 'two' })
  assert.ok(changed.credentialsVersion > credentialsVersion)
  assert.deepEqual([changed.name, changed.email, changed.maxBitRate], ['Annika', 'a@example.org', 192])
})

test('token login is switched on again only together with the password', async (t) => {
  const { auth } = createAuthBench(t)
  const { id } = await auth.accounts.create({ name: 'Anna', password: 'one', tokenLogin: false })
  assert.equal((await auth.accounts.update(id, { password: 'two' })).tokenLogin, false)
  await assert.rejects(auth.accounts.update(id, { tokenLogin: true }), { code: 'INVALID_PARAMETER' })
  assert.equal((await auth.accounts.update(id, { tokenLogin: true, password: 'two' })).tokenLogin, true)
})

test('the last administrator stays one', async (t) => {
  const { auth } = createAuthBench(t)
  await auth.accounts.ensureFirstAdmin({ password: 'x' })
  const admin = auth.accounts.find('admin')
  assert.ok(admin)
  await assert.rejects(auth.accounts.update(admin.id, { isAdmin: false }), { code: 'CONFLICT' })
  assert.throws(() => auth.accounts.remove(admin.id), { code: 'CONFLICT' })
  await auth.accounts.create({ name: 'Second', password: 'x', isAdmin: true })
  auth.accounts.remove(admin.id)
  assert.deepEqual(
    auth.accounts.list().map(({ name }) => name),
    ['Second'],
  )
})

test('users that do not exist can not be changed, removed or given keys', async (t) => {
  const { auth } = createAuthBench(t)
  const nobody = 77 as UserId
  await assert.rejects(auth.accounts.update(nobody, { name: 'x' }), { code: 'NOT_FOUND' })
  assert.throws(() => auth.accounts.remove(nobody), { code: 'NOT_FOUND' })
  assert.throws(() => auth.accounts.createApiKey(nobody, 'x'), { code: 'NOT_FOUND' })
})

test('a key of another user can not be revoked, and keys are bounded', async (t) => {
  const { auth } = createAuthBench(t)
  const anna = await auth.accounts.create({ name: 'Anna', password: 'x' })
  const bob = await auth.accounts.create({ name: 'Bob', password: 'x' })
  const { record } = auth.accounts.createApiKey(anna.id, 'phone')
  assert.equal(auth.accounts.revokeApiKey(bob.id, record.id), false)
  assert.deepEqual(auth.accounts.listApiKeys(anna.id), [record])
  for (let key = 1; key < 100; key++) auth.accounts.createApiKey(anna.id, `key ${key}`)
  assert.throws(() => auth.accounts.createApiKey(anna.id, 'one more'), { code: 'CONFLICT' })
})

test('hooks hear of users that come, change and go', async (t) => {
  const { auth, hooks } = createAuthBench(t)
  const heard: string[] = []
  hooks.swap(
    createHookTable(
      (['user.created', 'user.changed', 'user.deleted'] as const).map((hook) =>
        entry(hook, ({ userId }) => void heard.push(`${hook} ${userId}`)),
      ),
    ),
  )
  const { id } = await auth.accounts.create({ name: 'Anna', password: 'x' })
  await auth.accounts.update(id, { fullName: 'Anna A.' })
  auth.accounts.remove(id)
  await hooks.settled(1000)
  assert.deepEqual(heard, ['user.created u1', 'user.changed u1', 'user.deleted u1'])
})
