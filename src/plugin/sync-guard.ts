import { Script } from 'node:vm'

/**
 * Calls `work` so that an endless synchronous loop inside is stopped after `ms` (ERR_SCRIPT_EXECUTION_TIMEOUT). Only the
 * first synchronous slice is guarded: what runs after an `await` is the watchdog's business. Costs some 50 µs a call, so
 * it is for cold paths: module bodies, set-ups, migrations, disposers, schedules.
 */
export function runGuarded<T>(work: () => T, ms: number): T {
  const slot: { work: () => T } = { work }
  const previous = Reflect.get(globalThis, SLOT)
  Reflect.set(globalThis, SLOT, slot)
  try {
    return CALL.runInThisContext({ timeout: ms, breakOnSigint: false }) as T
  } finally {
    Reflect.set(globalThis, SLOT, previous)
  }
}

const SLOT = '__tonearm_guarded__'
const CALL = new Script(`globalThis.${SLOT}.work()`, { filename: 'guarded-call.js' })
