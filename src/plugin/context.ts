import { AppError } from '../base/errors.ts'
import { systemTimers } from '../base/timers.ts'
import type { Disposable, Permission, PluginContext } from './api.ts'
import { createDatabaseFacade } from './facades/database-facade.ts'
import { createEventFacade, type EventSink } from './facades/event-facade.ts'
import { createAssetFacade, createStorageFacade } from './facades/folder-facade.ts'
import { createHookFacade } from './facades/hook-facade.ts'
import { createNotifyFacade } from './facades/notify-facade.ts'
import { createLibraryReader, createPlaybackReader, createUserReader } from './facades/reader-facades.ts'
import { createRouteFacade } from './facades/route-facade.ts'
import { createSchedulerFacade, type TaskRunner } from './facades/scheduler-facade.ts'
import { createSettingsFacade } from './facades/settings-facade.ts'
import { createSubsonicFacade } from './facades/subsonic-facade.ts'
import type { Generation } from './generation.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { HostServices } from './host-services.ts'

export interface ContextOptions {
  readonly generation: Generation
  readonly granted: ReadonlySet<Permission>
  readonly config: Readonly<Record<string, unknown>>
  /** The plugin's place in the order of plugins. */
  readonly position: number
  readonly packageDir: string | undefined
  readonly services: HostServices
  readonly deliverEvent: EventSink
  readonly runTask: TaskRunner
  readonly settingChanged: (key: string, value: unknown) => void
}

/** What `setup` is given. Members without their permission refuse with a sentence that names it. */
export function createContext(options: ContextOptions): PluginContext {
  const { generation, granted, services } = options
  const { plugin } = generation
  const log = services.log.child({ plugin, generation: generation.number })
  const hosts = [...granted].filter((name) => name.startsWith('net:')).map((name) => name.slice(4))
  const readers = services
  const routes = createRouteFacade(generation, granted)
  const member = <T>(needed: readonly Permission[], make: () => T): T => {
    if (needed.some((permission) => granted.has(permission))) return make()
    return refusal<T>(plugin, needed)
  }
  const context: PluginContext = {
    name: plugin,
    config: options.config,
    log: {
      debug: (message, fields) => log.debug(message, { ...fields }),
      info: (message, fields) => log.info(message, { ...fields }),
      warn: (message, fields) => log.warn(message, { ...fields }),
      error: (message, fields) => log.error(message, { ...fields }),
    },
    signal: generation.signal,
    now: () => services.clock.now(),
    hooks: createHookFacade(generation, granted, options.position),
    events: createEventFacade(generation, options.deliverEvent),
    effect: (acquire, label = 'effect') => addEffect(generation, acquire, label),
    routes: member(['routes', 'routes:public', 'routes:root'], () => routes),
    subsonic: member(['subsonic'], () => createSubsonicFacade(generation, services.renderChildren)),
    db: member(['db'], () => createDatabaseFacade(services.db, plugin)),
    settings: member(['settings'], () =>
      createSettingsFacade(
        generation,
        {
          get: (name, key) => services.states.setting(name, key),
          set: (name, key, value) => services.states.setSetting(name, key, value),
        },
        options.settingChanged,
      ),
    ),
    scheduler: member(['scheduler'], () =>
      createSchedulerFacade(generation, options.runTask, {
        clock: services.clock,
        timers: services.timers ?? systemTimers,
      }),
    ),
    notify: member(['notify'], () => createNotifyFacade(generation, services.notify)),
    storage: member(['storage'], () => createStorageFacade(services.dataDir, plugin)),
    assets: member(['assets'], () => createAssetFacade(generation, options.packageDir)),
    library: member(['library:read'], () => createLibraryReader(readers)),
    users: member(['users:read'], () => createUserReader(readers)),
    playback: member(['playback:read'], () => createPlaybackReader(readers)),
    fetch: (url, init) => guardedFetch({ plugin, hosts, signal: generation.signal }, url, init),
  }
  return Object.freeze(context)
}

/** Registers a cleanup even when the acquiring is still under way at the end. */
function addEffect(generation: Generation, acquire: () => unknown, label: string): Disposable {
  generation.assertOpen()
  const acquired = Promise.resolve(acquire())
  // A rejection is reported by whoever awaits the cleanup; it must not be unhandled meanwhile.
  acquired.catch(() => {})
  const early = generation.scope.add(label, async () => {
    const cleanup = await acquired
    if (typeof cleanup === 'function') await cleanup()
  })
  return { dispose: () => void Promise.resolve(early()).catch(() => {}) }
}

function refusal<T>(plugin: string, needed: readonly Permission[]): T {
  const refuse = () => {
    throw new AppError(
      'PERMISSION_DENIED',
      `plugin ${plugin} needs the permission ${needed[0]}: add it to its permissions`,
    )
  }
  // Whoever only looks at it (await, console) is told nothing.
  const get = (_target: object, key: string | symbol) =>
    typeof key === 'symbol' || key === 'then' ? undefined : refuse()
  return new Proxy({}, { get, set: refuse }) as T
}
