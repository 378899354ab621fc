import { AppError } from '../../base/errors.ts'
import type { Disposable } from '../api/disposable-api.ts'
import type { Permission } from '../api/permission-api.ts'
import type { PluginContext, PluginLogger } from '../api/plugin-api.ts'
import { grantedConnect } from '../containment/granted-connect.ts'
import { grantedFetch } from '../containment/granted-fetch.ts'
import { ownTables } from '../containment/own-tables.ts'
import { runWatched } from '../containment/sync-watch.ts'
import { createAdminFacade } from '../facades/admin-facade.ts'
import { runMarked, SYNC_MS } from '../facades/call.ts'
import { createDatabaseFacade } from '../facades/database-facade.ts'
import { createEventFacade, type EventSink } from '../facades/event-facade.ts'
import { createAssetFacade, createStorageFacade } from '../facades/folder-facade.ts'
import { createHookFacade } from '../facades/hook-facade.ts'
import { createLibraryReader } from '../facades/library-facade.ts'
import { createNarrowedUsersFacade } from '../facades/narrowed-users-facade.ts'
import { createNotifyFacade } from '../facades/notify-facade.ts'
import { createPlaybackReader } from '../facades/playback-facade.ts'
import { createRouteFacade } from '../facades/route-facade.ts'
import { createSchedulerFacade, type TaskRunner } from '../facades/scheduler-facade.ts'
import { createServerReader } from '../facades/server-facade.ts'
import { createSettingsFacade } from '../facades/settings-facade.ts'
import { createStatisticsFacade } from '../facades/statistics-facade.ts'
import { createSubsonicFacade } from '../facades/subsonic-facade.ts'
import { createUserReader } from '../facades/users-facade.ts'
import type { Generation } from './generation.ts'
import type { HostServices } from './host-services.ts'

export interface ContextOptions {
  readonly generation: Generation
  readonly granted: ReadonlySet<Permission>
  readonly config: Readonly<Record<string, unknown>>
  readonly log: PluginLogger
  /** The plugin's place in the order of plugins. */
  readonly position: number
  readonly packageDir: string | undefined
  readonly services: HostServices
  readonly deliverEvent: EventSink
  readonly runTask: TaskRunner
  readonly settingChanged: (key: string, value: unknown) => void
  /** Something that nobody awaits has failed. */
  readonly onError: (error: unknown) => void
}

/** What `setup` is given. Members without their permission refuse with a sentence that names it. */
export function createContext(options: ContextOptions): PluginContext {
  const { generation, granted, services } = options
  const { plugin } = generation
  const hosts = [...granted].flatMap((name) => (name.startsWith('net:') ? [name.slice('net:'.length)] : []))
  const readers = services
  const routes = createRouteFacade(generation, granted, services)
  const member = <T>(needed: readonly Permission[], make: () => T): T => {
    if (needed.some((permission) => granted.has(permission))) return make()
    return refusal<T>(plugin, needed)
  }
  const context: PluginContext = {
    name: plugin,
    config: options.config,
    log: options.log,
    signal: generation.signal,
    now: () => services.clock.now(),
    hooks: createHookFacade(generation, granted, options.position),
    events: createEventFacade(generation, options.deliverEvent),
    effect: (acquire, label = 'effect') => addEffect(generation, acquire, { label, onError: options.onError }),
    routes: member(['routes', 'routes:public', 'routes:root'], () => routes),
    subsonic: member(['subsonic'], () => createSubsonicFacade(generation, services.subsonic)),
    db: member(['db'], () => {
      const known = services.states.list().map(({ name }) => name)
      return createDatabaseFacade(generation, services.db, ownTables(plugin, known))
    }),
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
        timers: services.timers,
      }),
    ),
    notify: member(['notify'], () => createNotifyFacade(generation, services.notify)),
    storage: member(['storage'], () => createStorageFacade(services.dataDir, plugin)),
    assets: member(['assets'], () => createAssetFacade(generation, options.packageDir, granted)),
    library: member(['library:read'], () => createLibraryReader(generation, readers)),
    statistics: member(['library:read'], () => createStatisticsFacade(generation, readers)),
    server: member(['server:read'], () => createServerReader(generation, services)),
    users: member(['users:read'], () => createUserReader(generation, readers)),
    playback: member(['playback:read'], () => createPlaybackReader(generation, readers)),
    admin: member(['admin'], () => createAdminFacade(generation, services.admin)),
    guarded: member(['access:scope'], () => createNarrowedUsersFacade(generation, services)),
    fetch: async (url, init) => grantedFetch({ plugin, hosts, signal: generation.signal }, url, init),
    connect: (target) => grantedConnect({ plugin, hosts, signal: generation.signal }, target),
  }
  return Object.freeze(context)
}

/** Registers a cleanup even when the acquiring is still under way at the end. */
function addEffect(
  generation: Generation,
  acquire: () => unknown,
  { label, onError }: { readonly label: string; readonly onError: (error: unknown) => void },
): Disposable {
  generation.assertOpen()
  const acquired = Promise.resolve(acquire()).catch((error: unknown) => onError(error))
  const early = generation.scope.add(String(label), async () => {
    const cleanup = await acquired
    if (typeof cleanup === 'function') await runMarked(generation, () => runWatched(() => cleanup(), SYNC_MS))
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
