import { createRequire } from 'node:module'
import { withDeadline } from '../../base/deadline.ts'
import { AppError } from '../../base/errors.ts'
import { isThenable } from '../../hooks/hook-caller.ts'
import { honestDefinition } from '../api/definition.ts'
import type { Permission } from '../api/permission-api.ts'
import type { PluginContext, PluginLogger } from '../api/plugin-api.ts'
import { PUBLIC_MODULE } from '../api/public-module.ts'
import { followBuiltin, followIfNeeded } from '../containment/attribution.ts'
import { createGlobals, type TrackedGlobals } from '../containment/globals.ts'
import { grantedFetch } from '../containment/granted-fetch.ts'
import { ownTables } from '../containment/own-tables.ts'
import { runWatched } from '../containment/sync-watch.ts'
import { runMarked } from '../facades/call.ts'
import type { EventSink } from '../facades/event-facade.ts'
import type { TaskRunner } from '../facades/scheduler-facade.ts'
import { createContext } from '../host/context.ts'
import { Generation } from '../host/generation.ts'
import type { HostServices } from '../host/host-services.ts'
import { resolveConfig } from '../host/plugin-config.ts'
import { createPluginLog } from '../host/plugin-log.ts'
import { describe, evaluatePlugin, SYNC_LIMIT_MS } from './evaluate.ts'
import { migratePlugin, pendingMigrations } from './migrate-plugin.ts'
import type { PluginPackage } from './plugin-package.ts'

const SETUP_MS = 10_000
/** How long a half-made generation may clean up, ms. */
const FAILED_SETUP_MS = 100

const builtins = createRequire(import.meta.url)

export interface LoadOptions {
  readonly pkg: PluginPackage
  readonly number: number
  readonly position: number
  readonly granted: ReadonlySet<Permission>
  /** What people set; not yet checked. */
  readonly config: Readonly<Record<string, unknown>>
  readonly services: HostServices
  /** Aborts when the server stops. */
  readonly signal: AbortSignal
  readonly deliverEvent: EventSink
  readonly settingChanged: (key: string, value: unknown) => void
  /** Contained run of a scheduled task of this generation. */
  readonly taskRunnerFor: (generation: Generation) => TaskRunner
  /** A timer or an effect failed, with nobody to tell. */
  readonly onStrayError: (generation: Generation, error: unknown) => void
  /** A migration that the running generation can't live with: it is taken out of service first, and for good after it. */
  readonly breaking: { begin(): Promise<void>; done(): Promise<void> }
}

/**
 * Everything of a reload up to the swap: configuration, evaluation, migrations, set-up against a staged context. Whatever
 * fails rejects with an AppError and leaves nothing behind; the old generation was not touched.
 */
export async function loadGeneration(options: LoadOptions): Promise<Generation> {
  const { pkg, services } = options
  const { name, version } = pkg.manifest
  const config = resolveConfig(name, pkg.manifest.config, { ...services.configured(name), ...options.config })
  const log = createPluginLog(services.log.child({ plugin: name, generation: options.number }))
  const holder: { generation: Generation | undefined } = { generation: undefined }
  const globals = globalsFor(options, { holder, log })
  const code = pkg.definition ? '' : await pkg.code()
  // What comes with the server loads such modules when it comes to need them, and following starts then.
  if (pkg.origin !== 'installed') followIfNeeded(code)
  const evaluated =
    pkg.definition ??
    runMarked({ plugin: name, breadcrumb: services.breadcrumb }, () =>
      evaluatePlugin({ name, version, code }, globals.globals),
    )
  const definition = honestDefinition(pkg, evaluated)
  const generation = new Generation({
    plugin: name,
    version,
    number: options.number,
    definition,
    globals,
    breadcrumb: services.breadcrumb,
  })
  holder.generation = generation
  services.onGeneration?.(generation)
  try {
    await runMigrations(generation, options)
    await runSetup(generation, contextFor(generation, { config, log, options }), options.signal)
    return generation
  } catch (error) {
    await generation.end(FAILED_SETUP_MS)
    throw error
  }
}

async function runMigrations(generation: Generation, { services, breaking }: LoadOptions): Promise<void> {
  const { definition, plugin } = generation
  const { db, states, clock } = services
  const pending = pendingMigrations(definition, states.find(plugin)?.schemaVersion ?? 0)
  if (pending.count === 0) return
  if (pending.breaking) await breaking.begin()
  const own = ownTables(
    plugin,
    states.list().map((one) => one.name),
  )
  runMarked(generation, () => migratePlugin({ db, states, own }, definition, clock.now()))
  if (pending.breaking) await breaking.done()
}

function contextFor(
  generation: Generation,
  parts: {
    readonly config: Readonly<Record<string, unknown>>
    readonly log: PluginLogger
    readonly options: LoadOptions
  },
): PluginContext {
  const { config, log, options } = parts
  return createContext({
    generation,
    granted: options.granted,
    config,
    log,
    position: options.position,
    packageDir: options.pkg.dir,
    services: options.services,
    deliverEvent: options.deliverEvent,
    runTask: options.taskRunnerFor(generation),
    settingChanged: options.settingChanged,
    onError: (error) => options.onStrayError(generation, error),
  })
}

async function runSetup(generation: Generation, context: PluginContext, stop: AbortSignal): Promise<void> {
  const { plugin, definition } = generation
  const setup = definition.setup as (context: PluginContext) => unknown
  try {
    const done = runMarked(generation, () => runWatched(() => setup(context), SYNC_LIMIT_MS))
    if (!isThenable(done)) return
    const settled = Promise.resolve(done).then(() => {})
    await withDeadline(Promise.race([settled, stopped(stop, settled)]), SETUP_MS, `setup of ${plugin}`)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('PLUGIN_FAILED', `plugin ${plugin}: setup failed: ${describe(cause)}`, { cause })
  }
}

/** Rejects when the server stops meanwhile. */
function stopped(signal: AbortSignal, settled: Promise<unknown>): Promise<void> {
  return new Promise((_, reject) => {
    const stop = () => reject(new AppError('CANCELLED', 'the server stops'))
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    const forget = () => signal.removeEventListener('abort', stop)
    settled.then(forget, forget)
  })
}

function globalsFor(
  options: LoadOptions,
  { holder, log }: { readonly holder: { readonly generation: Generation | undefined }; readonly log: PluginLogger },
): TrackedGlobals {
  const { granted, services } = options
  const { name } = options.pkg.manifest
  return createGlobals({
    plugin: name,
    log,
    publicModule: PUBLIC_MODULE,
    mayRequire: (builtin) => granted.has(`node:${builtin}`),
    requireBuiltin: (builtin) => {
      followBuiltin(builtin.replace(/^node:/, ''))
      return builtins(builtin) as unknown
    },
    run: (work) => runMarked({ plugin: name, breadcrumb: services.breadcrumb }, work),
    fetch: async (target, init) => {
      const { generation } = holder
      if (!generation) throw new AppError('PERMISSION_DENIED', `plugin ${name}: nothing may be fetched while it loads`)
      return grantedFetch({ plugin: name, hosts: grantedHosts(granted), signal: generation.signal }, target, init)
    },
    onError: (error) => {
      if (holder.generation) options.onStrayError(holder.generation, error)
    },
  })
}

/** What stands behind `net:`. */
function grantedHosts(granted: ReadonlySet<Permission>): readonly string[] {
  return [...granted].flatMap((permission) => (permission.startsWith('net:') ? [permission.slice('net:'.length)] : []))
}
