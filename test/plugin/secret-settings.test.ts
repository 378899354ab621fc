import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masked, unmasked } from '../../src/plugin/host/secret-settings.ts'

const secret = { type: 'string', secret: true }
const text = { type: 'string' }
const door = { type: 'object', properties: { name: text, code: secret } }
const schema = {
  type: 'object',
  properties: {
    url: text,
    keys: { type: 'array', items: secret },
    doors: { type: 'array', items: door },
    byName: { type: 'object', additionalProperties: secret },
    byPattern: { type: 'object', patternProperties: { '^.*$': door } },
    perhaps: { anyOf: [{ type: 'null' }, secret] },
    pair: { type: 'array', items: [text, secret] },
  },
}
const CONFIG = {
  url: 'https://me:pw@host.example/a',
  keys: ['key 1', 'key 2'],
  doors: [
    { name: 'same', code: 'code 1' },
    { name: 'same', code: 'code 2' },
  ],
  byName: { ann: 'hers' },
  byPattern: { front: { name: 'front', code: 'code 3' } },
  perhaps: 'one',
  pair: ['shown', 'hidden'],
}

test('secrets are hidden wherever a schema may say it', () => {
  assert.deepEqual(masked(schema, CONFIG), {
    url: 'https://****@host.example/a',
    keys: ['****', '****'],
    doors: [
      { name: 'same', code: '****' },
      { name: 'same', code: '****' },
    ],
    byName: { ann: '****' },
    byPattern: { front: { name: 'front', code: '****' } },
    perhaps: '****',
    pair: ['shown', '****'],
  })
})

test('settings that are written back as they were shown stay as they are, twins in lists too', () => {
  assert.deepEqual(unmasked(schema, masked(schema, CONFIG), CONFIG), CONFIG)
})

test('an edited item of a list keeps its secret, a new one takes nobody’s', () => {
  const given = (doors: readonly object[]) => (unmasked(schema, { doors }, CONFIG).doors as object[]) ?? []
  const shown = { name: 'same', code: '****' }
  assert.deepEqual(given([{ name: 'renamed', code: '****' }, shown]), [
    { name: 'renamed', code: 'code 1' },
    { name: 'same', code: 'code 2' },
  ])
  assert.deepEqual(given([shown, shown, { name: 'third', code: 'typed' }]), [
    ...CONFIG.doors,
    { name: 'third', code: 'typed' },
  ])
  assert.deepEqual(given([shown, shown, { name: 'third', code: '****' }]), [...CONFIG.doors, { name: 'third' }])
  const { keys } = unmasked(schema, { keys: ['****', 'new', '****', '****'] }, CONFIG)
  assert.deepEqual(keys, ['key 1', 'new', 'key 2'])
})

test('an address keeps its login while it leads to the same server, and is refused when it leads elsewhere', () => {
  const given = (url: string) => unmasked(schema, { url }, CONFIG).url
  assert.equal(given('https://****@host.example/b?c=d'), 'https://me:pw@host.example/b?c=d')
  assert.equal(given('https://host.example/b'), 'https://host.example/b')
  assert.equal(given('https://you:new@other.example'), 'https://you:new@other.example')
  for (const elsewhere of ['https://****@other.example/a', 'https://****@host.example:81/a', 'https://****@'])
    assert.throws(() => given(elsewhere), /anew/)
})
