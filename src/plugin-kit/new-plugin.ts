import { access, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError } from '../base/errors.ts'
import { programVersion } from '../config/version.ts'
import { isPluginName } from '../plugin/loading/manifest.ts'
import { templateFiles } from './template.ts'

export interface NewPlugin {
  /** The plugin's name: `tonearm-plugin-` before it is cut off. */
  readonly name: string
  readonly folder: string
}

/**
 * Writes a plugin that works and its test into a folder, which must be empty or absent.
 * Rejects with INVALID_PARAMETER for a name that no plugin can have, CONFLICT when something is there.
 */
export async function newPlugin(options: NewPlugin): Promise<NewPlugin & { readonly files: readonly string[] }> {
  const name = options.name.replace(/^tonearm-plugin-/, '')
  if (!isPluginName(name)) {
    throw new AppError(
      'INVALID_PARAMETER',
      `'${name}' is no name for a plugin: 2 to 40 small letters, digits and single hyphens, beginning with a letter`,
    )
  }
  const folder = resolve(options.folder)
  const there = await readdir(folder).catch(() => [])
  if (there.length > 0) throw new AppError('CONFLICT', `${folder} is not empty: choose another with --dir`)
  const files = templateFiles({ name, tonearm: await packageSpec(), version: programVersion() })
  for (const [path, text] of Object.entries(files)) {
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, text)
  }
  return { name, folder, files: Object.keys(files) }
}

/** How npm finds this very server: its folder where it has the package's files, else the version. */
async function packageSpec(): Promise<string> {
  for (const levels of ['..', '../..']) {
    const root = fileURLToPath(new URL(levels, import.meta.url)).replace(/[/\\]$/, '')
    const exists = await access(join(root, 'package.json')).then(
      () => true,
      () => false,
    )
    if (exists) return `file:${root}`
  }
  return `^${programVersion()}`
}
