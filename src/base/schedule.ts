import { Cron } from 'croner'
import { type Clock, systemClock } from './clock.ts'
import { systemTimers, type Timers } from './timers.ts'

/** When something happens by itself. */
export type Schedule =
  | { readonly kind: 'off' }
  /** Times of a calendar, in the server's time zone. */
  | { readonly kind: 'cron'; readonly pattern: string }
  /** Reckoned from the end of the run before; up to `jitterMs` later. */
  | { readonly kind: 'every'; readonly ms: number; readonly jitterMs?: number }

export interface ScheduleTime {
  readonly clock: Clock
  readonly timers: Timers
}

/** Waits are cut in pieces of this: wall clocks are set, laptops sleep, and a timer holds 24 days at most. */
const LOOK_MS = 3_600_000
const SYSTEM_TIME: ScheduleTime = { clock: systemClock, timers: systemTimers }

/**
 * Calls `run` at the schedule's times until stopped, never twice at once: a time that passes during a run comes after it.
 * Failures are for `run` to deal with. Never keeps the process alive. Throws for what is no pattern.
 */
export function startSchedule(
  schedule: Schedule,
  run: () => void | Promise<void>,
  time: ScheduleTime = SYSTEM_TIME,
): { stop(): void } {
  const next = stepsOf(schedule, run, time)
  let stopped = false
  let cancel = () => {}
  const wait = () => {
    const step = stopped ? undefined : next()
    if (!step) return
    cancel = time.timers.after(step.ms, async () => {
      try {
        await step.run?.()
      } finally {
        wait()
      }
    })
  }
  wait()
  return {
    stop() {
      stopped = true
      cancel()
    },
  }
}

/** The first time of a pattern of five or six fields after another, ms since 1970. Throws for what is no pattern. */
export function cronTimes(pattern: string): (after: number) => number | undefined {
  const times = new Cron(pattern, { paused: true })
  return (after) => times.nextRun(new Date(after))?.getTime()
}

/** A wait, and what is done at its end. */
interface Step {
  readonly ms: number
  readonly run?: () => void | Promise<void>
}

/** Asked for each wait; undefined = nothing is to come. */
function stepsOf(schedule: Schedule, run: Required<Step>['run'], { clock }: ScheduleTime): () => Step | undefined {
  if (schedule.kind === 'off') return () => undefined
  if (schedule.kind === 'every') {
    const period = () => schedule.ms + Math.random() * (schedule.jitterMs ?? 0)
    let left = period()
    return () => {
      const ms = Math.min(left, LOOK_MS)
      left = left > LOOK_MS ? left - LOOK_MS : 0
      if (left > 0) return { ms }
      left = period()
      return { ms, run }
    }
  }
  const after = cronTimes(schedule.pattern)
  let due = after(clock.now())
  return () => {
    if (due === undefined) return undefined
    const ms = Math.max(due - clock.now(), 0)
    if (ms > LOOK_MS) return { ms: LOOK_MS }
    return {
      ms,
      run: () => {
        due = after(Math.max(due ?? 0, clock.now()))
        return run()
      },
    }
  }
}
