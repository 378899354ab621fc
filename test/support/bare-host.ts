import type { Core } from '../../src/core.ts'
import type { Breadcrumb } from '../../src/plugin/containment/breadcrumb.ts'
import { createPluginService } from '../../src/plugin/host/create-plugin-service.ts'
import type { Generation } from '../../src/plugin/host/generation.ts'
import type { PluginHost } from '../../src/plugin/host/plugin-host.ts'
import { parseManifest } from '../../src/plugin/loading/manifest.ts'
import type { PluginPackage } from '../../src/plugin/loading/plugin-package.ts'
import { type PluginFiles, pluginCode } from './plugin-folder.ts'
import type { TestServer } from './test-server.ts'

/** The plugin host over a test server, without folders: packages are handed to it. */
export function createBareHost(
  { core, server }: { readonly core: Core; readonly server: Pick<TestServer['server'], 'swapRoutes'> },
  onGeneration: (generation: Generation) => void = () => {},
  breadcrumb?: Breadcrumb,
): PluginHost {
  const { host } = createPluginService(core, {
    folders: [],
    routes: { coreRoutes: [], swapRoutes: server.swapRoutes },
    onGeneration,
    ...(breadcrumb ? { breadcrumb } : {}),
  })
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
