import type { CliContext } from './cli/context.ts'
import { run } from './cli/run.ts'
import type { Logger } from './log/logger.ts'

/** Signals that follow within this time are the same key press: a terminal and npm both pass Ctrl+C on. */
const SAME_PRESS_MS = 500
/** Every part of a stop has a deadline of its own; this one is for what none of them foresaw. */
const STOP_DEADLINE_MS = 60_000

let log: (Logger & { flush(): void }) | undefined
let stop: AbortController | undefined
let scan: (() => void) | undefined
let claim: Parameters<CliContext['setErrorClaim']>[0] | undefined

function exit(code: number): never {
  log?.flush()
  process.exit(code)
}

/** Stops in order, and at once when the same way tells it a second time. */
function stopper(): (signal: string, code: number) => void {
  let pressedAt: number | undefined
  return (signal, code) => {
    if (!stop) exit(code)
    if (pressedAt !== undefined && performance.now() - pressedAt > SAME_PRESS_MS) exit(code)
    pressedAt ??= performance.now()
    if (stop.signal.aborted) return
    setTimeout(() => exit(1), STOP_DEADLINE_MS).unref()
    stop.abort(signal)
  }
}
const pressed = stopper()
process.on('SIGINT', () => pressed('SIGINT', 130))
process.on('SIGTERM', () => pressed('SIGTERM', 143))
// What the launcher's shell was told (src/supervise.sh). A terminal tells both, and that is one press.
const passedOn = stopper()
process.on('SIGUSR2', () => passedOn('the launcher', 143))
// Without a listener of its own Node would open its debugger.
process.on('SIGUSR1', () => scan?.())

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    // A plugin's mistake is charged to the plugin. Of any other nobody knows what it left half done.
    if (claim?.(error, event)) return
    if (log) log.error('unhandled error', { event, error })
    else process.stderr.write(`tonearm: unhandled error: ${error instanceof Error ? error.stack : String(error)}\n`)
    exit(1)
  })
}
// Whoever read the output has gone, as `head` does.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

exit(
  await run({
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    takeStopSignal: () => {
      stop ??= new AbortController()
      return stop.signal
    },
    onScanSignal: (callback) => {
      scan = callback
    },
    setLog: (logger) => {
      log = logger
    },
    setErrorClaim: (claims) => {
      claim = claims
    },
  }),
)
