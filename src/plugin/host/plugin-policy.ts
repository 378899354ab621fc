import type { PluginStateRepository } from '../../library/plugin-state-repository.ts'
import type { Permission } from '../api/permission-api.ts'
import { incompatibility } from '../loading/manifest.ts'
import type { PluginSlot, SlotState } from './plugin-slot.ts'

/** Who may run, with what. Pure decisions over what is stored and what is on disk. */
export interface PluginPolicy {
  /** Why a plugin is not to be started; undefined when it is. */
  whyNot(slot: PluginSlot): { readonly state: SlotState; readonly error?: string } | undefined
  /** Nobody switched it off: its gates stay shut until it runs. */
  shouldRun(slot: PluginSlot): boolean
  isRequired(name: string): boolean
  /** Shipped plugins are trusted with what they ask for; others with what an administrator granted. */
  grantedTo(slot: PluginSlot): readonly Permission[]
}

export interface PolicyOptions {
  readonly required: readonly string[]
  /** Plugins that did not come with the server stay off. */
  readonly safeMode?: boolean
  /** Nothing runs: the command line looks at what there is. */
  readonly dormant?: boolean
}

const SAFE_MODE =
  'safe mode: the server was killed twice within ten minutes, so plugins that did not come with it are off; reload one to try it, or restart the server'

export function createPluginPolicy(
  states: PluginStateRepository,
  { required, safeMode, dormant }: PolicyOptions,
): PluginPolicy {
  const grantedTo = ({ name, pkg }: PluginSlot): readonly Permission[] => {
    if (!pkg) return []
    const asked = pkg.manifest.permissions
    const granted = (states.find(name)?.granted ?? []) as readonly Permission[]
    // Addresses can be settings: an administrator may open further hosts than the plugin knew of.
    const hosts = granted.filter((permission) => permission.startsWith('net:') && !asked.includes(permission))
    const trusted = pkg.origin === 'installed' ? asked : asked.filter((permission) => granted.includes(permission))
    return [...trusted, ...hosts]
  }
  return {
    grantedTo,
    isRequired: (name) => required.includes(name),
    whyNot(slot) {
      const known = states.find(slot.name)
      if (known?.enabled === false) return { state: 'stopped' }
      if (!slot.pkg) return slot.away === undefined ? { state: 'stopped' } : { state: 'failed', error: slot.away }
      if (known?.quarantine) return { state: 'quarantined', error: known.quarantine }
      const wrong = incompatibility(slot.pkg.manifest.apiVersion)
      if (wrong) return { state: 'incompatible', error: wrong }
      const granted = grantedTo(slot)
      const missing = slot.pkg.manifest.permissions.filter((permission) => !granted.includes(permission))
      if (missing.length > 0)
        return { state: 'needs-grant', error: `an administrator must grant: ${missing.join(', ')}` }
      if (safeMode && !slot.trusted && slot.pkg.origin !== 'installed') return { state: 'stopped', error: SAFE_MODE }
      if (dormant) return { state: 'ready' }
      return undefined
    },
    shouldRun(slot) {
      if (required.includes(slot.name) || slot.suspended) return true
      return (slot.pkg !== undefined || slot.away !== undefined) && states.find(slot.name)?.enabled !== false
    },
  }
}
