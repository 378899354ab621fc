import { type ParseArgsConfig, parseArgs } from 'node:util'
import { AppError } from '../base/errors.ts'
import type { ConfigSources } from '../config/load.ts'
import { suggest } from '../config/suggest.ts'

export const COMMANDS = ['serve', 'scan', 'user', 'plugin', 'doctor', 'backup', 'restore', 'version', 'help'] as const
export type Command = (typeof COMMANDS)[number]

/** What a person typed, sorted. */
export interface Invocation {
  readonly command: Command
  /** Behind the command: `add`, `anna`. */
  readonly words: readonly string[]
  readonly help: boolean
  readonly configFile: string | undefined
  readonly settings: ConfigSources['flags']
  readonly options: CommandOptions
}

export interface CommandOptions {
  readonly full: boolean
  readonly acceptMissing: boolean
  readonly json: boolean
  readonly admin: boolean
  readonly libraries: readonly string[]
  readonly name: string | undefined
  /** A plugin's folder. */
  readonly dir: string | undefined
}

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  music: { type: 'string', multiple: true, short: 'm' },
  data: { type: 'string', short: 'd' },
  host: { type: 'string' },
  port: { type: 'string', short: 'p' },
  set: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  full: { type: 'boolean', short: 'f' },
  'accept-missing': { type: 'boolean' },
  library: { type: 'string', multiple: true, short: 'l' },
  admin: { type: 'boolean' },
  name: { type: 'string' },
  dir: { type: 'string' },
  json: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options']

type OptionName = keyof typeof OPTIONS

const COMMON: readonly OptionName[] = ['config', 'data', 'set', 'help']
const OWN: Readonly<Record<Command, readonly OptionName[]>> = {
  serve: ['music', 'host', 'port', 'version'],
  scan: ['music', 'full', 'accept-missing', 'library', 'json'],
  user: ['admin', 'library', 'name', 'json'],
  plugin: ['dir', 'json'],
  doctor: ['music', 'host', 'port', 'json'],
  backup: [],
  restore: [],
  version: ['version'],
  help: [],
}

/**
 * Reads the command line; no command means `serve`.
 * @throws BAD_REQUEST with a sentence for what it doesn't know.
 */
export function readArguments(argv: readonly string[]): Invocation {
  const { values, positionals } = parse(argv)
  const [first, ...words] = positionals
  const command = values.version ? 'version' : commandOf(first)
  const allowed = new Set<string>([...COMMON, ...OWN[command]])
  for (const name of Object.keys(values)) {
    if (!allowed.has(name)) throw usage(`--${name} does not belong to "${command}".`)
  }
  return {
    command,
    words,
    help: values.help === true,
    configFile: values.config,
    settings: settingsOf(values),
    options: {
      full: values.full === true,
      acceptMissing: values['accept-missing'] === true,
      json: values.json === true,
      admin: values.admin === true,
      libraries: values.library ?? [],
      name: values.name,
      dir: values.dir,
    },
  }
}

type Values = ReturnType<typeof parse>['values']

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const unknown = /Unknown option '(--?[^']+)'/.exec(message)?.[1]
    if (unknown === undefined) throw usage(message.split('. ')[0] ?? message)
    const near = suggest(unknown.replace(/^-+/, ''), Object.keys(OPTIONS))
    throw usage(`${unknown} is no option${near ? `; did you mean --${near}?` : '.'}`)
  }
}

function commandOf(word: string | undefined): Command {
  if (word === undefined) return 'serve'
  const command = COMMANDS.find((name) => name === word)
  if (command) return command
  const near = suggest(word, COMMANDS)
  throw usage(`"${word}" is no command${near ? `; did you mean "${near}"?` : '.'}`)
}

function settingsOf(values: Values): Invocation['settings'] {
  const flags: { name: string; text: string | readonly string[]; flag: string }[] = []
  for (const assignment of values.set ?? []) {
    const at = assignment.indexOf('=')
    if (at < 1) throw usage('--set wants NAME=VALUE, such as --set log.level=debug.')
    flags.push({
      name: assignment.slice(0, at),
      text: assignment.slice(at + 1),
      flag: `--set ${assignment.slice(0, at)}`,
    })
  }
  if (values.music) flags.push({ name: 'music', text: values.music, flag: '--music' })
  if (values.data !== undefined) flags.push({ name: 'paths.data', text: values.data, flag: '--data' })
  if (values.host !== undefined) flags.push({ name: 'server.host', text: values.host, flag: '--host' })
  if (values.port !== undefined) flags.push({ name: 'server.port', text: values.port, flag: '--port' })
  return flags
}

/** A mistake on the command line. */
export function usage(message: string): AppError {
  return new AppError('BAD_REQUEST', `${message} See: tonearm help`)
}
