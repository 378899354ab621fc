import { createRequire } from 'node:module'
import { withDeadline } from '../base/deadline.ts'
import { AppError } from '../base/errors.ts'
import type { Permission, PluginDefinition } from './api.ts'
import { createContext } from './context.ts'
import { describe, evaluatePlugin, SYNC_LIMIT_MS } from './evaluate.ts'
import { runMarked } from './facades/call.ts'
import type { EventSink } from './facades/event-facade.ts'
import type { TaskRunner } from './facades/scheduler-facade.ts'
import { Generation } from './generation.ts'
import { createGlobals, type TrackedGlobals } from './globals.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { HostServices } from './host-services.ts'
import { incompatibility } from './manifest.ts'
import { migratePlugin, pendingMigrations } from './migrate-plugin.ts'
import { resolveConfig } from './plugin-config.ts'
import type { PluginPackage } from './plugin-package.ts'
import { PUBLIC_MODULE } from './public-module.ts'
import { runGuarded } from './sync-guard.ts'

const SETUP_MS = 10_000
/** How long a half-made generation may clean up, ms. */
const FAILED_SETUP_MS = 100

const builtins = createRequire(import.meta.url)

export interface LoadOptions {
  readonly pkg: PluginPackage
  readonly number: number
  readonly position: number
  readonly granted: ReadonlySet<Permission>
  readonly services: HostServices
  readonly deliverEvent: EventSink
  readonly settingChanged: (key: string, value: unknown) => void
  /** Contained run of a scheduled task of this generation. */
  readonly taskRunnerFor: (generation: Generation) => TaskRunner
  readonly onTimerError: (error: unknown) => void
  /** A migration that the running generation can't live with: it is taken out of service first. */
  readonly beforeBreaking: () => Promise<void>
}

/**
 * Everything of a reload up to the swap: configuration, evaluation, migrations, set-up against a staged context. Whatever
 * fails rejects with an AppError and leaves nothing behind; the old generation was not touched.
 */
export async function loadGeneration(options: LoadOptions): Promise<Generation> {
  const { pkg, services } = options
  const { name, version } = pkg.manifest
  const wrong = incompatibility(pkg.manifest.apiVersion)
  if (wrong) throw new AppError('UNSUPPORTED', `plugin ${name}: ${wrong}`)
  const config = resolveConfig(name, pkg.manifest.config, services.states.find(name)?.config ?? {})

  const holder: { generation: Generation | undefined } = { generation: undefined }
  const globals = globalsFor(options, holder)
  const definition = pkg.definition ?? evaluatePlugin({ name, version, code: await pkg.code() }, globals.globals)
  assertHonest(pkg, definition)
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
    const { count, breaking } = pendingMigrations(definition, services.states.find(name)?.schemaVersion ?? 0)
    if (breaking) await options.beforeBreaking()
    if (count > 0 || definition.migrations)
      migratePlugin(services.db, services.states, definition, services.clock.now())
    await runSetup(generation, definition, config, options)
    return generation
  } catch (error) {
    await generation.end(FAILED_SETUP_MS)
    throw error
  }
}

async function runSetup(
  generation: Generation,
  definition: PluginDefinition,
  config: Readonly<Record<string, unknown>>,
  options: LoadOptions,
): Promise<void> {
  const context = createContext({
    generation,
    granted: options.granted,
    config,
    position: options.position,
    packageDir: options.pkg.dir,
    services: options.services,
    deliverEvent: options.deliverEvent,
    runTask: options.taskRunnerFor(generation),
    settingChanged: options.settingChanged,
  })
  try {
    const done = runMarked(generation, () => runGuarded(() => definition.setup(context as never), SYNC_LIMIT_MS))
    if (done instanceof Promise) await withDeadline(done, SETUP_MS, `setup of ${generation.plugin}`)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('PLUGIN_FAILED', `plugin ${generation.plugin}: setup failed: ${describe(cause)}`, { cause })
  }
}

function globalsFor(options: LoadOptions, holder: { readonly generation: Generation | undefined }): TrackedGlobals {
  const { name } = options.pkg.manifest
  const hosts = [...options.granted]
    .filter((permission) => permission.startsWith('net:'))
    .map((permission) => permission.slice(4))
  return createGlobals({
    plugin: name,
    log: options.services.log.child({ plugin: name, generation: options.number }),
    publicModule: PUBLIC_MODULE,
    mayRequire: (builtin) => options.granted.has(`node:${builtin}`),
    requireBuiltin: (builtin) => builtins(builtin) as unknown,
    fetch: (target, init) => {
      const { generation } = holder
      if (!generation) throw new AppError('PERMISSION_DENIED', `plugin ${name}: nothing may be fetched while it loads`)
      return guardedFetch({ plugin: name, hosts, signal: generation.signal }, target, init)
    },
    onError: options.onTimerError,
  })
}

/** The code must be what its manifest promised: nobody is granted one thing and runs another. */
function assertHonest(pkg: PluginPackage, definition: PluginDefinition): void {
  const { manifest } = pkg
  if (definition.name !== manifest.name)
    throw new AppError('PLUGIN_FAILED', `plugin ${manifest.name}: the code calls itself ${definition.name}`)
  const extra = (definition.permissions ?? []).filter((permission) => !manifest.permissions.includes(permission))
  if (extra.length > 0) {
    throw new AppError(
      'PLUGIN_FAILED',
      `plugin ${manifest.name}: the code asks for ${extra.join(', ')}, its plugin.json does not; build it again`,
    )
  }
}
