import type { HookDispatcher } from '../../hooks/hook-dispatcher.ts'
import { createHookTable } from '../../hooks/hook-table.ts'
import { HOOK_KINDS, type HookName } from '../../hooks/hooks.ts'
import type { PluginSurface } from '../../library/plugin-state-repository.ts'
import { describe } from '../loading/evaluate.ts'
import type { Generation } from './generation.ts'
import type { HostServices } from './host-services.ts'
import { buildTables, EMPTY_TABLES, type HostTables, type Unavailable } from './host-tables.ts'
import type { PluginPolicy } from './plugin-policy.ts'
import type { PluginSlot } from './plugin-slot.ts'

/** What a required plugin is taken to guard: nobody but administrators sees or hears anything without it. */
const REQUIRED_GATES: readonly HookName[] = ['access.scope', 'stream.authorize']
/** Whose answers are cached beyond the call. */
const ACCESS_HOOKS: readonly HookName[] = ['access.scope', 'access.grants', 'stream.authorize']

/** What all live generations registered, as the rest of the server sees it. */
export class LiveTables {
  readonly #services: HostServices
  readonly #policy: PluginPolicy
  #tables: HostTables = EMPTY_TABLES
  #access: readonly unknown[] = []
  #conflicts = ''

  constructor(services: HostServices, policy: PluginPolicy) {
    this.#services = services
    this.#policy = policy
  }

  get current(): HostTables {
    return this.#tables
  }

  /** One swap, in one tick: every request sees all-old or all-new. `slots` in the order of plugins. */
  rebuild(slots: readonly PluginSlot[]): void {
    const { hooks, scopes, log } = this.#services
    const generations = slots.flatMap((slot) => slot.generation ?? [])
    const closed = this.#closedGates(slots)
    const entries = generations.flatMap((one) => [...one.registrations.all('hook')])
    hooks.swap(createHookTable(entries, closed))
    const { tables, conflicts } = buildTables(generations, this.#unavailable(slots))
    this.#tables = tables
    try {
      this.#services.onTables(tables)
    } catch (error) {
      log.error('plugin tables not taken over', { reason: describe(error) })
    }
    this.#tellConflicts(conflicts)
    const access = [
      ...entries.filter(({ hook }) => ACCESS_HOOKS.includes(hook)),
      ...ACCESS_HOOKS.filter((hook) => closed.has(hook)),
    ]
    if (access.length === this.#access.length && access.every((one, index) => one === this.#access[index])) return
    this.#access = access
    scopes.invalidate()
  }

  /** Gates of plugins that should run and do not. */
  #closedGates(slots: readonly PluginSlot[]): ReadonlyMap<HookName, string> {
    const closed = new Map<HookName, string>()
    const close = (gates: readonly HookName[], name: string) => {
      for (const gate of gates) if (!closed.has(gate)) closed.set(gate, sentenceFor(name))
    }
    for (const slot of slots) {
      if (slot.generation || !this.#policy.shouldRun(slot)) continue
      close(slot.gates, slot.name)
      if (this.#policy.isRequired(slot.name)) close(REQUIRED_GATES, slot.name)
    }
    for (const name of this.#services.required)
      if (!slots.some((slot) => slot.name === name)) close(REQUIRED_GATES, name)
    return closed
  }

  #unavailable(slots: readonly PluginSlot[]): Unavailable {
    const away = slots.filter((slot) => !slot.generation && this.#policy.shouldRun(slot))
    return {
      paths: away.flatMap(({ name, surface }) => [`/plugins/${name}`, `/plugins/${name}/*`, ...surface.roots]),
      endpoints: away.flatMap(({ surface }) => surface.endpoints),
    }
  }

  /** Once each, not at every reload of anybody. */
  #tellConflicts(conflicts: readonly string[]): void {
    const text = conflicts.join('\n')
    if (text === this.#conflicts) return
    this.#conflicts = text
    for (const conflict of conflicts) this.#services.log.warn('plugin registration ignored', { conflict })
  }
}

/** Where no plugin runs at all: what is required stays so. */
export function shutGates(hooks: HookDispatcher, required: readonly string[]): void {
  const closed = new Map<HookName, string>()
  for (const name of required) for (const gate of REQUIRED_GATES) closed.set(gate, sentenceFor(name))
  hooks.swap(createHookTable([], closed))
}

function sentenceFor(plugin: string): string {
  return `A rule of the plugin ${plugin} can't be checked.`
}

/** The gates that a generation holds. */
export function gatesOf(generation: Generation): readonly HookName[] {
  const hooks = new Set([...generation.registrations.all('hook')].map((entry) => entry.hook))
  return [...hooks].filter((hook) => HOOK_KINDS[hook] === 'guard' || HOOK_KINDS[hook] === 'narrow').sort()
}

/** What of a generation is reached from outside its own prefix. */
export function surfaceOf(generation: Generation): PluginSurface {
  const { registrations } = generation
  const reached = [...registrations.all('route'), ...registrations.all('socket'), ...registrations.all('events')]
  const roots = new Set(reached.flatMap(({ root, path }) => (root ? [path] : [])))
  return {
    roots: [...roots].sort(),
    endpoints: [...registrations.all('endpoint')].map(({ name }) => name).sort(),
  }
}
