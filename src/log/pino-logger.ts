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
  /**
   * With a terminal: lines are kept back until `release`, and then only warnings and errors are shown; so that what a
   * person sees first is what the server has to say to them.
   */
  readonly heldBack?: boolean
  /** Where lines of JSON go, or what stands behind the terminal. */
  readonly sink?: Pick<LineSink, 'write'> & Partial<LineSink>
}

export interface RootLogger extends Logger {
  /** Shows what was kept back: what went wrong or, when the start failed, all of it. Then lines come as they are made. */
  release(all: boolean): void
  /** Keeps lines back again, for a moment in which a person reads something else; warnings and errors come at once. */
  holdAgain(): void
  /** Writes what is still in memory, as far as that can be had at once; before the process ends. */
  flush(): void
  /** Resolves when nothing is in memory any more, or nobody takes it. */
  settled(): Promise<void>
}

const MOST_HELD = 1000
/** The level comes first in a line of ours. */
const TROUBLE = /^\{"level":"(warn|error)"/

/** The log of the process. No transport: that would be a worker thread and 12 MB. */
export function createLogger(options: LoggerOptions): RootLogger {
  const { sink, terminal } = options
  let held: string[] | undefined = terminal && options.heldBack ? [] : undefined
  let troubleAtOnce = false
  const show = (line: string) => terminal?.print(prettyLine(line, { colour: terminal.colour }))
  const target = {
    write: (line: string) => {
      if (!terminal) sink?.write(line)
      else if (held && held.length < MOST_HELD && !(troubleAtOnce && TROUBLE.test(line))) held.push(line)
      else show(line)
    },
  }
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
    release: (all) => {
      const lines = held ?? []
      held = undefined
      for (const line of lines) if (all || TROUBLE.test(line)) show(line)
    },
    holdAgain: () => {
      if (!terminal || !options.heldBack) return
      held ??= []
      troubleAtOnce = true
    },
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
