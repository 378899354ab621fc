import type { HookOwner } from './hook-table.ts'

/** What one owner did since its generation began. */
export interface HookStats {
  readonly calls: number
  /** Threw, rejected or answered with a wrong shape. */
  readonly failures: number
  readonly timeouts: number
  /** Observed events that found the queue full, or whose owner ended first. */
  readonly dropped: number
  /** Microseconds from call to answer, all calls together. */
  readonly totalMicros: number
  /** Calls that have not answered yet, and events that wait. */
  readonly running: number
  readonly queued: number
}

/** The bookkeeping of one owner. */
export interface OwnerState {
  readonly owner: HookOwner
  calls: number
  failures: number
  timeouts: number
  dropped: number
  totalMicros: number
  queued: number
  /** Gives up each running call when the owner ends. */
  readonly running: Set<() => void>
  /** Throws the waiting events away; set by the observers' queue. */
  onEnd: (() => void) | undefined
  /** Failures that were not logged one by one, since when (monotonic ms). */
  loggedAt: number
  unlogged: number
}

/**
 * States by owner, held weakly: when a generation goes, so does what we know of it. One abort listener an owner serves
 * all its calls, since listeners on a signal are searched linearly and warned about when they are many.
 */
export function createOwnerStates(): (owner: HookOwner) => OwnerState {
  const states = new WeakMap<HookOwner, OwnerState>()
  return (owner) => {
    const known = states.get(owner)
    if (known) return known
    const state: OwnerState = {
      owner,
      calls: 0,
      failures: 0,
      timeouts: 0,
      dropped: 0,
      totalMicros: 0,
      queued: 0,
      running: new Set(),
      onEnd: undefined,
      loggedAt: Number.NEGATIVE_INFINITY,
      unlogged: 0,
    }
    owner.signal?.addEventListener(
      'abort',
      () => {
        state.onEnd?.()
        for (const giveUp of [...state.running]) giveUp()
      },
      { once: true },
    )
    states.set(owner, state)
    return state
  }
}

export function statsOf(state: OwnerState): HookStats {
  return {
    calls: state.calls,
    failures: state.failures,
    timeouts: state.timeouts,
    dropped: state.dropped,
    totalMicros: Math.round(state.totalMicros),
    running: state.running.size,
    queued: state.queued,
  }
}
