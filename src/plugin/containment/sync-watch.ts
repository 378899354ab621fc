import { Script } from 'node:vm'
import { hasDescriptors } from '../../base/descriptors.ts'

/**
 * Calls `work` so that an endless synchronous loop inside is stopped after `ms` (ERR_SCRIPT_EXECUTION_TIMEOUT). Only the
 * first synchronous slice is watched: what runs after an `await` is the watchdog's business. Costs some 50 µs a call, so
 * it is for cold paths: module bodies, set-ups, disposers, schedules, observers.
 *
 * The stop may come at any instruction and runs no `catch` and no `finally` below. Whatever of the host is called from
 * inside must therefore leave nothing half done: what writes, logs or touches the database goes by `outsideWatch`.
 */
export function runWatched<T>(work: () => T, ms: number): T {
  const slot: { work: () => T } = { work }
  const previous = Reflect.get(globalThis, SLOT)
  Reflect.set(globalThis, SLOT, slot)
  depth++
  try {
    // Without what its timer needs Node would end the process. Then a loop is the watchdog's business too.
    if (!hasDescriptors(TIMER_DESCRIPTORS)) return slot.work()
    return CALL.runInThisContext({ timeout: ms, breakOnSigint: false }) as T
  } finally {
    depth--
    Reflect.set(globalThis, SLOT, previous)
  }
}

/** Runs it now, or as a microtask when a watched slice is on the stack: then it can't be stopped half-way. */
export function outsideWatch(work: () => void): void {
  if (depth === 0) work()
  else queueMicrotask(work)
}

/** The loop was stopped by the watch. */
export function isSyncTimeout(error: unknown): boolean {
  try {
    return error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  } catch {
    // A proxy or a getter of the plugin's: the watch's own error has none.
    return false
  }
}

/** Watched slices on the stack of this thread. */
let depth = 0
/** The loop of its own in which Node keeps the time, and some more for other threads that open files meanwhile. */
const TIMER_DESCRIPTORS = 8
const SLOT = '__tonearm_watched__'
const CALL = new Script(`globalThis.${SLOT}.work()`, { filename: 'watched-call.js' })
