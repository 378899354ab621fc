import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Whose code runs. The name follows whatever the code starts: timers, promises, sockets, streams. So an error that nobody
 * caught finds its plugin even when its stack names none, as those of refused connections and of `throw 'text'` do. Names
 * and not generations, so that nothing which lives on keeps a generation.
 */
const running = new AsyncLocalStorage<string>()

export function runAs<T>(plugin: string, work: () => T): T {
  return running.run(plugin, work)
}

/** Stack frames of a plugin's code carry this. */
export function sourceUrlOf(name: string, version: string): string {
  return `plugin:${name}@${version}`
}

const FRAME = /plugin:([a-z0-9-]+)@[^\s:)]+/

/** The plugin that caused a stray error; to be asked in the process handler, where the error's context is still there. */
export function pluginOf(error: unknown): string | undefined {
  return running.getStore() ?? pluginOfStack(error)
}

/** The plugin whose code stands nearest the top of a stack, those of its causes included. */
export function pluginOfStack(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 5) return undefined
  const inner = error instanceof AggregateError ? [error.cause, ...error.errors] : [error.cause]
  const own = typeof error.stack === 'string' ? FRAME.exec(error.stack)?.[1] : undefined
  return own ?? inner.map((one) => pluginOfStack(one, depth + 1)).find((name) => name !== undefined)
}
