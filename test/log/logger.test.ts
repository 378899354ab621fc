import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/base/errors.ts'
import { createLogger } from '../../src/log/pino-logger.ts'
import { createTerminal } from '../../src/log/terminal.ts'

function jsonLogger(level: 'debug' | 'info' | 'error' = 'info') {
  const lines: string[] = []
  const log = createLogger({ level, sink: { write: (line) => lines.push(line) } })
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> }
}

test('a line is one JSON object with time, level, message, fields and the room', () => {
  const { log, lines, last } = jsonLogger()
  log.child({ room: 'scanner' }).info('scan finished', { added: 3 })
  assert.equal(lines.length, 1)
  assert.ok(lines[0]?.endsWith('\n'))
  const { time, ...rest } = last()
  assert.deepEqual(rest, { level: 'info', room: 'scanner', added: 3, msg: 'scan finished' })
  assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000)
})

test('the level decides what is written', () => {
  const { log, lines } = jsonLogger('error')
  log.info('quiet')
  log.warn('quiet')
  log.error('loud')
  assert.equal(lines.length, 1)
})

test('secrets are never written, in fields of any depth, in texts that hold addresses, or in errors', () => {
  const { log, lines } = jsonLogger()
  log.child({ apiKey: 'hunter1' }).info('GET /rest/ping?u=hunter2&p=hunter3&v=1.16.1', {
    u: 'hunter4',
    p: 'hunter5',
    t: 'hunter6',
    s: 'hunter7',
    newPassword: 'hunter8',
    headers: { authorization: 'Bearer hunter9', cookie: 'hunter10', 'x-token': 'hunter11' },
    list: [{ jwt: 'hunter12' }],
    path: '/rest/stream?apiKey=hunter13&id=s1',
    error: new AppError('BAD_REQUEST', 'at ?t=hunter14', {
      details: { secret: 'hunter15' },
      cause: new Error('x&s=hunter16'),
    }),
    tokens: 3,
  })
  assert.equal(lines.length, 1)
  assert.ok(!/hunter/.test(lines[0] ?? ''), lines[0])
  assert.match(lines[0] ?? '', /v=1\.16\.1/)
  assert.match(lines[0] ?? '', /"tokens":3/)
  assert.match(lines[0] ?? '', /id=s1/)
})

test('errors are spelled out with code, cause and stack; cycles end', () => {
  const { log, last } = jsonLogger()
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const cause = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  log.error('backup failed', { error: new AppError('DISK_FULL', 'The disk is full.', { cause }), cycle })
  const error = last().error as Record<string, Record<string, unknown>>
  assert.equal(error.code, 'DISK_FULL')
  assert.equal(error.message, 'The disk is full.')
  assert.equal(error.cause?.code, 'ENOSPC')
  assert.match(String(error.stack), /logger\.test\.ts/)
})

test('on a terminal a line is for people, and the status line stays below', () => {
  let screen = ''
  const terminal = createTerminal({ isTTY: true, columns: 80, write: (text) => (screen += text) }, {})
  const log = createLogger({ level: 'info', terminal })
  terminal.status('[====    ] 50 %')
  log.child({ room: 'http' }).warn('listening', { port: 4533, name: 'a b', error: new AppError('TIMEOUT', 'too slow') })
  const plain = screen.replace(/\u001b\[\d*[mK]/g, '')
  assert.match(plain, /\d\d:\d\d:\d\d warn {2}http: listening port=4533 name="a b" error="TIMEOUT: too slow"\n/)
  assert.ok(plain.endsWith('[====    ] 50 %'))
  terminal.status(undefined)
  assert.ok(screen.endsWith('\r\u001b[2K'))
})

test('without a terminal there is no status line and no colour', () => {
  let screen = ''
  const terminal = createTerminal({ write: (text) => (screen += text) }, {})
  terminal.status('50 %')
  terminal.print('hello')
  assert.equal(screen, 'hello\n')
  assert.equal(terminal.colour, false)
})
