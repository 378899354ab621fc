import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cronTimes, type Schedule, startSchedule } from '../../src/base/schedule.ts'
import { settle, VirtualTime } from '../../src/plugin-kit/testing/virtual-time.ts'
import { gate } from '../support/hooks.ts'

const START = Date.UTC(2024, 0, 1, 12, 0, 30)
const HOUR = 3_600_000

/** A schedule whose time the test moves. */
function scheduleOf(schedule: Schedule, run: () => void | Promise<void>) {
  const time = new VirtualTime(START)
  return { time, job: startSchedule(schedule, run, { clock: time, timers: time }) }
}

test('a run comes again after each period, reckoned from its end, and never overlaps itself', async () => {
  const runs: number[] = []
  let slow = gate<void>()
  const time = new VirtualTime(START)
  // Not awaited by the time itself, which would stand still.
  const timers = { after: (ms: number, run: () => void | Promise<void>) => time.after(ms, () => void run()) }
  startSchedule(
    { kind: 'every', ms: 1_000 },
    () => {
      runs.push(time.monotonic())
      return slow.promise
    },
    { clock: time, timers },
  )
  await time.advance(11_000)
  assert.deepEqual(runs, [1_000])
  slow.open()
  slow = gate()
  await settle()
  await time.advance(999)
  assert.deepEqual(runs, [1_000])
  await time.advance(1)
  assert.deepEqual(runs, [1_000, 12_000])
})

test('a pattern starts its run at its times', async () => {
  const runs: string[] = []
  const { time } = scheduleOf({ kind: 'cron', pattern: '*/15 * * * *' }, () => {
    runs.push(new Date(time.now()).toISOString().slice(11, 19))
  })
  await time.advance(32 * 60_000)
  assert.deepEqual(runs, ['12:15:00', '12:30:00'])
  assert.equal(cronTimes('*/15 * * * *')(START), START + 14.5 * 60_000)
  for (const wrong of ['', 'sometimes', '99 * * * *'])
    assert.throws(() => startSchedule({ kind: 'cron', pattern: wrong }, () => {}))
})

test('a time of the calendar that passes during a run comes after it, once', async () => {
  const runs: number[] = []
  const { time } = scheduleOf({ kind: 'cron', pattern: '* * * * *' }, async () => {
    runs.push(time.monotonic())
    if (runs.length === 1) await new Promise<void>((resolve) => time.after(150_000, resolve))
  })
  // The time waits for what it runs: the slow run is ended from outside.
  const moved = time.advance(30_000)
  await settle()
  await time.advance(150_000)
  await moved
  await time.advance(1)
  assert.deepEqual(runs.slice(0, 2), [30_000, 180_000])
})

test('waits longer than a timer can hold do not fire at once', async () => {
  let runs = 0
  const { time } = scheduleOf({ kind: 'every', ms: 40 * 24 * HOUR }, () => {
    runs++
  })
  await time.advance(40 * 24 * HOUR - 1)
  assert.equal(runs, 0)
  await time.advance(1)
  assert.equal(runs, 1)
})

test('a clock that is set is noticed within an hour', async () => {
  let ahead = 0
  let runs = 0
  const time = new VirtualTime(START)
  const clock = { now: () => time.now() + ahead, monotonic: () => time.monotonic() }
  const pattern = '0 0 1 * *'
  startSchedule({ kind: 'cron', pattern }, () => void runs++, { clock, timers: time })
  ahead = 31 * 24 * HOUR
  await time.advance(HOUR)
  assert.equal(runs, 1)
})

test('a run that fails comes again', async () => {
  let runs = 0
  const { time } = scheduleOf({ kind: 'every', ms: 100 }, () => {
    runs++
    if (runs === 1) throw new Error('at once')
    return Promise.reject(new Error('later'))
  })
  for (let n = 0; n < 3; n++) await assert.rejects(time.advance(100))
  assert.equal(runs, 3)
})

test('what is stopped runs no more', async () => {
  let runs = 0
  const { time, job } = scheduleOf({ kind: 'every', ms: 100 }, () => {
    runs++
  })
  job.stop()
  job.stop()
  await time.advance(1_000)
  assert.equal(runs, 0)
  const own = scheduleOf({ kind: 'every', ms: 100 }, () => own.job.stop())
  await own.time.advance(1_000)
  assert.deepEqual([time.pending, own.time.pending], [0, 0])
})

test('a schedule that is off does nothing', () => {
  const { time } = scheduleOf({ kind: 'off' }, () => {})
  assert.equal(time.pending, 0)
})

test('a schedule keeps no process alive', () => {
  const module = fileURLToPath(new URL('../../src/base/schedule.ts', import.meta.url))
  const program = `
    import { startSchedule } from ${JSON.stringify(module)}
    startSchedule({ kind: 'every', ms: 3600000 }, () => {})
    startSchedule({ kind: 'cron', pattern: '0 3 * * *' }, () => {})
    process.stdout.write('started')`
  const result = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(result.signal, null)
  assert.equal(result.stdout, 'started', result.stderr)
})
