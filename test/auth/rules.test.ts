import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBitRate, checkName, checkPassword, checkRoles } from '../../src/auth/account-rules.ts'
import { generateApiKey, generatePassword } from '../../src/auth/generate-secrets.ts'
import { readOffer } from '../../src/auth/login-offer.ts'
import { createPasswordHasher } from '../../src/auth/password-hash.ts'
import type { Role } from '../../src/library/entities.ts'

const FAST = 4
const refused = { code: 'INVALID_PARAMETER' }

test('names are trimmed and composed; empty, long and invisible ones are refused', () => {
  assert.equal(checkName('  Zoe\u0308 '), 'Zoë')
  assert.equal(checkName('李'), '李')
  assert.equal(checkName('x'.repeat(64)), 'x'.repeat(64))
  for (const name of ['', '   ', 'x'.repeat(65), 'a\nb', 'a\u0000', 'admin\u200b', '\u202eadmin', '\u0301']) {
    assert.throws(() => checkName(name), refused, JSON.stringify(name))
  }
})

test('a password may be anything that is long enough and at most a kibibyte', () => {
  assert.equal(checkPassword(' ', 1), ' ')
  assert.equal(checkPassword('ü'.repeat(512), 8).length, 512)
  assert.throws(() => checkPassword('', 1), refused)
  assert.throws(() => checkPassword('ü'.repeat(513), 1), refused)
  // Characters count, not bytes and not halves of them.
  assert.equal(checkPassword('🎺'.repeat(8), 8), '🎺'.repeat(8))
  assert.throws(() => checkPassword('🎺'.repeat(7), 8), { ...refused, message: /at least 8 characters/ })
})

test('roles are known ones and bit rates sane', () => {
  assert.deepEqual(checkRoles(['stream', 'download', 'stream']), ['download', 'stream'])
  assert.throws(() => checkRoles(['admin' as Role]), refused)
  assert.equal(checkBitRate(320), 320)
  for (const rate of [-1, 1.5, Number.NaN, 1e9]) assert.throws(() => checkBitRate(rate), refused)
})

test('generated passwords and keys have the bits and the form that is promised', () => {
  const passwords = new Set(Array.from({ length: 200 }, generatePassword))
  assert.equal(passwords.size, 200)
  for (const password of passwords) assert.match(password, /^([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}$/)
  assert.ok(20 * Math.log2(31) >= 80)
  const { key, hint } = generateApiKey()
  assert.match(key, /^tn_[\w-]{32}$/)
  assert.equal(key.slice(0, 7), hint)
})

test('the mechanism is read off as the specification orders it', () => {
  const code = (credentials: Parameters<typeof readOffer>[0]) => {
    try {
      return readOffer(credentials).kind
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const [username, password, token, salt, apiKey] = ['u', 'p', 't', 's', 'k']
  assert.equal(code({ apiKey }), 'apiKey')
  assert.equal(code({ apiKey: '' }), 'apiKey')
  for (const other of [{ username }, { password }, { token }, { salt }]) {
    assert.equal(code({ apiKey, ...other }), 'AUTH_MECHANISM_CONFLICT')
  }
  assert.equal(code({}), 'MISSING_PARAMETER')
  assert.equal(code({ password }), 'MISSING_PARAMETER')
  assert.equal(code({ username: '', password }), 'MISSING_PARAMETER')
  assert.equal(code({ username }), 'MISSING_PARAMETER')
  assert.equal(code({ username, password }), 'password')
  assert.equal(code({ username, token, salt }), 'token')
  assert.equal(code({ username, token: '', salt: '' }), 'token')
  assert.equal(code({ username, token }), 'MISSING_PARAMETER')
  assert.equal(code({ username, salt }), 'MISSING_PARAMETER')
  assert.equal(code({ username, password, token, salt }), 'AUTH_MECHANISM_CONFLICT')
  assert.equal(code({ username, password, salt }), 'AUTH_MECHANISM_CONFLICT')
})

test('a hash carries its parameters and matches its password only', async () => {
  const hasher = createPasswordHasher(FAST)
  const stored = await hasher.hash('sesame')
  assert.match(stored, /^scrypt\$4\$8\$1\$/)
  assert.notEqual(await hasher.hash('sesame'), stored)
  const other = createPasswordHasher(FAST + 1)
  assert.equal(await other.verify('sesame', stored), true)
  assert.equal(await other.verify('sesamE', stored), false)
})

test('nobody, an empty hash and a hash that asks for too much memory match nothing', async () => {
  const hasher = createPasswordHasher(FAST)
  const [, , , , salt, hash] = (await hasher.hash('sesame')).split('$')
  for (const stored of [undefined, '', 'sesame', `scrypt$30$8$1$${salt}$${hash}`, `scrypt$4$99$1$${salt}$${hash}`]) {
    assert.equal(await hasher.verify('sesame', stored), false)
    assert.equal(await hasher.verify('', stored), false)
  }
})

test('more logins at once than can wait are told to come back', async () => {
  const hasher = createPasswordHasher(10)
  const all = await Promise.allSettled(Array.from({ length: 60 }, () => hasher.verify('x', undefined)))
  const busy = all.filter((one) => one.status === 'rejected')
  assert.equal(busy.length, 10)
  for (const one of busy) assert.equal((one.reason as { code: string }).code, 'BUSY')
  assert.equal(await hasher.verify('x', undefined), false)
})
