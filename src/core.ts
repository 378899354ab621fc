import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Accounts } from './auth/accounts.ts'
import { type Auth, createAuth } from './auth/create-auth.ts'
import { createPictureAddresses, type PictureAddresses } from './auth/picture-addresses.ts'
import { createSealedTokens } from './auth/sealed-token.ts'
import { openKeyRing } from './auth/secrets.ts'
import { FULL_SCOPE } from './base/access-scope.ts'
import { type Clock, systemClock } from './base/clock.ts'
import { type Cleanup, Scope } from './base/disposable.ts'
import type { Config } from './config/load.ts'
import type { Database } from './db/database.ts'
import { checkApart, type IntegrityOutcome } from './db/integrity-process.ts'
import { createHookDispatcher, type HookDispatcher } from './hooks/hook-dispatcher.ts'
import { createArtworkRepository } from './library/artwork-repository.ts'
import type { Library } from './library/entities.ts'
import { createInfoPlaces } from './library/info-places.ts'
import { openLibrary } from './library/open-library.ts'
import { createOutboxRepository } from './library/outbox-repository.ts'
import type { Repositories } from './library/repositories.ts'
import type { Logger } from './log/logger.ts'
import type { Artwork } from './media/artwork.ts'
import { createArtwork } from './media/create-artwork.ts'
import { createStreamer, type RunningStreamer } from './media/create-streamer.ts'
import { createLocalInfo } from './media/local-info.ts'
import { createLyrics } from './media/lyrics.ts'
import type { RightsSource } from './media/stream-rights.ts'
import type { Notification } from './notify/note.ts'
import { createNotify, type Notify } from './notify/notify.ts'
import { createPlayback, type Playback } from './playback/playback.ts'
import type { PluginService } from './plugin/host/plugin-service.ts'
import { createNativeGate, type NativeGate } from './rest/native-gate.ts'
import { createSessions, type Sessions } from './rest/sessions.ts'
import {
  artworkSettings,
  authSettings,
  coverPriority,
  librarySettings,
  mediaSettings,
  scannerSettings,
  subsonicSettings,
} from './room-settings.ts'
import { createScanner } from './scanner/create-scanner.ts'
import type { Scanner } from './scanner/scanner.ts'
import { createSubsonic, type Subsonic } from './subsonic/create-subsonic.ts'
import { createHlsTickets } from './subsonic/hls/tickets.ts'
import { createStreamAgreements } from './subsonic/stream-agreements.ts'

export interface CoreOptions {
  readonly config: Config
  readonly log: Logger
  readonly clock?: Clock
  /** For a command: what it does not name stays as it is. */
  readonly isCommand?: boolean
  /** log2 of scrypt's N; for tests. */
  readonly hashCost?: number
  /** Hears of each notification as it is sent; for tests. */
  readonly onNotification?: (notification: Notification) => void
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
  readonly playback: Playback
  readonly scanner: Scanner
  readonly sessions: Sessions
  readonly gate: NativeGate
  readonly subsonic: Subsonic
  readonly streamer: RunningStreamer
  readonly artwork: Artwork
  readonly pictures: PictureAddresses
  readonly notify: Notify
  /** Undefined without a server, and where plugins are switched off. */
  readonly plugins: PluginService | undefined
  /** The address, while a server answers there. */
  readonly listening: string | undefined
  libraries(): readonly Library[]
  keyProblem(): string | undefined
  /** In a process of its own, while others are served. */
  checkDatabase(): Promise<IntegrityOutcome>
  /** Undone before everything that was there earlier. */
  onStop(label: string, cleanup: Cleanup): void
  close(): Promise<void>
}

/** What a server adds when it has it. */
export interface BuiltCore extends Core {
  listening: string | undefined
  plugins: PluginService | undefined
}

/**
 * Takes the data folder, brings the schema and the configured libraries up to date, and builds what works on them.
 * Rejects with LIBRARY_UNREADABLE, CONFIG_INVALID or a code of the data (DATA_*, DISK_FULL).
 */
export async function openCore(options: CoreOptions): Promise<Core> {
  const scope = new Scope()
  try {
    return await buildCore(options, scope)
  } catch (error) {
    await endCore(scope, options)
    throw error
  }
}

