import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { tempFolder } from '../support/temp-database.ts'

const NOTE = 'checked'

/** A clone whose bundle tells nothing, and whose check leaves a note. Its stamp is as old as a build's, its files are older. */
function makeClone(t: TestContext): string {
  const clone = tempFolder(t)
  const write = (path: string, text = '') => {
    mkdirSync(dirname(join(clone, path)), { recursive: true })
    writeFileSync(join(clone, path), text)
  }
  write('src/build.mjs', `import { writeFileSync } from 'node:fs'; writeFileSync('${join(clone, NOTE)}', '')`)
  for (const path of ['src/a.ts', 'src/room/b.ts', 'plugins/one/index.ts', 'plugins/one/test/a.test.ts']) write(path)
  for (const path of ['package-lock.json', 'elsewhere/old.ts', 'dist/main.mjs', 'dist/.stamp']) write(path)
  copyFileSync(resolve('src/launch.sh'), join(clone, 'src/launch.sh'))
  // The files' status can't be dated back, so the stamp is dated ahead of it, by less than any test waits.
  const { ctimeMs } = statSync(join(clone, 'src/launch.sh'))
  while (Date.now() <= ctimeMs + 50) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  const now = new Date()
  utimesSync(join(clone, 'dist/.stamp'), now, now)
  while (Date.now() <= now.getTime() + 20) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  return clone
}

function launch(clone: string, env: Readonly<Record<string, string>> = {}): boolean {
  const { status, stderr } = spawnSync('sh', [join(clone, 'src/launch.sh')], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  return existsSync(join(clone, NOTE))
}

const LONG_AGO = new Date('2020-01-01')

const STALE: readonly (readonly [string, (at: (path: string) => string) => void])[] = [
  ['a source was edited', (at) => writeFileSync(at('src/room/b.ts'), 'x')],
  [
    'a source was edited and dated back',
    (at) => {
      writeFileSync(at('src/a.ts'), 'x')
      utimesSync(at('src/a.ts'), LONG_AGO, LONG_AGO)
    },
  ],
  ['an older file came in place of a source', (at) => renameSync(at('elsewhere/old.ts'), at('src/a.ts'))],
  ['a source came', (at) => writeFileSync(at('src/room/c.ts'), '')],
  ['a source went', (at) => rmSync(at('src/room/b.ts'))],
  ['a folder went', (at) => rmSync(at('src/room'), { recursive: true })],
  ['a source was renamed', (at) => renameSync(at('src/room/b.ts'), at('src/room/c.ts'))],
  ['a plugin was edited', (at) => writeFileSync(at('plugins/one/index.ts'), 'x')],
  ['a plugin went', (at) => rmSync(at('plugins/one'), { recursive: true })],
  ['other packages are installed', (at) => writeFileSync(at('package-lock.json'), '{}')],
  ['there is no stamp', (at) => rmSync(at('dist/.stamp'))],
]

for (const [what, change] of STALE) {
  test(`a start looks closer when ${what}`, (t) => {
    const clone = makeClone(t)
    change((path) => join(clone, path))
    assert.ok(launch(clone))
  })
}

const FRESH: readonly (readonly [string, (at: (path: string) => string) => void])[] = [
  ['nothing changed', () => {}],
  ['a test of a plugin was edited', (at) => writeFileSync(at('plugins/one/test/a.test.ts'), 'x')],
  ['it is an npm package, which has no lock file', (at) => rmSync(at('package-lock.json'))],
  ['it has no sources', (at) => rmSync(at('src/build.mjs'))],
]

for (const [what, change] of FRESH) {
  test(`a start does not look closer when ${what}`, (t) => {
    const clone = makeClone(t)
    change((path) => join(clone, path))
    assert.ok(!launch(clone))
  })
}

test('what Node compiled is kept in the cache of the service, else beside the bundle', (t) => {
  const clone = makeClone(t)
  writeFileSync(join(clone, 'dist/main.mjs'), 'process.stdout.write(String(process.env.NODE_COMPILE_CACHE))')
  const placeWith = (env: Readonly<Record<string, string>>) => {
    const { PATH = '' } = process.env
    return spawnSync('sh', [join(clone, 'src/launch.sh')], { encoding: 'utf8', env: { PATH, ...env } }).stdout
  }
  assert.equal(placeWith({}), join(realpathSync(clone), 'dist/.code'))
  const cache = join(clone, 'cache')
  assert.equal(placeWith({ CACHE_DIRECTORY: `${cache}:/elsewhere` }), join(cache, 'code'))
  assert.equal(placeWith({ CACHE_DIRECTORY: cache, NODE_COMPILE_CACHE: '/mine' }), '/mine')
})

test('where find is another than expected, each start looks closer', (t) => {
  const clone = makeClone(t)
  mkdirSync(join(clone, 'bin'))
  writeFileSync(join(clone, 'bin/find'), '#!/bin/sh\necho "find: unrecognized: -cnewer" >&2\nexit 1\n')
  chmodSync(join(clone, 'bin/find'), 0o755)
  assert.ok(launch(clone, { PATH: `${join(clone, 'bin')}:${process.env.PATH}` }))
})

test('a closer look that finds nothing spares the next start from looking', () => {
  const stamp = resolve('dist/.stamp')
  assert.equal(spawnSync(process.execPath, ['src/build.mjs']).status, 0)
  utimesSync(stamp, LONG_AGO, LONG_AGO)
  assert.equal(spawnSync(process.execPath, ['src/build.mjs']).status, 0)
  assert.ok(statSync(stamp).mtimeMs > LONG_AGO.getTime())
})
