import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { installPlugin } from '../../src/plugin/loading/install-plugin.ts'
import { unpackArchive } from '../../src/plugin/loading/unpack-archive.ts'
import { type PluginFiles, writePlugin } from '../support/plugin-folder.ts'
import { type PluginTestServer, startPluginRoom } from '../support/plugin-room.ts'
import { tempFolder } from '../support/temp-database.ts'

const PERMISSIONS = ['routes', 'routes:public']
const answering = (version: string): PluginFiles => ({
  version,
  permissions: PERMISSIONS,
  setup: `ctx.routes.get('/version', () => ({ kind: 'text', body: VERSION }), { auth: 'public' })`,
})
/** Until a change takes effect. */
const LIMIT_MS = 2000

async function within(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const started = performance.now()
  while (!(await condition())) {
    if (performance.now() - started > LIMIT_MS) throw new Error(`${what} took longer than ${LIMIT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const versionOf = async (server: PluginTestServer, name = 'probe') => {
  const answer = await server.get(`/plugins/${name}/version`)
  return answer.status === 200 ? answer.text() : answer.status
}

test('dropping, replacing and removing a folder take effect within two seconds, without a restart', async (t) => {
  const server = await startPluginRoom(t, { origin: 'data', watch: true })
  writePlugin(server.folder, 'probe', answering('1.0.0'))
  await within('dropping', () => server.plugins.find('probe')?.state === 'needs-grant')
  await server.host.grant('probe', PERMISSIONS)
  assert.equal(await versionOf(server), '1.0.0')
  writePlugin(server.folder, 'probe', answering('2.0.0'))
  await within('replacing', async () => (await versionOf(server)) === '2.0.0')
  writePlugin(server.folder, 'probe', { ...answering('3.0.0'), permissions: [...PERMISSIONS, 'db'] })
  await within('asking for more', () => server.plugins.find('probe')?.state === 'needs-grant')
  await server.host.grant('probe', [...PERMISSIONS, 'db'])
  assert.equal(await versionOf(server), '3.0.0')
  writeFileSync(join(server.folder, 'probe', 'plugin.json'), '{')
  await within('breaking', () => /JSON/.test(server.plugins.find('probe')?.lastError ?? ''))
  assert.equal(await versionOf(server), '3.0.0')
  rmSync(join(server.folder, 'probe'), { recursive: true })
  await within('removing', () => server.plugins.find('probe') === undefined)
  assert.equal(await versionOf(server), 404)
})

test('a plugin that hangs in its set-up keeps no other from being seen', async (t) => {
  const server = await startPluginRoom(t, { watch: true })
  writePlugin(server.folder, 'hanging', { setup: 'await new Promise(() => {})' })
  await within('seeing the first', () => server.plugins.find('hanging')?.state === 'starting')
  writePlugin(server.folder, 'probe', answering('1.0.0'))
  await within('seeing the second', async () => (await versionOf(server)) === '1.0.0')
})

test('archives are unpacked; those that lead out or hold links are not', async (t) => {
  const server = await startPluginRoom(t)
  const scratch = tempFolder(t)
  const pack = (file: string, args: readonly string[]) =>
    execFileSync('tar', ['-czf', join(server.folder, file), '-C', scratch, ...args], { stdio: 'ignore' })
  writePlugin(join(scratch, 'package'), 'dist', {})
  rmSync(join(scratch, 'package'), { recursive: true })
  const built = writePlugin(scratch, 'probe', answering('1.0.0'))
  renameSync(built, join(scratch, 'package'))
  pack('tonearm-plugin-probe-1.0.0.tgz', ['package'])
  await server.plugins.rescan()
  assert.equal(await versionOf(server), '1.0.0')

  mkdirSync(join(scratch, 'evil'))
  symlinkSync('/etc/passwd', join(scratch, 'evil', 'plugin.json'))
  pack('evil.tgz', ['evil'])
  const leadsOut = ['--transform', 's,^plugin,package/../../../plugin,', '-C', join(scratch, 'package'), 'plugin.json']
  execFileSync('tar', ['-czPf', join(server.folder, 'worse.tgz'), ...leadsOut], { stdio: 'ignore' })
  writeFileSync(join(server.folder, 'rubbish.tgz'), 'rubbish')
  await server.plugins.rescan()
  for (const name of ['evil', 'worse', 'rubbish']) {
    assert.equal(server.plugins.find(name)?.state, 'failed', name)
    assert.match(server.plugins.find(name)?.lastError ?? '', /unpacked/, name)
  }
  rmSync(join(server.folder, 'tonearm-plugin-probe-1.0.0.tgz'))
  await server.plugins.rescan()
  assert.equal(server.plugins.find('probe'), undefined)
})

test('a new version of an archive takes the place of the old one, and of no other whose name begins like it', async (t) => {
  const folder = tempFolder(t)
  mkdirSync(join(folder, 'package'))
  writeFileSync(join(folder, 'package', 'plugin.js'), '')
  for (const file of ['my.tgz', 'my-notes.tgz'])
    execFileSync('tar', ['-czf', join(folder, file), '-C', folder, 'package'])
  const unpack = (file: string, stamp: string) => unpackArchive(join(folder, file), join(folder, 'unpacked'), stamp)
  const [old, other] = [await unpack('my.tgz', '1'), await unpack('my-notes.tgz', '1')]
  const young = await unpack('my.tgz', '2')
  assert.deepEqual([old, other, young].map(existsSync), [false, true, true])
})

test('what was unpacked of an archive goes with it', async (t) => {
  const server = await startPluginRoom(t)
  const build = join(tempFolder(t), 'build')
  mkdirSync(build)
  writePlugin(build, 'package', answering('1.0.0'))
  const archive = (name: string) => join(server.folder, `${name}.tgz`)
  for (const name of ['loved', 'loved-extra']) execFileSync('tar', ['-czf', archive(name), '-C', build, 'package'])
  const unpacked = () => readdirSync(join(server.folder, '.unpacked')).map((name) => name.replace(/-[0-9a-f]{12}$/, ''))
  mkdirSync(join(server.folder, '.unpacked', 'half-0123456789ab.new'), { recursive: true })
  mkdirSync(join(server.folder, '.unpacked', 'kept by somebody'))
  await server.plugins.rescan()
  assert.deepEqual(unpacked().sort(), ['kept by somebody', 'loved', 'loved-extra'])
  rmSync(archive('loved'))
  await server.plugins.rescan()
  assert.deepEqual(unpacked().sort(), ['kept by somebody', 'loved-extra'])
})

test('npm packages and TypeScript folders are plugins too; of two with one name the first counts', async (t) => {
  const server = await startPluginRoom(t)
  const modules = join(server.folder, 'node_modules', '@someone')
  mkdirSync(modules, { recursive: true })
  const built = writePlugin(modules, 'packed', answering('1.0.0'))
  mkdirSync(join(modules, 'tonearm-plugin-packed'))
  renameSync(built, join(modules, 'tonearm-plugin-packed', 'dist'))
  mkdirSync(join(server.folder, 'sources'))
  writeFileSync(
    join(server.folder, 'sources', 'plugin.ts'),
    `import { definePlugin } from 'tonearm/plugin'
    const words: readonly string[] = ['from', 'sources']
    export default definePlugin({ name: 'sources', apiVersion: '1.0', permissions: ['routes', 'routes:public'],
      setup(ctx) { ctx.routes.get('/version', () => ({ kind: 'text', body: words.join(' ') }), { auth: 'public' }) } })`,
  )
  writePlugin(server.folder, 'probe', answering('1.0.0'))
  const copy = writePlugin(server.folder, 'zcopy', { ...answering('2.0.0'), files: {} })
  writeFileSync(
    join(copy, 'plugin.json'),
    JSON.stringify({ name: 'probe', version: '2.0.0', apiVersion: '1.0', permissions: [], main: 'plugin.js' }),
  )
  await server.plugins.rescan()
  assert.equal(await versionOf(server, 'packed'), '1.0.0')
  assert.equal(await versionOf(server, 'sources'), 'from sources')
  assert.equal(await versionOf(server, 'probe'), '1.0.0')
  assert.match(server.plugins.find('probe')?.lastError ?? '', /second plugin/)
})

test('manifests that are wrong are told, all problems at once', async (t) => {
  const server = await startPluginRoom(t)
  const wrong = {
    'no-fields': '{}',
    'bad-name': JSON.stringify({
      name: 'Bad Name',
      version: '1',
      apiVersion: '1.0',
      permissions: [],
      main: 'plugin.js',
    }),
    reserved: JSON.stringify({ name: 'user', version: '1', apiVersion: '1.0', permissions: [], main: 'plugin.js' }),
    'leads-out': JSON.stringify({
      name: 'leads-out',
      version: '1',
      apiVersion: '1.0',
      permissions: [],
      main: '../x.js',
    }),
    'bad-permission': JSON.stringify({
      name: 'bad-permission',
      version: '1',
      apiVersion: '1.0',
      permissions: ['root'],
      main: 'plugin.js',
    }),
  }
  for (const [name, text] of Object.entries(wrong)) writePlugin(server.folder, name, { files: { 'plugin.json': text } })
  await server.plugins.rescan()
  assert.match(server.plugins.find('no-fields')?.lastError ?? '', /name.*version|version.*name/s)
  const reasons = server.plugins.list().map(({ lastError }) => lastError)
  assert.equal(reasons.length, Object.keys(wrong).length)
  for (const reason of reasons) assert.match(reason, /plugin\.json/)
})

test('a folder of plugins that can not be read keeps what runs', async (t) => {
  const server = await startPluginRoom(t)
  await server.install('probe', answering('1.0.0'))
  const away = `${server.folder}-away`
  renameSync(server.folder, away)
  writeFileSync(server.folder, 'a file in its place')
  await assert.rejects(server.plugins.rescan(), { code: 'UNAVAILABLE' })
  assert.equal(await versionOf(server), '1.0.0')
  rmSync(server.folder)
  renameSync(away, server.folder)
  await server.plugins.rescan()
  assert.equal(await versionOf(server), '1.0.0')
})

test('an installed plugin appears whole, in place of an older one, without what it needed to be made', async (t) => {
  const scratch = tempFolder(t)
  const server = await startPluginRoom(t)
  const source = writePlugin(scratch, 'probe', {
    ...answering('1.0.0'),
    files: {
      'web/index.html': '<p>hello',
      'node_modules/x/index.js': '',
      'test/a.test.ts': '',
      'src/a.ts': '',
      '.env': 'x',
    },
  })
  const { name } = await installPlugin(source, server.folder)
  assert.equal(name, 'probe')
  await server.plugins.rescan()
  assert.equal(await versionOf(server), '1.0.0')
  writePlugin(scratch, 'probe', answering('2.0.0'))
  await installPlugin(source, server.folder)
  await server.plugins.rescan()
  assert.equal(await versionOf(server), '2.0.0')
  await assert.rejects(installPlugin(dirname(source), server.folder), { code: 'BAD_REQUEST' })
  await assert.rejects(installPlugin(join(scratch, 'absent'), server.folder), { code: 'NOT_FOUND' })
})

test('assets are served from the package, and nothing outside of it', async (t) => {
  const server = await startPluginRoom(t)
  writeFileSync(join(server.folder, 'secret.txt'), 'secret')
  const files = { 'web/index.html': '<p>hello', 'web/a/style.css': 'p{}', 'web/.hidden': 'x' }
  const setup = `ctx.assets.serve('/', 'web'); ctx.assets.serve('/more', './web/a')`
  await server.install('probe', { permissions: ['assets'], setup, files })
  symlinkSync(server.folder, join(server.folder, 'probe', 'web', 'link'))
  symlinkSync(join(server.folder, 'secret.txt'), join(server.folder, 'probe', 'web', 'text'))
  const text = async (path: string) => {
    const answer = await server.get(path)
    return answer.status === 200 ? answer.text() : answer.status
  }
  assert.equal(await text('/plugins/probe/'), '<p>hello')
  assert.equal(await text('/plugins/probe'), '<p>hello')
  assert.equal(await text('/plugins/probe/a/style.css'), 'p{}')
  assert.equal(await text('/plugins/probe/more/style.css'), 'p{}')
  for (const path of [
    '.hidden',
    '../secret.txt',
    '..%2fsecret.txt',
    '%2e%2e/secret.txt',
    'a/../../../secret.txt',
    'absent.js',
    'link/secret.txt',
    'text',
    'a',
  ])
    assert.ok(
      [400, 404].includes(Number(await text(`/plugins/probe/${path}`))),
      `${path}: ${await text(`/plugins/probe/${path}`)}`,
    )
  const outside = await server.install('probe', {
    version: '2.0.0',
    permissions: ['assets'],
    setup: `ctx.assets.serve('/', '..')`,
  })
  assert.match(outside?.lastError ?? '', /outside/)
})
