import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createTestHost } from 'tonearm/plugin/testing'
import { buildPlugin } from '../../src/plugin-kit/build-plugin.ts'
import { checkPlugin } from '../../src/plugin-kit/check-plugin.ts'
import { type KitProject, kitProject } from './kit-project.ts'

/** A new plugin that serves `public/web` (or what `call` says), with a file in it. */
async function servingProject(t: TestContext, call: string, before = ''): Promise<KitProject> {
  const project = await kitProject(t)
  // The compiler takes seconds, and has nothing to say here.
  rmSync(join(project.folder, 'tsconfig.json'))
  project.edit('src/plugin.ts', "'db', 'routes']", "'db', 'routes', 'assets']")
  project.edit('src/plugin.ts', "    db: 'keeps", "    assets: 'serves its page',\n    db: 'keeps")
  project.edit('README.md', '| `db` |', '| `assets` | serves its page |\n| `db` |')
  project.edit('src/plugin.ts', 'export default', `${before}\nexport default`)
  project.edit(
    'src/plugin.ts',
    '  setup({ hooks, routes, db, library, config, log }) {\n',
    `  setup(ctx) {\n    const { hooks, routes, db, library, config, log, assets } = ctx\n    ${call}\n`,
  )
  project.write('public/web/deep/page.css', 'p {}')
  return project
}

const failures = async (project: KitProject) =>
  (await checkPlugin(project.folder, () => createTestHost())).filter(({ level }) => level === 'fail')

const SERVED: readonly (readonly [what: string, call: string, before?: string])[] = [
  ['a text', "assets.serve('ui', 'public/web')"],
  ['a member of the context', "ctx.assets.serve('/ui/', './public/web/')"],
  ['a template', 'assets.serve(`ui`, `public/web`)'],
  ['a constant', "assets.serve('ui', WEB)", "const WEB = 'public/web'"],
  ['a computed address', "assets.serve(['u', 'i'].join(''), 'public/web', {})"],
  ['its own function', "const { serve } = assets\n    serve('ui', 'public/web')"],
  ['the folder above', "assets.serve('ui/deep', 'public/web/deep')\n    assets.serve('ui', 'public/web')"],
]
for (const [what, call, before] of SERVED) {
  test(`a folder that is served by ${what} is built into the package, and served from there`, async (t) => {
    const project = await servingProject(t, call, before)
    assert.deepEqual(await failures(project), [])
    const { files } = await buildPlugin(project.folder)
    assert.ok(files.includes('dist/public/web/'), String(files))
    assert.deepEqual(await failures(project), [])
    rmSync(join(project.folder, 'public'), { recursive: true })
    await using host = await createTestHost()
    await host.load(join(project.folder, 'dist'))
    assert.equal(readFileSync(join(project.folder, 'dist/public/web/deep/page.css'), 'utf8'), 'p {}')
  })
}

test('a build holds what the sources hold now, and links as the files that they point to', async (t) => {
  const project = await servingProject(t, "assets.serve('ui', 'public/web')")
  project.write('public/web/old.css', '')
  symlinkSync('deep/page.css', join(project.folder, 'public/web/link.css'))
  await buildPlugin(project.folder)
  rmSync(join(project.folder, 'public/web/old.css'))
  await buildPlugin(project.folder)
  assert.ok(!existsSync(join(project.folder, 'dist/public/web/old.css')))
  rmSync(join(project.folder, 'dist/public/web/deep'), { recursive: true })
  assert.equal(readFileSync(join(project.folder, 'dist/public/web/link.css'), 'utf8'), 'p {}')
})

const MISSING: readonly (readonly [
  what: string,
  words: RegExp,
  call: string,
  spoil?: (project: KitProject) => void,
])[] = [
  ['is not there', /serves the folder web, which is not in its package: make it beside/, "assets.serve('ui', 'web')"],
  ['is a file', /serves the folder README.md, which is not in its package/, "assets.serve('ui', 'README.md')"],
  [
    'is empty',
    /serves the folder web, which is empty/,
    "assets.serve('ui', 'web')",
    (project) => mkdirSync(join(project.folder, 'web')),
  ],
  [
    'is computed, and so not found by the build',
    /serves the folder public\/web, which is not in its package: .* names the folder as a text/,
    "assets.serve('ui', ['public', 'web'].join('/'))",
  ],
  [
    'is not among the files of the package',
    /files does not name dist\/public\/web/,
    "assets.serve('ui', 'public/web')",
    (project) =>
      project.editPackage((json) => {
        json.files = ['dist/plugin.js', 'dist/plugin.json']
      }),
  ],
  [
    'was built without it',
    /dist\/plugin\.js.* and dist\/public\/web missing/,
    "assets.serve('ui', 'public/web')",
    (project) => project.write('dist/plugin.json', '{}'),
  ],
]
for (const [what, words, call, spoil] of MISSING) {
  test(`the check tells of a served folder that ${what}`, async (t) => {
    const project = await servingProject(t, call)
    spoil?.(project)
    const findings = await failures(project)
    assert.ok(
      findings.some(({ found }) => words.test(found)),
      JSON.stringify(findings, undefined, 1),
    )
  })
}

test('a plugin whose folder went missing does not start, and says which one and what to do', async (t) => {
  const project = await servingProject(t, "assets.serve('ui', 'public/web')")
  await buildPlugin(project.folder)
  rmSync(join(project.folder, 'dist/public'), { recursive: true })
  await using host = await createTestHost()
  await assert.rejects(
    host.load(join(project.folder, 'dist')),
    /plugin sample serves the folder public\/web, which is not in its package: .*tonearm plugin build/,
  )
})

test('what else is called serve is no folder', async (t) => {
  const project = await servingProject(
    t,
    "assets.serve('ui', 'public/web')\n    shop.serve('tea', 'cup')",
    'const shop = { serve: (what: string, where: string) => [what, where] }',
  )
  assert.deepEqual(await failures(project), [])
})
