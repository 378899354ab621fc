import assert from 'node:assert/strict'
import { readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeMusic } from '../../src/plugin-kit/testing/music.ts'
import { runProgram, scratch, startProgram } from '../support/program.ts'
import { kitProject } from './kit-project.ts'

/** The way of plugins/README.md, with the program as people start it. */
test('an author sees edits live in a running server, keeps the old version through a mistake, and installs what was built', async (t) => {
  const home = scratch((cleanup) => t.after(cleanup))
  const data = join(home, 'data')
  const project = await kitProject(t, 'loved')
  writeMusic(join(home, 'music'), 'tiny')
  const server = startProgram(
    ['serve', '--data', data, '--music', join(home, 'music'), '--host', '127.0.0.1', '--port', '0'],
    home,
  )
  t.after(async () => {
    server.kill('SIGTERM')
    await server.ended
  })
  const [, url] = await server.until(/"url":"(http:[^"]+)"/)
  const password = readFileSync(join(data, 'initial-admin-password.txt'), 'utf8').trim().split('\n').at(-1)
  const get = async (path: string) => {
    const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
    // A connection of its own each time: the commands below run synchronously, and nobody sees a kept one being closed.
    const reply = await fetch(`${url}${path}`, { headers: { authorization, connection: 'close' } })
    return `${reply.status} ${await reply.text()}`
  }
  const plugin = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = runProgram(['plugin', ...words, '--data', data], home)
    return `${code} ${stdout}${stderr}`
  }

  symlinkSync(project.folder, join(data, 'plugins', 'loved'))
  await until(async () => (await plugin('list')).includes('needs-grant'))
  assert.match(await get('/plugins/loved'), /^503/)
  assert.match(await plugin('grant', 'loved'), /^0 loved +0\.1\.0 +active/)
  assert.equal(await get('/plugins/loved'), '200 []')

  project.edit(
    'src/plugin.ts',
    "    routes.get('/',",
    "    routes.get('/hello', () => ({ kind: 'text', body: 'Hello!' }))\n    routes.get('/',",
  )
  await until(async () => (await get('/plugins/loved/hello')) === '200 Hello!')

  project.edit('src/plugin.ts', 'export default', 'export = default')
  await server.until(/"plugin unusable"/)
  assert.match(await plugin('reload', 'loved'), /^1 .*src\/plugin\.ts:3/)
  assert.match(await plugin('list'), /loved +0\.1\.0 +active {2}last error: .*src\/plugin\.ts:3/)
  assert.equal(await get('/plugins/loved/hello'), '200 Hello!')
  project.edit('src/plugin.ts', 'export = default', 'export default')

  assert.match(runProgram(['plugin', 'check', project.folder], home).stdout, /ok +End +nothing is left/)
  const built = runProgram(['plugin', 'build', project.folder], home)
  assert.match(built.stdout, /^loved 0\.1\.0, .* kB: dist\/plugin\.js/)
  rmSync(join(data, 'plugins', 'loved'))
  assert.match(await plugin('add', project.folder), /^0 loved 0\.1\.0 is installed and runs/)
  assert.equal(await get('/plugins/loved/hello'), '200 Hello!')
})

test('the commands for authors say what is wrong with how they were called', async (t) => {
  const home = scratch((cleanup) => t.after(cleanup))
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['plugin', 'new'], 64, /wants a name/],
    [['plugin', 'new', 'No Good', '--dir', join(home, 'x')], 64, /no name for a plugin/],
    [['plugin', 'build', join(home, 'nowhere')], 1, /there is no plugin in/],
    [['plugin', 'check', join(home, 'nowhere')], 1, /fail +Build +there is no plugin/],
    [['plugin', 'build', 'a', 'b'], 64, /"b" is too much/],
  ]
  for (const [args, code, words] of cases) {
    const done = runProgram(args, home)
    assert.match(done.stdout + done.stderr, words)
    assert.equal(done.code, code, args.join(' '))
  }
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error('it did not happen within 30 s')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