/** As `openCore`; what fails leaves what there is to undo in the scope. */
export async function buildCore(options: CoreOptions, scope: Scope): Promise<BuiltCore> {
  const { config, log, clock = systemClock, hashCost, isCommand = false, onNotification: onSend } = options
  const dataDir = config.paths.data
  const keyDir = join(dataDir, 'keys')
  const room = (name: string) => log.child({ room: name })
  const ending = <T extends { stop(): void | Promise<void> }>(label: string, part: T): T => {
    scope.add(label, () => part.stop())
    return part
  }

  const { db, repositories } = await openLibrary(
    { dataDir, libraries: librarySettings(config), clock, log, isCommand },
    scope,
  )
  const { libraries, playlists, songs, users, apiKeys } = repositories
  const outbox = createOutboxRepository(db)
  const hooks = createHookDispatcher({ log: room('hooks'), clock })
  const notify = ending(
    'notifications',
    createNotify({ log: room('notify'), clock, outbox, ...(onSend ? { onSend } : {}) }),
  )
  const auth = ending(
    'auth',
    createAuth({
      repositories,
      hooks,
      clock,
      log: room('auth'),
      notify,
      keyDir,
      settings: { ...authSettings(config), ...(hashCost === undefined ? {} : { hashCost }) },
    }),
  )
  const { authenticator, accounts, scopes } = auth
  const playback = ending('playback', createPlayback({ repositories, hooks, clock, log: room('playback') }))
  const streamer = ending(
    'streams',
    createStreamer({
      settings: mediaSettings(config),
      songs,
      hooks,
      rights: rightsSource(auth, repositories),
      log: room('media'),
      wasmChildEntry: childEntry('media/transcode/wasm-child').path,
    }),
  )
  const artwork = ending(
    'artwork',
    createArtwork({
      db,
      repositories,
      hooks,
      clock,
      log: room('artwork'),
      entry: childEntry('media/artwork/image-child'),
      settings: artworkSettings(config),
    }),
  )
  const lyrics = createLyrics({ repositories, hooks, log: room('lyrics'), priority: config.lyrics.priority })
  const scanner = ending(
    'scanner',
    createScanner({
      db,
      libraries,
      playlists,
      artwork: createArtworkRepository(db, coverPriority(config)),
      hooks,
      notify,
      clock,
      log: room('scanner'),
      settings: scannerSettings(config),
      childEntry: childEntry('scanner/tag-reader-child'),
      firstAdmin: () => users.list().find(({ isAdmin }) => isAdmin)?.id,
      flushPlays: () => repositories.plays.flush(),
    }),
  )
  const sessionKeys = openKeyRing(keyDir, 'session')
  const pictures = createPictureAddresses({ keys: sessionKeys, clock })
  const streamTokens = createSealedTokens({ keys: openKeyRing(keyDir, 'streams'), clock })
  const subsonic = createSubsonic({
    repositories,
    authenticator,
    accounts,
    scopes,
    streamer,
    agreements: createStreamAgreements(streamTokens),
    hls: createHlsTickets(streamTokens),
    artwork,
    lyrics,
    pictures,
    localInfo: createLocalInfo({ places: createInfoPlaces(db), clock, log: room('media') }),
    playback,
    scanner,
    hooks,
    clock,
    log: room('subsonic'),
    settings: subsonicSettings(config),
  })
  const sessions = createSessions({
    keys: sessionKeys,
    clock,
    ttlMs: config.auth.sessionTimeout,
    sessions: repositories.sessions,
  })
  const gate = createNativeGate({ sessions, authenticator, users, apiKeys })
  const checks = new AbortController()
  scope.add('checks of the database', () => checks.abort())
  return {
    config,
    log,
    clock,
    db,
    repositories,
    hooks,
    auth,
    accounts,
    playback,
    scanner,
    sessions,
    gate,
    subsonic,
    streamer,
    artwork,
    pictures,
    notify,
    plugins: undefined,
    listening: undefined,
    libraries: () => libraries.list(FULL_SCOPE),
    keyProblem: () => auth.keyProblem(),
    checkDatabase: () =>
      checkApart(db, { entry: childEntry('db/integrity-child'), log: room('db'), signal: checks.signal }),
    onStop: (label, cleanup) => void scope.add(label, cleanup),
    close: () => endCore(scope, options),
  }
}

/** Undoes what was started, last first; what fails on the way is logged. */
export async function endCore(scope: Scope, { config, log }: CoreOptions): Promise<void> {
  for (const { label, error } of await scope.dispose(config.server.stopTimeout + CLEANUP_MS)) {
    log.error('did not stop in order', { label, error })
  }
}

const CLEANUP_MS = 5000

/** Running streams ask it again whenever somebody's rights change. */
function rightsSource({ scopes }: Auth, { users, apiKeys }: Repositories): RightsSource {
  return {
    current: async (userId, purpose) => {
      const user = users.find(userId)
      return user && { user, viewer: await scopes.viewer(user, purpose) }
    },
    onChange: (listener) => scopes.onInvalidate(listener),
    hasKey: (userId, keyId) => apiKeys.listOf(userId).some(({ id }) => id === keyId),
  }
}

/** The start of a process of its own: in the bundle beside this file, in the sources through tsx. */
function childEntry(name: string): { readonly path: string; readonly execArgv: readonly string[] } {
  const bundled = import.meta.url.endsWith('.mjs')
  const path = fileURLToPath(new URL(`./${name}.${bundled ? 'mjs' : 'ts'}`, import.meta.url))
  return { path, execArgv: bundled ? [] : ['--import', import.meta.resolve('tsx')] }
}
