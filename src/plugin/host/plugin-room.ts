import { mkdirSync } from 'node:fs'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config/load.ts'
import type { Logger } from '../../log/logger.ts'
import { createBreadcrumb, noBreadcrumb } from '../containment/breadcrumb.ts'
import { markRun, type RunMarker } from '../containment/run-marker.ts'
import { runtimeFolder } from '../containment/runtime-folder.ts'
import { describe } from '../loading/evaluate.ts'
import { createPluginService } from './create-plugin-service.ts'
import type { PluginParts } from './plugin-parts.ts'
import type { PluginFolder, PluginService } from './plugin-service.ts'
import type { PublishedRoutes } from './publish-tables.ts'

export interface PluginRoomOptions extends PublishedRoutes {
  /** Instead of the usual ones. */
  readonly folders?: readonly PluginFolder[]
}

export interface PluginRoom {
  readonly service: PluginService
  /** Shuts the gates of known plugins before it returns, then starts all; see PluginService. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** The plugins of a server, with what the last process left to know of how it ended. */
export function createPluginRoom(parts: PluginParts, options: PluginRoomOptions): PluginRoom {
  const { config } = parts
  const log = parts.log.child({ room: 'plugin' })
  const { folders = foldersOf(config), ...routes } = options
  const marker = markThisRun(parts)
  if (!marker) log.info('no folder in memory: a plugin that blocks the server would not be known afterwards')
  const service = createPluginService(parts, {
    routes,
    folders,
    breadcrumb: marker ? createBreadcrumb(marker.breadcrumbPath) : noBreadcrumb,
    culprit: marker?.lastRun.culprit,
    safeMode: config.plugins.safeMode === 'on' || (config.plugins.safeMode === 'auto' && !!marker?.lastRun.safeMode),
  })
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

/** For the command line without a server: what there is, and what is remembered of it. Nothing is started. */
export function createDormantPlugins(parts: PluginParts): PluginService {
  const folders = foldersOf(parts.config).map((folder) => ({ ...folder, watch: false }))
  return createPluginService(parts, { folders, dormant: true })
}

/** An administrator's own plugins go before those that came along. In the sources these are watched too. */
function foldersOf({ plugins }: Config): readonly PluginFolder[] {
  const bundled = import.meta.url.endsWith('.mjs')
  const installed = fileURLToPath(new URL(bundled ? './plugins' : '../../../plugins', import.meta.url))
  return [
    { path: plugins.folder, origin: 'data', watch: plugins.watch },
    { path: installed, origin: 'installed', watch: plugins.watch && !bundled },
  ]
}

function markThisRun({ config, clock }: PluginParts): RunMarker | undefined {
  const folder = runtimeFolder(config.paths.data)
  if (folder === undefined) return undefined
  return markRun(folder, {
    wallMs: clock.now() - process.uptime() * 1000,
    uptimeMs: uptime() * 1000,
    watchdogMs: Number(process.env.WATCHDOG_USEC ?? 0) / 1000,
    limitMs: config.plugins.hangLimit,
  })
}

/** So that a plugin can be dropped there. Another folder may be a mount that has not come up: that is waited for. */
function makeFolder(folder: string, log: Logger): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    log.warn('the folder of plugins could not be made', { folder, reason: describe(error) })
  }
}
