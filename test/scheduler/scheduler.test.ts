import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import { gate } from '../support/hooks.ts'

const START = Date.UTC(2024, 0, 1, 12, 0, 30)

/** A scheduler whose time the test moves. */
function schedulerOf(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: START })
  const errors: unknown[] = []
  const clock: Clock = { now: () => Date.now(), monotonic: () => Date.now() }
  const log = { ...silentLogger, error: (_message: string, fields?: object) => errors.push(fields) }
  const scheduler = createScheduler({ clock, log })
  const pass = async (ms: number) => {
    t.mock.timers.tick(ms)
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  }
  return { scheduler, errors, pass }
}

test('a task comes again after each period, reckoned from its end, and never overlaps itself', async (t) => {
  const { scheduler, pass } = schedulerOf(t)
  const runs: number[] = []
  let slow = gate<void>()
  const entry = scheduler.every(1_000, 'slow', () => {
    runs.push(Date.now() - START)
    return slow.promise
  })
  assert.equal(entry.nextAt(), START + 1_000)
  await pass(1_000)
  assert.equal(entry.nextAt(), undefined)
  await pass(10_000)
  assert.deepEqual(runs, [1_000])
  slow.open()
  slow = gate()
  await pass(0)
  await pass(999)
  assert.deepEqual(runs, [1_000])
  await pass(1)
  assert.deepEqual(runs, [1_000, 12_000])
})

test('a pattern starts its task at its times', async (t) => {
  const { scheduler, pass } = schedulerOf(t)
  const runs: string[] = []
  const entry = scheduler.cron('*/15 * * * *', 'quarterly', () => {
    runs.push(new Date().toISOString().slice(11, 19))
  })
  assert.equal(new Date(entry.nextAt() ?? 0).getUTCMinutes() % 15, 0)
  for (let minute = 0; minute < 32 * 4; minute++) await pass(15_000)
  assert.deepEqual(runs, ['12:15:00', '12:30:00'])
  for (const wrong of ['', 'sometimes', '99 * * * *'])
    assert.throws(() => scheduler.cron(wrong, 'x', () => {}), { code: 'INVALID_PARAMETER' })
})

test('a single task runs once and is forgotten', async (t) => {
  const { scheduler, pass } = schedulerOf(t)
  let runs = 0
  scheduler.after(50, 'once', () => {
    runs++
  })
  assert.deepEqual(
    scheduler.list().map(({ label }) => label),
    ['once'],
  )
  await pass(49)
  assert.equal(runs, 0)
  await pass(1)
  await pass(1_000)
  assert.equal(runs, 1)
  assert.deepEqual(scheduler.list(), [])
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => scheduler.after(wrong, 'x', () => {}), { code: 'INVALID_PARAMETER' })
})

test('waits longer than a timer can hold do not fire at once', async (t) => {
  const { scheduler, pass } = schedulerOf(t)
  let runs = 0
  const day = 86_400_000
  scheduler.after(40 * day, 'later', () => {
    runs++
  })
  for (let hour = 0; hour < 40 * 24 - 1; hour++) await pass(3_600_000)
  assert.equal(runs, 0)
  for (let step = 0; step < 6; step++) await pass(600_000)
  assert.equal(runs, 1)
})

test('a task that fails is logged and comes again', async (t) => {
  const { scheduler, errors, pass } = schedulerOf(t)
  let runs = 0
  scheduler.every(100, 'bad', () => {
    runs++
    if (runs === 1) throw new Error('at once')
    return Promise.reject(new Error('later'))
  })
  await pass(100)
  await pass(100)
  await pass(100)
  assert.equal(runs, 3)
  assert.equal(errors.length, 3)
})

test('what is stopped runs no more, and a run under way hears of it', async (t) => {
  const { scheduler, pass } = schedulerOf(t)
  let runs = 0
  const stopped = scheduler.every(100, 'stopped', () => {
    runs++
  })
  stopped.stop()
  stopped.stop()
  await pass(1_000)
  assert.equal(runs, 0)

  let heard = false
  scheduler.every(100, 'running', ({ signal }) => {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        heard = true
        resolve()
      })
    })
  })
  await pass(100)
  await scheduler.stop()
  assert.ok(heard)
  assert.deepEqual(scheduler.list(), [])
  assert.throws(() => scheduler.every(100, 'late', () => {}), { code: 'UNAVAILABLE' })
})

test('a schedule keeps no process alive', () => {
  const module = fileURLToPath(new URL('../../src/scheduler/scheduler.ts', import.meta.url))
  const program = `
    import { createScheduler } from ${JSON.stringify(module)}
    const quiet = () => {}
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log }
    const clock = { now: () => Date.now(), monotonic: () => performance.now() }
    const scheduler = createScheduler({ clock, log })
    scheduler.every(3600000, 'hourly', () => {})
    scheduler.cron('0 3 * * *', 'nightly', () => {})
    scheduler.after(3600000, 'later', () => {})
    process.stdout.write(String(scheduler.list().length))`
  const result = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(result.signal, null)
  assert.equal(result.stdout, '3', result.stderr)
})
