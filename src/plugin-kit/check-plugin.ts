import { bundleFolder } from './build-plugin.ts'
import { checkDefinition } from './check-definition.ts'
import { checkPackage } from './check-package.ts'
import { checkSetup, type HostMaker } from './check-setup.ts'
import { checkTypes } from './check-types.ts'
import { type Finding, fail } from './finding.ts'

/** Finds what would break when a plugin is published. Writes nothing. Never rejects for what is wrong with the plugin. */
export async function checkPlugin(folder: string, makeHost: HostMaker): Promise<readonly Finding[]> {
  const types = checkTypes(folder)
  try {
    const { bundle, manifest } = await bundleFolder(folder)
    const definition = checkDefinition(manifest, bundle)
    const package_ = await checkPackage(folder, manifest)
    const runs = definition.every(({ level }) => level !== 'fail')
    const setup = runs ? await checkSetup(folder, manifest.name, makeHost) : []
    return [...package_, ...definition, ...setup, ...(await types)]
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [...(await checkPackage(folder, undefined)), fail('Build', reason), ...(await types)]
  }
}
