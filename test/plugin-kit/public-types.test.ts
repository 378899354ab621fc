import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { publicTypes } from '../../src/plugin/kit/public-types.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const FOLDER = join(ROOT, 'src/plugin/types')

test('the published declarations are those of the sources: a change of the public surface shows in them', async () => {
  const made = await publicTypes(ROOT)
  const kept = new Map(
    readdirSync(FOLDER, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.d.ts'))
      .sort()
      .map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]),
  )
  assert.deepEqual(kept, made, 'run `npm run plugin:types`, and look at what changed: plugins depend on it')
})

test('the public surface reaches nothing of the rooms behind it', async () => {
  const foreign = [...(await publicTypes(ROOT)).keys()].filter(
    (path) =>
      !/^(base\/(access-scope|ids)|hooks\/\w+|plugin\/(define|[\w-]*api)|plugin\/testing\/[\w-]+|rest\/list-query)\.d\.ts$/.test(
        path,
      ),
  )
  assert.deepEqual(foreign, [])
})
