import { Cron } from 'croner'
import type { Schedule } from '../config/special-settings.ts'

/** Calls `run` at the schedule's times until stopped; never twice at once, and never keeps the process alive. */
export function startSchedule(schedule: Schedule, run: () => Promise<void>): { stop(): void } {
  if (schedule.kind === 'off') return { stop: () => {} }
  let running = false
  const once = async () => {
    if (running) return
    running = true
    try {
      await run()
    } finally {
      running = false
    }
  }
  if (schedule.kind === 'cron') {
    const job = new Cron(schedule.pattern, { unref: true }, once)
    return { stop: () => job.stop() }
  }
  const timer = setInterval(() => void once(), schedule.ms)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
