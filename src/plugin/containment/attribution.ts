import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Whose code runs: a name that follows whatever the code starts (timers, promises, sockets, streams), so that an error which
 * nobody caught finds its plugin even when its stack names none, as that of a refused connection. Names and not
 * generations, so that nothing which lives on keeps a generation.
 */
const running = new AsyncLocalStorage<string>()

/** Before Node 24, following costs each promise of the server: a fifth of its requests a second. */
const IS_CHEAP = Number(process.versions.node.split('.')[0]) >= 24
let following = IS_CHEAP

/** Modules without sockets, files and streams: what goes wrong in them has a stack that leads to the plugin. */
const PLAIN = new Set(['assert', 'buffer', 'crypto', 'events', 'path', 'querystring', 'string_decoder', 'url', 'util'])

/** Follows contexts from now on if this code could start what fails without a stack of its own. */
export function followIfNeeded(code: string): void {
  for (const [, name = ''] of code.matchAll(/\brequire\(\s*["'`](?:node:)?([a-z_/]+)["'`]\s*\)/g)) {
    if (name !== 'tonearm/plugin') followBuiltin(name)
  }
}

/** The same for a built-in module whose name stood nowhere in the code. */
export function followBuiltin(name: string): void {
  if (!PLAIN.has(name)) follow()
}

/** Follows contexts from now on, until the process ends. */
export function follow(): void {
  following = true
}

export function runAs<T>(plugin: string, work: () => T): T {
  return following ? running.run(plugin, work) : work()
}

/** Errors that the host made for a plugin: their stacks are the host's. */
const claims = new WeakMap<object, string>()

export function claim(error: unknown, plugin: string): void {
  if (typeof error === 'object' && error !== null) claims.set(error, plugin)
}

/** Stack frames of a plugin's code carry this. */
export function sourceUrlOf(name: string, version: string): string {
  return `plugin:${name}@${version}`
}

const FRAME = /plugin:([a-z0-9-]+)@[^\s:)]+/

/** The plugin that caused a stray error; to be asked in the process handler, where the error's context is still there. */
export function pluginOf(error: unknown): string | undefined {
  const claimed = typeof error === 'object' && error !== null ? claims.get(error) : undefined
  return claimed ?? running.getStore() ?? pluginOfStack(error)
}

/** The plugin whose code stands nearest the top of a stack, those of its causes included. */
function pluginOfStack(error: unknown): string | undefined {
  try {
    return nearestFrame(error)
  } catch {
    // Only code that means to hides what it throws behind getters: whose it is stays open, and nobody's error is a plugin's.
    return undefined
  }
}

function nearestFrame(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 5) return undefined
  const inner = error instanceof AggregateError ? [error.cause, ...error.errors] : [error.cause]
  const own = typeof error.stack === 'string' ? FRAME.exec(error.stack)?.[1] : undefined
  return own ?? inner.map((one) => nearestFrame(one, depth + 1)).find((name) => name !== undefined)
}

const OWN_FRAME = /^\s+at .*(?:file:\/\/|\/|\\)[^\s()]+\.[cm]?[jt]s:\d+/m

/**
 * A rejection that leads to nobody: no plugin, and no file of the server. The server itself floats no promise and rejects
 * with errors only, so it is some plugin's: a `throw 'text'`, or a web API's own error.
 */
export function isNobodys(error: unknown): boolean {
  try {
    return !(error instanceof Error) || !OWN_FRAME.test(error.stack ?? '')
  } catch {
    return true
  }
}
