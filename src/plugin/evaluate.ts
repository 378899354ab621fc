import { AppError } from '../base/errors.ts'
import type { PluginDefinition } from './api.ts'
import { sourceUrlOf } from './attribution.ts'
import type { PluginGlobals } from './globals.ts'
import { runGuarded } from './sync-guard.ts'

export interface PluginSource {
  readonly name: string
  readonly version: string
  /** One CommonJS file: what `tonearm plugin build` makes. */
  readonly code: string
}

/** Longest synchronous run of a module body or of `setup`'s first slice, ms. */
export const SYNC_LIMIT_MS = 1000

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
    body = new Function(
      'module',
      'exports',
      ...names,
      `"use strict";${source.code}\n//# sourceURL=${sourceUrlOf(source.name, source.version)}`,
    ) as typeof body
  } catch (error) {
    throw new AppError('PLUGIN_FAILED', `plugin ${source.name}: ${describe(error)}`, { cause: error })
  }
  try {
    runGuarded(() => body(module, module.exports, ...Object.values(globals)), SYNC_LIMIT_MS)
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

export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
