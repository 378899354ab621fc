import { pause } from './base/deadline.ts'
import { Scope } from './base/disposable.ts'
import { AppError } from './base/errors.ts'
import { type BuiltCore, buildCore, type Core, type CoreOptions, endCore } from './core.ts'
import { coreRoutes } from './core-routes.ts'
import { errorReply } from './http/reply.ts'
import { createRouter, type Route, type Router } from './http/router.ts'
import { type Listening, startHttp } from './http/start-http.ts'
import { prepareAfterScans } from './media/prepare-after-scans.ts'
import { watchDisks } from './notify/disk-watch.ts'
import { shutGates } from './plugin/host/live-tables.ts'
import { createPluginRoom, type PluginRoomOptions } from './plugin/host/plugin-room.ts'
import type { Subsonic } from './subsonic/create-subsonic.ts'

export interface ServerOptions extends CoreOptions {
  /**
   * The port is taken, nothing is scanned yet, and clients are asked to wait until `open` is called (or this ends): the
   * moment to make the first user. When it rejects, the start fails.
   */
  readonly onListening?: (core: Core, at: Listening, open: () => void) => Promise<void>
}

export interface Server {
  /** Undefined before `start` and after `stop`. */
  readonly core: Core | undefined
  readonly subsonic: Subsonic | undefined
  /** Replaces all routes beside the core's own, at once; those of the native API and of plugins. */
  swapRoutes(routes: readonly Route[]): void
  /** Rejects with what to do about it; then nothing runs and nothing is held. */
  start(): Promise<Listening>
  /** Lets running answers end for `server.stopTimeout`. Never rejects; safe to call twice. */
  stop(reason: string): Promise<void>
}

const STARTING = new AppError('UNAVAILABLE', 'The server is starting. Try again in a moment.', { retryAfter: 1 })

/** Builds nothing before `start`. */
export function createServer(options: ServerOptions): Server {
  const { config, log } = options
  let core: BuiltCore | undefined
  let router: Router | undefined
  let baseRoutes: readonly Route[] = []
  let stopping: Promise<void> | undefined

  async function start(): Promise<Listening> {
    const scope = new Scope()
    try {
      core = await buildCore(options, scope)
      baseRoutes = coreRoutes(core)
      router = createRouter(baseRoutes)
      const table = router
      // Stopped after the connections, and before what it stands on.
      let stopPlugins = async () => {}
      scope.add('plugins', () => stopPlugins())
      let ready = false
      const http = await startHttp({
        settings: config.server,
        // The port is taken first, so that a start which fails there makes nobody; until the first user is made, nobody
        // is answered: a server without users would let anyone become its administrator.
        handler: (request) => (ready ? table.handle(request) : errorReply(STARTING)),
        begin: (request) => (ready ? table.begin(request) : { handler: () => errorReply(STARTING), release: () => {} }),
        hooks: core.hooks,
        log: log.child({ room: 'http' }),
      })
      scope.add('connections', () => http.close())
      const { at } = http
      core.listening = at.url
      stopPlugins = await startPlugins(core, { coreRoutes: baseRoutes, swapRoutes })
      const open = () => {
        ready = true
      }
      await options.onListening?.(core, at, open)
      open()
      core.streamer.start().catch((error: unknown) => log.error('transcoding is off', { error }))
      if (config.artwork.prepare) scope.add('preparing of covers', prepareAfterScans(core))
      await core.scanner.start()
      scope.add(
        'disk space',
        watchDisks({ paths: config.paths, notify: core.notify, log: log.child({ room: 'notify' }) }),
      )
      core.hooks.observe('server.ready', { url: at.url })
      return at
    } catch (error) {
      await endCore(scope, options)
      core = undefined
      router = undefined
      throw error
    }
  }

  function swapRoutes(routes: readonly Route[]): void {
    router?.swap([...baseRoutes, ...routes])
  }

  async function stop(reason: string): Promise<void> {
    if (!core) return
    core.hooks.observe('server.stopping', { reason })
    await core.hooks.settled(STOPPING_MS)
    await core.close()
    core = undefined
    router = undefined
  }

  return {
    get core() {
      return core
    },
    get subsonic() {
      return core?.subsonic
    },
    swapRoutes,
    start,
    stop: (reason) => {
      stopping ??= stop(reason)
      return stopping
    },
  }
}

/**
 * Resolves when all plugins have started, or a moment later: those that take longer come when they are ready, and their
 * gates are shut until then. @returns what stops them.
 */
async function startPlugins(core: BuiltCore, routes: PluginRoomOptions): Promise<() => Promise<void>> {
  const { plugins } = core.config
  if (!plugins.enabled) {
    shutGates(core.hooks, plugins.required)
    return async () => {}
  }
  const room = createPluginRoom(core, routes)
  core.plugins = room.service
  const started = room.start().catch((error: unknown) => core.log.error('plugins not started', { error }))
  const done = new AbortController()
  await Promise.race([started, pause(PLUGINS_MS, done.signal)])
  done.abort()
  return () => room.stop()
}

/** How long the first answer waits for plugins to start. */
const PLUGINS_MS = 1000

/** How long observers of the stop may take before the connections go. */
const STOPPING_MS = 2000
