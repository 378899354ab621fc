import { AppError } from '../../base/errors.ts'
import { runWatched } from '../containment/sync-watch.ts'
import { incompatibility } from '../loading/manifest.ts'
import type { PluginPackage } from '../loading/plugin-package.ts'
import type { Migration, PluginDefinition } from './plugin-api.ts'

const SYNC_MS = 1_000
const MAX_DRAIN_MS = 60_000
const DEFAULT_DRAIN_MS = 5_000

/**
 * A copy of what the plugin's code exports, so that nothing of it changes or runs (getters) later, held against its
 * manifest: nobody is granted one thing and runs another. Rejects with PLUGIN_FAILED or UNSUPPORTED.
 */
export function honestDefinition(pkg: PluginPackage, exported: PluginDefinition): PluginDefinition {
  const { manifest } = pkg
  const definition = runWatched(() => copyOf(exported), SYNC_MS)
  if (definition.name !== manifest.name)
    throw new AppError('PLUGIN_FAILED', `plugin ${manifest.name}: the code calls itself ${definition.name}`)
  const wrong = incompatibility(definition.apiVersion)
  if (wrong) throw new AppError('UNSUPPORTED', `plugin ${manifest.name}: ${wrong}`)
  const extra = (definition.permissions ?? []).filter((permission) => !manifest.permissions.includes(permission))
  if (extra.length > 0) {
    throw new AppError(
      'PLUGIN_FAILED',
      `plugin ${manifest.name}: the code asks for ${extra.join(', ')}, its plugin.json does not; build it again`,
    )
  }
  return definition
}

function copyOf(exported: PluginDefinition): PluginDefinition {
  const { name, apiVersion, permissions = [], migrations = [], drainMs, setup } = exported
  const drain = typeof drainMs === 'number' && drainMs >= 0 ? Math.min(drainMs, MAX_DRAIN_MS) : DEFAULT_DRAIN_MS
  return Object.freeze({
    name: String(name),
    apiVersion: String(apiVersion) as PluginDefinition['apiVersion'],
    permissions: Array.from(permissions, String) as NonNullable<PluginDefinition['permissions']>,
    migrations: Array.from(
      migrations,
      ({ up, breaking }): Migration => ({ up: Array.from(up, String), ...(breaking === true ? { breaking } : {}) }),
    ),
    drainMs: drain,
    setup: (context: never) => setup.call(exported, context),
  })
}
