import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { PluginHost } from '../../src/plugin/host/plugin-host.ts'
import type { PluginInfo } from '../../src/plugin/host/plugin-info.ts'
import { createPluginRoom, type PluginRoom } from '../../src/plugin/host/plugin-room.ts'
import type { PluginService } from '../../src/plugin/host/plugin-service.ts'
import type { PluginOrigin } from '../../src/plugin/loading/plugin-package.ts'
import { type PluginFiles, writePlugin } from './plugin-folder.ts'
import { ADMIN, startTestServer, type TestServer, type TestServerOptions } from './test-server.ts'

export interface PluginTestServer extends TestServer {
  readonly room: PluginRoom
  readonly plugins: PluginService
  readonly host: PluginHost
  /** Where plugins lie. */
  readonly folder: string
  /** Writes a plugin and looks at the folder; resolves when it runs or has failed. */
  install(name: string, files: PluginFiles): Promise<PluginInfo | undefined>
  /** What a plugin answers, as a client without a login sees it. */
  get(path: string, init?: RequestInit): Promise<Response>
}

export interface PluginTestOptions extends TestServerOptions {
  /** 'installed' (the default) is trusted with what it asks for. */
  readonly origin?: PluginOrigin
  readonly watch?: boolean
  /** Called with the folder before anything starts. */
  readonly before?: (folder: string) => void
  /** Resolve before the plugins have started. */
  readonly early?: boolean
}

/** The whole server with the whole plugin room over a folder of the test's own. Stops with the test. */
export async function startPluginRoom(
  t: { after(cleanup: () => Promise<void>): void },
  options: PluginTestOptions = {},
): Promise<PluginTestServer> {
  const server = await startTestServer(options)
  const folder = join(server.dataDir, 'plugins-of-the-test')
  mkdirSync(folder)
  options.before?.(folder)
  const room = createPluginRoom(server.core, {
    coreRoutes: [],
    swapRoutes: (routes) => server.server.swapRoutes(routes),
    folders: [{ path: folder, origin: options.origin ?? 'installed', watch: options.watch ?? false }],
  })
  const stop = async () => {
    await room.stop()
    await server.stop()
  }
  t.after(stop)
  const started = room.start()
  if (!options.early) await started
  const { service } = room
  return {
    ...server,
    room,
    plugins: service,
    host: service.host,
    folder,
    stop,
    async install(name, files) {
      writePlugin(folder, name, files)
      await service.rescan()
      return service.find(name)
    },
    get: (path, init) => fetch(`${server.url}${path}`, init),
  }
}

/** For routes that want a login. */
export const ADMIN_LOGIN = {
  authorization: `Basic ${Buffer.from(`${ADMIN.name}:${ADMIN.password}`).toString('base64')}`,
}
