import type { AccessScope } from '../base/access-scope.ts'
import { EMPTY_SCOPE } from '../base/access-scope.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../log/logger.ts'
import { freezeDeep } from './freeze-deep.ts'
import type { HookBus } from './hook-bus.ts'
import { type Callee, HookCaller, type HookWatcher } from './hook-caller.ts'
import { type AnyHookEntry, EMPTY_HOOK_TABLE, type HookOwner, type HookTable } from './hook-table.ts'
import { HOOK_KINDS, type HookInput, type HookName, type HookNameOf, type HookOutput } from './hooks.ts'
import { ALLOW, DEADLINE_MS, type Verdict } from './kinds.ts'
import { Observers } from './observers.ts'
import { createOwnerStates, type HookStats, statsOf } from './owner-state.ts'
import { runGuard, runProvide, runTransform } from './run-in-order.ts'
import { runCollect, runNarrow } from './run-together.ts'

export interface HookDispatcher extends HookBus {
  /** All-old or all-new: calls that run finish with the table that they began with. */
  swap(table: HookTable): void
  readonly table: HookTable
  /** One at a time; the plugin host. @returns a function that detaches it. */
  attach(watcher: HookWatcher): () => void
  stats(owner: HookOwner): HookStats
  /** Waits until observed events are delivered, for an orderly stop. False when `ms` went by first. */
  settled(ms: number): Promise<boolean>
}

export interface HookDispatcherOptions {
  readonly log: Logger
  readonly clock: Clock
}

interface Slot {
  readonly callees: readonly Callee[]
  readonly closed: string | undefined
}
type Slots = { readonly [N in HookName]?: Slot }

/** What runs between swaps: an object with a property for each hook that somebody listens to. */
export function createHookDispatcher({ log, clock }: HookDispatcherOptions): HookDispatcher {
  const stateOf = createOwnerStates()
  const caller = new HookCaller(clock, log)
  const observers = new Observers(caller, () => clock.monotonic())
  /** By entry, so that the queue of a handler that stays is not split by a swap. */
  const callees = new WeakMap<AnyHookEntry, Callee>()
  let table = EMPTY_HOOK_TABLE
  let slots: Slots = {}

  function calleeOf(entry: AnyHookEntry): Callee {
    const known = callees.get(entry)
    if (known) return known
    const longest = DEADLINE_MS[HOOK_KINDS[entry.hook]]
    const asked = entry.timeoutMs ?? longest
    const callee: Callee = {
      hook: entry.hook,
      handler: entry.handler,
      deadlineMs: asked > 0 ? Math.min(asked, longest) : longest,
      state: stateOf(entry.owner),
    }
    callees.set(entry, callee)
    return callee
  }

  function compile(next: HookTable): Slots {
    const compiled: { [N in HookName]?: Slot } = {}
    for (const hook of Object.keys(HOOK_KINDS) as HookName[]) {
      const entries = next.entries[hook]
      const closed = next.closed.get(hook)
      if (entries || closed !== undefined) compiled[hook] = { callees: (entries ?? []).map(calleeOf), closed }
    }
    return compiled
  }

  return {
    swap(next) {
      const compiled = compile(next)
      table = next
      slots = compiled
    },
    get table() {
      return table
    },
    attach: (watcher) => caller.attach(watcher),
    stats: (owner) => statsOf(stateOf(owner)),
    settled: (ms) => observers.settled(ms),

    has: (name) => slots[name] !== undefined,
    isShut: (name) => slots[name]?.closed !== undefined,
    isAnsweredBy: (name, plugin) => table.entries[name]?.some(({ owner }) => owner.plugin === plugin) ?? false,

    observe(name, input) {
      const slot = slots[name]
      if (!slot) return
      const event = freezeDeep(input)
      for (const callee of slot.callees) observers.push(callee, event)
    },

    guard(name, input): Verdict | Promise<Verdict> {
      const slot = slots[name]
      if (!slot) return ALLOW
      if (slot.closed !== undefined) return { allow: false, reason: slot.closed }
      return runGuard(caller, slot.callees, freezeDeep(input))
    },

    narrow(name, input): AccessScope | undefined | Promise<AccessScope | undefined> {
      const slot = slots[name]
      if (!slot) return undefined
      if (slot.closed !== undefined) return EMPTY_SCOPE
      return runNarrow(caller, slot.callees, freezeDeep(input))
    },

    transform<N extends HookNameOf<'transform'>>(name: N, input: HookInput<N>) {
      const slot = slots[name]
      if (!slot) return input
      return runTransform(caller, slot.callees, freezeDeep(input)) as HookInput<N> | Promise<HookInput<N>>
    },

    provide<N extends HookNameOf<'provide'>>(name: N, input: HookInput<N>) {
      const slot = slots[name]
      if (!slot) return undefined as HookOutput<N>
      return runProvide(caller, slot.callees, freezeDeep(input)) as HookOutput<N> | Promise<HookOutput<N>>
    },

    collect<N extends HookNameOf<'collect'>>(name: N, input: HookInput<N>) {
      const slot = slots[name]
      if (!slot) return NOTHING as HookOutput<N>
      return runCollect(caller, slot.callees, freezeDeep(input)) as HookOutput<N> | Promise<HookOutput<N>>
    },
  }
}

const NOTHING: readonly never[] = Object.freeze([])
