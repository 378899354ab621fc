import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { Server } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTestHost } from 'tonearm/plugin/testing'
import { API_VERSION } from '../../src/plugin/api/define.ts'
import { buildPlugin } from '../../src/plugin-kit/build-plugin.ts'
import { checkPlugin } from '../../src/plugin-kit/check-plugin.ts'
import { checkTypes } from '../../src/plugin-kit/check-types.ts'
import { type KitProject, kitProject } from './kit-project.ts'

const check = (project: KitProject) => checkPlugin(project.folder, () => createTestHost())

test('a new plugin has nothing to be told, built or not', async (t) => {
  const project = await kitProject(t)
  assert.deepEqual(
    (await check(project)).filter(({ level }) => level !== 'ok'),
    [],
  )
  await buildPlugin(project.folder)
  assert.deepEqual(
    (await check(project)).filter(({ level }) => level !== 'ok'),
    [],
  )
})

test('without TypeScript, or without types of the API, it is told what is missing and how to get it', async (t) => {
  const project = await kitProject(t)
  const modules = join(project.folder, 'node_modules')
  const tonearm = join(modules, 'tonearm')
  const types = async () => {
    const { level, found, advice } = (await checkTypes(project.folder))[0] ?? {}
    return { level, found, advice }
  }
  rmSync(tonearm)
  assert.deepEqual(await types(), {
    level: 'warn',
    found: 'the package tonearm is not there to check them with',
    advice: 'npm install',
  })
  mkdirSync(join(tonearm, 'dist'), { recursive: true })
  copyFileSync(new URL('../../package.json', import.meta.url), join(tonearm, 'package.json'))
  for (const file of ['plugin.mjs', 'plugin-testing.mjs']) writeFileSync(join(tonearm, 'dist', file), 'export {}\n')
  assert.deepEqual(await types(), {
    level: 'warn',
    found: `the tonearm in ${realpathSync(tonearm)} has no types for plugins: it was built without TypeScript`,
    advice: 'in that folder: npm ci --include=dev && npm run build -- --force',
  })
  rmSync(join(modules, 'typescript'))
  assert.deepEqual(await types(), {
    level: 'warn',
    found: 'there is no TypeScript to check them with',
    advice: 'npm install --save-dev typescript',
  })
})

test('a plugin of the first API that uses nothing newer has nothing to be told', async (t) => {
  const project = await kitProject(t)
  project.edit('src/plugin.ts', `apiVersion: '${API_VERSION}'`, "apiVersion: '1.0'")
  assert.deepEqual(
    (await check(project)).filter(({ level }) => level !== 'ok'),
    [],
  )
})

type Case = readonly [what: string, level: 'fail' | 'warn', words: RegExp, spoil: (project: KitProject) => void]

const setup = '  setup({ hooks, routes, db, library, config, log }) {\n'

