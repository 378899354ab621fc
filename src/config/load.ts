import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { AppError } from '../base/errors.ts'
import { type ConfiguredLibrary, joinLibraries } from './library-list.ts'
import { isSection, listSettings, SETTINGS, type Section, type Settings } from './schema.ts'
import { resolvePath, show } from './setting.ts'
import {
  type Environment,
  type Given,
  type Problem,
  readConfigFile,
  readEnvironment,
  readFlags,
  readNavidromeEnvironment,
} from './sources.ts'

/** The settings, with every empty path filled in and the music folders as one list. */
export type Config = Omit<Settings, 'music' | 'libraries'> & { readonly libraries: readonly ConfiguredLibrary[] }

export interface ConfigSources {
  /** `flag` is what the person typed, for messages. A list is taken as it is. */
  readonly flags: readonly { readonly name: string; readonly text: string | readonly string[]; readonly flag: string }[]
  /** --config */
  readonly file?: string | undefined
  readonly env: Environment
  readonly cwd: string
  readonly home?: string
}

export interface LoadedConfig {
  readonly config: Config
  /** The file that was read. */
  readonly file: string | undefined
  readonly warnings: readonly string[]
}

/** Everything that is wrong with the settings, at once. */
export class ConfigError extends AppError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super('CONFIG_INVALID', problems.map(({ where, what }) => `${where} ${what}`).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads flags, environment, file and defaults, in this precedence; Navidrome's variables come after ours.
 * Rejects with a ConfigError that holds all problems of all sources, also of values that another source overrides.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const { env, cwd } = sources
  const home = sources.home ?? env.HOME ?? homedir()
  const context = { folder: cwd, home }
  const flags = readFlags(sources.flags, cwd)
  const ours = readEnvironment(env, cwd)
  const theirs = readNavidromeEnvironment(env, cwd)
  const outside = [...theirs.given, ...ours.given, ...flags.given]

  const named = sources.file ?? env.TONEARM_CONFIG
  const dataOutside = outside.filter(({ name }) => name === 'paths.data').at(-1)?.value
  const dataFolder = typeof dataOutside === 'string' && dataOutside !== '' ? dataOutside : defaultDataFolder(env, home)
  const file = named ? resolvePath(named, context) : defaultFile(env, resolvePath(dataFolder, context))
  const fromFile = await readConfigFile(file, { optional: !named })

  const given = [...fromFile.given, ...outside]
  const problems = [...flags.problems, ...ours.problems, ...fromFile.problems]
  const values = readValues(given, home, problems)
  const settings = assemble(SETTINGS, '', values) as Settings
  checkTogether(settings, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    config: complete(settings, env, context),
    file: fromFile.found ? file : undefined,
    warnings: [...theirs.warnings, ...fromFile.warnings],
  }
}

/** Every given value is checked, the last one of a name counts. */
function readValues(given: readonly Given[], home: string, problems: Problem[]): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>()
  const settings = new Map(listSettings().map(({ name, setting }) => [name, setting]))
  for (const { name, setting } of listSettings()) values.set(name, setting.read(setting.initial, { folder: '/', home }))
  for (const { name, value, where, folder } of given) {
    const setting = settings.get(name)
    const read = setting?.read(value, { folder, home })
    if (read !== undefined) {
      values.set(name, read)
      continue
    }
    const faults = setting?.faults(value, { folder, home }) ?? []
    for (const { part, what } of faults) problems.push({ where: `${where} (${part})`, what })
    if (faults.length === 0) problems.push({ where, what: `is ${show(value)}; expected ${setting?.expected}` })
  }
  return values
}

function assemble(section: Section, prefix: string, values: ReadonlyMap<string, unknown>): unknown {
  return Object.fromEntries(
    Object.entries(section.members).map(([key, member]) => [
      key,
      isSection(member) ? assemble(member, `${prefix}${key}.`, values) : values.get(prefix + key),
    ]),
  )
}

function checkTogether({ server }: Settings, problems: Problem[]): void {
  const { cert, key } = server.tls
  if ((cert === '') !== (key === '')) {
    const missing = cert === '' ? 'server.tls.cert' : 'server.tls.key'
    problems.push({ where: missing, what: 'is missing; expected both server.tls.cert and server.tls.key, or none' })
  }
}

function complete(settings: Settings, env: Environment, context: { folder: string; home: string }): Config {
  const { music, libraries, ...rest } = settings
  const data = rest.paths.data || resolvePath(defaultDataFolder(env, context.home), context)
  return {
    ...rest,
    libraries: joinLibraries(libraries, music),
    paths: { ...rest.paths, data, cache: rest.paths.cache || firstPath(env.CACHE_DIRECTORY) || join(data, 'cache') },
    backup: { ...rest.backup, path: rest.backup.path || join(data, 'backups') },
    plugins: { ...rest.plugins, folder: rest.plugins.folder || join(data, 'plugins') },
  }
}

/** In systemd's ConfigurationDirectory= if it is there, else in the data folder. */
function defaultFile(env: Environment, dataFolder: string): string {
  const folder = firstPath(env.CONFIGURATION_DIRECTORY)
  const inSystem = folder && join(folder, 'config.yaml')
  return inSystem && existsSync(inSystem) ? inSystem : join(dataFolder, 'config.yaml')
}

/** Where a new user's data goes: systemd's StateDirectory=, else where programs keep theirs by the XDG rules. */
function defaultDataFolder(env: Environment, home: string): string {
  return firstPath(env.STATE_DIRECTORY) || join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'tonearm')
}

/** systemd lists several directories with colons. */
function firstPath(list: string | undefined): string {
  return list?.split(delimiter)[0] ?? ''
}
