import type { Logger } from '../../log/logger.ts'
import type { PluginLogger } from '../../plugin/api/plugin-api.ts'
import type { LoggedLine } from './test-host.ts'

const MAX_LINES = 10_000

/** Keeps lines for the test to look at, and passes them on. */
export function recordingLogger(
  lines: LoggedLine[],
  out: PluginLogger | undefined,
  base: Readonly<Record<string, unknown>> = {},
): Logger {
  const write = (level: LoggedLine['level']) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (lines.length >= MAX_LINES) lines.shift()
    const line = { level, message, fields: { ...base, ...fields } }
    lines.push(line)
    out?.[level](message, line.fields)
  }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => recordingLogger(lines, out, { ...base, ...fields }),
  }
}
