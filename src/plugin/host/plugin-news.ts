import type { HostServices } from './host-services.ts'
import type { PluginSlot, SlotState } from './plugin-slot.ts'

/** A plugin that is tried again and again is told of once in so long, ms. */
const AGAIN_MS = 24 * 60 * 60_000

/**
 * Tells administrators of plugins that need them. Topics `plugin.failed` (data: plugin, reason), also for one that was
 * quarantined, and `plugin.needs-grant` (data: plugin, permissions).
 */
export class PluginNews {
  readonly #services: Pick<HostServices, 'notify' | 'clock' | 'log'>
  readonly #told = new Map<string, { readonly state: SlotState; readonly at: number }>()

  constructor(services: Pick<HostServices, 'notify' | 'clock' | 'log'>) {
    this.#services = services
  }

  tell(slot: PluginSlot, state: SlotState): void {
    const { name } = slot
    if (state !== 'failed' && state !== 'quarantined' && state !== 'needs-grant') return
    const now = this.#services.clock.monotonic()
    const known = this.#told.get(name)
    if (known?.state === state && now - known.at < AGAIN_MS) return
    this.#told.set(name, { state, at: now })
    if (state === 'needs-grant') {
      const permissions = slot.pkg?.manifest.permissions ?? []
      this.#services.notify({
        topic: 'plugin.needs-grant',
        title: `The plugin ${name} waits for permissions`,
        body: `It asks for ${permissions.join(', ')}.`,
        level: 'warn',
        data: { plugin: name, permissions },
      })
    } else {
      this.#services.notify({
        topic: 'plugin.failed',
        title: `The plugin ${name} does not run`,
        body: slot.lastError,
        level: 'error',
        data: { plugin: name, reason: slot.lastError.slice(0, 500) },
      })
    }
  }
}
