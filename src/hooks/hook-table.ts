import { AppError } from '../base/errors.ts'
import { HOOK_KINDS, type HookHandler, type HookName } from './hooks.ts'

/** One generation of one plugin. The object is the identity: counters and leases hang on it and go with it. */
export interface HookOwner {
  readonly plugin: string
  readonly generation: number
  /** Aborts when the generation ends: calls into it that still run are given up, nothing new is started. */
  readonly signal?: AbortSignal
}

export type HookOrder = 'pre' | 'normal' | 'post'

/**
 * One handler. Entries of generations that stay should be the same objects in the next table: what is queued for them
 * keeps its order over the swap.
 */
export interface HookEntry<N extends HookName> {
  readonly hook: N
  readonly owner: HookOwner
  readonly handler: HookHandler<N>
  readonly order: HookOrder
  /** Milliseconds; only less than the kind's deadline has an effect. */
  readonly timeoutMs?: number
  /** The plugin's place in the configuration: decides within an order group, before registration does. */
  readonly position: number
}

export type AnyHookEntry = { [N in HookName]: HookEntry<N> }[HookName]

/** All handlers of one moment. Never changed; a change is a new table and one swap. */
export interface HookTable {
  readonly entries: { readonly [N in HookName]?: readonly AnyHookEntry[] }
  /**
   * Gates (guard, narrow) whose required plugin is missing or failed, with a sentence for clients: no secret in it.
   * They refuse everything without asking anybody.
   */
  readonly closed: ReadonlyMap<HookName, string>
}

const RANK: Readonly<Record<HookOrder, number>> = { pre: 0, normal: 1, post: 2 }

/** Sorts handlers by order group, position, then registration. Throws BAD_REQUEST for a hook that does not exist. */
export function createHookTable(
  entries: Iterable<AnyHookEntry>,
  closed: ReadonlyMap<HookName, string> = new Map(),
): HookTable {
  const byHook: { [N in HookName]?: AnyHookEntry[] } = {}
  for (const entry of entries) {
    assertHook(entry.hook)
    const list = byHook[entry.hook] ?? []
    list.push(entry)
    byHook[entry.hook] = list
  }
  for (const list of Object.values(byHook)) {
    list.sort((a, b) => RANK[a.order] - RANK[b.order] || a.position - b.position)
    Object.freeze(list)
  }
  for (const hook of closed.keys()) {
    assertHook(hook)
    const kind = HOOK_KINDS[hook]
    if (kind !== 'guard' && kind !== 'narrow') throw new AppError('BAD_REQUEST', `The hook ${hook} is no gate.`)
  }
  return Object.freeze({ entries: Object.freeze(byHook), closed: new Map(closed) })
}

export const EMPTY_HOOK_TABLE: HookTable = createHookTable([])

function assertHook(hook: string): void {
  if (!Object.hasOwn(HOOK_KINDS, hook)) throw new AppError('BAD_REQUEST', `There is no hook named ${hook}.`)
}
