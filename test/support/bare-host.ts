import { createPluginStateRepository } from '../../src/library/plugin-state-repository.ts'
import { BufferPool } from '../../src/media/buffer-pool.ts'
import { type Breadcrumb, noBreadcrumb } from '../../src/plugin/containment/breadcrumb.ts'
import { createAdminServices } from '../../src/plugin/host/admin-services.ts'
import type { Generation } from '../../src/plugin/host/generation.ts'
import { PluginHost } from '../../src/plugin/host/plugin-host.ts'
import { parseManifest } from '../../src/plugin/loading/manifest.ts'
import type { PluginPackage } from '../../src/plugin/loading/plugin-package.ts'
import { swapEndpoints } from '../../src/plugin/routes/plugin-endpoints.ts'
import { pluginRoutes } from '../../src/plugin/routes/plugin-routes.ts'
import { type PluginFiles, pluginCode } from './plugin-folder.ts'
import type { TestServer } from './test-server.ts'

/** A plugin host over a test server, without folders: packages are handed to it. */
export function createBareHost(
  { core, server, subsonic, dataDir }: TestServer,
  onGeneration: (generation: Generation) => void = () => {},
  breadcrumb: Breadcrumb = noBreadcrumb,
): PluginHost {
  const { db, repositories, hooks, auth, scanner, clock, log, gate, streamer, artwork } = core
  const { scopes } = auth
  const pool = new BufferPool()
  const host: PluginHost = new PluginHost(
    {
      db,
      hooks,
      states: createPluginStateRepository(db),
      clock,
      log,
      dataDir,
      breadcrumb,
      repositories,
      scopes,
      admin: createAdminServices({
        repositories,
        accounts: auth.accounts,
        authenticator: auth.authenticator,
        scopes,
        scanner,
        hooks,
        clock,
        log,
        dataDir,
        config: () => undefined,
        mayInspect: false,
      }),
      renderChildren: async () => [],
      notify: () => {},
      onTables: (tables) => {
        swapEndpoints(subsonic, host, tables)
        server.swapRoutes(pluginRoutes({ host, gate, streamer, artwork, pool, dataDir, repositories, scopes }, tables))
      },
      onGeneration,
      required: [],
    },
    [],
  )
  return host
}

let stamps = 0

export function packageOf(name: string, files: PluginFiles & { readonly origin?: 'data' }): PluginPackage {
  const { version = '1.0.0', apiVersion = '1.0', permissions = [], config, origin = 'installed' } = files
  const manifest = parseManifest({
    name,
    version,
    apiVersion,
    permissions,
    main: 'plugin.js',
    ...(config ? { config } : {}),
  })
  return { name, origin, dir: undefined, stamp: `${++stamps}`, manifest, code: async () => pluginCode(name, files) }
}
