import { SourceMap, type SourceMapPayload } from 'node:module'

/** Lines of a stack that are told. */
const MOST_FRAMES = 8
/** Lines that V8 puts before the body of a function made of text. */
const HEADER_LINES = 2
const FRAME = /plugin:[a-z0-9-]+@[^\s:)]+:(\d+):(\d+)/
/** Code of a definition that was imported, as tests do: everything but this program's and Node's own. */
const FOREIGN = /\((?:node:|.*[\\/](?:src[\\/](?:plugin|hooks|http|base|subsonic|cli)|dist|node_modules)[\\/])/

export interface PluginStack {
  /** The plugin's own lines, innermost first, in its sources where a source map tells of them. */
  readonly frames: readonly string[]
  /** The first of them: `plugin.ts:12:5`. */
  readonly at: string | undefined
}

/** Where in a plugin's code an error comes from. Never throws: getters and proxies of hostile code may. */
export function pluginStack(error: unknown, map: SourceMap | undefined): PluginStack {
  let stack: string
  try {
    const text: unknown = error instanceof Error ? error.stack : undefined
    stack = typeof text === 'string' ? text : ''
  } catch {
    stack = ''
  }
  const own = stack.split('\n').filter((line) => /^\s+at /.test(line))
  const bundled = own.filter((line) => FRAME.test(line))
  const lines = bundled.length > 0 ? bundled : own.filter((line) => !FOREIGN.test(line))
  const frames = lines.slice(0, MOST_FRAMES).map((line) => frameOf(line, map))
  return { frames: frames.map(({ text }) => text), at: frames[0]?.at }
}

function frameOf(line: string, map: SourceMap | undefined): { readonly text: string; readonly at: string | undefined } {
  const name = /^\s+at (?:async )?(.*?) \(/.exec(line)?.[1] ?? ''
  const found = FRAME.exec(line)
  let at: string | undefined
  if (found) {
    const [row, column] = [Number(found[1]) - HEADER_LINES, Number(found[2])]
    const entry = map?.findEntry(row - 1, column - 1)
    at =
      entry && 'originalSource' in entry
        ? `${entry.originalSource.replace(/^(\.\.?\/)+/, '')}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
        : `plugin.js:${row}:${column}`
  } else {
    at = /([^\s()]+:\d+:\d+)\)?$/.exec(line)?.[1]?.replace(/^file:\/\//, '')
  }
  const shown = name.replace(/^eval( at .*)?$/, '')
  return { text: shown && at ? `${shown} (${at})` : (at ?? line.trim()), at }
}

/** Undefined for what is no source map. */
export function parseSourceMap(text: string | undefined): SourceMap | undefined {
  if (!text) return undefined
  try {
    return new SourceMap(JSON.parse(text) as SourceMapPayload)
  } catch {
    return undefined
  }
}
