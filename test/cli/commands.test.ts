import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeMusicLibrary } from '../support/music-library.ts'
import {
  type Outcome,
  type Program,
  type ProgramOptions,
  runProgram,
  scratch,
  startProgram,
} from '../support/program.ts'

const home = scratch(after)
const music = join(home, 'music')
const data = join(home, 'data')
const PASSWORD = 'admin-password-1'

before(async () => {
  await makeMusicLibrary(music, {
    'Nina/Blue/01 - One.mp3': { title: 'One', artist: 'Nina', album: 'Blue' },
    'Nina/Blue/02 - Two.mp3': { title: 'Two', artist: 'Nina', album: 'Blue' },
  })
  await whileServing(async () => {})
})

async function whileServing(work: (url: string, program: Program) => Promise<void>): Promise<void> {
  const program = startProgram(['--music', music, '--data', data, '--host', '127.0.0.1', '--port', '0'], home, {
    env: { TONEARM_ADMIN_PASSWORD: PASSWORD, TONEARM_SCANNER_WATCH: 'off' },
  })
  try {
    const [, url] = await program.until(/"url":"(http:[^"]+)"/)
    await program.until(/scan finished/)
    await work(url as string, program)
  } finally {
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  }
}

function tonearm(args: readonly string[], options: ProgramOptions = {}): Outcome {
  return runProgram([...args, '--data', data], home, options)
}

function ok(args: readonly string[], options: ProgramOptions = {}): string {
  const { code, stdout, stderr } = tonearm(args, options)
  assert.equal(code, 0, stderr)
  return stdout
}

async function ping(url: string, login: string): Promise<string> {
  // A connection of its own: the commands in between hold up this process for longer than the server keeps idle ones.
  const headers = { connection: 'close' }
  const answer = await fetch(`${url}/rest/ping?${login}&c=test&v=1.16.1&f=json`, { headers })
  const body = (await answer.json()) as { 'subsonic-response': { status: string } }
  return body['subsonic-response'].status
}

test('users and keys are made, listed, changed and removed, the same with and without a running server', async () => {
  const round = async (name: string, check: (login: string, expected: string) => Promise<void>) => {
    ok(['user', 'add', name], { input: `first of ${name}\n` })
    assert.match(ok(['user', 'list']), new RegExp(`^${name} +music +`, 'm'))
    await check(`u=${name}&p=first%20of%20${name}`, 'ok')
    ok(['user', 'passwd', name], { env: { TONEARM_USER_PASSWORD: 'by environment' } })
    await check(`u=${name}&p=by%20environment`, 'ok')
    await check(`u=${name}&p=first%20of%20${name}`, 'failed')
    assert.match(ok(['user', 'keys', 'list', name]), /has no keys\. A new one: tonearm user keys add/)
    assert.deepEqual(JSON.parse(ok(['user', 'keys', 'list', name, '--json'])), [])
    const key = ok(['user', 'keys', 'add', name, '--name', 'car radio']).trim()
    await check(`apiKey=${key}`, 'ok')
    const [record] = JSON.parse(ok(['user', 'keys', 'list', name, '--json'])) as { id: string; name: string }[]
    assert.equal(record?.name, 'car radio')
    ok(['user', 'keys', 'revoke', name, record?.id ?? ''])
    await check(`apiKey=${key}`, 'failed')
    ok(['user', 'remove', name])
    assert.doesNotMatch(ok(['user', 'list']), new RegExp(`^${name} `, 'm'))
    await check(`u=${name}&p=by%20environment`, 'failed')
  }
  await round('offline', async () => {})
  await whileServing((url) =>
    round('online', async (login, expected) => assert.equal(await ping(url, login), expected)),
  )
})

test('user add checks everything before it asks for a password', () => {
  for (const [args, message] of [
    [['no one\u0007'], /control characters/],
    [['x'.repeat(65)], /1 to 64 characters/],
    [['zed', '--library', 'nowhere'], /There is no library nowhere/],
    [['admin'], /There is a user admin already/],
    [['zed'], /The password is empty/],
  ] as const) {
    const { code, stderr } = tonearm(['user', 'add', ...args], { input: '\n' })
    assert.notEqual(code, 0)
    assert.match(stderr, message)
  }
})

test('the file with the first password goes when another is chosen, and not before', async () => {
  const fresh = join(home, 'initial')
  const run = (args: readonly string[], input = '') => runProgram([...args, '--data', fresh], home, { input })
  const program = startProgram(['--music', music, '--data', fresh, '--host', '127.0.0.1', '--port', '0'], home, {
    env: { TONEARM_SCANNER_WATCH: 'off' },
  })
  const [, url] = await program.until(/"url":"(http:[^"]+)"/)
  const file = join(fresh, 'initial-admin-password.txt')
  const password = readFileSync(file, 'utf8').trim()
  assert.equal(run(['user', 'add', 'other', '--admin'], 'other-password\n').code, 0)
  assert.equal(run(['user', 'passwd', 'other'], 'another-password\n').code, 0)
  assert.ok(existsSync(file))
  const query = `u=admin&p=${password}&username=admin&password=chosen-by-client&c=t&v=1.16.1&f=json`
  assert.match(await (await fetch(`${url}/rest/changePassword?${query}`)).text(), /"ok"/)
  assert.ok(!existsSync(file))
  program.kill('SIGTERM')
  assert.equal(await program.ended, 0)
})

