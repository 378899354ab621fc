import { pino } from 'pino'
import type { Logger } from './logger.ts'
import { prettyLine } from './pretty.ts'
import { redactFields, redactText } from './redact.ts'
import type { Terminal } from './terminal.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LoggerOptions {
  readonly level: LogLevel
  /** Given: readable lines there. Absent: one JSON object a line. */
  readonly terminal?: Terminal
  /** Where JSON lines go; standard output when absent. */
  readonly sink?: { write(line: string): void }
}

export interface RootLogger extends Logger {
  /** Writes what is still in memory; before the process ends. */
  flush(): void
}

/** Bytes of lines that wait for a slow reader of standard output; beyond it lines are dropped, not kept. */
const MAX_WAITING = 1 << 20

/** The log of the process. No transport: that would be a worker thread and 12 MB. */
export function createLogger(options: LoggerOptions): RootLogger {
  const { sink, terminal } = options
  const standardOutput = sink || terminal ? undefined : pino.destination({ fd: 1, sync: false, maxLength: MAX_WAITING })
  const target =
    sink ??
    standardOutput ??
    ({ write: (line: string) => terminal?.print(prettyLine(line, { colour: terminal.colour })) } as const)
  const root = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    target,
  )
  return {
    ...wrap(root),
    flush: () => {
      try {
        standardOutput?.flushSync()
      } catch {
        // Nobody reads standard output any more.
      }
    },
  }
}

type Write = (fields: object, message: string) => void
interface PinoLike {
  isLevelEnabled(level: string): boolean
  debug: Write
  info: Write
  warn: Write
  error: Write
  child(fields: Record<string, unknown>): PinoLike
}

function wrap(target: PinoLike): Logger {
  const at =
    (level: LogLevel): Logger['info'] =>
    (message, fields) => {
      if (target.isLevelEnabled(level)) target[level](fields ? redactFields(fields) : {}, redactText(message))
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(target.child(redactFields(fields))),
  }
}
