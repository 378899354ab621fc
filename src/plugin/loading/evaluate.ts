import { Script } from 'node:vm'
import { AppError } from '../../base/errors.ts'
import type { PluginDefinition } from '../api/plugin-api.ts'
import { sourceUrlOf } from '../containment/attribution.ts'
import type { PluginGlobals } from '../containment/globals.ts'
import { runWatched } from '../containment/sync-watch.ts'

export interface PluginSource {
  readonly name: string
  readonly version: string
  /** One CommonJS file: what `tonearm plugin build` makes. */
  readonly code: string
}

/** Characters of a reason. */
const MOST_REASON = 4000

/** Longest synchronous run of a module body or of `setup`'s first slice, ms. */
export const SYNC_LIMIT_MS = 1000

/**
 * Makes functions that know no `import()`: code inherits from the script that compiles it where modules come from, and this
 * one has none. Without it `import('node:fs')` would pass by the permissions, by accident.
 */
const compile = new Script('(...parts) => new Function(...parts)', {
  filename: 'plugin-compiler.js',
}).runInThisContext() as (...parts: readonly string[]) => (...values: unknown[]) => void

/**
 * Runs a bundle and answers its definition. `new Function` because nothing else gives all memory back on both Node 20
 * and 24: a module that was imported is never freed.
 * Rejects with PLUGIN_FAILED: syntax error, throw, endless loop, or no definition in the default export.
 */
export function evaluatePlugin(source: PluginSource, globals: PluginGlobals): PluginDefinition {
  const names = Object.keys(globals)
  const module = { exports: {} as Record<string, unknown> }
  let body: (...values: unknown[]) => void
  try {
    body = compile(
      'module',
      'exports',
      ...names,
      `"use strict";${source.code}\n//# sourceURL=${sourceUrlOf(source.name, source.version)}`,
    )
  } catch (error) {
    throw new AppError('PLUGIN_FAILED', `plugin ${source.name}: ${describe(error)}`, { cause: error })
  }
  try {
    runWatched(() => body(module, module.exports, ...Object.values(globals)), SYNC_LIMIT_MS)
  } catch (error) {
    throw new AppError('PLUGIN_FAILED', `plugin ${source.name} failed while loading: ${describe(error)}`, {
      cause: error,
    })
  }
  const definition = (module.exports.default ?? module.exports) as Partial<PluginDefinition>
  if (typeof definition?.name !== 'string' || typeof definition.setup !== 'function') {
    throw new AppError(
      'PLUGIN_FAILED',
      `plugin ${source.name}: the default export is no definePlugin({ name, apiVersion, setup })`,
    )
  }
  return definition as PluginDefinition
}

/** What was thrown, as a text. Never throws: getters and proxies of hostile code may. */
export function describe(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error).slice(0, MOST_REASON)
  } catch {
    return 'an error that can not be read'
  }
}
