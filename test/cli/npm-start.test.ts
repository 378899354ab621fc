import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { makeMusicLibrary } from '../support/music-library.ts'
import { cleanEnv, scratch, watch } from '../support/program.ts'

const home = scratch(after)
const skip = spawnSync('npm', ['--version']).status !== 0 && 'no npm'

test('npm start becomes the server: a signal to npm stops it as it stops by itself', {
  skip,
  timeout: 120_000,
}, async (t) => {
  const music = join(home, 'music')
  await makeMusicLibrary(music, { 'One.mp3': { title: 'One' } })
  const at = ['--music', music, '--data', join(home, 'data'), '--host', '127.0.0.1', '--port', '0']
  const env = cleanEnv(home, { TONEARM_SCANNER_WATCH: 'off', npm_config_update_notifier: 'false' })
  const npm = spawn('npm', ['start', '--', ...at], { cwd: resolve('.'), env, stdio: ['ignore', 'pipe', 'pipe'] })
  const program = watch(npm)
  t.after(() => npm.kill('SIGKILL'))
  await program.until(/"msg":"listening"/)
  program.kill('SIGTERM')
  assert.equal(await program.ended, 0)
  assert.match(program.stdout, /"msg":"stopped"/)
})
