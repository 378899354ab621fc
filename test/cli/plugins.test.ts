import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { writePlugin } from '../support/plugin-folder.ts'
import { type Outcome, runProgram, scratch, startProgram } from '../support/program.ts'

const home = scratch(after)
const music = join(home, 'music')
const data = join(home, 'data')
mkdirSync(music)
const source = writePlugin(home, 'greeting', {
  permissions: ['routes', 'routes:public'],
  setup: `ctx.routes.get('/hello', () => ({ kind: 'text', body: 'hello' }), { auth: 'public' })`,
})

const tonearm = (...args: readonly string[]): Outcome => runProgram([...args, '--data', data], home)
function ok(...args: readonly string[]): string {
  const { code, stdout, stderr } = tonearm(...args)
  assert.equal(code, 0, stderr)
  return stdout
}

test('plugins are added, granted, switched and removed, the same with and without a running server', async () => {
  const program = startProgram(['--music', music, '--data', data, '--host', '127.0.0.1', '--port', '0'], home, {
    env: { TONEARM_ADMIN_PASSWORD: 'admin-password', TONEARM_SCANNER_WATCH: 'off' },
  })
  try {
    const [, url] = await program.until(/"url":"(http:[^"]+)"/)
    // A connection each: while a command runs, this process does not see that the server closed an idle one.
    const hello = async () => {
      const [answer] = (await once(get(`${url}/plugins/greeting/hello`, { agent: false }), 'response')) as [
        IncomingMessage,
      ]
      return answer.statusCode === 200 ? text(answer) : answer.statusCode
    }
    assert.match(ok('plugin', 'list'), /scrobble +\S+ +active/)
    assert.match(ok('plugin', 'add', source), /It wants:\n {2}- routes\n {2}- routes:public/)
    assert.equal(await hello(), 503)
    assert.match(ok('plugin', 'grant', 'greeting'), /greeting +1\.0\.0 +active\n {2}\+ routes/)
    assert.equal(await hello(), 'hello')
    assert.match(ok('plugin', 'disable', 'greeting'), /disabled/)
    assert.equal(await hello(), 404)
    assert.match(ok('plugin', 'enable', 'greeting'), /active/)
    ok('plugin', 'reload', 'greeting')
    assert.equal(await hello(), 'hello')
    assert.match(ok('doctor'), /Plugins +greeting/)
    const { code, stderr } = tonearm('plugin', 'remove', 'scrobble')
    assert.equal(code, 64, stderr)
    assert.match(stderr, /came with the server/)
    ok('plugin', 'remove', 'greeting')
    assert.equal(await hello(), 404)
    assert.equal(existsSync(join(data, 'plugins', 'greeting')), false)
    assert.equal(tonearm('plugin', 'reload', 'greeting').code, 1)
  } finally {
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  }

  assert.match(ok('plugin', 'list'), /scrobble +\S+ +ready/)
  assert.match(ok('plugin', 'add', source), /It wants/)
  assert.match(ok('plugin', 'grant', 'greeting', 'routes'), /needs-grant.*routes:public/)
  assert.match(ok('plugin', 'grant', 'greeting', 'routes:public'), /ready/)
  assert.match(ok('plugin', 'disable', 'greeting'), /disabled/)
  const list = JSON.parse(ok('plugin', 'list', '--json')) as { name: string; enabled: boolean }[]
  assert.equal(list.find(({ name }) => name === 'greeting')?.enabled, false)
  ok('plugin', 'remove', 'greeting')
  assert.doesNotMatch(ok('plugin', 'list'), /greeting/)
})

test('mistakes are told with what is right', () => {
  for (const args of [['plugin'], ['plugin', 'lsit'], ['plugin', 'add'], ['plugin', 'enable', 'a', 'b']])
    assert.equal(tonearm(...args).code, 64, args.join(' '))
  assert.match(tonearm('plugin', 'enable', 'absent').stderr, /no plugin absent.*plugin list/)
  assert.match(tonearm('plugin', 'add', join(home, 'nothing')).stderr, /nothing at/)
})
