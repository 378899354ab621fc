import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTestHost } from 'tonearm/plugin/testing'
import { API_VERSION } from '../../src/plugin/api/define.ts'
import { buildPlugin } from '../../src/plugin-kit/build-plugin.ts'
import { newPlugin } from '../../src/plugin-kit/new-plugin.ts'
import { TOOLS } from '../../src/plugin-kit/template.ts'
import { buildOnce } from '../support/build-once.ts'
import { kitProject } from './kit-project.ts'

const ROOT = join(import.meta.dirname, '..', '..')

test("a new plugin's own test passes and its types hold, with both ways of finding modules, outside of the repository", async (t) => {
  buildOnce()
  const project = await kitProject(t, 'my-first')
  const run = (...args: readonly string[]) =>
    execFileSync(process.execPath, args, { cwd: project.folder, encoding: 'utf8', env: { PATH: process.env.PATH } })
  assert.ok(readFileSync(join(project.folder, 'src/plugin.ts'), 'utf8').includes(`apiVersion: '${API_VERSION}'`))
  const told = run('--import', 'tsx', '--test', 'test/plugin.test.ts')
  assert.match(told, /# pass 2\n# fail 0/)
  run('node_modules/typescript/bin/tsc', '-p', '.')
  project.write(
    'src/events.ts',
    `import type { EventBus } from 'tonearm/plugin'
declare module 'tonearm/plugin' {
  interface PluginEvents { 'my-first.done': { readonly at: number } }
}
export const tell = (events: EventBus): void => events.emit('my-first.done', { at: 1 })
// @ts-expect-error nobody declared it
export const lie = (events: EventBus): void => events.emit('my-first.undone', { at: 1 })
`,
  )
  project.edit('tsconfig.json', '"module": "nodenext"', '"module": "preserve", "moduleResolution": "bundler"')
  project.edit('tsconfig.json', '"skipLibCheck": true', '"skipLibCheck": false')
  run('node_modules/typescript/bin/tsc', '-p', '.')
})

test('names of plugins follow one rule, and no file is written over', async (t) => {
  const project = await kitProject(t)
  for (const name of ['A', 'a', 'my plugin', '1st', 'a--b', 'a-', 'ü-ber', '../up', 'x'.repeat(41)])
    await assert.rejects(
      newPlugin({ name, folder: join(project.folder, 'other') }),
      { code: 'INVALID_PARAMETER' },
      name,
    )
  await assert.rejects(newPlugin({ name: 'sample', folder: project.folder }), { code: 'CONFLICT' })
  assert.ok(!existsSync(join(project.folder, 'other')))
  const { name } = await newPlugin({ name: 'tonearm-plugin-short', folder: join(project.folder, 'other') })
  assert.equal(name, 'short')
})

test('the tools of a new plugin are those that this version was made with', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  assert.deepEqual(TOOLS, Object.fromEntries(Object.keys(TOOLS).map((name) => [name, devDependencies[name]])))
})

test('a built plugin is one file with its manifest and map, and runs', async (t) => {
  const project = await kitProject(t)
  const { manifest, files } = await buildPlugin(project.folder)
  assert.deepEqual(files, ['dist/plugin.js', 'dist/plugin.js.map', 'dist/plugin.json'])
  assert.deepEqual(JSON.parse(readFileSync(join(project.folder, 'dist/plugin.json'), 'utf8')), manifest)
  assert.equal(manifest.name, 'sample')
  assert.equal(manifest.version, '0.1.0')
  const map = JSON.parse(readFileSync(join(project.folder, 'dist/plugin.js.map'), 'utf8'))
  assert.ok(map.sources.some((source: string) => source.endsWith('src/plugin.ts')))
  await using host = await createTestHost()
  const loaded = await host.load(join(project.folder, 'dist'))
  assert.equal(loaded.state, 'active')
})

test('sources that were saved after the build are what runs', async (t) => {
  const project = await kitProject(t)
  await buildPlugin(project.folder)
  project.edit(
    'src/plugin.ts',
    "routes.get('/',",
    "routes.get('/edited', () => ({ kind: 'empty' }))\n    routes.get('/',",
  )
  const later = Date.now() / 1000 + 5
  utimesSync(join(project.folder, 'src/plugin.ts'), later, later)
  await using host = await createTestHost()
  await host.load(project.folder)
  assert.equal((await host.inject({ url: '/plugins/sample/edited', user: 'alice' })).status, 204)
})

const REFUSED: readonly (readonly [what: string, code: string, words: RegExp])[] = [
  [
    'import.meta',
    'export const here = import.meta.url\n',
    /^AppError: src\/plugin\.ts:1:\d+ import\.meta does not exist in a plugin/,
  ],
  [
    'await outside of functions',
    'await Promise.resolve()\n',
    /^AppError: src\/plugin\.ts:1:1 await stands outside of a function/,
  ],
  ['a computed import', 'export const load = (name: string) => import(name)\n', /can not be bundled/],
  ['the test kit', "import 'tonearm/plugin/testing'\n", /only 'tonearm\/plugin' is there/],
  [
    'a package that is not installed',
    "import 'no-such-package-at-all'\n",
    /Could not resolve "no-such-package-at-all"/,
  ],
  ['a syntax error', 'const = 1\n', /^AppError: src\/plugin\.ts:1:7/],
]
for (const [what, code, words] of REFUSED) {
  test(`${what} is refused with its place, and nothing is written`, async (t) => {
    const project = await kitProject(t)
    project.write('src/plugin.ts', code + readFileSync(join(project.folder, 'src/plugin.ts'), 'utf8'))
    await assert.rejects(buildPlugin(project.folder), words)
    assert.ok(!existsSync(join(project.folder, 'dist')))
  })
}
