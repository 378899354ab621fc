import { mkdirSync } from 'node:fs'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Auth } from '../../auth/create-auth.ts'
import type { Clock } from '../../base/clock.ts'
import type { Config } from '../../config/load.ts'
import { settingsView } from '../../config/settings-view.ts'
import type { Database } from '../../db/database.ts'
import type { HookDispatcher } from '../../hooks/hook-dispatcher.ts'
import type { Route } from '../../http/router.ts'
import { createPluginStateRepository } from '../../library/plugin-state-repository.ts'
import type { Repositories } from '../../library/repositories.ts'
import type { Logger } from '../../log/logger.ts'
import type { Artwork } from '../../media/artwork.ts'
import { BufferPool } from '../../media/buffer-pool.ts'
import type { RunningStreamer } from '../../media/create-streamer.ts'
import type { Notify } from '../../notify/notify.ts'
import type { NativeGate } from '../../rest/native-gate.ts'
import type { Scanner } from '../../scanner/scanner.ts'
import type { Subsonic } from '../../subsonic/create-subsonic.ts'
import { type Breadcrumb, createBreadcrumb, noBreadcrumb } from '../containment/breadcrumb.ts'
import { markRun } from '../containment/run-marker.ts'
import { runtimeFolder } from '../containment/runtime-folder.ts'
import { findUser } from '../facades/viewers.ts'
import { describe } from '../loading/evaluate.ts'
import { pluginAdminRoutes } from '../routes/admin-routes.ts'
import { swapEndpoints } from '../routes/plugin-endpoints.ts'
import { pluginRoutes } from '../routes/plugin-routes.ts'
import { createAdminServices } from './admin-services.ts'
import { type HostTables, shapeOf } from './host-tables.ts'
import { type PluginFolder, PluginService } from './plugin-service.ts'

/** What the plugin room stands on. */
export interface PluginRoomParts {
  readonly config: Config
  readonly db: Database
  readonly repositories: Repositories
  readonly hooks: HookDispatcher
  readonly auth: Auth
  readonly scanner: Scanner
  readonly subsonic: Subsonic
  readonly streamer: RunningStreamer
  readonly artwork: Artwork
  readonly gate: NativeGate
  readonly notify: Notify
  readonly clock: Clock
  readonly log: Logger
}

export interface PluginRoomOptions {
  /** The core's own routes, which no plugin takes the place of. */
  readonly coreRoutes: readonly Route[]
  /** Instead of the usual ones. */
  readonly folders?: readonly PluginFolder[]
  /** Replaces all routes beside those. */
  swapRoutes(routes: readonly Route[]): void
}

export interface PluginRoom {
  readonly service: PluginService
  /** Shuts the gates of known plugins before it returns, then starts all; see PluginService. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** How long a plugin's channel may take for one notification, ms. */
const DELIVER_MS = 10_000

/** Plugins in the server: discovery, host, and their ways into routes, Subsonic endpoints and notifications. */
export function createPluginRoom(parts: PluginRoomParts, options: PluginRoomOptions): PluginRoom {
  const { config, clock, notify, subsonic } = parts
  const log = parts.log.child({ room: 'plugin' })
  const folder = runtimeFolder(config.paths.data)
  const times = {
    wallMs: clock.now() - process.uptime() * 1000,
    uptimeMs: uptime() * 1000,
    watchdogMs: Number(process.env.WATCHDOG_USEC ?? 0) / 1000,
  }
  const marker = folder === undefined ? undefined : markRun(folder, times)
  if (!marker) log.info('no folder in memory: a plugin that blocks the server would not be known afterwards')
  const pool = new BufferPool()
  let admin: readonly Route[] = []
  let told = ''

  const onTables = (tables: HostTables) => {
    const refused = [...swapEndpoints(subsonic, service.host, tables)]
    const { repositories, auth, gate, streamer, artwork } = parts
    const services = { host: service.host, gate, streamer, artwork, pool, repositories, scopes: auth.scopes }
    const { allowedOrigins } = config.server
    const routes = pluginRoutes({ ...services, dataDir: config.paths.data, allowedOrigins }, tables)
    const fitting = withoutClashes(routes, [...options.coreRoutes, ...admin], refused)
    options.swapRoutes([...admin, ...fitting])
    notify.replace(
      'plugins',
      tables.channels.map(({ name, durable, deliver, generation }) => ({
        name,
        durable,
        deliver: (note) => service.host.call(generation, `channel ${name}`, DELIVER_MS, () => deliver(note)),
      })),
    )
    if (refused.join('\n') === told) return
    told = refused.join('\n')
    for (const conflict of refused) log.warn('plugin registration ignored', { conflict })
  }

  const service: PluginService = createPluginService(parts, {
    log,
    breadcrumb: marker ? createBreadcrumb(marker.breadcrumbPath) : noBreadcrumb,
    onTables,
    folders: options.folders ?? foldersOf(config, false),
    culprit: marker?.lastRun.culprit,
    safeMode: config.plugins.safeMode === 'on' || (config.plugins.safeMode === 'auto' && !!marker?.lastRun.safeMode),
  })
  admin = pluginAdminRoutes(service, parts.gate)
  const endedByItself = () => marker?.end()
  return {
    service,
    start() {
      process.once('exit', endedByItself)
      if (config.plugins.folder === join(config.paths.data, 'plugins')) makeFolder(config.plugins.folder, log)
      return service.start()
    },
    async stop() {
      await service.stop()
      process.off('exit', endedByItself)
      endedByItself()
    },
  }
}

/** So that a plugin can be dropped there. Another folder may be a mount that has not come up: that is waited for. */
function makeFolder(folder: string, log: Logger): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    log.warn('the folder of plugins could not be made', { folder, reason: describe(error) })
  }
}

