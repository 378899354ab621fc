import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BundledFolder, bundleFolder, writeBuild } from './build-plugin.ts'
import { checkDefinition } from './check-definition.ts'
import { checkPackage } from './check-package.ts'
import { checkSetup, type HostMaker } from './check-setup.ts'
import { checkTypes } from './check-types.ts'
import { type Finding, fail } from './finding.ts'

/** Finds what would break when a plugin is published. Writes nothing into its folder. Never rejects for what is wrong with the plugin. */
export async function checkPlugin(folder: string, makeHost: HostMaker): Promise<readonly Finding[]> {
  const types = checkTypes(folder)
  try {
    const bundled = await bundleFolder(folder)
    const { manifest, bundle, assets } = bundled
    const definition = checkDefinition(manifest, bundle)
    const package_ = await checkPackage(folder, manifest, assets)
    const runs = definition.every(({ level }) => level !== 'fail')
    const setup = runs ? await checkBuilt(folder, bundled, makeHost) : []
    return [...package_, ...definition, ...setup, ...(await types)]
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [...(await checkPackage(folder, undefined)), fail('Build', reason), ...(await types)]
  }
}

/** Starts what would be published, not the folder that it is made of, which may hold more. */
async function checkBuilt(folder: string, bundled: BundledFolder, makeHost: HostMaker): Promise<readonly Finding[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'tonearm-check-'))
  try {
    await writeBuild(folder, bundled, scratch)
    return await checkSetup(scratch, bundled.manifest.name, makeHost)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
