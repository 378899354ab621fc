import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface PluginFiles {
  readonly version?: string
  readonly apiVersion?: string
  readonly permissions?: readonly string[]
  /** JSON Schema. */
  readonly config?: object
  readonly migrations?: readonly { readonly up: readonly string[]; readonly breaking?: boolean }[]
  readonly drainMs?: number
  /** The body of `async setup(ctx)`; `VERSION` is the version. */
  readonly setup?: string
  /** Instead of all that. */
  readonly code?: string
  /** Further files, by their path in the folder. */
  readonly files?: Readonly<Record<string, string>>
}

/** Puts a built plugin into a folder of plugins, whole at once, as an installer does. @returns its folder. */
export function writePlugin(folder: string, name: string, files: PluginFiles): string {
  const draft = join(folder, `.new-${name}`)
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true })
  const { version = '1.0.0', apiVersion = '1.0', permissions = [] } = files
  const manifest = {
    name,
    version,
    apiVersion,
    permissions,
    main: 'plugin.js',
    ...(files.config ? { config: files.config } : {}),
  }
  writeFileSync(join(draft, 'plugin.json'), JSON.stringify(manifest))
  writeFileSync(join(draft, 'plugin.js'), pluginCode(name, files))
  for (const [path, text] of Object.entries(files.files ?? {})) {
    mkdirSync(join(draft, path, '..'), { recursive: true })
    writeFileSync(join(draft, path), text)
  }
  const target = join(folder, name)
  const old = `${draft}-old`
  rmSync(old, { recursive: true, force: true })
  try {
    renameSync(target, old)
  } catch {
    // There was none.
  }
  renameSync(draft, target)
  rmSync(old, { recursive: true, force: true })
  return target
}

export function pluginCode(name: string, files: PluginFiles): string {
  if (files.code !== undefined) return files.code
  const { version = '1.0.0', apiVersion = '1.0', permissions = [], migrations = [], drainMs, setup = '' } = files
  return `'use strict'
const { definePlugin } = require('tonearm/plugin')
const VERSION = ${JSON.stringify(version)}
module.exports = definePlugin({
  name: ${JSON.stringify(name)},
  apiVersion: ${JSON.stringify(apiVersion)},
  permissions: ${JSON.stringify(permissions)},
  migrations: ${JSON.stringify(migrations)},
  ${drainMs === undefined ? '' : `drainMs: ${drainMs},`}
  async setup(ctx) {
    ${setup}
  },
})
`
}
