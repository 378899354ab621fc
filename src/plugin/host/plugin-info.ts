import type { HookStats } from '../../hooks/owner-state.ts'
import type { PluginState } from '../../library/plugin-state-repository.ts'
import type { Permission } from '../api/permission-api.ts'
import type { PluginOrigin } from '../loading/plugin-package.ts'
import type { PluginSlot, SlotState } from './plugin-slot.ts'
import type { RegistrationKind } from './registrations.ts'
import { masked } from './secret-settings.ts'

/** All that is to know of a plugin, as the admin API and the command line show it. Secret settings are masked. */
export interface PluginInfo {
  /** Its name. */
  readonly id: string
  readonly name: string
  readonly version: string
  readonly description: string
  readonly origin: PluginOrigin | 'missing'
  readonly apiVersion: string
  readonly enabled: boolean
  readonly state: SlotState
  readonly lastError: string
  /** ISO; null when no try is due. */
  readonly retryAt: string | null
  readonly generation: number | null
  readonly config: Readonly<Record<string, unknown>>
  readonly configSchema: unknown
  readonly permissions: readonly { readonly name: string; readonly reason: string; readonly granted: boolean }[]
  readonly calls: {
    readonly calls: number
    readonly failures: number
    readonly timeouts: number
    readonly dropped: number
    readonly totalMicros: number
  }
  readonly registered: Readonly<Record<RegistrationKind, number>> | null
  /** Clients that it keeps informed: WebSockets and streams of events that are open. */
  readonly connected: number
}

const NO_STATS: HookStats = { calls: 0, failures: 0, timeouts: 0, dropped: 0, totalMicros: 0, running: 0, queued: 0 }

export function infoOf(
  slot: PluginSlot,
  known: PluginState | undefined,
  granted: readonly Permission[],
  stats: HookStats = NO_STATS,
): PluginInfo {
  const manifest = slot.pkg?.manifest
  return {
    id: slot.name,
    name: slot.name,
    version: manifest?.version ?? '',
    description: manifest?.description ?? '',
    origin: slot.pkg?.origin ?? 'missing',
    apiVersion: manifest?.apiVersion ?? '',
    enabled: known?.enabled ?? true,
    state: slot.state,
    lastError: slot.lastError || known?.lastError || '',
    retryAt: slot.retryAt === undefined ? null : new Date(slot.retryAt).toISOString(),
    generation: slot.generation?.number ?? null,
    config: masked(manifest?.config, known?.config ?? {}),
    configSchema: manifest?.config ?? null,
    permissions: (manifest?.permissions ?? []).map((name) => ({
      name,
      reason: manifest?.reasons?.[name] ?? '',
      granted: granted.includes(name),
    })),
    calls: {
      calls: slot.counters.calls + stats.calls,
      failures: slot.counters.failures,
      timeouts: slot.counters.timeouts + stats.timeouts,
      dropped: stats.dropped,
      totalMicros: slot.counters.totalMicros + stats.totalMicros,
    },
    registered: slot.generation?.registrations.counts() ?? null,
    connected: slot.generation?.peers.size ?? 0,
  }
}
