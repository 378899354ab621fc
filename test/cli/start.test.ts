import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { makeMusicLibrary } from '../support/music-library.ts'
import { cleanEnv, type Program, runProgram, scratch, startProgram, watch } from '../support/program.ts'

const home = scratch(after)
const music = join(home, 'music')
before(() => makeMusicLibrary(music, { 'Nina/Blue/01 - One.mp3': { title: 'One', artist: 'Nina', album: 'Blue' } }))

let folders = 0
const newData = () => join(home, `data-${++folders}`)
const QUIET = { TONEARM_SCANNER_WATCH: 'off' }

function serve(data: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Program {
  return startProgram(['--music', music, '--data', data, '--host', '127.0.0.1', '--port', '0', ...args], home, {
    env: { ...QUIET, ...env },
  })
}

async function stop(program: Program): Promise<void> {
  program.kill('SIGTERM')
  assert.equal(await program.ended, 0)
}

const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('the first start without a terminal makes everything, hides the password in a file, and writes JSON lines', async () => {
  const data = newData()
  const program = serve(data)
  const [, url] = await program.until(/"url":"(http:[^"]+)"/)
  assert.equal(await (await fetch(`${url}/ping`)).text(), '.')
  await program.until(/scan finished/)
  const file = join(data, 'initial-admin-password.txt')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(statSync(data).mode & 0o777, 0o700)
  const password = readFileSync(file, 'utf8').trim()
  assert.ok(password.length >= 12)
  const answer = await fetch(`${url}/rest/getRandomSongs?u=admin&p=${password}&c=t&v=1.16.1&f=json`)
  const body = (await answer.json()) as { 'subsonic-response': { randomSongs: { song: { title: string }[] } } }
  assert.deepEqual(
    body['subsonic-response'].randomSongs.song.map(({ title }) => title),
    ['One'],
  )
  await stop(program)
  assert.ok(!program.stdout.includes(password))
  const messages = jsonLines(program.stdout).map(({ msg }) => msg)
  assert.ok(messages.includes('listening') && messages.includes('stopped'))
  assert.ok(program.stdout.includes(file))
  assert.equal(program.stderr, '')
  assert.ok(!existsSync(join(data, 'control.sock')) && !existsSync(join(data, 'tonearm.lock')))
})

test('on a terminal the banner shows address, user and password once', {
  skip: !hasScript() && 'no script(1)',
}, async () => {
  const data = newData()
  const command = `sh ${resolve('src/launch.sh')} --music ${music} --data ${data} --port 0`
  const terminal = () =>
    watch(spawn('script', ['-qfec', command, '/dev/null'], { env: cleanEnv(home, { ...QUIET, TERM: 'xterm' }) }))
  const first = terminal()
  const [, password] = await first.until(/Password:\s+(\S+)/)
  const [, address] = await first.until(/Address for your client:\s+(http:\S+)/)
  const [, port] = address?.match(/:(\d+)$/) ?? []
  const answer = await fetch(`http://127.0.0.1:${port}/rest/ping?u=admin&p=${password}&c=t&v=1.16.1&f=json`)
  assert.match(await answer.text(), /"status":"ok"/)
  await first.until(/scan finished/)
  await first.until(/\n {2}1 song in 1 album\. Ready\.\r?\n/)
  interrupt(data)
  await first.ended
  const beforeBanner = first.stdout.slice(0, first.stdout.indexOf('Tonearm'))
  assert.equal(beforeBanner.trim(), '', 'log lines stand before the banner')
  assert.ok(!existsSync(join(data, 'initial-admin-password.txt')))
  assert.ok(!first.stdout.includes('{"level"'))
  const second = terminal()
  await second.until(/Stop with Ctrl\+C/)
  interrupt(data)
  await second.ended
  assert.ok(!second.stdout.includes('Password:'))
})

test('on a terminal an empty music folder gets a hint, and a start that fails shows all that was logged', {
  skip: !hasScript() && 'no script(1)',
}, async () => {
  const data = newData()
  const empty = join(home, 'empty music')
  mkdirSync(empty)
  const run = (...args: readonly string[]) => {
    const command = `sh ${resolve('src/launch.sh')} --data ${data} --music '${empty}' ${args.join(' ')}`
    return watch(spawn('script', ['-qfec', command, '/dev/null'], { env: cleanEnv(home, { ...QUIET, TERM: 'xterm' }) }))
  }
  const program = run('--port', '0')
  await program.until(/There is no music in .*empty music yet/)
  await program.until(/--music FOLDER/)
  interrupt(data)
  await program.ended
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const failed = run('--host', '127.0.0.1', '--port', String(port))
  await failed.ended
  taken.close()
  assert.match(failed.stdout, new RegExp(String(port)))
  const chatty = run('--port', '0', '--set', 'log.level=debug')
  await chatty.until(/Stop with Ctrl\+C/)
  interrupt(data)
  await chatty.ended
  assert.match(chatty.stdout.slice(0, chatty.stdout.indexOf('Tonearm')), /info|debug/)
})

function hasScript(): boolean {
  return spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0
}

