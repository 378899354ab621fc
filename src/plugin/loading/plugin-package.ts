import type { PluginDefinition } from '../api/plugin-api.ts'
import type { Manifest } from './manifest.ts'

/** Where a plugin came from: shipped with the server (trusted), or put into the data folder (granted first). */
export type PluginOrigin = 'installed' | 'data'

/** A plugin on disk, as discovery found it. No code has run. */
export interface PluginPackage {
  readonly name: string
  readonly origin: PluginOrigin
  /** Its folder, for assets. */
  readonly dir: string | undefined
  /** Changes when its files do. */
  readonly stamp: string
  readonly manifest: Manifest
  /** What lies in the folder of plugins: a folder or an archive. */
  readonly path?: string
  /** The bundled file. Rejects with an AppError that says what is wrong. */
  code(): Promise<string>
  /** Its source map as JSON, where there is one: to tell where an error comes from. */
  readonly map?: () => string | undefined
  /** Instead of `code`: a definition that is in memory already, as tests have it. Its timers are its own. */
  readonly definition?: PluginDefinition
}

/** A folder that looks like a plugin and is none that can run. */
export interface BrokenPackage {
  readonly name: string
  readonly origin: PluginOrigin
  readonly stamp: string
  readonly reason: string
  readonly path?: string
}
