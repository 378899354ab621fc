import { pause } from './base/deadline.ts'
import { Scope } from './base/disposable.ts'
import { AppError } from './base/errors.ts'
import { type BuiltCore, buildCore, type Core, type CoreOptions, endCore } from './core.ts'
import { createRouteTable, type RouteTable } from './core-routes.ts'
import { errorReply } from './http/reply.ts'
import type { Route, Router } from './http/router.ts'
import { type Listening, startHttp } from './http/start-http.ts'
import type { HttpHandler } from './http/types.ts'
import { prepareAfterScans } from './media/prepare-after-scans.ts'
import { watchData } from './notify/data-watch.ts'
import { watchDisks } from './notify/disk-watch.ts'
import { shutGates } from './plugin/host/live-tables.ts'
import { createPluginRoom, type PluginRoomOptions } from './plugin/host/plugin-room.ts'
import type { Subsonic } from './subsonic/create-subsonic.ts'

export interface ServerOptions extends CoreOptions {
  /** The database is up to date, which may have taken long, and no plugin has run yet. */
  readonly onBuilt?: () => void
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
  let core: BuiltCore | undefined
  let table: RouteTable | undefined
  let stopping: Promise<void> | undefined

  async function start(): Promise<Listening> {
    const scope = new Scope()
    try {
      core = await buildCore(options, scope)
      options.onBuilt?.()
      table = createRouteTable(core)
      // Stopped after the connections, and before what it stands on.
      let stopPlugins = async () => {}
      scope.add('plugins', () => stopPlugins())
      const door = createDoor(table.router)
      const http = await startHttp({
        settings: options.config.server,
        handler: door.handler,
        begin: door.begin,
        hooks: core.hooks,
        log: options.log.child({ room: 'http' }),
      })
      scope.add('connections', () => http.close())
      const { at } = http
      core.listening = at.url
      stopPlugins = await startPlugins(core, table)
      await options.onListening?.(core, at, door.open)
      door.open()
      // Who waits at the door is answered first: starting processes takes a while.
      for (let turn = 0; turn < TURNS; turn++) await nextTurn()
      await startBackgroundWork(core, scope)
      core.hooks.observe('server.ready', { url: at.url })
      return at
    } catch (error) {
      await endCore(scope, options)
      core = undefined
      table = undefined
      throw error
    }
  }

  async function stop(reason: string): Promise<void> {
    if (!core) return
    core.hooks.observe('server.stopping', { reason })
    await core.hooks.settled(STOPPING_MS)
    await core.close()
    core = undefined
    table = undefined
  }

  return {
    get core() {
      return core
    },
    get subsonic() {
      return core?.subsonic
    },
    swapRoutes: (routes) => table?.swapRoutes(routes),
    start,
    stop: (reason) => {
      stopping ??= stop(reason)
      return stopping
    },
  }
}

/**
 * Asks everybody to wait until it is opened. The port is taken first, so that a start which fails there makes nobody; and
 * until the first user is made nobody is answered: a server without users would let anyone become its administrator.
 */
function createDoor(router: Router): Pick<Router, 'begin'> & { readonly handler: HttpHandler; open(): void } {
  let isOpen = false
  const wait: HttpHandler = () => errorReply(STARTING)
  return {
    handler: (request) => (isOpen ? router.handle(request) : wait(request)),
    begin: (request) => (isOpen ? router.begin(request) : { handler: wait, release: () => {} }),
    open: () => {
      isOpen = true
    },
  }
}

/** What goes on whether anybody asks or not. */
async function startBackgroundWork(core: Core, scope: Scope): Promise<void> {
  const { config, log, streamer, scanner, notify } = core
  streamer.start().catch((error: unknown) => log.error('transcoding is off', { error }))
  if (config.artwork.prepare) scope.add('preparing of covers', prepareAfterScans(core))
  await scanner.start()
  scope.add('data folder', watchData({ db: core.db, log: log.child({ room: 'db' }) }))
  scope.add('disk space', watchDisks({ paths: config.paths, notify, log: log.child({ room: 'notify' }) }))
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

/** Of the event loop: one to take a connection, one to read from it, one to spare. */
const TURNS = 3
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** How long the first answer waits for plugins to start. */
const PLUGINS_MS = 1000

/** How long observers of the stop may take before the connections go. */
const STOPPING_MS = 2000
