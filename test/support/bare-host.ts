import { createPluginStateRepository } from '../../src/library/plugin-state-repository.ts'
import { BufferPool } from '../../src/media/buffer-pool.ts'
import { createAdminServices } from '../../src/plugin/admin-services.ts'
import { type Breadcrumb, noBreadcrumb } from '../../src/plugin/breadcrumb.ts'
import type { Generation } from '../../src/plugin/generation.ts'
import { parseManifest } from '../../src/plugin/manifest.ts'
import { swapEndpoints } from '../../src/plugin/plugin-endpoints.ts'
import { PluginHost } from '../../src/plugin/plugin-host.ts'
import type { PluginPackage } from '../../src/plugin/plugin-package.ts'
import { pluginRoutes } from '../../src/plugin/plugin-routes.ts'
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
