import { Cron } from 'croner'
import type { Clock } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'
import { AppError } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'

/** Gets a signal that aborts when its entry or the scheduler stops. */
export type Task = (run: { readonly signal: AbortSignal }) => void | Promise<void>

export interface Scheduled {
  readonly label: string
  /** When it starts next; undefined while it runs, and when nothing is to come. */
  nextAt(): number | undefined
  /** Aborts a run under way. Safe to call twice. */
  stop(): void
}

/**
 * Work by time. A task never overlaps itself: the next start is reckoned when a run has ended. What fails is logged and
 * comes again. Nothing here keeps the process alive.
 */
export interface Scheduler {
  /** `ms` after now, then `ms` after each end. */
  every(ms: number, label: string, task: Task): Scheduled
  /** Five or six fields, in the server's time zone. Throws INVALID_PARAMETER for anything else. */
  cron(pattern: string, label: string, task: Task): Scheduled
  after(ms: number, label: string, task: Task): Scheduled
  list(): readonly Scheduled[]
  /** Starts nothing more and waits `graceMs` for what runs. */
  stop(graceMs?: number): Promise<void>
}

export interface SchedulerOptions {
  readonly clock: Clock
  readonly log: Logger
}

/** Waits are cut in pieces: a clock that was set, or a machine that slept, is noticed within one. */
const LONGEST_WAIT_MS = 600_000
const SHORTEST_PERIOD_MS = 10

export function createScheduler({ clock, log }: SchedulerOptions): Scheduler {
  const entries = new Map<Scheduled, Promise<void> | undefined>()
  let stopped = false

  /** @param next when to start, given the time; undefined = never again. */
  function add(label: string, task: Task, next: (now: number) => number | undefined): Scheduled {
    if (stopped) throw new AppError('UNAVAILABLE', 'The server is stopping.')
    const abort = new AbortController()
    let timer: NodeJS.Timeout | undefined
    let due: number | undefined

    function plan(): void {
      due = abort.signal.aborted ? undefined : next(clock.now())
      if (due === undefined) entries.delete(entry)
      else wait(due)
    }
    function wait(until: number): void {
      const left = Math.max(0, until - clock.now())
      timer = setTimeout(() => (until > clock.now() ? wait(until) : begin()), Math.min(left, LONGEST_WAIT_MS)).unref()
    }
    function begin(): void {
      due = undefined
      entries.set(entry, run())
    }
    async function run(): Promise<void> {
      const started = clock.monotonic()
      try {
        await task({ signal: abort.signal })
        log.debug('task done', { task: label, ms: Math.round(clock.monotonic() - started) })
      } catch (error) {
        if (!abort.signal.aborted) log.error('task failed', { task: label, error })
      }
      if (entries.has(entry)) entries.set(entry, undefined)
      plan()
    }

    const entry: Scheduled = {
      label,
      nextAt: () => due,
      stop() {
        abort.abort()
        clearTimeout(timer)
        due = undefined
        if (entries.get(entry) === undefined) entries.delete(entry)
      },
    }
    entries.set(entry, undefined)
    plan()
    return entry
  }

  return {
    every(ms, label, task) {
      const period = Math.max(SHORTEST_PERIOD_MS, sane(ms))
      return add(label, task, (now) => now + period)
    },
    cron(pattern, label, task) {
      const times = parse(pattern)
      return add(label, task, (now) => times.nextRun(new Date(now))?.getTime())
    },
    after(ms, label, task) {
      const delay = sane(ms)
      let planned = false
      return add(label, task, (now) => {
        if (planned) return undefined
        planned = true
        return now + delay
      })
    },
    list: () => [...entries.keys()],
    async stop(graceMs = 2_000) {
      stopped = true
      const running = [...entries.values()]
      for (const entry of [...entries.keys()]) entry.stop()
      await withDeadline(Promise.all(running), graceMs, 'the end of scheduled tasks').catch((error: unknown) =>
        log.warn('scheduled tasks did not end in time', {
          error,
          tasks: [...entries.keys()].map(({ label }) => label),
        }),
      )
    },
  }
}

function sane(ms: number): number {
  if (!Number.isFinite(ms) || ms < 0) throw new AppError('INVALID_PARAMETER', `${ms} ms is no time to wait.`)
  return ms
}

function parse(pattern: string): Cron {
  try {
    return new Cron(pattern, { paused: true })
  } catch (cause) {
    throw new AppError('INVALID_PARAMETER', `"${pattern}" is no schedule; an example is "0 3 * * *".`, { cause })
  }
}
