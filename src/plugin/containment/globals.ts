import { AppError } from '../../base/errors.ts'
import { isThenable } from '../../hooks/hook-caller.ts'
import type { PluginLogger } from '../api/plugin-api.ts'

/**
 * The names that a plugin's code finds. They shadow Node's own: timers are counted and end with their generation, the
 * console is the plugin's log, `process` can't stop the server, and `require` gives the host's API and granted built-ins.
 * This prevents accidents; it is no sandbox.
 */
export type PluginGlobals = Readonly<Record<string, unknown>>

export interface GlobalsOptions {
  readonly plugin: string
  readonly log: PluginLogger
  /** What `require('tonearm/plugin')` answers. */
  readonly publicModule: unknown
  /** Permission `node:<name>`; asked at each require. */
  mayRequire(builtin: string): boolean
  readonly requireBuiltin: (name: string) => unknown
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Runs a callback of the plugin in its name. */
  run<T>(work: () => T): T
  /** A timer's callback threw or rejected. */
  onError(error: unknown): void
}

/** Built-ins without reach: no files, network, processes or threads. */
export const HARMLESS: ReadonlySet<string> = new Set([
  'assert',
  'buffer',
  'crypto',
  'events',
  'querystring',
  'string_decoder',
  'url',
  'util',
  'path',
  'zlib',
])

const MOST_TIMERS = 10_000

export interface TrackedGlobals {
  readonly globals: PluginGlobals
  /** Timers that are set, for the count of what a plugin holds. */
  activeTimers(): number
  /** Clears all timers; later ones are refused quietly. */
  end(): void
}

export function createGlobals(options: GlobalsOptions): TrackedGlobals {
  const timers = new Set<NodeJS.Timeout | NodeJS.Immediate>()
  let ended = false

  const admit = () => {
    if (timers.size >= MOST_TIMERS)
      throw new AppError('BAD_REQUEST', `plugin ${options.plugin} has ${MOST_TIMERS} timers set, which is the most`)
  }
  const contain = (callback: (...values: unknown[]) => unknown, values: unknown[]) => {
    try {
      const result = options.run(() => callback(...values))
      if (isThenable(result)) result.then(undefined, options.onError)
    } catch (error) {
      options.onError(error)
    }
  }
  const once =
    (set: (run: () => void, ms?: number) => NodeJS.Timeout | NodeJS.Immediate) =>
    (callback: (...values: unknown[]) => unknown, ms?: number, ...values: unknown[]) => {
      admit()
      const handle = set(() => {
        timers.delete(handle)
        contain(callback, values)
      }, ms)
      if (ended) clear(handle)
      else timers.add(handle)
      return handle
    }
  const clear = (given: unknown) => {
    // Timers may be named by their number.
    const isNumber = typeof given === 'number' || typeof given === 'string'
    const handle = isNumber ? [...timers].find((timer) => 'refresh' in timer && Number(timer) === Number(given)) : given
    timers.delete(handle as NodeJS.Timeout)
    clearTimeout(handle as NodeJS.Timeout)
    clearImmediate(handle as NodeJS.Immediate)
  }
  const every = (callback: (...values: unknown[]) => unknown, ms?: number, ...values: unknown[]) => {
    admit()
    const handle = setInterval(() => contain(callback, values), ms)
    if (ended) clear(handle)
    else timers.add(handle)
    return handle
  }

  const line =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (...parts: unknown[]) =>
      options.log[level](parts.map((part) => (typeof part === 'string' ? part : safeText(part))).join(' '))

  const named: Record<string, unknown> = {
    require: (name: string) => {
      if (name === 'tonearm/plugin') return options.publicModule
      const builtin = name.replace(/^node:/, '')
      if (HARMLESS.has(builtin) || options.mayRequire(builtin)) return options.requireBuiltin(`node:${builtin}`)
      throw new AppError(
        'PERMISSION_DENIED',
        `plugin ${options.plugin} may not use '${name}': it needs the permission node:${builtin}`,
      )
    },
    setTimeout: once((run, ms) => setTimeout(run, ms)),
    setImmediate: (callback: (...values: unknown[]) => unknown, ...values: unknown[]) =>
      once((run) => setImmediate(run))(callback, undefined, ...values),
    setInterval: every,
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
    queueMicrotask: (callback: (...values: unknown[]) => unknown) => queueMicrotask(() => contain(callback, [])),
    fetch: options.fetch,
    // Ways to the network around `fetch`.
    WebSocket: undefined,
    EventSource: undefined,
    console: Object.freeze({
      debug: line('debug'),
      log: line('info'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    }),
    process: refusingProcess(options.plugin, contain),
  }
  // Writing to the global object stays in the generation; reading through it finds the tracked names first.
  // Defined, not assigned: an assignment would find Node's setters (`process`) on the real global object and change that.
  const own: unknown = Object.create(globalThis, Object.getOwnPropertyDescriptors(named))
  const globals: PluginGlobals = { ...named, globalThis: own, global: own }
  return {
    globals,
    activeTimers: () => timers.size,
    end: () => {
      ended = true
      for (const handle of [...timers]) clear(handle)
    },
  }
}

function refusingProcess(
  plugin: string,
  contain: (callback: (...values: unknown[]) => unknown, values: unknown[]) => void,
): object {
  const allowed: Readonly<Record<string, unknown>> = {
    platform: process.platform,
    arch: process.arch,
    version: process.version,
    versions: process.versions,
    env: Object.freeze({}),
    hrtime: process.hrtime,
    nextTick: (callback: (...values: unknown[]) => unknown, ...values: unknown[]) =>
      process.nextTick(() => contain(callback, values)),
    uptime: () => process.uptime(),
  }
  return new Proxy(allowed, {
    get: (target, key) => {
      if (Reflect.has(target, key) || typeof key === 'symbol') return Reflect.get(target, key)
      throw new AppError('PERMISSION_DENIED', `plugin ${plugin} may not use process.${String(key)}`)
    },
    set: () => false,
  })
}

function safeText(value: unknown): string {
  if (value instanceof Error) return value.message
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
