import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { hasAddon } from '../support/adapters.ts'
import { makeMusicLibrary } from '../support/music-library.ts'
import { scratch, startProgram } from '../support/program.ts'

const home = scratch(after)
const skip = !hasAddon() && 'uWebSockets.js has no build for this version of Node'

/** Together a fifth of a start, and nine megabytes. */
const HEAVY = ['http', 'https', 'http2', 'tls', 'internal/deps/undici/undici']

test("where uWebSockets.js serves, a start loads none of Node's own HTTP and TLS", {
  skip,
  timeout: 240_000,
}, async () => {
  const music = join(home, 'music')
  await makeMusicLibrary(music, { 'One.mp3': { title: 'One' } })
  const [preload, list] = [join(home, 'preload.cjs'), join(home, 'loaded.txt')]
  const write = `require('node:fs').writeFileSync(${JSON.stringify(list)}, process.moduleLoadList.join('\\n'))`
  writeFileSync(preload, `process.on('exit', () => ${write})`)
  const program = startProgram(
    ['--music', music, '--data', join(home, 'data'), '--host', '127.0.0.1', '--port', '0'],
    home,
    { env: { TONEARM_SCANNER_WATCH: 'off', NODE_OPTIONS: `--require ${preload}` } },
  )
  await program.until(/scan finished/)
  program.kill('SIGTERM')
  assert.equal(await program.ended, 0)
  const loaded = readFileSync(list, 'utf8').split('\n')
  assert.ok(loaded.includes('NativeModule net'))
  assert.deepEqual(
    HEAVY.filter((name) => loaded.includes(`NativeModule ${name}`)),
    [],
  )
})