interface ServiceOptions {
  readonly log: Logger
  readonly breadcrumb?: Breadcrumb
  readonly folders: readonly PluginFolder[]
  readonly onTables?: (tables: HostTables) => void
  readonly culprit?: string | undefined
  readonly safeMode?: boolean
  readonly dormant?: boolean
}

/** For the command line without a server: what there is, and what is remembered of it. Nothing is started. */
export function createDormantPlugins(parts: PluginRoomParts): PluginService {
  return createPluginService(parts, {
    log: parts.log.child({ room: 'plugin' }),
    folders: foldersOf(parts.config, true),
    dormant: true,
  })
}

function createPluginService(parts: PluginRoomParts, options: ServiceOptions): PluginService {
  const { config, db, repositories, hooks, auth, scanner, subsonic, clock, notify } = parts
  const { log, breadcrumb = noBreadcrumb, onTables = () => {}, dormant = false } = options
  const { scopes } = auth
  return new PluginService({
    host: {
      db,
      hooks,
      states: createPluginStateRepository(db),
      clock,
      log,
      dataDir: config.paths.data,
      breadcrumb,
      repositories,
      scopes,
      renderChildren: async (user, songIds) => {
        const stored = findUser({ repositories, scopes }, user.id)
        return stored ? subsonic.children(stored, songIds) : []
      },
      media: parts.streamer,
      admin: createAdminServices({
        repositories,
        accounts: auth.accounts,
        authenticator: auth.authenticator,
        scopes,
        scanner,
        hooks,
        clock,
        log,
        dataDir: config.paths.data,
        config: () => (config.dev.showConfig ? settingsView(config) : undefined),
        mayInspect: config.inspect.enabled,
      }),
      notify: (notification) => notify.send(notification),
      onTables,
      peerLimits: { all: config.server.maxListeners, perUser: config.server.maxListenersPerUser },
      onRightsChanged: (listener) => scopes.onInvalidate(listener),
      required: config.plugins.required,
      configured: (plugin) => (plugin === 'sharing' ? sharingSettings(config) : {}),
    },
    folders: options.folders,
    order: config.plugins.order,
    culprit: options.culprit,
    safeMode: options.safeMode ?? false,
    dormant,
  })
}

/** An administrator's own plugins go before those that came along. In the sources these are watched too. */
function foldersOf({ plugins }: Config, dormant: boolean): readonly PluginFolder[] {
  const bundled = import.meta.url.endsWith('.mjs')
  const installed = fileURLToPath(new URL(bundled ? './plugins' : '../../../plugins', import.meta.url))
  const watch = plugins.watch && !dormant
  return [
    { path: plugins.folder, origin: 'data', watch },
    { path: join(installed), origin: 'installed', watch: watch && !bundled },
  ]
}

/** Plugins' routes that are none of the core's, which would keep the router from taking any. */
function withoutClashes(routes: readonly Route[], core: readonly Route[], refused: string[]): readonly Route[] {
  const key = ({ method, path }: Route) => `${method} ${shapeOf(path)}`
  const taken = new Set(core.filter(({ yields }) => !yields).map(key))
  return routes.filter((route) => {
    const free = !taken.has(key(route))
    if (free) taken.add(key(route))
    else refused.push(`the route ${route.method} ${route.path} is the server's own, or there twice`)
    return free
  })
}

/** The plugin's settings by the same names, of which this one is in seconds. */
function sharingSettings({ sharing }: Config): Readonly<Record<string, unknown>> {
  return { ...sharing, defaultExpiry: Math.round(sharing.defaultExpiry / 1000) }
}
