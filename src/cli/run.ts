import { resolve } from 'node:path'
import { isAppError } from '../base/errors.ts'
import { ConfigError, type LoadedConfig, loadConfig } from '../config/load.ts'
import { programVersion } from '../config/version.ts'
import { createLogger } from '../log/pino-logger.ts'
import { createTerminal } from '../log/terminal.ts'
import type { ScanStatus } from '../scanner/scanner.ts'
import { COMMANDS, type Command, type Invocation, readArguments, usage } from './arguments.ts'
import { withBackend } from './backend.ts'
import { checkPluginWords, pluginCommand } from './command-plugin.ts'
import { isKitCommand, pluginKitCommand } from './command-plugin-kit.ts'
import { checkUserWords, userCommand } from './command-user.ts'
import { type CliContext, complain, print } from './context.ts'
import { type Finding, findingsText } from './doctor.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { helpText } from './help.ts'
import { progressBar, summaryText } from './progress.ts'
import { restoreBackup } from './restore.ts'
import { serve } from './serve.ts'
import { explainSystemError } from './system-error.ts'

/** The whole program but for the process: reads the command line, runs the command, answers the exit code. */
export async function run(context: CliContext): Promise<number> {
  try {
    const invocation = readArguments(context.argv)
    return await runCommand(context, invocation)
  } catch (error) {
    return explain(context, explainSystemError(error))
  }
}

function explain(context: CliContext, error: unknown): number {
  if (error instanceof ConfigError) {
    complain(context, 'the settings are wrong; nothing was started:')
    for (const { where, what } of error.problems) context.stderr.write(`  ${where} ${what}\n`)
  } else if (isAppError(error)) {
    complain(context, error.message)
  } else {
    complain(
      context,
      `something went wrong: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
  }
  return exitCodeOf(error)
}

async function runCommand(context: CliContext, invocation: Invocation): Promise<number> {
  const { command, words } = invocation
  if (invocation.help || command === 'help') return help(context, invocation)
  if (command === 'version') {
    print(
      context,
      `tonearm ${programVersion()} (Node.js ${process.versions.node}, ${process.platform} ${process.arch})`,
    )
    return EXIT.ok
  }
  checkWords(command, words)
  if (command === 'plugin' && isKitCommand(words)) return pluginKitCommand(context, invocation)
  const loaded = await load(context, invocation)
  for (const warning of command === 'serve' ? [] : loaded.warnings) complain(context, warning)
  if (command === 'serve') return serve(context, loaded)
  if (command === 'scan') return scan(context, invocation, loaded)
  if (command === 'doctor') return doctor(context, invocation, loaded)
  if (command === 'restore') return restore(context, invocation, loaded)
  return withBackend({ config: loaded.config, log: commandLog(context, loaded) }, async (backend) => {
    if (command === 'user') await userCommand(context, invocation, backend)
    else if (command === 'plugin') await pluginCommand(context, invocation, backend)
    else {
      const folder = words[0] === undefined ? {} : { folder: resolve(context.cwd, words[0]) }
      const made = await backend.call('backup', folder)
      print(context, `${made.folder} (${(made.bytes / 1e6).toFixed(1)} MB)`)
    }
    return EXIT.ok
  })
}

function help(context: CliContext, { command, words }: Invocation): number {
  const topic = command === 'help' ? (words[0] ?? 'help') : command
  const known = COMMANDS.find((name) => name === topic)
  if (!known) throw usage(`"${topic}" is no command.`)
  print(context, helpText(known))
  return EXIT.ok
}

function checkWords(command: Command, words: readonly string[]): void {
  if (command === 'user') {
    checkUserWords(words)
    return
  }
  if (command === 'plugin') {
    checkPluginWords(words)
    return
  }
  const most = command === 'backup' || command === 'restore' ? 1 : 0
  if (words.length > most) throw usage(`"${words[most]}" is too much for ${command}.`)
  if (command === 'restore' && words.length === 0) throw usage('restore wants the folder of a backup.')
}

function load(context: CliContext, { configFile, settings }: Invocation): Promise<LoadedConfig> {
  return loadConfig({ flags: settings, file: configFile, env: context.env, cwd: context.cwd })
}

/** Commands tell their result themselves; what the rooms log goes to standard error, from warnings up. */
function commandLog(context: CliContext, { config }: LoadedConfig) {
  const level = config.log.level === 'debug' ? 'debug' : 'warn'
  const log = createLogger({ level, terminal: createTerminal(context.stderr, context.env) })
  context.setLog(log)
  return log
}

async function scan(context: CliContext, invocation: Invocation, loaded: LoadedConfig): Promise<number> {
  const { options } = invocation
  const bar = progressBar(createTerminal(context.stderr, context.env))
  const log = commandLog(context, loaded)
  return withBackend({ config: loaded.config, log, create: loaded.config.libraries.length > 0 }, async (backend) => {
    if (backend.kind === 'local') context.takeStopSignal().addEventListener('abort', () => backend.cancel())
    const input = { full: options.full, acceptMissing: options.acceptMissing, libraries: [...options.libraries] }
    const summary = await backend.call('scan', input, (status) => bar(status as ScanStatus))
    bar(undefined)
    print(context, options.json ? JSON.stringify(summary, undefined, 2) : summaryText(summary))
    return summary.cancelled || summary.lost.length > 0 ? EXIT.failure : EXIT.ok
  })
}

async function doctor(context: CliContext, { options }: Invocation, loaded: LoadedConfig): Promise<number> {
  const settings: Finding = { level: 'ok', what: 'Settings', found: loaded.file ?? 'defaults, environment and flags' }
  const create = loaded.config.libraries.length > 0
  const examined = await withBackend({ config: loaded.config, log: commandLog(context, loaded), create }, (backend) =>
    backend.call('doctor', {}),
  )
  const findings = [settings, ...examined]
  print(context, options.json ? JSON.stringify(findings, undefined, 2) : findingsText(findings))
  return findings.some(({ level }) => level === 'fail') ? EXIT.failure : EXIT.ok
}

async function restore(context: CliContext, { words }: Invocation, loaded: LoadedConfig): Promise<number> {
  const result = await restoreBackup({
    backup: resolve(context.cwd, words[0] ?? ''),
    config: loaded.config,
    log: commandLog(context, loaded),
    now: Date.now(),
  })
  print(context, `The backup of ${result.madeAt} is in place in ${loaded.config.paths.data}.`)
  if (result.aside) print(context, `What was there before lies in ${result.aside}.`)
  if (result.configKept) print(context, 'config.yaml was left as it is; the one of the backup lies in the backup.')
  return EXIT.ok
}
