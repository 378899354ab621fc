import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { AppError } from '../../base/errors.ts'
import { readPackage } from './discover.ts'
import type { Manifest } from './manifest.ts'
import { unpackArchive } from './unpack-archive.ts'

/** What a plugin needs only while it is made. */
const NOT_INSTALLED =
  /(^|[/\\])(node_modules|\.git|test|\.[^/\\]*)([/\\]|$)|\.ts$|(^|[/\\])(package-lock|tsconfig)\.json$/

/**
 * Puts a plugin into a folder of plugins: from its folder (built, or TypeScript), an npm package's folder, or a `.tgz`. It
 * appears there whole or not at all, in place of an older version. Rejects with NOT_FOUND or BAD_REQUEST.
 */
export async function installPlugin(source: string, folder: string): Promise<Manifest> {
  const info = await stat(source).catch(() => {
    throw new AppError('NOT_FOUND', `there is nothing at ${source}`)
  })
  if (info.isDirectory()) return installFolder(source, folder)
  if (!source.endsWith('.tgz')) throw new AppError('BAD_REQUEST', `${basename(source)} is no folder and no .tgz`)
  const temporary = await mkdtemp(join(tmpdir(), 'tonearm-plugin-'))
  try {
    return await installFolder(await unpackArchive(source, temporary, 'once'), folder)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function installFolder(source: string, folder: string): Promise<Manifest> {
  const pkg = await readPackage(source, 'data', 'once')
  if (!pkg) throw new AppError('BAD_REQUEST', `${source} is no plugin: it has no plugin.json and no plugin.ts`)
  const code = await pkg.code()
  const manifest: Manifest = { ...pkg.manifest, main: 'plugin.js' }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = join(folder, `.new-${randomBytes(6).toString('hex')}`)
  try {
    const { dir } = pkg
    if (dir !== undefined)
      await cp(dir, draft, { recursive: true, filter: (path) => !NOT_INSTALLED.test(relative(dir, path)) })
    else await mkdir(draft)
    await writeFile(join(draft, 'plugin.js'), code)
    await writeFile(join(draft, 'plugin.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
    await replace(draft, join(folder, manifest.name))
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return manifest
}

/** Removes what a plugin was installed as. Rejects with the system's error. */
export async function uninstallPlugin(path: string): Promise<void> {
  const gone = join(path, '..', `.new-${randomBytes(6).toString('hex')}`)
  await rename(path, gone)
  await rm(gone, { recursive: true, force: true })
}

async function replace(draft: string, target: string): Promise<void> {
  const old = `${draft}-old`
  await rename(target, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  await rename(draft, target)
  await rm(old, { recursive: true, force: true })
}
