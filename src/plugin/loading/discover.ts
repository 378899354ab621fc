import { type Dirent, readFileSync } from 'node:fs'
import { access, readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { AppError, isAppError, systemErrorCode } from '../../base/errors.ts'
import { silentLogger } from '../../log/logger.ts'
import { PUBLIC_MODULE } from '../api/public-module.ts'
import { createGlobals } from '../containment/globals.ts'
import { bundlePlugin } from './bundle-plugin.ts'
import { describe, evaluatePlugin } from './evaluate.ts'
import { folderStamp } from './folder-stamp.ts'
import { type Manifest, manifestOf, parseManifest } from './manifest.ts'
import type { BrokenPackage, PluginOrigin, PluginPackage } from './plugin-package.ts'
import { removeLeftovers, unpackArchive } from './unpack-archive.ts'

export interface Discovery {
  readonly packages: readonly PluginPackage[]
  readonly broken: readonly BrokenPackage[]
}

/** Where a plugin's sources may begin, for folders without plugin.json. */
export const SOURCE_ENTRIES: readonly string[] = ['plugin.ts', 'src/plugin.ts', 'src/index.ts', 'index.ts']

/**
 * Looks for plugins in a folder: folders with `plugin.json` (or `dist/plugin.json`), folders of TypeScript, `.tgz`
 * archives, and npm packages below `node_modules`. What it found before and has not changed is not read again. Runs no
 * plugin code except the definitions of TypeScript folders.
 */
export class PluginDiscovery {
  readonly #folder: string
  readonly #origin: PluginOrigin
  readonly #unpacked: string
  #known = new Map<string, { stamp: string; found: PluginPackage | BrokenPackage | undefined }>()

  constructor(folder: string, origin: PluginOrigin) {
    this.#folder = folder
    this.#origin = origin
    this.#unpacked = join(folder, '.unpacked')
  }

  async look(): Promise<Discovery> {
    const found: (PluginPackage | BrokenPackage)[] = []
    const seen = new Map<string, { stamp: string; found: PluginPackage | BrokenPackage | undefined }>()
    const candidates = await this.#candidates()
    for (const path of candidates) {
      const one = await this.#inspect(path)
      seen.set(path, one)
      if (one.found) found.push(one.found)
    }
    this.#known = seen
    await removeLeftovers(
      this.#unpacked,
      candidates.filter((path) => path.endsWith('.tgz')),
    ).catch(() => {
      // A disk that takes no writes keeps them; they harm nobody.
    })
    const names = new Set<string>()
    const packages: PluginPackage[] = []
    const broken: BrokenPackage[] = []
    for (const one of found) {
      if ('reason' in one) broken.push(one)
      else if (names.has(one.name))
        broken.push({ ...one, reason: `a second plugin named ${one.name} lies in the same folder` })
      else {
        names.add(one.name)
        packages.push(one)
      }
    }
    return { packages, broken }
  }

  async #candidates(): Promise<readonly string[]> {
    const entries = await entriesOf(this.#folder)
    const paths: string[] = []
    for (const entry of entries) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      const path = join(this.#folder, entry.name)
      if (entry.isDirectory() || entry.isSymbolicLink()) paths.push(path)
      else if (entry.name.endsWith('.tgz')) paths.push(path)
    }
    paths.push(...(await npmPackages(join(this.#folder, 'node_modules'))))
    return paths.sort()
  }

  async #inspect(path: string) {
    try {
      const archive = path.endsWith('.tgz')
      const info = await stat(path)
      if (!archive && !info.isDirectory()) return { stamp: '', found: undefined }
      const stamp = archive ? `${info.size}-${info.mtimeMs}` : await folderStamp(path)
      const known = this.#known.get(path)
      if (known?.stamp === stamp) return known
      const folder = archive ? await unpackArchive(path, this.#unpacked, stamp) : path
      const found = await readPackage(folder, this.#origin, stamp)
      return { stamp, found: found && { ...found, path } }
    } catch (error) {
      const reason = isAppError(error) ? error.message : describe(error)
      const name = this.#known.get(path)?.found?.name ?? (await nameOfBroken(path))
      return { stamp: `broken ${Date.now()}`, found: { name, origin: this.#origin, stamp: reason, reason, path } }
    }
  }
}

/** A folder that is not there has nothing in it; one that can't be read must not look like that. */
async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw new AppError('UNAVAILABLE', 'the folder of plugins can not be read', { cause: error, details: { folder } })
  }
}

/** Which plugin it probably is: as its own plugin.json says, else by the name of the folder or archive. */
async function nameOfBroken(path: string): Promise<string> {
  for (const dir of [path, join(path, 'dist')]) {
    const text = await readFile(join(dir, 'plugin.json'), 'utf8').catch(() => '')
    const name = /"name"\s*:\s*"([a-z][a-z0-9-]*)"/.exec(text)?.[1]
    if (name) return name
  }
  return basename(path)
    .replace(/\.tgz$/, '')
    .replace(/^tonearm-plugin-/, '')
    .replace(/-\d+\.\d+\.\d+.*$/, '')
}

/** `tonearm-plugin-*` and `@scope/tonearm-plugin-*`. */
async function npmPackages(modules: string): Promise<readonly string[]> {
  const names = await readdir(modules).catch(() => [])
  const scoped = await Promise.all(
    names
      .filter((name) => name.startsWith('@'))
      .map(async (scope) => (await readdir(join(modules, scope)).catch(() => [])).map((name) => `${scope}/${name}`)),
  )
  return [...names, ...scoped.flat()]
    .filter((name) => /^(@[^/]+\/)?tonearm-plugin-/.test(name))
    .map((name) => join(modules, name))
}

/** Undefined for a folder that is no plugin at all. Sources that are newer than their build count, where they can be built. */
export async function readPackage(
  folder: string,
  origin: PluginOrigin,
  stamp: string,
): Promise<PluginPackage | undefined> {
  const entry = await firstThere(SOURCE_ENTRIES.map((name) => join(folder, name)))
  for (const dir of [folder, join(folder, 'dist')]) {
    const text = await readFile(join(dir, 'plugin.json'), 'utf8').catch(() => undefined)
    if (text === undefined) continue
    if (entry !== undefined && dir !== folder && (await isOlder(join(dir, 'plugin.json'), entry))) {
      const fresh = await fromSources(folder, entry, origin, stamp).catch((error: unknown) => {
        if (isAppError(error) && error.code === 'UNAVAILABLE') return undefined
        throw error
      })
      if (fresh) return fresh
    }
    const manifest = parseManifest(parseJson(text, 'plugin.json'))
    const main = join(dir, manifest.main)
    await access(main).catch(() => {
      throw new AppError('BAD_REQUEST', `${manifest.main}, which plugin.json names, is missing`)
    })
    return {
      name: manifest.name,
      origin,
      dir,
      stamp,
      manifest,
      code: () => readFile(main, 'utf8'),
      map: mapBeside(main),
    }
  }
  return entry === undefined ? undefined : fromSources(folder, entry, origin, stamp)
}

async function firstThere(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const there = await access(path).then(
      () => true,
      () => false,
    )
    if (there) return path
  }
  return undefined
}

/** Whether a source file beside the entry was saved after the build. */
async function isOlder(built: string, entry: string): Promise<boolean> {
  const { mtimeMs } = await stat(built)
  const folder = dirname(entry)
  const names = await readdir(folder)
  const sources = names.filter((name) => /\.[cm]?[jt]sx?$|\.json$/.test(name) && name !== 'package-lock.json')
  const times = await Promise.all(sources.map(async (name) => (await stat(join(folder, name))).mtimeMs))
  return times.some((time) => time > mtimeMs)
}

async function fromSources(folder: string, entry: string, origin: PluginOrigin, stamp: string): Promise<PluginPackage> {
  const { code, map } = await bundlePlugin(folder, relative(folder, entry), { sourceMap: true })
  const version = await versionOf(folder)
  const manifest = inspectDefinition(basename(folder), version, code)
  return { name: manifest.name, origin, dir: folder, stamp, manifest, code: async () => code, map: () => map }
}

/** Read when something failed, and then at once. */
function mapBeside(main: string): () => string | undefined {
  return () => {
    try {
      return readFileSync(`${main}.map`, 'utf8')
    } catch {
      return undefined
    }
  }
}

/** Evaluates a bundle only to read its definition: `setup` is not called, nothing may be reached. */
export function inspectDefinition(name: string, version: string, code: string): Manifest {
  const globals = createGlobals({
    plugin: name,
    log: silentLogger,
    run: (work) => work(),
    publicModule: PUBLIC_MODULE,
    mayRequire: () => true,
    // A definition has no side effects; what its modules import is given when it really runs.
    requireBuiltin: () => new Proxy({}, { get: () => function nothing() {} }),
    fetch: () => Promise.reject(new AppError('PERMISSION_DENIED', 'a definition may fetch nothing')),
    onError: () => {},
  })
  try {
    return manifestOf(evaluatePlugin({ name, version, code }, globals.globals), version, 'plugin.js')
  } finally {
    globals.end()
  }
}

async function versionOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined)
  const version = text === undefined ? undefined : (parseJson(text, 'package.json') as { version?: unknown }).version
  return typeof version === 'string' ? version : '0.0.0'
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('BAD_REQUEST', `${name} is no JSON: ${describe(cause)}`, { cause })
  }
}
