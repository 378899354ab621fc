import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AppError } from '../../src/base/errors.ts'
import { readTlsFiles } from '../../src/http/tls-files.ts'
import { silentLogger } from '../../src/log/logger.ts'

const CERT = 'test/fixtures/tls/cert.pem'
const KEY = 'test/fixtures/tls/key.pem'
const folder = mkdtempSync(join(tmpdir(), 'tonearm-tls-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const pkcs8 = { type: 'pkcs8', format: 'pem' } as const
const { privateKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const foreign = file('foreign.pem', other.export(pkcs8))
const locked = file('locked.pem', other.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }))
const lockedOld = file(
  'locked-old.pem',
  other.export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
)
const half = file('half.pem', readFileSync(CERT).subarray(0, 200))
const halfKey = file('half-key.pem', readFileSync(KEY).subarray(0, 80))
const binary = file('cert.der', new X509Certificate(readFileSync(CERT)).raw)

const FAULTS: readonly (readonly [string, { cert: string; key: string }, RegExp])[] = [
  ['a key of another certificate', { cert: CERT, key: foreign }, /do not belong together.*made for/],
  [
    'a missing certificate',
    { cert: '/nowhere/c.pem', key: KEY },
    /\/nowhere\/c\.pem: there is no such file.*tls\.cert/,
  ],
  ['a missing key', { cert: CERT, key: '/nowhere/k.pem' }, /key can not be read: \/nowhere\/k\.pem.*server\.tls\.key/],
  ['a folder', { cert: folder, key: KEY }, /it is a folder/],
  ['a locked key', { cert: CERT, key: locked }, /passphrase.*openssl pkey/],
  ['a locked key of the old kind', { cert: CERT, key: lockedOld }, /passphrase.*openssl pkey/],
  ['both swapped', { cert: KEY, key: CERT }, /holds a key; are .* swapped/],
  ['a certificate as key', { cert: CERT, key: CERT }, /it holds a certificate/],
  ['half a certificate', { cert: half, key: KEY }, /certificate .*half\.pem is damaged/],
  ['half a key', { cert: CERT, key: halfKey }, /key .*half-key\.pem is damaged/],
  ['a certificate that is not PEM', { cert: binary, key: KEY }, /is no certificate in PEM/],
]

for (const [what, files, message] of FAULTS) {
  test(`${what} is told by name`, async () => {
    await assert.rejects(readTlsFiles(files, silentLogger), (error) => {
      assert.ok(error instanceof AppError && error.code === 'CONFIG_INVALID')
      assert.match(error.message, message)
      return true
    })
  })
}

test('a key that may not be read is told so', { skip: process.getuid?.() === 0 && 'root reads all' }, async () => {
  const shut = file('shut.pem', readFileSync(KEY))
  chmodSync(shut, 0)
  await assert.rejects(readTlsFiles({ cert: CERT, key: shut }, silentLogger), /may not read it/)
})

test('a certificate out of date is used with a warning', async () => {
  const { validFrom, validTo } = new X509Certificate(readFileSync(CERT))
  const warnings = async (now: number) => {
    const told: string[] = []
    await readTlsFiles({ cert: CERT, key: KEY }, { warn: (message) => void told.push(message) }, now)
    return told
  }
  const DAY = 24 * 60 * 60_000
  assert.deepEqual(await warnings(Date.parse(validFrom) + DAY), [])
  assert.match((await warnings(Date.parse(validTo) + DAY)).join(), /has expired/)
  assert.match((await warnings(Date.parse(validTo) - DAY)).join(), /expires soon/)
  assert.match((await warnings(Date.parse(validFrom) - DAY)).join(), /not valid yet/)
})
