import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'tonearm/plugin'
import type { TSchema } from 'typebox'
import { AppError } from '../../src/base/errors.ts'
import { resolveConfig } from '../../src/plugin/host/plugin-config.ts'

/** As it lies in plugin.json: TypeBox' own marks do not survive that. */
const SCHEMA: unknown = JSON.parse(
  JSON.stringify(
    Type.Object({
      text: Type.String({ default: 'x' }),
      deep: Type.Object({ count: Type.Integer({ default: 3, maximum: 9 }) }, { default: {} }),
      list: Type.Array(Type.Object({ on: Type.Boolean({ default: true }) }), { default: [] }),
      needed: Type.String(),
    }),
  ),
)

test('defaults of a manifest are filled in at every depth, what is given stays', () => {
  assert.deepEqual(resolveConfig('p', SCHEMA, { needed: 'n' }), {
    text: 'x',
    deep: { count: 3 },
    list: [],
    needed: 'n',
  })
  assert.deepEqual(resolveConfig('p', SCHEMA, { needed: 'n', text: '', deep: { count: 1 }, list: [{}] }), {
    text: '',
    deep: { count: 1 },
    list: [{ on: true }],
    needed: 'n',
  })
})

const told = (schema: TSchema, values: Readonly<Record<string, unknown>>): string => {
  try {
    resolveConfig('p', JSON.parse(JSON.stringify(schema)), values)
    return ''
  } catch (error) {
    return error instanceof AppError && error.code === 'CONFIG_INVALID' ? error.message : String(error)
  }
}

test("all that is wrong with settings is told at once, as of the server's own", () => {
  assert.equal(
    told(SCHEMA as TSchema, { txt: 'typo', deep: { count: 10, cuont: 1 }, list: [{}, { on: 'ja' }] }),
    [
      'txt of plugin p is no setting; did you mean text?',
      'deep.count of plugin p is 10; expected a whole number of at most 9',
      'list.2.on of plugin p is "ja"; expected true or false',
      'needed of plugin p is missing; expected a text',
    ].join('\n'),
  )
})

const WHAT: readonly (readonly [what: string, schema: TSchema, value: unknown, told: string])[] = [
  ['a range', Type.Integer({ minimum: 1, maximum: 9 }), 12, 'is 12; expected a whole number from 1 to 9'],
  ['a part of a number', Type.Integer(), 1.5, 'is 1.5; expected a whole number'],
  ['a number as text', Type.Number({ exclusiveMinimum: 0 }), '3', 'is "3"; expected a number above 0'],
  ['steps', Type.Integer({ multipleOf: 5 }), 7, 'is 7; expected a whole number that is a multiple of 5'],
  ['yes', Type.Boolean(), 'yes', 'is "yes"; expected true or false'],
  ['nothing', Type.String(), null, 'is null; expected a text'],
  ['an empty text', Type.String({ minLength: 1 }), '', 'is ""; expected a text that is not empty'],
  ['a short text', Type.String({ minLength: 2, maxLength: 4 }), 'x', 'is "x"; expected a text of 2 to 4 characters'],
  ['a pattern', Type.String({ pattern: '^k' }), 'x', 'is "x"; expected a text that matches ^k'],
  ['an address', Type.String({ format: 'uri' }), 'x', 'is "x"; expected an address such as https://example.org'],
  ['words', Type.Union([Type.Literal('a'), Type.Literal('b')]), 'c', 'is "c"; expected one of a, b'],
  ['an enumeration', Type.Unsafe({ enum: ['a', 1] }), 'c', 'is "c"; expected one of a, 1'],
  ['one word', Type.Literal('a'), 'c', 'is "c"; expected a'],
  ['alternatives', Type.Union([Type.Integer(), Type.Null()]), 'c', 'is "c"; expected a whole number or null'],
  ['several types', Type.Unsafe({ type: ['string', 'null'] }), 5, 'is 5; expected a text or null'],
  ['no list', Type.Array(Type.String()), 'a', 'is "a"; expected a list, each a text'],
  [
    'an empty list',
    Type.Array(Type.String(), { minItems: 1 }),
    [],
    'is []; expected a list that is not empty, each a text',
  ],
  ['a section', Type.Object({ a: Type.String(), b: Type.String() }), 7, 'is 7; expected a section with a, b'],
  ['a long value', Type.Integer(), 'x'.repeat(100), `is "${'x'.repeat(56)}...; expected a whole number`],
  [
    'a secret',
    Type.String({ minLength: 9, secret: true }),
    'hunter2',
    'is "****"; expected a text of at least 9 characters',
  ],
  ['a password', Type.Integer({ format: 'password' }), 'hunter2', 'is "****"; expected a whole number'],
]
for (const [what, schema, value, words] of WHAT) {
  test(`what is wrong is told with what it must be: ${what}`, () => {
    assert.equal(told(Type.Object({ it: schema }), { it: value }), `it of plugin p ${words}`)
  })
}

test('where a constant names the kind of a section, that kind is meant', () => {
  const target = Type.Union([
    Type.Object({ kind: Type.Literal('mail'), to: Type.String({ format: 'email' }) }),
    Type.Object({ kind: Type.Literal('hook'), url: Type.String() }),
  ])
  const schema = Type.Object({ targets: Type.Array(target) })
  assert.equal(
    told(schema, { targets: [{ kind: 'hook', url: '' }, { kind: 'mail', to: 5 }, { kind: 'fax' }] }),
    `targets.2.to of plugin p is 5; expected an e-mail address
targets.3 of plugin p is {"kind":"fax"}; expected a section with kind, to or a section with kind, url`,
  )
})

test('names that a plugin leaves open are checked by their pattern, and references are told by their path', () => {
  const zones = Type.Object({ zones: Type.Record(Type.String(), Type.Integer()) })
  assert.equal(told(zones, { zones: { a: 1, b: 'x' } }), 'zones.b of plugin p is "x"; expected a whole number')
  const referring = Type.Unsafe({
    type: 'object',
    $defs: { size: { type: 'integer' } },
    properties: { size: { $ref: '#/$defs/size' } },
  })
  assert.match(told(referring, { size: 'x' }), /^size of plugin p is not as its schema wants it: it must be integer$/m)
})

test('a plugin without settings says so', () => {
  assert.throws(() => resolveConfig('p', undefined, { a: 1 }), /plugin p has no settings; remove a/)
})
