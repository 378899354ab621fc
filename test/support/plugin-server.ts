import { settingsView } from '../../src/config/settings-view.ts'
import { createPluginStateRepository } from '../../src/library/plugin-state-repository.ts'
import { BufferPool } from '../../src/media/buffer-pool.ts'
import { noBreadcrumb } from '../../src/plugin/containment/breadcrumb.ts'
import { createAdminServices } from '../../src/plugin/host/admin-services.ts'
import { PluginHost } from '../../src/plugin/host/plugin-host.ts'
import type { PluginPackage } from '../../src/plugin/loading/plugin-package.ts'
import { swapEndpoints } from '../../src/plugin/routes/plugin-endpoints.ts'
import { pluginRoutes } from '../../src/plugin/routes/plugin-routes.ts'
import { packageOf } from '../../src/plugin-kit/testing/plugin-source.ts'
import { startTestServer, type TestServer, type TestServerOptions } from './test-server.ts'

export interface PluginServer extends TestServer {
  readonly host: PluginHost
  /** Exactly these plugins, by folder or as definitions; what is no longer named is taken out as if its folder was gone. */
  load(...plugins: readonly (URL | object)[]): Promise<void>
  /** Paths of plugins' routes as they are now. */
  routes(): readonly { readonly method: string; readonly path: string }[]
}

/** A test server with a plugin host of its own; its plugins hold all that they ask for. */
export async function startPluginServer(
  options: TestServerOptions,
  t?: { after(cleanup: () => Promise<void>): void },
): Promise<PluginServer> {
  const running = await startTestServer(options)
  const { core, server, subsonic, dataDir } = running
  const { db, repositories, hooks, auth, scanner, clock, log, config } = core
  const states = createPluginStateRepository(db)
  const pool = new BufferPool()
  let paths: readonly { readonly method: string; readonly path: string }[] = []
  const host: PluginHost = new PluginHost(
    {
      db,
      hooks,
      states,
      clock,
      log,
      dataDir,
      breadcrumb: noBreadcrumb,
      repositories,
      scopes: auth.scopes,
      admin: createAdminServices({
        repositories,
        accounts: auth.accounts,
        authenticator: auth.authenticator,
        scopes: auth.scopes,
        scanner,
        hooks,
        clock,
        log,
        dataDir,
        config: () => (config.dev.showConfig ? settingsView(config) : undefined),
        mayInspect: config.inspect.enabled,
      }),
      renderChildren: async (user, ids) => {
        const stored = core.accounts.find(user.name)
        return stored ? subsonic.children(stored, ids) : []
      },
      onRightsChanged: (listener) => auth.scopes.onInvalidate(listener),
      notify: () => {},
      onTables: (tables) => {
        swapEndpoints(subsonic, host, tables)
        const { gate, streamer, artwork } = core
        const routes = pluginRoutes(
          { host, gate, streamer, artwork, pool, dataDir, repositories, scopes: auth.scopes },
          tables,
        )
        paths = routes
        server.swapRoutes(routes)
      },
      required: [],
    },
    [],
  )
  const stop = async () => {
    await host.stop()
    await running.stop()
  }
  t?.after(stop)
  return {
    ...running,
    host,
    stop,
    routes: () => paths,
    async load(...plugins) {
      const packages: PluginPackage[] = []
      for (const plugin of plugins) packages.push(await packageOf(plugin as URL, undefined))
      for (const { name, manifest } of packages)
        states.update(name, { granted: [...manifest.permissions] }, clock.now())
      await host.sync(packages)
      for (const { name } of packages) {
        const info = host.find(name)
        if (info?.state !== 'active') throw new Error(`${name} is ${info?.state}: ${info?.lastError}`)
      }
    },
  }
}