test('mistakes with users are told in a sentence', () => {
  const wrong = (args: readonly string[], pattern: RegExp, options: ProgramOptions = {}) => {
    const { code, stderr } = tonearm(args, options)
    assert.notEqual(code, 0)
    assert.match(stderr, pattern)
  }
  wrong(['user', 'passwd', 'nobody'], /There is no user nobody/)
  wrong(['user', 'add', 'admin'], /There is a user admin already/)
  wrong(['user', 'add', 'anna'], /The password is empty/)
  wrong(['user', 'add', 'anna', '--library', 'Jazz'], /There is no library Jazz\. There are: 1 music/, {
    input: 'x-1234567\n',
  })
  wrong(['user', 'remove', 'admin'], /./)
  wrong(['user', 'keys', 'revoke', 'admin', 'k99'], /admin has no key k99/)
  const nowhere = runProgram(['user', 'list', '--data', join(home, 'no-data')], home)
  assert.match(nowhere.stderr, /There are no data of Tonearm/)
  assert.ok(!existsSync(join(home, 'no-data')))
})

test('scan works through the server and without it', async () => {
  await makeMusicLibrary(music, { 'Nina/Blue/03 - Three.mp3': { title: 'Three', artist: 'Nina', album: 'Blue' } })
  const offline = JSON.parse(ok(['scan', '--json'])) as { added: number }
  assert.equal(offline.added, 1)
  await whileServing(async () => {
    await makeMusicLibrary(music, { 'Nina/Blue/04 - Four.mp3': { title: 'Four', artist: 'Nina', album: 'Blue' } })
    assert.match(ok(['scan', '--library', 'music']), /^Done in .* 1 new/)
    assert.match(ok(['scan', '--full']), /^Done in/)
  })
})

test('a backup taken from the running server brings everything back, and what was there is kept', async () => {
  const backup = join(home, 'backups', 'one')
  await whileServing(async (url) => {
    ok(['user', 'add', 'kept'], { input: 'kept-password\n' })
    ok(['backup', backup])
    ok(['user', 'remove', 'kept'])
    const refused = tonearm(['restore', backup])
    assert.equal(refused.code, 75)
    assert.match(refused.stderr, /Stop it first/)
    assert.equal(await ping(url, 'u=kept&p=kept-password'), 'failed')
  })
  assert.equal(statSync(backup).mode & 0o777, 0o700)
  assert.deepEqual(readdirSync(backup).sort(), ['keys', 'manifest.json', 'tonearm.db'])
  assert.equal(statSync(join(backup, 'keys', 'password.key')).mode & 0o777, 0o600)
  assert.match(tonearm(['backup', backup]).stderr, /exists already/)

  assert.match(ok(['restore', backup]), /What was there before lies in .*before-restore-/)
  await whileServing(async (url) => {
    // A token login needs the sealed password, so database and key fit each other again.
    assert.equal(await ping(url, `u=kept&t=${md5('kept-password' + 'salt')}&s=salt`), 'ok')
  })
  const aside = readdirSync(data).find((name) => name.startsWith('before-restore-'))
  assert.ok(aside && existsSync(join(data, aside, 'tonearm.db')) && existsSync(join(data, aside, 'keys/password.key')))
})

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

test('a damaged or foreign backup is refused and changes nothing', () => {
  const backup = join(home, 'backups', 'two')
  ok(['backup', backup])
  const before = readFileSync(join(data, 'tonearm.db'))
  const bytes = readFileSync(join(backup, 'tonearm.db'))
  bytes.fill(0x55, 4096, 8192)
  writeFileSync(join(backup, 'tonearm.db'), bytes)
  const damaged = tonearm(['restore', backup])
  assert.equal(damaged.code, 65)
  assert.match(damaged.stderr, /tonearm\.db is not what was saved/)
  mkdirSync(join(home, 'empty'))
  assert.match(tonearm(['restore', join(home, 'empty')]).stderr, /no backup of Tonearm/)
  writeFileSync(
    join(home, 'empty', 'manifest.json'),
    '{"format":1,"files":{"../../etc/passwd":{"sha256":"x","bytes":1}}}',
  )
  assert.match(tonearm(['restore', join(home, 'empty')]).stderr, /no backup of Tonearm/)
  assert.deepEqual(readFileSync(join(data, 'tonearm.db')), before)
})

test('doctor finds what is wrong, says what to do, and its exit tells', async () => {
  const read = (options: ProgramOptions = {}) => {
    const { code, stdout, stderr } = tonearm(['doctor', '--json', '--port', '0'], options)
    assert.ok(stdout, stderr)
    return { code, findings: JSON.parse(stdout) as { level: string; what: string; found: string; advice?: string }[] }
  }
  const well = read()
  assert.deepEqual(
    well.findings.filter(({ level }) => level === 'fail'),
    [],
  )
  assert.equal(well.code, 0)
  assert.ok(well.findings.some(({ what, found }) => what === 'Database' && /^sound/.test(found)))
  const ill = read({
    env: { TONEARM_TRANSCODING_ENGINE: 'native', TONEARM_TRANSCODING_FFMPEG_PATH: '/nowhere/ffmpeg' },
  })
  assert.equal(ill.code, 1)
  assert.match(ill.findings.find(({ what }) => what === 'Transcoding')?.advice ?? '', /Install ffmpeg/)
  await whileServing(async () => {
    assert.match(ok(['doctor']), /ok {3}Address .*\(running\)/)
  })
})

test('backups by themselves are made on time and pruned by count', async () => {
  const { pruneBackups } = await import('../../src/cli/backup.ts')
  const folder = join(home, 'pruned')
  const names = ['01', '02', '03'].map((day) => `tonearm-2026-01-${day}T03-00-00Z`)
  for (const name of [...names, 'mine']) mkdirSync(join(folder, name), { recursive: true })
  assert.deepEqual(pruneBackups(folder, 0), [])
  assert.deepEqual(pruneBackups(folder, 2), [names[0]])
  assert.deepEqual(readdirSync(folder).sort(), ['mine', ...names.slice(1)])
})
