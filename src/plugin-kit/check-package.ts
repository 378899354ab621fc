import { access, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Manifest } from '../plugin/loading/manifest.ts'
import { type PackageFile, packageOf } from './build-plugin.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const WHAT = 'Package'
const NAME = /^(?:@[^/]+\/)?tonearm-plugin-(.+)$/

/**
 * package.json and the files beside it, as npm and the server's discovery want them. `assets`: the folders that it serves,
 * relative to its own.
 */
export async function checkPackage(
  folder: string,
  manifest: Manifest | undefined,
  assets: readonly string[] = [],
): Promise<readonly Finding[]> {
  let file: PackageFile
  try {
    file = await packageOf(folder)
  } catch (error) {
    return [fail(WHAT, error instanceof Error ? error.message : String(error))]
  }
  const findings = [
    ...checkName(file, manifest),
    ...checkDependencies(file),
    ...checkFields(file, assets),
    ...(await checkFiles(folder, manifest, assets)),
  ]
  return findings.length > 0 ? findings : [ok(WHAT, `${file.name} ${file.version}`)]
}

function* checkName({ name }: PackageFile, manifest: Manifest | undefined): Iterable<Finding> {
  const short = NAME.exec(name)?.[1]
  if (short === undefined)
    yield fail(
      WHAT,
      `its name is ${name}`,
      'name it tonearm-plugin-… (or @you/tonearm-plugin-…): the server looks for that',
    )
  else if (manifest && short !== manifest.name)
    yield warn(WHAT, `the package is called ${name}, the plugin ${manifest.name}`, 'give both the same name')
}

function* checkDependencies(file: PackageFile): Iterable<Finding> {
  const inside = (field: string) => (file[field] as Readonly<Record<string, string>> | undefined)?.tonearm
  if (inside('dependencies') !== undefined || inside('optionalDependencies') !== undefined)
    yield fail(
      WHAT,
      'it depends on tonearm: npm would install a second server beside the one that loads the plugin',
      'move tonearm to peerDependencies, and to devDependencies for the tests',
    )
  if (inside('peerDependencies') === undefined)
    yield warn(WHAT, 'it does not say which tonearm it is for', 'add tonearm to peerDependencies')
}

function* checkFields(file: PackageFile, assets: readonly string[]): Iterable<Finding> {
  const { keywords, files } = file
  if (!(Array.isArray(keywords) && keywords.includes('tonearm-plugin')))
    yield warn(WHAT, 'the keyword tonearm-plugin is missing', 'add it, so that people find the plugin')
  if (file.private === true) yield warn(WHAT, 'it is private: npm will not publish it')
  else if (!(Array.isArray(files) && files.some((one) => /^\.?\/?dist(\/|$|\*)/.test(String(one)))))
    yield fail(WHAT, 'files does not name dist: what is published would lack the built plugin', 'add "files": ["dist"]')
  else
    for (const name of assets)
      if (!files.some((one) => `dist/${name}/`.startsWith(`${folderOf(String(one))}/`)))
        yield fail(
          WHAT,
          `files does not name dist/${name}: what is published would lack the folder ${name}, which the plugin serves`,
          'add "files": ["dist"]',
        )
  if (typeof file.license !== 'string') yield warn(WHAT, 'it has no license')
}

/** `./dist/**` means `dist`. */
function folderOf(pattern: string): string {
  return pattern.replace(/^\.?\//, '').replace(/\/(\*{1,2}(\/\*)?)?$/, '')
}

async function checkFiles(
  folder: string,
  manifest: Manifest | undefined,
  assets: readonly string[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const readme = await readFile(join(folder, 'README.md'), 'utf8').catch(() => undefined)
  if (readme === undefined)
    findings.push(warn('README', 'README.md is missing', 'say what it does, its settings and permissions'))
  else {
    const unsaid = (manifest?.permissions ?? []).filter((permission) => !readme.includes(permission))
    if (unsaid.length > 0)
      findings.push(warn('README', `it does not explain ${unsaid.join(', ')}`, 'add a table of permissions'))
  }
  const built = await stat(join(folder, 'dist/plugin.json')).catch(() => undefined)
  if (built) {
    const missing: string[] = []
    for (const name of ['plugin.js', 'plugin.js.map', ...assets])
      await access(join(folder, 'dist', name)).catch(() => missing.push(`dist/${name}`))
    if (missing.length > 0)
      findings.push(fail('Build', `${missing.join(' and ')} missing`, 'run: tonearm plugin build'))
  }
  return findings
}
