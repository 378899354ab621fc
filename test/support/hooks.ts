import { systemClock } from '../../src/base/clock.ts'
import type { AppError } from '../../src/base/errors.ts'
import type { HookBus } from '../../src/hooks/hook-bus.ts'
import { createHookDispatcher, type HookDispatcher } from '../../src/hooks/hook-dispatcher.ts'
import { type AnyHookEntry, createHookTable, type HookEntry, type HookOwner } from '../../src/hooks/hook-table.ts'
import type { HookHandler, HookName } from '../../src/hooks/hooks.ts'
import { silentLogger } from '../../src/log/logger.ts'

export const OWNER: HookOwner = { plugin: 'tester', generation: 1 }

/** A table's entry with the usual rest. */
export function entry<N extends HookName>(
  hook: N,
  handler: HookHandler<N>,
  rest: Partial<Omit<HookEntry<N>, 'hook' | 'handler'>> = {},
): AnyHookEntry {
  return {
    hook,
    handler,
    owner: OWNER,
    order: 'normal',
    position: 0,
    ...rest,
  } as HookEntry<N> as unknown as AnyHookEntry
}

/** A bus without listeners. */
export const quietHooks: HookBus = {
  has: () => false,
  isAnsweredBy: () => false,
  isShut: () => false,
  observe: () => {},
  guard: () => ({ allow: true }),
  narrow: () => undefined,
  transform: (_name, input) => input,
  provide: () => undefined as never,
  collect: () => [] as never,
}

/** A dispatcher with these handlers. */
export function dispatcherOf(...entries: readonly AnyHookEntry[]): HookDispatcher {
  const dispatcher = createHookDispatcher({ log: silentLogger, clock: systemClock })
  dispatcher.swap(createHookTable(entries))
  return dispatcher
}

/** Writes leases and failures down as they happen. */
export function watch(dispatcher: HookDispatcher): {
  readonly leases: Map<HookOwner, number>
  readonly failures: { readonly owner: HookOwner; readonly hook: HookName; readonly error: AppError }[]
} {
  const leases = new Map<HookOwner, number>()
  const failures: { owner: HookOwner; hook: HookName; error: AppError }[] = []
  dispatcher.attach({
    enter: (owner) => leases.set(owner, (leases.get(owner) ?? 0) + 1),
    leave: (owner) => leases.set(owner, (leases.get(owner) ?? 0) - 1),
    onFailure: (owner, hook, error) => failures.push({ owner, hook, error }),
  })
  return { leases, failures }
}

/** A promise that the test settles. */
export function gate<T>(): { readonly promise: Promise<T>; open(value: T): void; fail(error: unknown): void } {
  let open: (value: T) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { promise, open, fail }
}

/** Lets the loop turn until it is so; gives up after many turns. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if (condition()) return
    await new Promise(setImmediate)
  }
  throw new Error('it never came true')
}
