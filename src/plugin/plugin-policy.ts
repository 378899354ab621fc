import type { PluginStateRepository } from '../library/plugin-state-repository.ts'
import type { Permission } from './api.ts'
import { incompatibility } from './manifest.ts'
import type { PluginSlot, SlotState } from './plugin-slot.ts'

/** Who may run, with what. Pure decisions over what is stored and what is on disk. */
export interface PluginPolicy {
  /** Why a plugin is not to be started; undefined when it is. */
  whyNot(slot: PluginSlot): { readonly state: SlotState; readonly error?: string } | undefined
  /** Nobody switched it off: its gates stay shut until it runs. */
  shouldRun(slot: PluginSlot): boolean
  /** Shipped plugins are trusted with what they ask for; others with what an administrator granted. */
  grantedTo(slot: PluginSlot): readonly Permission[]
}

export function createPluginPolicy(states: PluginStateRepository, required: readonly string[]): PluginPolicy {
  const grantedTo = ({ name, pkg }: PluginSlot): readonly Permission[] => {
    if (!pkg) return []
    if (pkg.origin === 'installed') return pkg.manifest.permissions
    const granted = states.find(name)?.granted ?? []
    return pkg.manifest.permissions.filter((permission) => granted.includes(permission))
  }
  return {
    grantedTo,
    whyNot(slot) {
      const known = states.find(slot.name)
      if (!slot.pkg || known?.enabled === false) return { state: 'stopped' }
      if (known?.quarantine) return { state: 'quarantined', error: known.quarantine }
      const wrong = incompatibility(slot.pkg.manifest.apiVersion)
      if (wrong) return { state: 'incompatible', error: wrong }
      const granted = grantedTo(slot)
      const missing = slot.pkg.manifest.permissions.filter((permission) => !granted.includes(permission))
      if (missing.length > 0)
        return { state: 'needs-grant', error: `an administrator must grant: ${missing.join(', ')}` }
      return undefined
    },
    shouldRun: (slot) =>
      required.includes(slot.name) || (slot.pkg !== undefined && states.find(slot.name)?.enabled !== false),
  }
}
