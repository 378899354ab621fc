import { systemTimers } from '../../base/timers.ts'
import { pluginSettings } from '../../config/plugin-settings.ts'
import { settingsView } from '../../config/settings-view.ts'
import { createPluginStateRepository } from '../../library/plugin-state-repository.ts'
import { noBreadcrumb } from '../containment/breadcrumb.ts'
import { findUser } from '../facades/viewers.ts'
import { MediaLeases } from '../routes/media-leases.ts'
import { createAdminServices } from './admin-services.ts'
import type { HostServices } from './host-services.ts'
import type { HostTables } from './host-tables.ts'
import type { PluginParts } from './plugin-parts.ts'
import { PluginService, type PluginServiceOptions } from './plugin-service.ts'
import { createPublisher, type PublishedRoutes } from './publish-tables.ts'

export interface CreatePluginServiceOptions
  extends Omit<PluginServiceOptions, 'host' | 'order'>,
    Partial<Pick<HostServices, 'breadcrumb' | 'timers' | 'onGeneration'>> {
  /** Where their routes go. Absent: nobody asks plugins for anything. */
  readonly routes?: PublishedRoutes
}

/**
 * The one place where plugins and the core meet: the server, the command line and the authors' test kit all have their
 * plugins from here. Starts nothing.
 */
export function createPluginService(parts: PluginParts, options: CreatePluginServiceOptions): PluginService {
  const { config, db, repositories, hooks, auth, scanner, subsonic, streamer, notify, clock } = parts
  const { routes, breadcrumb = noBreadcrumb, timers = systemTimers, onGeneration, ...rest } = options
  const { scopes, accounts, authenticator } = auth
  const log = parts.log.child({ room: 'plugin' })
  const dataDir = config.paths.data
  const publish = routes ? createPublisher({ ...parts, log }, routes) : () => {}
  const service: PluginService = new PluginService({
    ...rest,
    order: config.plugins.order,
    host: {
      db,
      hooks,
      states: createPluginStateRepository(db),
      clock,
      log,
      dataDir,
      breadcrumb,
      repositories,
      scopes,
      checkSecret: auth.checkSecret,
      subsonic: {
        children: async ({ id }, songIds) => {
          const user = findUser({ repositories, scopes }, id)
          return user ? subsonic.children(user, songIds) : []
        },
        entries: async ({ id }, ids) => {
          const user = findUser({ repositories, scopes }, id)
          return user ? subsonic.entries(user, ids) : []
        },
        standsFor: async ({ id }, ids) => {
          const user = findUser({ repositories, scopes }, id)
          return user ? subsonic.standsFor(user, ids) : []
        },
      },
      media: streamer,
      admin: createAdminServices({
        repositories,
        accounts,
        authenticator,
        scopes,
        scanner,
        hooks,
        clock,
        log,
        dataDir,
        config: () => (config.dev.showConfig ? settingsView(config) : undefined),
        mayInspect: config.inspect.enabled,
      }),
      notify: (notification) => notify.send(notification),
      onTables: (tables: HostTables) => publish(service, tables),
      peerLimits: { all: config.server.maxListeners, perUser: config.server.maxListenersPerUser },
      onRightsChanged: (listener) => scopes.onInvalidate(listener),
      required: config.plugins.required,
      leases: new MediaLeases(clock),
      timers,
      configured: (plugin) => pluginSettings(config, plugin),
      ...(onGeneration ? { onGeneration } : {}),
    },
  })
  return service
}
