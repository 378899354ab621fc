import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Accounts } from './auth/accounts.ts'
import { type Auth, createAuth } from './auth/create-auth.ts'
import { openKeyRing } from './auth/secrets.ts'
import { FULL_SCOPE } from './base/access-scope.ts'
import { type Clock, systemClock } from './base/clock.ts'
import { pause } from './base/deadline.ts'
import { type Cleanup, Scope } from './base/disposable.ts'
import { AppError } from './base/errors.ts'
import type { Config } from './config/load.ts'
import { programVersion } from './config/version.ts'
import { makeDataFolder } from './db/data-folder.ts'
import { acquireDataLock, DATABASE_FILE } from './db/data-lock.ts'
import type { Database } from './db/database.ts'
import { migrate } from './db/migrate.ts'
import { openDatabase } from './db/sqlite-database.ts'
import { createHookDispatcher, type HookDispatcher } from './hooks/hook-dispatcher.ts'
import { pingRoute, robotsRoute } from './http/ping-route.ts'
import { errorReply } from './http/reply.ts'
import { createRouter, type Route, type Router } from './http/router.ts'
import { type Listening, startHttp } from './http/start-http.ts'
import { welcomeRoute } from './http/welcome-route.ts'
import { createArtworkRepository } from './library/artwork-repository.ts'
import type { CoverPriority } from './library/cover-choice.ts'
import { createRepositories } from './library/create-repositories.ts'
import type { Library } from './library/entities.ts'
import { checkMusicFolders } from './library/library-folders.ts'
import type { LibrarySettings } from './library/library-repository.ts'
import { createOutboxRepository } from './library/outbox-repository.ts'
import type { Repositories } from './library/repositories.ts'
import type { Logger } from './log/logger.ts'
import type { Artwork } from './media/artwork.ts'
import { type ArtworkSettings, createArtwork } from './media/create-artwork.ts'
import { createLyrics } from './media/create-lyrics.ts'
import { createStreamer, type RunningStreamer } from './media/create-streamer.ts'
import { createMediaSettings, type MediaSettings } from './media/media-settings.ts'
import { prepareAfterScans } from './media/prepare-after-scans.ts'
import type { RightsSource } from './media/stream-rights.ts'
import { watchDisks } from './notify/disk-watch.ts'
import { createNotify, type Notify } from './notify/notify.ts'
import { createPlayback } from './playback/create-playback.ts'
import { shutGates } from './plugin/live-tables.ts'
import { createPluginRoom, type PluginRoomOptions } from './plugin/plugin-room.ts'
import type { PluginService } from './plugin/plugin-service.ts'
import { createNativeGate, type NativeGate } from './rest/native-gate.ts'
import { nativeRoutes } from './rest/native-routes.ts'
import { createSessions, type Sessions } from './rest/sessions.ts'
import { createScanner } from './scanner/create-scanner.ts'
import type { Scanner } from './scanner/scanner.ts'
import type { ScannerSettings } from './scanner/settings.ts'
import { startSchedule } from './scheduler/schedule-timer.ts'
import { createSubsonic, type Subsonic } from './subsonic/create-subsonic.ts'

export interface CoreOptions {
  readonly config: Config
  readonly log: Logger
  readonly clock?: Clock
  /** log2 of scrypt's N; for tests. */
  readonly hashCost?: number
}

/** The data and what works on them, without the network: what commands need when no server runs. */
export interface Core {
  readonly config: Config
  readonly log: Logger
  readonly clock: Clock
  readonly db: Database
  readonly repositories: Repositories
  readonly hooks: HookDispatcher
  readonly auth: Auth
  readonly accounts: Accounts
  readonly scanner: Scanner
  readonly sessions: Sessions
  readonly gate: NativeGate
  readonly subsonic: Subsonic
  readonly streamer: RunningStreamer
  readonly artwork: Artwork
  readonly notify: Notify
  /** Undefined without a server, and where plugins are switched off. */
  readonly plugins: PluginService | undefined
  /** The address, while a server answers there. */
  readonly listening: string | undefined
  libraries(): readonly Library[]
  keyProblem(): string | undefined
  /** Undone before everything that was there earlier. */
  onStop(label: string, cleanup: Cleanup): void
  close(): Promise<void>
}

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

interface BuiltCore extends Core {
  listening: string | undefined
  plugins: PluginService | undefined
}

const STARTING = new AppError('UNAVAILABLE', 'The server is starting. Try again in a moment.', { retryAfter: 1 })

/**
 * Takes the data folder, brings the schema and the configured libraries up to date, and builds what works on them.
 * Rejects with LIBRARY_UNREADABLE, CONFIG_INVALID or a code of the data (DATA_*, DISK_FULL).
 */
export async function openCore(options: CoreOptions): Promise<Core> {
  const scope = new Scope()
  try {
    return await buildCore(options, scope)
  } catch (error) {
    await end(scope, options)
    throw error
  }
}

