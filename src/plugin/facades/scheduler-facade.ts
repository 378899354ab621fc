import { AppError } from '../../base/errors.ts'
import { cronTimes, type Schedule, type ScheduleTime, startSchedule } from '../../base/schedule.ts'
import type { Scheduler, Task } from '../api/scheduler-api.ts'
import type { Generation } from '../host/generation.ts'

/** Runs one task of a plugin, contained; resolves when it is done. */
export type TaskRunner = (label: string, task: Task) => Promise<void>

const SHORTEST_MS = 100
/** What setTimeout can hold. */
const LONGEST_MS = 2_147_483_647

export function createSchedulerFacade(generation: Generation, run: TaskRunner, time: ScheduleTime): Scheduler {
  const add = (label: string, task: Task, begin: (tick: () => Promise<void>) => () => void) => {
    generation.assertOpen()
    let running: Promise<void> | undefined
    // Where a drain is taken back, tasks start anew while a run of before may go on: they join it.
    const tick = () => {
      running ??= run(label, task).finally(() => {
        running = undefined
      })
      return running
    }
    return generation.registrations.add('task', { label, task, start: () => begin(tick) })
  }
  const repeat = (label: string, task: Task, schedule: Schedule) =>
    add(label, task, (tick) => startSchedule(schedule, tick, time).stop)
  return {
    every(ms, task, { jitterMs = 0 } = {}) {
      const period = checked(ms)
      return repeat(`every ${period} ms`, task, { kind: 'every', ms: period, jitterMs })
    },
    cron(expression, task) {
      assertPattern(expression)
      return repeat(`schedule ${expression}`, task, { kind: 'cron', pattern: expression })
    },
    after(ms, task) {
      const delay = checked(ms)
      const registration = add(`after ${delay} ms`, task, (tick) =>
        time.timers.after(delay, () => tick().finally(() => registration.dispose())),
      )
      return registration
    },
  }
}

function assertPattern(expression: string): void {
  try {
    cronTimes(expression)
  } catch (cause) {
    throw new AppError('BAD_REQUEST', `'${expression}' is no schedule of five fields`, { cause })
  }
}

function checked(ms: number): number {
  if (!Number.isFinite(ms) || ms < 0 || ms > LONGEST_MS)
    throw new AppError('BAD_REQUEST', `${ms} ms is no delay between 0 and ${LONGEST_MS}`)
  return Math.max(ms, SHORTEST_MS)
}
