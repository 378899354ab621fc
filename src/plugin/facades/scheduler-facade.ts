import { Cron } from 'croner'
import { AppError } from '../../base/errors.ts'
import type { Scheduler, Task } from '../api.ts'
import type { Generation } from '../generation.ts'

/** Runs one task of a plugin, contained; resolves when it is done. */
export type TaskRunner = (label: string, task: Task) => Promise<void>

const SHORTEST_MS = 100
/** What setTimeout can hold. */
const LONGEST_MS = 2_147_483_647

export function createSchedulerFacade(generation: Generation, run: TaskRunner): Scheduler {
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
      return add(`every ${period} ms`, task, (tick) => {
        let timer: NodeJS.Timeout
        const next = () => {
          timer = setTimeout(() => void tick().finally(next), period + Math.random() * (options.jitterMs ?? 0))
          timer.unref()
        }
        next()
        return () => clearTimeout(timer)
      })
    },
    cron(expression, task) {
      try {
        new Cron(expression, { paused: true })
      } catch (cause) {
        throw new AppError('BAD_REQUEST', `'${expression}' is no schedule of five fields`, { cause })
      }
      return add(`schedule ${expression}`, task, (tick) => {
        const job = new Cron(expression, { unref: true, protect: true }, tick)
        return () => job.stop()
      })
    },
    after(ms, task) {
      const delay = checked(ms)
      const registration = add(`after ${delay} ms`, task, (tick) => {
        const timer = setTimeout(() => void tick().finally(() => registration.dispose()), delay)
        timer.unref()
        return () => clearTimeout(timer)
      })
      return registration
    },
  }
}

function checked(ms: number): number {
  if (!Number.isFinite(ms) || ms < 0 || ms > LONGEST_MS)
    throw new AppError('BAD_REQUEST', `${ms} ms is no delay between 0 and ${LONGEST_MS}`)
  return Math.max(ms, SHORTEST_MS)
}
