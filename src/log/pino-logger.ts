import { pino } from 'pino'
import type { LineSink } from './line-sink.ts'
import type { Logger } from './logger.ts'
import { prettyLine } from './pretty.ts'
import { redactFields, redactText } from './redact.ts'
import type { Terminal } from './terminal.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LoggerOptions {
  readonly level: LogLevel
  /** Given: readable lines there. Absent: one JSON object a line, into the sink. */
  readonly terminal?: Terminal
  /** Where lines of JSON go, or what stands behind the terminal. */
  readonly sink?: Pick<LineSink, 'write'> & Partial<LineSink>
}

export interface RootLogger extends Logger {
  /** Writes what is still in memory, as far as that can be had at once; before the process ends. */
  flush(): void
  /** Resolves when nothing is in memory any more, or nobody takes it. */
  settled(): Promise<void>
}

/** The log of the process. No transport: that would be a worker thread and 12 MB. */
export function createLogger(options: LoggerOptions): RootLogger {
  const { sink, terminal } = options
  const target = terminal
    ? { write: (line: string) => terminal.print(prettyLine(line, { colour: terminal.colour })) }
    : { write: (line: string) => sink?.write(line) }
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
    flush: () => sink?.flush?.(),
    settled: async () => sink?.settled?.(),
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
