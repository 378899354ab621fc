import type { TProperties } from 'typebox'
import { Type } from 'typebox'
import type { ApiVersion, Permission, PluginDefinition } from './api.ts'

export type * from './api.ts'
export { Type }

/** The plugin API that this server speaks. Grows by minors; a plugin names the one that it was written for. */
export const API_VERSION: ApiVersion = '1.0'

/** Marks an object as a plugin and lets the compiler hold `setup` against its permissions and configuration. */
export function definePlugin<
  const P extends TProperties = Record<never, never>,
  const G extends readonly Permission[] = readonly [],
>(definition: PluginDefinition<P, G>): PluginDefinition<P, G> {
  return definition
}
