import { AppError } from '../base/errors.ts'
import { startSchedule } from '../base/schedule.ts'
import type { LoadedConfig } from '../config/load.ts'
import { givenAdminPassword } from '../config/sources.ts'
import { programVersion } from '../config/version.ts'
import type { Core } from '../core.ts'
import type { Listening } from '../http/start-http.ts'
import { createLineSink, standardOutput } from '../log/line-sink.ts'
import { createLogger, type RootLogger } from '../log/pino-logger.ts'
import { createTerminal, type Terminal } from '../log/terminal.ts'
import { runtimeFolder } from '../plugin/containment/runtime-folder.ts'
import { createServer } from '../server.ts'
import { makeBackup, pruneBackups } from './backup.ts'
import { banner, clientAddresses } from './banner.ts'
import { collectAtRest } from './collect-at-rest.ts'
import type { CliContext } from './context.ts'
import { startControlServer } from './control-server.ts'
import { EXIT } from './exit-codes.ts'
import { ensureAdmin, type FirstAdmin } from './first-start.ts'
import { beatForLauncher } from './launcher-beat.ts'
import { runOperation } from './operations.ts'
import { libraryText, progressBar } from './progress.ts'
import { explainSystemError } from './system-error.ts'
import { createSystemd } from './systemd.ts'

/** `tonearm serve`: until a signal stops it. Rejects with what keeps it from starting; then nothing runs any more. */
export async function serve(context: CliContext, loaded: LoadedConfig): Promise<number> {
  const { config } = loaded
  const stop = context.takeStopSignal()
  const { stdout } = context
  // From here on all that is told goes this way: a reader that stalls or a full disk is no reason to stop.
  const output = createLineSink({
    fd: standardOutput(),
    onLost: (lines) => log.warn('lines of the log were lost: they could not be written', { lines }),
  })
  const terminal = createTerminal(
    {
      isTTY: stdout.isTTY,
      get columns() {
        return stdout.columns
      },
      write: output.write,
    },
    context.env,
  )
  const readable = config.log.format === 'text' || (config.log.format === 'auto' && terminal.interactive)
  // Who asked for more of the log gets it as it comes.
  const heldBack = terminal.interactive && config.log.level !== 'debug'
  const log: RootLogger = createLogger({
    level: config.log.level,
    sink: output,
    heldBack,
    ...(readable ? { terminal } : {}),
  })
  context.setLog(log)
  for (const warning of loaded.warnings) log.warn(warning)
  const systemd = createSystemd(context.env, { log })
  const server = createServer({
    config,
    log,
    onBuilt: () =>
      beatForLauncher(context.env, {
        runtimeFolder: runtimeFolder(config.paths.data),
        limitMs: config.plugins.hangLimit,
        log,
        onOrphaned: () => process.kill(process.pid, 'SIGKILL'),
      }),
    onListening: (core, at, open) =>
      welcome({ core, at, open, context, log, terminal: readable ? terminal : undefined }),
  })
  let stopCollecting = () => {}
  try {
    context.setErrorClaim((error, event) => server.core?.plugins?.host.attribute(error, event) === true)
    await server.start()
    systemd.ready()
    stopCollecting = collectAtRest()
    context.onScanSignal(() => {
      log.info('scan asked for by signal')
      server.core?.scanner.scan({ kind: 'quick' }).catch((error: unknown) => log.error('scan failed', { error }))
    })
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
    log.release(true)
    log.info('stopping', { reason: String(stop.reason) })
    systemd.stopping()
    await server.stop(String(stop.reason))
    log.info('stopped')
    return EXIT.ok
  } catch (failure) {
    log.release(true)
    const error = explainSystemError(failure)
    if (!readable) log.error('start failed', { error: error instanceof AppError ? plain(error) : error })
    throw error
  } finally {
    stopCollecting()
    terminal.status(undefined)
    await log.settled()
  }
}

/** Errors of ours explain themselves; a stack would only hide that. */
function plain({ code, message, details }: AppError) {
  return { code, message, ...details }
}

interface Welcome {
  readonly core: Core
  readonly at: Listening
  /** Lets clients in. */
  readonly open: () => void
  readonly context: CliContext
  readonly log: RootLogger
  /** Undefined: lines of JSON. */
  readonly terminal: Terminal | undefined
}

/** The server does not scan yet, nor answer before this lets it: the first user, the commands' socket, backups, and what people see. */
async function welcome(parts: Welcome): Promise<void> {
  const { core, context, log, terminal } = parts
  const dataFolder = core.config.paths.data
  const admin = await ensureAdmin(core.accounts, {
    dataFolder,
    given: givenAdminPassword(context.env),
    interactive: terminal?.interactive === true,
  })
  const control = await startControlServer({
    dataFolder,
    log: log.child({ room: 'control' }),
    answer: (request, call) => runOperation(core, request, call.progress),
  })
  core.onStop('control socket', () => control.close())
  startBackups(core, log)
  parts.open()
  tell(parts, admin)
  log.release(false)
  if (terminal?.interactive) showScans(core, terminal, log)
}

function tell({ core, at, log, terminal }: Welcome, admin: FirstAdmin): void {
  const addresses = clientAddresses(at)
  if (admin.kind === 'given') log.info('user admin made, with the password that the environment gives')
  if (admin.kind === 'file')
    log.info('user admin made; the password is in the file until another is chosen', { file: admin.file })
  if (!terminal) {
    log.info('listening', { url: at.url, addresses, version: programVersion(), data: core.config.paths.data })
    return
  }
  terminal.print(
    banner({
      version: programVersion(),
      addresses,
      socket: at.socket,
      data: core.config.paths.data,
      libraries: core.libraries(),
      admin: admin.kind === 'shown' ? { name: 'admin', password: admin.password } : undefined,
    }),
  )
}

/** A bar while a scan runs; what there is to hear stays, when that changed. The log waits for the end of the first one. */
function showScans(core: Core, terminal: Terminal, log: RootLogger): void {
  const bar = progressBar(terminal)
  let told = ''
  if (core.config.scanner.onStart) log.holdAgain()
  const stop = core.scanner.onProgress((status) => {
    bar(status)
    if (status.scanning) return
    // Behind what this tells.
    queueMicrotask(() => log.release(true))
    if (status.lastScanAt === undefined) return
    const libraries = core.libraries()
    const text = libraryText(libraries)
    if (text !== told) terminal.print(`\n  ${text}\n`)
    told = text
  })
  core.onStop('scan progress', () => {
    stop()
    terminal.status(undefined)
    log.release(true)
  })
}

function startBackups(core: Core, log: RootLogger): void {
  const { schedule, count, path } = core.config.backup
  const timer = startSchedule(schedule, async () => {
    try {
      const made = await makeBackup(core)
      log.info('backup made', { ...made, removed: pruneBackups(path, count).length })
    } catch (error) {
      log.error('backup failed', { error })
      core.notify.send({
        topic: 'backup.failed',
        title: 'The backup failed',
        body: error instanceof AppError ? error.message : 'The log of the server tells why.',
        level: 'error',
        data: { code: error instanceof AppError ? error.code : 'INTERNAL' },
      })
    }
  })
  core.onStop('backups', () => timer.stop())
}
