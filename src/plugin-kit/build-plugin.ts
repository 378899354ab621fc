import { access, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { AppError } from '../base/errors.ts'
import { bundlePlugin, type PluginBundle } from '../plugin/loading/bundle-plugin.ts'
import { inspectDefinition, SOURCE_ENTRIES } from '../plugin/loading/discover.ts'
import type { Manifest } from '../plugin/loading/manifest.ts'
import { servedFolders } from './served-folders.ts'

export interface BuiltPlugin {
  readonly manifest: Manifest
  readonly bundle: PluginBundle
  /** Relative to the plugin's folder. */
  readonly files: readonly string[]
}

/**
 * Bundles a plugin's sources to `dist/plugin.js` with its source map, writes `dist/plugin.json`, and copies the folders
 * that it serves beside them. Rejects with BAD_REQUEST, all problems with their places; nothing is written then.
 */
export async function buildPlugin(folder: string): Promise<BuiltPlugin> {
  const bundled = await bundleFolder(folder)
  const written = await writeBuild(folder, bundled, join(folder, 'dist'))
  return { ...bundled, files: written.map((name) => `dist/${name}`) }
}

/** Writes what a package holds to `target`, which is made. @returns what was written, relative to it; folders end with /. */
export async function writeBuild(
  folder: string,
  { bundle, manifest, assets }: BundledFolder,
  target: string,
): Promise<readonly string[]> {
  const files = {
    'plugin.js': bundle.code,
    'plugin.js.map': bundle.map,
    'plugin.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
  }
  await mkdir(target, { recursive: true })
  for (const [path, text] of Object.entries(files)) await writeFile(join(target, path), text)
  for (const name of assets) {
    // What an earlier build put there and is gone from the sources must not be published.
    await rm(join(target, name), { recursive: true, force: true })
    // Links as what they point to: npm packs no links.
    await cp(join(folder, name), join(target, name), { recursive: true, dereference: true })
  }
  return [...Object.keys(files), ...assets.map((name) => `${name}/`)]
}

export interface BundledFolder {
  readonly bundle: PluginBundle
  readonly manifest: Manifest
  /** Folders that it serves, relative to its own. */
  readonly assets: readonly string[]
}

/** What `buildPlugin` would write, without writing it. */
export async function bundleFolder(folder: string): Promise<BundledFolder> {
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
  const manifest = inspectDefinition(name, version, bundle.code)
  return { bundle, manifest, assets: await servedFolders(folder, bundle) }
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
