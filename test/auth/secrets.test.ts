import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { seal, sealedBy, unseal } from '../../src/auth/seal.ts'
import { KEY_BYTES, openKeyRing } from '../../src/auth/secrets.ts'

const root = mkdtempSync(join(tmpdir(), 'tonearm-secrets-'))
after(() => rmSync(root, { recursive: true, force: true }))
let count = 0
const newFolder = () => join(root, `keys-${++count}`)
const modeOf = (path: string) => statSync(path).mode & 0o777

test('a key is made at the first start, for the server only, and found again', () => {
  const folder = newFolder()
  const first = openKeyRing(folder, 'password')
  assert.equal(first.created, true)
  assert.equal(modeOf(folder), 0o700)
  assert.equal(modeOf(join(folder, 'password.key')), 0o600)
  assert.deepEqual(readdirSync(folder), ['password.key'])
  const second = openKeyRing(folder, 'password')
  assert.equal(second.created, false)
  assert.deepEqual(second.current, first.current)
})

test('no two installations, and no two keys of one, are alike', () => {
  const folder = newFolder()
  const keys = [
    openKeyRing(folder, 'password'),
    openKeyRing(folder, 'session'),
    openKeyRing(newFolder(), 'password'),
  ].map(({ current }) => Buffer.from(current.bytes).toString('hex'))
  assert.equal(new Set(keys).size, 3)
  for (const key of keys) assert.equal(key.length, KEY_BYTES * 2)
})

test('rights that are too wide are taken back', () => {
  const folder = newFolder()
  openKeyRing(folder, 'password')
  chmodSync(folder, 0o755)
  chmodSync(join(folder, 'password.key'), 0o644)
  openKeyRing(folder, 'password')
  assert.deepEqual([modeOf(folder), modeOf(join(folder, 'password.key'))], [0o700, 0o600])
})

test('a damaged key file is refused and left as it is', () => {
  const folder = newFolder()
  openKeyRing(folder, 'password')
  writeFileSync(join(folder, 'password.key'), 'short')
  assert.throws(() => openKeyRing(folder, 'password'), { code: 'DATA_DAMAGED' })
  assert.equal(readFileSync(join(folder, 'password.key'), 'utf8'), 'short')
})

test('a rotation keeps the previous key until it is retired, over a restart too', () => {
  const folder = newFolder()
  const ring = openKeyRing(folder, 'password')
  const old = ring.current
  const sealed = seal(ring, 'user 1', Buffer.from('secret'))
  ring.rotate()
  assert.notEqual(ring.current.id, old.id)
  assert.throws(() => ring.rotate(), { code: 'CONFLICT' })
  const reopened = openKeyRing(folder, 'password')
  assert.deepEqual([reopened.current, reopened.previous], [ring.current, old])
  assert.equal(unseal(reopened, 'user 1', sealed)?.toString(), 'secret')
  reopened.retire()
  assert.deepEqual(readdirSync(folder), ['password.key'])
  assert.equal(unseal(openKeyRing(folder, 'password'), 'user 1', sealed), undefined)
})

test('a rotation that stopped after its first write is undone', () => {
  const folder = newFolder()
  const { current } = openKeyRing(folder, 'password')
  copyFileSync(join(folder, 'password.key'), join(folder, 'password.previous.key'))
  const ring = openKeyRing(folder, 'password')
  assert.deepEqual([ring.current, ring.previous], [current, undefined])
  assert.deepEqual(readdirSync(folder), ['password.key'])
})

test('what is sealed opens for the same owner only, and never after tampering', () => {
  const ring = openKeyRing(newFolder(), 'password')
  const sealed = seal(ring, 'user 1', Buffer.from('pässword'))
  assert.equal(unseal(ring, 'user 1', sealed)?.toString(), 'pässword')
  assert.equal(unseal(ring, 'user 2', sealed), undefined)
  assert.equal(sealedBy(sealed), ring.current.id)
  assert.ok(!Buffer.from(sealed).includes('pässword'))
  for (let index = 0; index < sealed.length; index++) {
    const changed = Uint8Array.from(sealed)
    changed[index] = (changed[index] ?? 0) ^ 1
    assert.equal(unseal(ring, 'user 1', changed), undefined, `byte ${index}`)
    assert.equal(unseal(ring, 'user 1', sealed.subarray(0, index)), undefined, `cut at ${index}`)
  }
})

test('the same secret sealed twice looks different', () => {
  const ring = openKeyRing(newFolder(), 'password')
  const secret = Buffer.from('same')
  assert.notDeepEqual(seal(ring, 'user 1', secret), seal(ring, 'user 1', secret))
})