async function buildCore(options: CoreOptions, scope: Scope): Promise<BuiltCore> {
  const { config, log, clock = systemClock } = options
  const { data } = config.paths
  const room = (name: string) => log.child({ room: name })

  const isNew = !existsSync(join(data, DATABASE_FILE))
  if (isNew) checkMusicFolders(config.libraries, [])
  makeDataFolder(data)
  const lock = acquireDataLock(data)
  scope.add('data lock', () => lock.release())
  const db = openDatabase({ path: join(data, DATABASE_FILE), log: room('db') })
  scope.add('database', () => db.close())
  migrate(db, { log: room('db') })
  const repositories = createRepositories(db)
  scope.add('play counts', () => repositories.plays.flush())
  const { libraries } = repositories
  const away = isNew ? [] : checkMusicFolders(config.libraries, libraries.list(FULL_SCOPE))
  for (const folder of away) log.warn('music folder is away: what is known of it stays', folder)
  libraries.syncWithConfig(librarySettings(config), clock.now())

  const hooks = createHookDispatcher({ log: room('hooks'), clock })
  const notify = createNotify({ log: room('notify'), clock, outbox: createOutboxRepository(db) })
  scope.add('notifications', () => notify.stop())
  const auth = createAuth({
    repositories,
    hooks,
    clock,
    log: room('auth'),
    notify,
    keyDir: join(data, 'keys'),
    settings: {
      attempts: config.auth.attempts,
      attemptWindowMs: config.auth.attemptWindow,
      ...(options.hashCost === undefined ? {} : { hashCost: options.hashCost }),
    },
  })
  scope.add('auth', () => auth.stop())
  const playback = createPlayback({ repositories, hooks, clock, log: room('playback') })
  scope.add('playback', () => playback.stop())
  const streamer = createStreamer({
    settings: mediaSettings(config),
    songs: repositories.songs,
    hooks,
    rights: rightsSource(auth, repositories),
    log: room('media'),
    wasmChildEntry: childEntry('media/transcode/wasm-child').path,
  })
  scope.add('streams', () => streamer.stop())
  const covers = createArtworkRepository(db, coverPriority(config))
  const artwork = createArtwork({
    db,
    repositories,
    hooks,
    clock,
    log: room('artwork'),
    entry: childEntry('media/artwork/image-child'),
    settings: artworkSettings(config),
  })
  scope.add('artwork', () => artwork.stop())
  const lyrics = createLyrics({
    repositories,
    hooks,
    log: room('lyrics'),
    priority: config.lyrics.priority,
  })
  const scanner = createScanner({
    db,
    libraries,
    playlists: repositories.playlists,
    artwork: covers,
    hooks,
    notify,
    clock,
    log: room('scanner'),
    settings: scannerSettings(config),
    childEntry: childEntry('scanner/tag-reader-child'),
    firstAdmin: () => repositories.users.list().find(({ isAdmin }) => isAdmin)?.id,
    flushPlays: () => repositories.plays.flush(),
  })
  scope.add('scanner', () => scanner.stop())
  const subsonic = createSubsonic({
    repositories,
    authenticator: auth.authenticator,
    accounts: auth.accounts,
    scopes: auth.scopes,
    streamer,
    artwork,
    lyrics,
    playback,
    scanner,
    hooks,
    clock,
    log: room('subsonic'),
    settings: {
      serverVersion: programVersion(),
      ignoredArticles: config.subsonic.ignoredArticles,
      legacyClients: config.subsonic.legacyClients,
      minimalClients: config.subsonic.minimalClients,
      realPaths: config.subsonic.realPaths,
      placeholderCovers: config.artwork.placeholder,
    },
  })
  const sessions = createSessions({
    keys: openKeyRing(join(data, 'keys'), 'session'),
    clock,
    ttlMs: config.auth.sessionTimeout,
    sessions: repositories.sessions,
  })
  const gate = createNativeGate({
    sessions,
    authenticator: auth.authenticator,
    users: repositories.users,
    apiKeys: repositories.apiKeys,
  })
  return {
    config,
    log,
    clock,
    db,
    repositories,
    hooks,
    auth,
    accounts: auth.accounts,
    scanner,
    sessions,
    gate,
    subsonic,
    streamer,
    artwork,
    notify,
    plugins: undefined,
    listening: undefined,
    libraries: () => libraries.list(FULL_SCOPE),
    keyProblem: () => auth.keyProblem(),
    onStop: (label, cleanup) => void scope.add(label, cleanup),
    close: () => end(scope, options),
  }
}

/** Undoes what was started, last first; what fails on the way is logged. */
async function end(scope: Scope, { config, log }: CoreOptions): Promise<void> {
  for (const { label, error } of await scope.dispose(config.server.stopTimeout + CLEANUP_MS)) {
    log.error('did not stop in order', { label, error })
  }
}

