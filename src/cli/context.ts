import type { Logger } from '../log/logger.ts'

/** What a command gets from the process; `main.ts` fills it. */
export interface CliContext {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /**
   * For commands that stop in order: from now on SIGTERM and SIGINT abort this signal (reason: the name) and a second
   * one ends the process at once. Without it the first one does.
   */
  takeStopSignal(): AbortSignal
  /** SIGUSR1. */
  onScanSignal(run: () => void): void
  /** Where the process tells of errors that nobody handled. */
  setLog(log: Logger & { flush(): void }): void
  /** Who is asked about an error that nobody handled before it ends the process; true: it was a plugin's. */
  setErrorClaim(claim: (error: unknown, event: 'uncaughtException' | 'unhandledRejection') => boolean): void
}

/** A line for people on standard output. */
export function print(context: CliContext, text: string): void {
  context.stdout.write(`${text}\n`)
}

/** A line for people on standard error: what went wrong, or what goes on. */
export function complain(context: CliContext, text: string): void {
  context.stderr.write(`tonearm: ${text}\n`)
}