const CASES: readonly Case[] = [
  [
    'a dependency on tonearm',
    'fail',
    /second server/,
    (p) =>
      p.editPackage((json) => {
        json.dependencies = { tonearm: '*' }
      }),
  ],
  [
    'no peer dependency',
    'warn',
    /which tonearm/,
    (p) =>
      p.editPackage((json) => {
        delete json.peerDependencies
      }),
  ],
  [
    'no keyword',
    'warn',
    /keyword/,
    (p) =>
      p.editPackage((json) => {
        json.keywords = []
      }),
  ],
  [
    'files without dist',
    'fail',
    /files does not name dist/,
    (p) =>
      p.editPackage((json) => {
        json.files = ['src']
      }),
  ],
  [
    'another name than the package',
    'warn',
    /the plugin sample/,
    (p) =>
      p.editPackage((json) => {
        json.name = 'tonearm-plugin-other'
      }),
  ],
  [
    'a name that is not found',
    'fail',
    /tonearm-plugin-…/,
    (p) =>
      p.editPackage((json) => {
        json.name = 'sample'
      }),
  ],
  ['a missing package.json', 'fail', /package\.json is missing/, (p) => rmSync(join(p.folder, 'package.json'))],
  ['a missing README', 'warn', /README\.md is missing/, (p) => rmSync(join(p.folder, 'README.md'))],
  [
    'a permission that the README does not explain',
    'warn',
    /does not explain library:read/,
    (p) => p.edit('README.md', '| `library:read` | shows titles |\n', ''),
  ],
  [
    'half a build',
    'fail',
    /dist\/plugin\.js and dist\/plugin\.js\.map missing/,
    (p) => {
      mkdirSync(join(p.folder, 'dist'))
      p.write('dist/plugin.json', '{}')
    },
  ],
  ['no sources', 'fail', /there is no plugin in/, (p) => rmSync(join(p.folder, 'src'), { recursive: true })],
  [
    'a newer API',
    'fail',
    /needs the plugin API 1\.9/,
    (p) => p.edit('src/plugin.ts', `apiVersion: '${API_VERSION}'`, "apiVersion: '1.9'"),
  ],
  [
    'a hook newer than the API that it names',
    'fail',
    /says 1\.0 and names the hook scan\.progress, which came with 1\.1/,
    (p) => {
      p.edit('src/plugin.ts', `apiVersion: '${API_VERSION}'`, "apiVersion: '1.0'")
      p.edit('src/plugin.ts', setup, `${setup}    hooks.on('scan.progress', () => {})\n`)
    },
  ],
  [
    'a member newer than the API that it names',
    'warn',
    /says 1\.0 and seems to use routes\.socket, which came with 1\.1/,
    (p) => {
      p.edit('src/plugin.ts', `apiVersion: '${API_VERSION}'`, "apiVersion: '1.0'")
      p.edit('src/plugin.ts', setup, `${setup}    routes.socket('/live', () => {})\n`)
    },
  ],
  [
    'an option newer than the API that it names',
    'warn',
    /says 1\.0 and seems to use the option yields/,
    (p) => {
      p.edit('src/plugin.ts', `apiVersion: '${API_VERSION}'`, "apiVersion: '1.0'")
      p.edit('src/plugin.ts', setup, `${setup}    routes.get('/y', () => ({ kind: 'empty' }), { yields: true })\n`)
    },
  ],
  ['a bad name', 'fail', /plugin\.json: \/name/, (p) => p.edit('src/plugin.ts', "name: 'sample'", "name: 'Sample'")],
  [
    'an unknown permission',
    'fail',
    /unknown permissions: telepathy/,
    (p) => p.edit('src/plugin.ts', "'routes'],", "'routes', 'telepathy' as never],"),
  ],
  [
    'a hook without its permission',
    'fail',
    /names the hook scan\.tags/,
    (p) =>
      p.edit(
        'src/plugin.ts',
        setup,
        `${setup}    if (config.size > 1000) hooks.on('scan.tags' as never, () => undefined as never)\n`,
      ),
  ],
  [
    'a member without its permission',
    'warn',
    /seems to call ctx\.notify\.send\(/,
    (p) =>
      p.edit(
        'src/plugin.ts',
        "hooks.on('playback",
        "const notify = null as any\n    if (config.size > 1000) notify.send({})\n    hooks.on('playback",
      ),
  ],
  [
    'a permission that nothing uses',
    'warn',
    /asks for storage/,
    (p) => p.edit('src/plugin.ts', "'db', 'routes']", "'db', 'routes', 'storage']"),
  ],
  [
    'a permission without a reason',
    'warn',
    /no reason is given for db/,
    (p) => p.edit('src/plugin.ts', "    db: 'keeps the counts',\n", ''),
  ],
  [
    'a built-in module without its permission',
    'fail',
    /imports node:fs/,
    (p) =>
      p.edit('src/plugin.ts', 'import {', "import { rmSync } from 'node:fs'\nexport const remove = rmSync\nimport {"),
  ],
  [
    'fetch without a host',
    'fail',
    /calls fetch/,
    (p) => p.edit('src/plugin.ts', setup, `${setup}    if (config.size > 1000) void fetch('https://example.org')\n`),
  ],
  [
    'a default that its own schema refuses',
    'fail',
    /default of size is 1000; expected a whole number from 1 to 100/,
    (p) => p.edit('src/plugin.ts', 'default: 10', 'default: 1000'),
  ],
  [
    'a setting without a default',
    'warn',
    /can't start before somebody sets something/,
    (p) => p.edit('src/plugin.ts', 'default: 10, ', ''),
  ],
  [
    'a secret that would be shown',
    'warn',
    /apiKey looks like a secret/,
    (p) => p.edit('src/plugin.ts', 'size: Type.Int', "apiKey: Type.String({ default: '' }),\n    size: Type.Int"),
  ],
  [
    'a timer while it is loaded',
    'fail',
    /sets timers while it is loaded/,
    (p) => p.edit('src/plugin.ts', 'export default', 'setInterval(() => {}, 1000)\nexport default'),
  ],
  [
    'an error while it is loaded',
    'fail',
    /failed while loading: too early/,
    (p) =>
      p.edit('src/plugin.ts', 'export default', "if (Date.now() > 0) throw new Error('too early')\nexport default"),
  ],
  [
    'a set-up that fails',
    'fail',
    /no good/,
    (p) => p.edit('src/plugin.ts', setup, `${setup}    if (config.size > 0) throw new Error('no good')\n`),
  ],
  [
    "an endpoint that is the server's own",
    'fail',
    /plugin registration ignored: the Subsonic endpoint ping of sample is the server's own/,
    (p) => {
      p.edit('src/plugin.ts', "'db', 'routes']", "'db', 'routes', 'subsonic']")
      p.edit(
        'src/plugin.ts',
        setup,
        `${setup.replace('log', 'log, subsonic')}    subsonic.endpoint('ping', () => ({}))\n`,
      )
    },
  ],
  [
    'a migration of foreign tables',
    'fail',
    /migration failed|must begin with sample_/,
    (p) => p.edit('src/plugin.ts', 'CREATE TABLE sample_play', 'CREATE TABLE song_play'),
  ],
  [
    'a type error',
    'fail',
    /error TS/,
    (p) => p.edit('src/plugin.ts', setup, `${setup}    const wrong: string = config.size\n    void wrong\n`),
  ],
]

for (const [what, level, words, spoil] of CASES) {
  test(`it is told: ${what}`, async (t) => {
    const project = await kitProject(t)
    // The compiler takes seconds, and has nothing to say about the other cases.
    if (what !== 'a type error') rmSync(join(project.folder, 'tsconfig.json'))
    spoil(project)
    const findings = await check(project)
    const found = findings.find((one) => words.test(one.found) || words.test(one.advice ?? ''))
    assert.ok(found, JSON.stringify(findings, undefined, 1))
    assert.equal(found.level, level)
  })
}

test('it is told: clean-ups that fail, and servers that stay open', async (t) => {
  const project = await kitProject(t)
  project.edit(
    'src/plugin.ts',
    setup,
    `  setup({ effect, hooks, routes, db, library, config, log }) {
    effect(() => () => Promise.reject(new Error('stuck')), 'a thing')
    createServer(() => {}).listen(0, '127.0.0.1')
`,
  )
  rmSync(join(project.folder, 'tsconfig.json'))
  project.edit('src/plugin.ts', 'import {', "import { createServer } from 'node:net'\nimport {")
  project.edit('src/plugin.ts', "'routes'],", "'routes', 'node:net'],")
  const findings = await check(project)
  closeServers()
  const [failure] = findings.filter(({ level }) => level === 'fail')
  assert.match(failure?.found ?? '', /clean-ups that failed: a thing/)
  assert.match(failure?.found ?? '', /handles of the kind TCPServerWrap/)
})

/** What the plugin left would keep this process alive. */
function closeServers(): void {
  const { _getActiveHandles } = process as unknown as { _getActiveHandles(): readonly unknown[] }
  for (const handle of _getActiveHandles.call(process)) if (handle instanceof Server) handle.close()
}
