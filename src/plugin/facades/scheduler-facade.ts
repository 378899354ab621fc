import { Cron } from 'croner'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import type { Timers } from '../../base/timers.ts'
import type { Scheduler, Task } from '../api/scheduler-api.ts'
import type { Generation } from '../host/generation.ts'

/** Runs one task of a plugin, contained; resolves when it is done. */
export type TaskRunner = (label: string, task: Task) => Promise<void>

export interface SchedulerTime {
  readonly clock: Clock
  readonly timers: Timers
}

const SHORTEST_MS = 100
/** What setTimeout can hold. */
const LONGEST_MS = 2_147_483_647
/** A calendar's time is looked up again this often on the way to it: wall clocks are set, laptops sleep. */
const LOOK_MS = 3_600_000

export function createSchedulerFacade(generation: Generation, run: TaskRunner, time: SchedulerTime): Scheduler {
  const { clock, timers } = time
  const add = (label: string, task: Task, begin: (tick: () => Promise<void>) => () => void) => {
    generation.assertOpen()
    let running = false
    const tick = async () => {
      if (running) return
      running = true
      try {
        await run(label, task)
      } finally {
        running = false
      }
    }
    return generation.registrations.add('task', { label, task, start: () => begin(tick) })
  }
  return {
    every(ms, task, options = {}) {
      const period = checked(ms)
      return add(`every ${period} ms`, task, (tick) =>
        chain(timers, () => ({ ms: period + Math.random() * (options.jitterMs ?? 0), run: tick })),
      )
    },
    cron(expression, task) {
      const pattern = parsePattern(expression)
      return add(`schedule ${expression}`, task, (tick) => {
        let due = pattern.nextRun(new Date(clock.now()))?.getTime()
        return chain(timers, () => {
          if (due === undefined) return undefined
          const left = due - clock.now()
          if (left > LOOK_MS) return { ms: LOOK_MS, run: () => {} }
          const run = () => {
            due = pattern.nextRun(new Date(Math.max(due ?? 0, clock.now())))?.getTime()
            return tick()
          }
          return { ms: Math.max(left, 0), run }
        })
      })
    },
    after(ms, task) {
      const delay = checked(ms)
      const registration = add(`after ${delay} ms`, task, (tick) =>
        timers.after(delay, () => tick().finally(() => registration.dispose())),
      )
      return registration
    },
  }
}

interface Step {
  readonly ms: number
  readonly run: () => void | Promise<void>
}

/** One wait after the other, each begun when the run before has ended; `next` is asked for each. @returns what stops it. */
function chain(timers: Timers, next: () => Step | undefined): () => void {
  let stopped = false
  let cancel = () => {}
  const wait = () => {
    const step = stopped ? undefined : next()
    if (!step) return
    cancel = timers.after(step.ms, async () => {
      try {
        await step.run()
      } finally {
        wait()
      }
    })
  }
  wait()
  return () => {
    stopped = true
    cancel()
  }
}

function parsePattern(expression: string): Cron {
  try {
    return new Cron(expression, { paused: true })
  } catch (cause) {
    throw new AppError('BAD_REQUEST', `'${expression}' is no schedule of five fields`, { cause })
  }
}

function checked(ms: number): number {
  if (!Number.isFinite(ms) || ms < 0 || ms > LONGEST_MS)
    throw new AppError('BAD_REQUEST', `${ms} ms is no delay between 0 and ${LONGEST_MS}`)
  return Math.max(ms, SHORTEST_MS)
}