const CLEANUP_MS = 5000

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
      const { subsonic } = core
      baseRoutes = [
        welcomeRoute({ version: programVersion() }),
        pingRoute,
        robotsRoute,
        { method: 'ANY', path: '/rest/*', ignoreCase: true, handler: (request) => subsonic.handle(request) },
        ...nativeApi(core),
      ]
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
      scanEvery(core, scope)
      scope.add(
        'disk space',
        watchDisks({ paths: config.paths, notify: core.notify, log: log.child({ room: 'notify' }) }),
      )
      core.hooks.observe('server.ready', { url: at.url })
      return at
    } catch (error) {
      await end(scope, options)
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

/** Patterns of cron are the scanner's own; `@every` has no pattern. */
function scanEvery({ config, scanner, log }: Core, scope: Scope): void {
  const { schedule } = config.scanner
  if (schedule.kind !== 'every') return
  const timer = startSchedule(schedule, async () => {
    await scanner.scan({ kind: 'quick' }).catch((error: unknown) => log.error('scan failed', { error }))
  })
  scope.add('scan schedule', () => timer.stop())
}

/** How long observers of the stop may take before the connections go. */
const STOPPING_MS = 2000

/** The start of a process of its own: in the bundle beside this file, in the sources through tsx. */
function childEntry(name: string): { readonly path: string; readonly execArgv: readonly string[] } {
  const bundled = import.meta.url.endsWith('.mjs')
  const path = fileURLToPath(new URL(`./${name}.${bundled ? 'mjs' : 'ts'}`, import.meta.url))
  return { path, execArgv: bundled ? [] : ['--import', 'tsx'] }
}

function nativeApi({ sessions, gate, auth, repositories, hooks }: BuiltCore): readonly Route[] {
  const { authenticator, accounts, scopes } = auth
  return nativeRoutes({
    sessions,
    gate,
    authenticator,
    accounts,
    users: repositories.users,
    guards: repositories.accessGuards,
    hooks,
    onAccessChanged: () => scopes.invalidate(),
  })
}

/** Running streams ask it again whenever somebody's rights change. */
function rightsSource({ scopes }: Auth, { users }: Repositories): RightsSource {
  return {
    current: async (userId, purpose) => {
      const user = users.find(userId)
      return user && { user, viewer: await scopes.viewer(user, purpose) }
    },
    onChange: (listener) => scopes.onInvalidate(listener),
  }
}

function librarySettings({ libraries, scanner }: Config): readonly LibrarySettings[] {
  const defaults = { recursive: true, followSymlinks: scanner.followSymlinks, excludePatterns: [] }
  return libraries.map((library) => ({ ...defaults, ...library }))
}

function coverPriority({ artwork }: Config): CoverPriority {
  return { album: artwork.priority, artist: artwork.artistPriority, disc: artwork.discPriority }
}

function mediaSettings({ transcoding, paths }: Config): MediaSettings {
  return createMediaSettings({
    engine: transcoding.engine,
    ffmpegPath: transcoding.ffmpegPath,
    defaultFormat: transcoding.defaultFormat,
    maxBitRate: transcoding.maxBitRate,
    maxJobs: transcoding.maxConcurrent,
    maxJobsPerUser: transcoding.maxConcurrentPerUser,
    profiles: transcoding.profiles,
    cacheDir: join(paths.cache, 'transcodes'),
    cacheBytes: transcoding.cacheSize,
  })
}

function scannerSettings(config: Config): ScannerSettings {
  const { scanner } = config
  const [first, last] = scanner.pollHours.split('-').map(Number)
  return {
    scanOnStart: scanner.onStart,
    schedule: scanner.schedule.kind === 'cron' ? scanner.schedule.pattern : '',
    watch: scanner.watchWait === 0 ? 'off' : scanner.watch,
    watchDebounceMs: scanner.watchWait,
    pollIntervalMs: scanner.pollInterval,
    pollHours: [first ?? 0, last ?? 23],
    readers: scanner.readers,
    readTimeoutMs: scanner.readTimeout,
    artistSeparators: scanner.artistSeparators,
    artistSplitExceptions: scanner.artistsNotSplit,
    artistJoiner: scanner.artistJoiner,
    genreSeparators: scanner.genreSeparators,
    ignoredArticles: config.subsonic.ignoredArticles,
    coverPriority: coverPriority(config),
    lyricsPriority: config.lyrics.priority,
    ownFolders: [config.paths.data, config.paths.cache, config.backup.path, config.plugins.folder],
    playlists: { import: config.playlists.import, public: config.playlists.public },
  }
}

function artworkSettings(config: Config): ArtworkSettings {
  const { artwork, paths } = config
  return {
    priority: coverPriority(config),
    placeholder: artwork.placeholder,
    quality: artwork.quality,
    cacheDir: join(paths.cache, 'artwork'),
    cacheBytes: artwork.cacheSize,
    maxFileBytes: artwork.maxFileSize,
  }
}
