import { createPluginStateRepository } from '../../src/library/plugin-state-repository.ts'
import type { PluginHost } from '../../src/plugin/host/plugin-host.ts'
import type { PluginPackage } from '../../src/plugin/loading/plugin-package.ts'
import { packageOf } from '../../src/plugin-kit/testing/plugin-source.ts'
import { createBareHost } from './bare-host.ts'
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
  const { db, clock } = running.core
  const states = createPluginStateRepository(db)
  let paths: readonly { readonly method: string; readonly path: string }[] = []
  const swapRoutes: TestServer['server']['swapRoutes'] = (routes) => {
    paths = routes
    running.server.swapRoutes(routes)
  }
  const host = createBareHost({ core: running.core, server: { swapRoutes } })
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