/** Ctrl+C in the terminal; the lock tells the process. */
function interrupt(data: string): void {
  process.kill((JSON.parse(readFileSync(join(data, 'tonearm.lock'), 'utf8')) as { pid: number }).pid, 'SIGINT')
}

test("the administrator's password can be given, and is then told nowhere", async () => {
  const data = newData()
  const program = serve(data, [], { TONEARM_ADMIN_PASSWORD: 'given-by-env-42' })
  const [, url] = await program.until(/"url":"(http:[^"]+)"/)
  const answer = await fetch(`${url}/rest/ping?u=admin&p=given-by-env-42&c=t&v=1.16.1&f=json`)
  assert.match(await answer.text(), /"status":"ok"/)
  await stop(program)
  assert.ok(!(program.stdout + program.stderr).includes('given-by-env-42'))
  assert.ok(!existsSync(join(data, 'initial-admin-password.txt')))
})

test('the settings of a file are used, and those that are wrong in it are told with their path', async () => {
  const file = join(home, 'settings.yaml')
  writeFileSync(file, `libraries:\n  Blue notes: ${music}\nserver: {host: 127.0.0.1, port: 0, baseUrl: /tunes}\n`)
  const program = startProgram(['--config', file, '--data', newData()], home, { env: QUIET })
  const [, url] = await program.until(/"url":"(http:[^"]+)"/)
  assert.equal((await fetch(`${url}/ping`)).status, 200)
  assert.match(String(url), /\/tunes$/)
  await stop(program)
  writeFileSync(file, 'server: {port: many}\nlibrarys: {}\n')
  const { code, stderr } = runProgram(['--config', file, '--data', newData()], home)
  assert.equal(code, 78)
  assert.match(stderr, /server\.port in .*settings\.yaml is "many"/)
  assert.match(stderr, /librarys in .* is no setting; did you mean libraries\?/)
})

test('wrong settings are told all at once with exit 78, and nothing is started or made', () => {
  const data = newData()
  const { code, stderr, stdout } = runProgram(['--music', music, '--data', data, '--port', 'many'], home, {
    env: { TONEARM_SERVER_HOSTS: 'x', TONEARM_LOG_LEVEL: 'loud' },
  })
  assert.equal(code, 78)
  assert.match(stderr, /--port is "many"; expected a whole number/)
  assert.match(stderr, /TONEARM_SERVER_HOSTS is no setting; did you mean TONEARM_SERVER_HOST\?/)
  assert.match(stderr, /TONEARM_LOG_LEVEL is "loud"; expected one of/)
  assert.equal(stdout, '')
  assert.ok(!existsSync(data))
})

test('no music folder, or an unreadable one, is a clear sentence with exit 66, and nothing is made', () => {
  const data = newData()
  const none = runProgram(['--data', data, '--port', '0'], home)
  assert.equal(none.code, 66)
  assert.match(none.stderr, /No music folder is known\. Name one: tonearm --music DIR/)
  const wrong = runProgram(['--music', join(home, 'nowhere'), '--data', data, '--port', '0'], home)
  assert.equal(wrong.code, 66)
  assert.match(wrong.stderr, /nowhere does not exist/)
  assert.ok(!existsSync(data))
})

test('a music folder that is not there yet stops nobody: the rest is served, and it is looked for', async () => {
  const data = newData()
  const absent = join(home, 'not-mounted-yet')
  const env = { TONEARM_SCANNER_POLLINTERVAL: '1s', TONEARM_ADMIN_PASSWORD: 'a-password' }
  const args = ['--music', music, '--music', absent, '--data', data, '--host', '127.0.0.1', '--port', '0']
  const program = startProgram(args, home, { env })
  const [, url] = await program.until(/"url":"(http:[^"]+)"/)
  await program.until(/not-mounted-yet","reason":"does not exist","msg":"music folder is away/)
  const found = async () => {
    const query = 'u=admin&p=a-password&v=1.16.1&c=test&f=json&query=Latecomer'
    const answer = await fetch(`${url}/rest/search3?${query}`)
    return JSON.stringify(await answer.json()).includes('"title":"Latecomer"')
  }
  await program.until(/"msg":"scan finished"/)
  assert.equal(await found(), false)
  await makeMusicLibrary(absent, { 'A/1.mp3': { title: 'Latecomer', artist: 'A' } })
  while (!(await found())) await new Promise((resolve) => setTimeout(resolve, 50))
  await stop(program)
})

test('music folders that lie in each other are refused, also by a link and also when one was known before', async () => {
  const data = newData()
  const inner = join(music, 'Nina')
  const link = join(home, 'link-to-nina')
  symlinkSync(inner, link)
  for (const folders of [[inner], [link]]) {
    const args = folders.flatMap((folder) => ['--music', folder])
    const both = runProgram(['--music', music, ...args, '--data', data, '--port', '0'], home)
    assert.equal(both.code, 78)
    assert.match(both.stderr, /A song belongs to one music folder, but: .*music: one lies in the other/)
  }
  assert.ok(!existsSync(data))
  const program = serve(data)
  await program.until(/"url":"(http:[^"]+)"/)
  await stop(program)
  // Named by nobody, it is the administrator's and stays.
  const unnamed = startProgram(['--data', data, '--host', '127.0.0.1', '--port', '0'], home, { env: QUIET })
  await unnamed.until(/"url":"(http:[^"]+)"/)
  await stop(unnamed)
  const later = runProgram(['--music', inner, '--data', data, '--port', '0'], home)
  assert.equal(later.code, 78)
  assert.match(later.stderr, /the folder of the library music: .*let the library move there: libraries: \{"music":/)
})

