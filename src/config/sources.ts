import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemErrorCode } from '../base/errors.ts'
import { environmentName, isSection, listSettings, type NamedSetting, SETTINGS, type Section } from './schema.ts'
import { type NavidromeName, show } from './setting.ts'
import { suggest } from './suggest.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What is wrong with one setting. `where` names it as the person wrote it: `server.prot in /etc/tonearm.yaml`. */
export interface Problem {
  readonly where: string
  /** A clause: `is no setting; did you mean server.port?` */
  readonly what: string
}

/** A value in the file's form, from one place. */
export interface Given {
  readonly name: string
  readonly value: unknown
  readonly where: string
  /** Where its relative paths start. */
  readonly folder: string
}

export interface SourceResult {
  readonly given: readonly Given[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

const NAMED: ReadonlyMap<string, NamedSetting> = new Map(listSettings().map((named) => [named.name, named]))
const NAMES = [...NAMED.keys()]

/** The YAML file. `optional`: its absence is no problem. The parser is loaded only for a file: it stays in memory. */
export async function readConfigFile(
  file: string,
  options: { readonly optional: boolean },
): Promise<SourceResult & { readonly found: boolean }> {
  const nothing = { given: [], problems: [], warnings: [], found: false }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = systemErrorCode(error) ?? 'unknown'
    if (options.optional && (code === 'ENOENT' || code === 'ENOTDIR')) return nothing
    const reason = code === 'ENOENT' ? 'does not exist' : `can not be read (${code})`
    return { ...nothing, problems: [{ where: file, what: `${reason}; expected a readable YAML file` }] }
  }
  const { parseYaml } = await import('./yaml-parser.ts')
  const document = parseYaml(text)
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      where: file,
      what: `is no valid YAML: ${error.message.split('\n')[0]?.replace(/:$/, '')}`,
    }))
    return { ...nothing, problems, found: true }
  }
  const tree: unknown = document.toJS({ maxAliasCount: 100 })
  const walk: Walk = { file, given: [], problems: [] }
  if (isRecord(tree)) walkSection(tree, SETTINGS, '', walk)
  else if (tree !== null && tree !== undefined) {
    walk.problems.push({ where: file, what: 'holds no settings; expected lines such as "server:" and "  port: 4533"' })
  }
  return { given: walk.given, problems: walk.problems, warnings: [], found: true }
}

interface Walk {
  readonly file: string
  readonly given: Given[]
  readonly problems: Problem[]
}

function walkSection(tree: Readonly<Record<string, unknown>>, section: Section, prefix: string, walk: Walk): void {
  for (const [key, value] of Object.entries(tree)) {
    const name = prefix + key
    const where = `${name} in ${walk.file}`
    const member = Object.hasOwn(section.members, key) ? section.members[key] : undefined
    if (member === undefined) {
      walk.problems.push({ where, what: unknownSetting(suggestKey(key, section, prefix)) })
    } else if (value === null) {
      // `port:` with nothing behind it: the default.
    } else if (!isSection(member)) {
      walk.given.push({ name, value, where, folder: dirname(walk.file) })
    } else if (isRecord(value)) {
      walkSection(value, member, `${name}.`, walk)
    } else {
      const keys = Object.keys(member.members).join(', ')
      walk.problems.push({ where, what: `is ${show(value)}; expected a section with ${keys}` })
    }
  }
}

/** Among the neighbours first, then a name of another section, then the last part of any. */
function suggestKey(key: string, section: Section, prefix: string): string | undefined {
  const near = suggest(key, Object.keys(section.members))
  if (near !== undefined) return prefix + near
  return (
    suggest(prefix + key, NAMES) ?? NAMES.find((name) => name.split('.').at(-1)?.toLowerCase() === key.toLowerCase())
  )
}

const BY_ENVIRONMENT = new Map(NAMES.map((name) => [squeeze(environmentName(name)), name]))

/** Variables of ours that are no settings. */
const OTHER_VARIABLES = new Set([
  'TONEARM_CONFIG',
  'TONEARM_ADMIN_PASSWORD',
  'TONEARM_USER_PASSWORD',
  'TONEARM_LAUNCHER_FILE',
])

function squeeze(variable: string): string {
  return variable.slice('TONEARM_'.length).replaceAll('_', '')
}

