import { isBuiltin } from 'node:module'
import { basename } from 'node:path'
import { AppError } from '../base/errors.ts'
import { bundlePlugin } from '../plugin/loading/bundle-plugin.ts'
import { inspectDefinition } from '../plugin/loading/discover.ts'
import { entryOf } from './build-plugin.ts'

/**
 * What a plugin that comes with the server is installed as: the texts of `plugin.js` and `plugin.json`. Its version is the
 * server's. Rejects with BAD_REQUEST for a plugin that imports more than third parties can, or calls itself otherwise than
 * its folder.
 */
export async function packInstalled(
  folder: string,
  version: string,
): Promise<{ readonly code: string; readonly manifest: string }> {
  const { code, externals } = await bundlePlugin(folder, await entryOf(folder), { sourceMap: false, compact: true })
  const foreign = externals.filter((one) => one !== 'tonearm/plugin' && !isBuiltin(one))
  if (foreign.length > 0) throw new AppError('BAD_REQUEST', `${basename(folder)} imports ${foreign.join(', ')}`)
  const manifest = inspectDefinition(basename(folder), version, code)
  if (manifest.name !== basename(folder))
    throw new AppError('BAD_REQUEST', `the plugin in ${basename(folder)} calls itself ${manifest.name}`)
  return { code, manifest: `${JSON.stringify(manifest, undefined, 2)}\n` }
}