test('TLS files that do not fit end the start with what is wrong', () => {
  const [cert, key] = [resolve('test/fixtures/tls/cert.pem'), join(home, 'foreign.pem')]
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const env = { TONEARM_SERVER_TLS_CERT: cert, TONEARM_SERVER_TLS_KEY: key }
  const refused = runProgram(['--music', music, '--data', newData(), '--port', '0'], home, { env })
  assert.equal(refused.code, 78)
  assert.match(refused.stderr, /do not belong together/)
})

test('a port in use and a data folder that can not be written to have their own exits', async () => {
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  const { port } = busy.address() as { port: number }
  const data = newData()
  const taken = runProgram(['--music', music, '--data', data, '--host', '127.0.0.1', '--port', String(port)], home)
  busy.close()
  assert.equal(taken.code, 69)
  assert.match(taken.stderr, /is in use by another program/)
  assert.ok(!existsSync(join(data, 'tonearm.lock')), 'a failed start lets go of the data')
  writeFileSync(join(home, 'file'), '')
  const blocked = runProgram(['--music', music, '--data', join(home, 'file', 'data'), '--port', '0'], home)
  assert.equal(blocked.code, 73)
  assert.match(blocked.stderr, /data folder can not be made: a file is in its way/)
  assert.equal(runProgram(['--music', music, '--data', '/proc/tonearm', '--port', '0'], home).code, 73)
})

test('a command line mistake is exit 64 with a hint, help and version are exit 0', () => {
  const wrong = runProgram(['--musik', 'x'], home)
  assert.equal(wrong.code, 64)
  assert.match(wrong.stderr, /did you mean --music/)
  assert.match(runProgram(['help', 'user'], home).stdout, /tonearm user keys add/)
  const version = runProgram(['--version'], home)
  assert.equal(version.code, 0)
  const { version: expected } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  assert.ok(version.stdout.startsWith(`tonearm ${expected} `))
})

test('a second server on the same data is refused; after SIGKILL the next start just works', async () => {
  const data = newData()
  const first = serve(data, [], { TONEARM_ADMIN_PASSWORD: 'first-password-1' })
  await first.until(/"msg":"listening"/)
  const second = runProgram(['--music', music, '--data', data, '--port', '0'], home, { env: QUIET })
  assert.equal(second.code, 75)
  assert.match(second.stderr, /Another Tonearm \(process \d+\) uses this data folder/)
  first.kill('SIGKILL')
  assert.equal(await first.ended, 'SIGKILL')
  const third = serve(data)
  const [, url] = await third.until(/"url":"(http:[^"]+)"/)
  const answer = await fetch(`${url}/rest/ping?u=admin&p=first-password-1&c=t&v=1.16.1&f=json`)
  assert.match(await answer.text(), /"status":"ok"/)
  await stop(third)
})

test('libraries that are known start without being named again, also when their disk is away', async () => {
  const data = newData()
  const usb = join(home, 'usb')
  await makeMusicLibrary(usb, { 'Nina/Blue/01 - One.mp3': { title: 'One', artist: 'Nina', album: 'Blue' } })
  const common = ['--data', data, '--host', '127.0.0.1', '--port', '0']
  const start = (args: readonly string[]) => startProgram([...args, ...common], home, { env: QUIET })
  const first = start(['--music', usb])
  await first.until(/scan finished/)
  await stop(first)
  renameSync(usb, join(home, 'unplugged'))
  const away = start(['--music', usb])
  await away.until(/music folder is away/)
  await away.until(/library looks lost/)
  await stop(away)
  renameSync(join(home, 'unplugged'), usb)
  const again = start([])
  const [line] = await again.until(/.*scan finished.*/)
  assert.match(line, /"removed":0/)
  await stop(again)
})

test('SIGUSR1 looks for new music', async () => {
  const data = newData()
  const program = serve(data, ['--set', 'scanner.onStart=false'])
  await program.until(/"msg":"listening"/)
  await program.until(/converted|transcod/i)
  program.kill('SIGUSR1')
  await program.until(/scan finished/)
  await stop(program)
})

test('a deep data folder works too: socket addresses are short, paths are not', async () => {
  const data = join(home, 'd'.repeat(60), 'e'.repeat(60))
  mkdirSync(data, { recursive: true })
  const program = serve(data)
  await program.until(/"msg":"listening"/)
  const { code, stdout } = runProgram(['user', 'list', '--data', data], home)
  assert.equal(code, 0)
  assert.match(stdout, /^admin /)
  await stop(program)
})