/** What Navidrome calls TONEARM_ADMIN_PASSWORD. */
const NAVIDROME_ADMIN_PASSWORD = 'ND_DEVAUTOCREATEADMINPASSWORD'

/** The first user's password, when the environment gives one. */
export function givenAdminPassword(env: Environment): string | undefined {
  return env.TONEARM_ADMIN_PASSWORD || env[NAVIDROME_ADMIN_PASSWORD]
}

/** `TONEARM_<SECTION>_<KEY>`; underscores inside a key may be left out. */
export function readEnvironment(env: Environment, folder: string): SourceResult {
  const given: Given[] = []
  const problems: Problem[] = []
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('TONEARM_') || value === undefined || OTHER_VARIABLES.has(variable)) continue
    const name = BY_ENVIRONMENT.get(squeeze(variable))
    if (name === undefined) {
      const near = suggest(variable, [...NAMES.map(environmentName), ...OTHER_VARIABLES])
      problems.push({ where: variable, what: unknownSetting(near) })
    } else {
      given.push({ name, value: textValue(name, value), where: variable, folder })
    }
  }
  return { given, problems, warnings: [] }
}

const BY_NAVIDROME = new Map(
  [...NAMED.values()].flatMap(({ name, setting }) =>
    setting.navidrome.map((alias) => [nameOfAlias(alias), { name, alias }] as const),
  ),
)

function nameOfAlias(alias: NavidromeName): string {
  return typeof alias === 'string' ? alias : alias.name
}

/** What are settings of plugins that come along: whoever looks after the server sets them there. */
const BY_PLUGIN: ReadonlyMap<string, string> = new Map([
  ['ND_LASTFM_APIKEY', 'lastFmKey of scrobble'],
  ['ND_LASTFM_SECRET', 'lastFmSecret of scrobble'],
  ['ND_LISTENBRAINZ_BASEURL', 'listenBrainzUrl of scrobble'],
  ['ND_PROMETHEUS_PASSWORD', 'metricsPassword of insights'],
])

/** Navidrome's variables, as far as they have an equal; the others are named in one warning, those of plugins in another. */
export function readNavidromeEnvironment(env: Environment, folder: string): SourceResult {
  const given: Given[] = []
  const unknown: string[] = []
  const ofPlugins: string[] = []
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('ND_') || text === undefined || text === '') continue
    if (variable === NAVIDROME_ADMIN_PASSWORD) continue
    const setting = BY_PLUGIN.get(variable)
    if (setting !== undefined) {
      ofPlugins.push(`${variable} is ${setting}`)
      continue
    }
    const found = BY_NAVIDROME.get(variable.slice('ND_'.length))
    if (found === undefined) {
      unknown.push(variable)
      continue
    }
    const { name, alias } = found
    const value = typeof alias === 'string' ? text : alias.translate(text)
    given.push({ name, value: textValue(name, value), where: variable, folder })
  }
  const warnings: string[] = []
  if (unknown.length > 0) warnings.push(`Ignored, since Tonearm has no equal: ${unknown.sort().join(', ')}.`)
  if (ofPlugins.length > 0)
    warnings.push(`Not taken, set it for the plugin (PUT /api/plugin/NAME): ${ofPlugins.sort().join(', ')}.`)
  return { given, problems: [], warnings }
}

/** Settings of the command line: `name` as in the table, one text each. */
export function readFlags(
  flags: readonly { readonly name: string; readonly text: string | readonly string[]; readonly flag: string }[],
  folder: string,
): SourceResult {
  const given: Given[] = []
  const problems: Problem[] = []
  for (const { name, text, flag } of flags) {
    if (!NAMED.has(name)) problems.push({ where: flag, what: unknownSetting(suggest(name, NAMES)) })
    else given.push({ name, value: typeof text === 'string' ? textValue(name, text) : text, where: flag, folder })
  }
  return { given, problems, warnings: [] }
}

function textValue(name: string, text: string): unknown {
  return NAMED.get(name)?.setting.fromText(text) ?? text
}

function unknownSetting(near: string | undefined): string {
  return near === undefined
    ? 'is no setting; config/default.yaml lists them all'
    : `is no setting; did you mean ${near}?`
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
