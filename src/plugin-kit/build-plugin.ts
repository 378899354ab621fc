import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { AppError } from '../base/errors.ts'
import { bundlePlugin, type PluginBundle } from '../plugin/loading/bundle-plugin.ts'
import { inspectDefinition, SOURCE_ENTRIES } from '../plugin/loading/discover.ts'
import type { Manifest } from '../plugin/loading/manifest.ts'

export interface BuiltPlugin {
  readonly manifest: Manifest
  readonly bundle: PluginBundle
  /** Relative to the plugin's folder. */
  readonly files: readonly string[]
}

/**
 * Bundles a plugin's sources to `dist/plugin.js` with its source map, and writes `dist/plugin.json`. Rejects with
 * BAD_REQUEST, all problems with their places; nothing is written then.
 */
export async function buildPlugin(folder: string): Promise<BuiltPlugin> {
  const { bundle, manifest } = await bundleFolder(folder)
  const files = {
    'dist/plugin.js': bundle.code,
    'dist/plugin.js.map': bundle.map,
    'dist/plugin.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
  }
  await mkdir(join(folder, 'dist'), { recursive: true })
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text)
  return { manifest, bundle, files: Object.keys(files) }
}

/** What `buildPlugin` would write, without writing it. */
export async function bundleFolder(
  folder: string,
): Promise<{ readonly bundle: PluginBundle; readonly manifest: Manifest }> {
  const entry = await entryOf(folder)
  const { name, version } = await packageOf(folder)
  const bundle = await bundlePlugin(folder, entry, { sourceMap: true })
  const foreign = bundle.externals.filter((one) => one !== 'tonearm/plugin' && !isBuiltin(one))
  if (foreign.length > 0) {
    throw new AppError(
      'BAD_REQUEST',
      `the plugin imports ${foreign.join(', ')}: of tonearm only 'tonearm/plugin' is there when it runs`,
    )
  }
  return { bundle, manifest: inspectDefinition(name, version, bundle.code) }
}

/** Relative to the folder. Rejects with NOT_FOUND when there are no sources. */
export async function entryOf(folder: string): Promise<string> {
  for (const entry of SOURCE_ENTRIES) {
    const exists = await access(join(folder, entry)).then(
      () => true,
      () => false,
    )
    if (exists) return entry
  }
  throw new AppError('NOT_FOUND', `there is no plugin in ${folder}: it has none of ${SOURCE_ENTRIES.join(', ')}`)
}

export interface PackageFile {
  readonly name: string
  readonly version: string
  readonly [field: string]: unknown
}

/** package.json. Rejects with BAD_REQUEST when it is missing, no JSON, or without name and version. */
export async function packageOf(folder: string): Promise<PackageFile> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined)
  if (text === undefined) throw new AppError('BAD_REQUEST', `package.json is missing: name and version stand there`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new AppError('BAD_REQUEST', `package.json is no JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
  const { name, version } = value as Partial<PackageFile>
  if (typeof name !== 'string' || typeof version !== 'string')
    throw new AppError('BAD_REQUEST', 'package.json must have a name and a version')
  return { ...(value as object), name, version }
}
