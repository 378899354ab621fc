import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'tonearm/plugin'
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

test('all that is wrong with settings is told at once', () => {
  assert.throws(
    () => resolveConfig('p', SCHEMA, { txt: 'typo', deep: { count: 10 } }),
    (error: Error) =>
      /needed/.test(error.message) && /deep\/count/.test(error.message) && /properties/.test(error.message),
  )
})
