import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { publicTypes } from '../../src/plugin-kit/public-types.ts'
import { buildOnce } from '../support/build-once.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const FOLDER = join(ROOT, 'dist/types')

test('the build brings the declarations of the public surface, and package.json names them', async () => {
  buildOnce()
  const built = new Map(
    readdirSync(FOLDER, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.d.ts'))
      .sort()
      .map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]),
  )
  assert.deepEqual(built, await publicTypes(ROOT))
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const entry of ['./plugin', './plugin/testing']) {
    const { types } = exports[entry]
    assert.ok(built.has(types.replace('./dist/types/', '')), `${entry} names ${types}`)
  }
})

test('the public surface reaches nothing of the rooms behind it', async () => {
  const foreign = [...(await publicTypes(ROOT)).keys()].filter(
    (path) =>
      !/^(base\/(access-scope|address|ids|one-at-a-time)|hooks\/\w+|plugin\/api\/(define|[\w-]*api)|plugin\/pages\/web-page|plugin-kit\/testing\/[\w-]+|rest\/list-query)\.d\.ts$/.test(
        path,
      ),
  )
  assert.deepEqual(foreign, [])
})
