import type { HookDispatcher } from '../../hooks/hook-dispatcher.ts'
import type { Generation } from '../../plugin/host/generation.ts'
import type { HostTables } from '../../plugin/host/host-tables.ts'

/** What keeps a process alive, by kind; only kinds that a plugin could have left. */
const HANDLES = new Set([
  'Timeout',
  'Immediate',
  'FSEventWrap',
  'StatWatcher',
  'TCPServerWrap',
  'UDPWrap',
  'ProcessWrap',
])

/** Follows every life of every plugin, to tell what is left of it. */
export class LeakCheck {
  readonly #generations = new Map<string, Generation[]>()
  readonly #handles = new Map<string, ReadonlyMap<string, number>>()

  /** Before a plugin is loaded for the first time. */
  remember(plugin: string): void {
    if (!this.#handles.has(plugin)) this.#handles.set(plugin, activeHandles())
  }

  add(generation: Generation): void {
    const list = this.#generations.get(generation.plugin) ?? []
    list.push(generation)
    this.#generations.set(generation.plugin, list)
  }

  /** A call into a plugin runs. */
  isBusy(): boolean {
    return [...this.#generations.values()].some((list) => list.some(({ leases }) => leases > 0))
  }

  /** Sentences about what is left of a plugin that was unloaded; [] when nothing is. */
  find(plugin: string, now: { readonly hooks: HookDispatcher; readonly tables: HostTables }): readonly string[] {
    const left: string[] = []
    for (const generation of this.#generations.get(plugin) ?? []) {
      const of = `generation ${generation.number}`
      if (generation.state !== 'ended') left.push(`${of} has not ended: it is ${generation.state}`)
      for (const [kind, count] of Object.entries(generation.registrations.counts()))
        if (count > 0) left.push(`${of} has ${count} registrations of the kind ${kind}`)
      for (const label of generation.scope.labels()) left.push(`${of} has the effect '${label}'`)
      if (generation.peers.size > 0) left.push(`${of} has ${generation.peers.size} connected clients`)
      if (generation.leases > 0) left.push(`${of} holds ${generation.leases} leases: calls into it that never end`)
      const timers = generation.globals.activeTimers()
      if (timers > 0) left.push(`${of} has ${timers} timers`)
    }
    for (const [hook, entries] of Object.entries(now.hooks.table.entries))
      for (const { owner } of entries) if (owner.plugin === plugin) left.push(`a handler of the hook ${hook}`)
    for (const [kind, entries] of Object.entries(now.tables))
      for (const entry of entries)
        if ('generation' in entry && entry.generation.plugin === plugin) left.push(`an entry in the table of ${kind}`)
    const before = this.#handles.get(plugin) ?? new Map()
    for (const [kind, count] of activeHandles()) {
      const more = count - (before.get(kind) ?? 0)
      if (more > 0) left.push(`${more} handles of the kind ${kind} that were not there before it was loaded`)
    }
    return left
  }
}

function activeHandles(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo())
    if (HANDLES.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}
