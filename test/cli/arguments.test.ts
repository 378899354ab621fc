import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/base/errors.ts'
import { readArguments } from '../../src/cli/arguments.ts'
import { clientAddresses } from '../../src/cli/banner.ts'
import { checkUserWords } from '../../src/cli/command-user.ts'
import { progressLine, summaryText } from '../../src/cli/progress.ts'

const refused = (work: () => unknown, pattern: RegExp) =>
  assert.throws(
    work,
    (error) => error instanceof AppError && error.code === 'BAD_REQUEST' && pattern.test(error.message),
  )

test('no command means serve, and flags become settings', () => {
  const { command, settings, configFile } = readArguments([
    '--music',
    '/a',
    '-m',
    '/b',
    '--port',
    '1',
    '--set',
    'log.level=debug',
    '-c',
    'x.yaml',
  ])
  assert.equal(command, 'serve')
  assert.equal(configFile, 'x.yaml')
  assert.deepEqual(settings, [
    { name: 'log.level', text: 'debug', flag: '--set log.level' },
    { name: 'music', text: ['/a', '/b'], flag: '--music' },
    { name: 'server.port', text: '1', flag: '--port' },
  ])
})

test('what is unknown is refused with what was probably meant', () => {
  refused(() => readArguments(['--musik', '/a']), /--musik is no option; did you mean --music\?/)
  refused(() => readArguments(['scann']), /"scann" is no command; did you mean "scan"\?/)
  refused(() => readArguments(['serve', '--full']), /--full does not belong to "serve"/)
  refused(() => readArguments(['--port']), /--port/)
  refused(() => readArguments(['--set', 'novalue']), /--set wants NAME=VALUE/)
})

test('the forms of user are checked before anything is opened, and a password is no argument', () => {
  checkUserWords(['add', 'anna'])
  checkUserWords(['keys', 'revoke', 'anna', 'k1'])
  refused(() => checkUserWords(['add']), /a name is missing/)
  refused(() => checkUserWords(['passwd', 'anna', 'secret']), /Passwords are asked for/)
  refused(() => checkUserWords(['rename', 'anna']), /one of add, passwd, remove, list/)
  refused(() => checkUserWords([]), /one of/)
})

test("the banner's addresses are those that other devices reach, with port and base path", () => {
  const at = { host: '0.0.0.0', port: 4533, tls: false, baseUrl: { origin: '', path: '/music' } }
  const card = (address: string, internal: boolean, family: 'IPv4' | 'IPv6' = 'IPv4') => ({
    address,
    internal,
    family,
    netmask: '',
    mac: '',
    cidr: null,
    ...(family === 'IPv6' ? { scopeid: 0 } : {}),
  })
  const interfaces = {
    lo: [card('127.0.0.1', true)],
    eth0: [card('192.168.1.20', false), card('fe80::1', false, 'IPv6'), card('fd00::2', false, 'IPv6')],
    docker0: [card('172.17.0.1', false)],
  } as Parameters<typeof clientAddresses>[1]
  assert.deepEqual(clientAddresses(at, interfaces, ''), [
    'http://192.168.1.20:4533/music',
    'http://localhost:4533/music',
  ])
  assert.deepEqual(clientAddresses({ ...at, host: '::', port: 443, tls: true }, interfaces, 'pi.local'), [
    'https://192.168.1.20/music',
    'https://[fd00::2]/music',
    'https://pi.local/music',
    'https://localhost/music',
  ])
  assert.deepEqual(
    clientAddresses({ ...at, host: '127.0.0.1', baseUrl: { origin: 'https://h.example', path: '' } }, interfaces),
    ['https://h.example', 'http://127.0.0.1:4533'],
  )
  assert.deepEqual(
    clientAddresses({ socket: '/run/t.sock', tls: false, baseUrl: { origin: '', path: '' } }, interfaces),
    [],
  )
})

test('the progress line fits the terminal, and a summary tells what happened and what to do', () => {
  const status = {
    scanning: true,
    kind: 'quick' as const,
    selective: false,
    count: 50,
    total: 200,
    folderCount: 3,
    lastScanAt: undefined,
    lastError: undefined,
    elapsedMs: 2000,
  }
  assert.match(progressLine(status, 200), /25 % {2}50 of 200 files {2}25 a second/)
  assert.equal(progressLine(status, 40).length, 39)
  assert.match(progressLine({ ...status, total: undefined }, 80), /50 files/)
  const summary = {
    scanId: 'x',
    kind: 'quick' as const,
    added: 2,
    changed: 0,
    moved: 1,
    removed: 0,
    returned: 0,
    problems: 0,
    durationMs: 1500,
    cancelled: false,
    lost: [{ libraryId: 3 as never, reason: 'It is empty.' }],
  }
  assert.equal(
    summaryText(summary),
    'Done in 1.5 s: 2 new, 1 moved.\nLibrary 3 was left as it was: It is empty. If that is right, confirm it: tonearm scan --accept-missing --library 3',
  )
  assert.equal(summaryText({ ...summary, added: 0, moved: 0, lost: [] }), 'Done in 1.5 s: nothing changed.')
})
