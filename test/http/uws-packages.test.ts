import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { uwsPackage } from '../../src/http/uws-addon.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly optional?: boolean
  readonly engines?: { readonly node?: string }
  readonly cpu?: readonly string[]
}

// Neither package says so itself, or says it right. When npm writes the entries anew, these lines go back by hand.
test('the lock file says which Node and processor each package with the addon is for', async () => {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>
  }
  const entry = (name: string) => lock.packages[`node_modules/${name}`]
  const of = (name: string) => ({
    engines: entry(name)?.engines,
    cpu: entry(name)?.cpu,
    optional: entry(name)?.optional,
  })
  assert.deepEqual(of('uWebSockets.js'), {
    engines: { node: '>=20 <24' },
    cpu: ['arm', 'arm64', 'x64'],
    optional: true,
  })
  assert.deepEqual(of('uws-node-24'), { engines: { node: '>=24 <26' }, cpu: ['arm64', 'x64'], optional: true })
  for (const name of ['uWebSockets.js', 'uws-node-24']) assert.match(entry(name)?.integrity ?? '', /^sha512-/)
})

test('each Node looks for its addon in the package that was fetched for it', () => {
  for (const abi of ['115', '127']) assert.equal(uwsPackage(abi), 'uWebSockets.js')
  for (const abi of ['137', '141', '147']) assert.equal(uwsPackage(abi), 'uws-node-24')
})

test('an install keeps the addons of this system, for all versions of Node, and nothing else is lost', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tonearm-prune-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const own = `uws_${process.platform}_${process.arch}`
  const files = {
    keep: [
      `uWebSockets.js/dist/bin/${own}_115.node`,
      `uWebSockets.js/dist/bin/${own}_127.node`,
      'uWebSockets.js/dist/uws.mjs',
      '@ffmpeg/core/dist/umd/ffmpeg-core.wasm',
    ],
    go: [
      'uWebSockets.js/dist/bin/uws_solaris_x64_127.node',
      `uWebSockets.js/dist/bin/uws_${process.platform}_other_127.node`,
      '@ffmpeg/core/dist/esm/ffmpeg-core.wasm',
    ],
  }
  for (const file of [...files.keep, ...files.go]) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), '')
  }
  const prune = () => spawnSync(process.execPath, [join(ROOT, 'src/prune-modules.mjs'), folder], { encoding: 'utf8' })
  // Twice, as after a second install.
  for (const _ of [1, 2]) {
    assert.equal(prune().stderr, '')
    for (const file of files.keep) assert.ok(existsSync(join(folder, file)), file)
    for (const file of files.go) assert.ok(!existsSync(join(folder, file)), file)
  }
  await rm(folder, { recursive: true })
  assert.equal(prune().status, 0)
})
