import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PluginDefinition } from '../../plugin/api/plugin-api.ts'
import { readPackage } from '../../plugin/loading/discover.ts'
import { manifestOf } from '../../plugin/loading/manifest.ts'
import type { PluginPackage } from '../../plugin/loading/plugin-package.ts'

let versions = 0

/** What the host is given: a definition that is in memory, or the plugin in a folder, as the server would read it. */
export async function packageOf(
  source: PluginDefinition | string | URL,
  dir: string | URL | undefined,
): Promise<PluginPackage> {
  const stamp = `test ${++versions}`
  if (typeof source === 'string' || source instanceof URL) {
    const folder = await folderOf(pathOf(source))
    const found = await readPackage(folder, 'data', stamp)
    if (!found) throw new Error(`${folder} holds no plugin: there is neither plugin.json nor plugin.ts`)
    return found
  }
  const definition = source
  return {
    name: definition.name,
    origin: 'data',
    dir: dir === undefined ? undefined : pathOf(dir),
    stamp,
    manifest: manifestOf(definition, '0.0.0', 'plugin.js'),
    code: () => Promise.reject(new Error('a definition in memory has no code')),
    definition,
  }
}

function pathOf(place: string | URL): string {
  return place instanceof URL || place.startsWith('file:') ? fileURLToPath(place) : place
}

/** A file stands for its folder: `src/plugin.ts` and `dist/plugin.js` for the one above. */
async function folderOf(path: string): Promise<string> {
  if ((await stat(path)).isDirectory()) return path.replace(/[/\\]$/, '')
  const folder = dirname(path)
  return basename(folder) === 'src' || basename(folder) === 'dist' ? dirname(folder) : folder
}
