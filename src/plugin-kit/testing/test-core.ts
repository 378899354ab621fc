import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Auth, createAuth } from '../../auth/create-auth.ts'
import { openKeyRing } from '../../auth/secrets.ts'
import { Scope } from '../../base/disposable.ts'
import { programVersion } from '../../config/version.ts'
import { DATABASE_FILE } from '../../db/data-lock.ts'
import type { Database } from '../../db/database.ts'
import { migrate } from '../../db/migrate.ts'
import { openDatabase } from '../../db/sqlite-database.ts'
import { createHookDispatcher, type HookDispatcher } from '../../hooks/hook-dispatcher.ts'
import { createArtworkRepository } from '../../library/artwork-repository.ts'
import { createOutboxRepository } from '../../library/outbox-repository.ts'
import { createRepositories, type Repositories } from '../../library/repositories.ts'
import type { Logger } from '../../log/logger.ts'
import type { Artwork } from '../../media/artwork.ts'
import { createArtwork } from '../../media/create-artwork.ts'
import { createStreamer, type RunningStreamer } from '../../media/create-streamer.ts'
import { createLyrics } from '../../media/lyrics.ts'
import { createMediaSettings } from '../../media/media-settings.ts'
import type { Notification } from '../../notify/note.ts'
import { createNotify, type Notify } from '../../notify/notify.ts'
import { createPlayback, type Playback } from '../../playback/playback.ts'
import { createNativeGate, type NativeGate } from '../../rest/native-gate.ts'
import { createSessions, type Sessions } from '../../rest/sessions.ts'
import { createScanner } from '../../scanner/create-scanner.ts'
import type { Scanner } from '../../scanner/scanner.ts'
import { DEFAULT_SCANNER_SETTINGS } from '../../scanner/settings.ts'
import { createSubsonic, type Subsonic } from '../../subsonic/create-subsonic.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface TestCoreOptions {
  readonly dataDir: string
  readonly musicDir: string
  /** Names of folders below `musicDir`. */
  readonly libraries: readonly string[]
  readonly time: VirtualTime
  readonly log: Logger
  readonly hashCost: number
}

/** The server's rooms as `server.ts` puts them together, without the network, the watchers and the timers. */
export interface TestCore {
  readonly db: Database
  readonly repositories: Repositories
  readonly hooks: HookDispatcher
  readonly auth: Auth
  readonly playback: Playback
  readonly streamer: RunningStreamer
  readonly artwork: Artwork
  readonly scanner: Scanner
  readonly subsonic: Subsonic
  readonly sessions: Sessions
  readonly gate: NativeGate
  readonly notify: Notify
  /** What was sent to people, oldest first. */
  readonly sent: readonly Notification[]
  close(): Promise<void>
}

const SESSION_MS = 48 * 3_600_000
const COVERS = DEFAULT_SCANNER_SETTINGS.coverPriority

export function openTestCore(options: TestCoreOptions): TestCore {
  const { dataDir, musicDir, time: clock, log } = options
  const scope = new Scope()
  const db = openDatabase({ path: join(dataDir, DATABASE_FILE), log })
  scope.add('database', () => db.close())
  migrate(db, { log })
  const repositories = createRepositories(db)
  scope.add('play counts', () => repositories.plays.flush())
  repositories.libraries.syncWithConfig(
    options.libraries.map((name) => ({
      name,
      path: join(musicDir, name),
      recursive: true,
      followSymlinks: true,
      excludePatterns: [],
    })),
    clock.now(),
  )
  const hooks = createHookDispatcher({ log, clock })
  const sent: Notification[] = []
  const lines = createNotify({ log, clock, outbox: createOutboxRepository(db) })
  const notify: Notify = {
    ...lines,
    send(notification) {
      sent.push(notification)
      lines.send(notification)
    },
  }
  scope.add('notifications', () => notify.stop())
  const auth = createAuth({
    repositories,
    hooks,
    notify,
    clock,
    log,
    keyDir: join(dataDir, 'keys'),
    settings: { attempts: 1000, attemptWindowMs: 60_000, hashCost: options.hashCost },
  })
  scope.add('auth', () => auth.stop())
  const playback = createPlayback({ repositories, hooks, clock, log })
  scope.add('playback', () => playback.stop())
  const streamer = createStreamer({
    settings: createMediaSettings({ engine: 'off', cacheDir: join(dataDir, 'transcodes') }),
    songs: repositories.songs,
    hooks,
    rights: {
      current: async (userId, purpose) => {
        const user = repositories.users.find(userId)
        return user && { user, viewer: await auth.scopes.viewer(user, purpose) }
      },
      onChange: (listener) => auth.scopes.onInvalidate(listener),
      hasKey: (userId, keyId) => repositories.apiKeys.listOf(userId).some(({ id }) => id === keyId),
    },
    log,
    wasmChildEntry: childEntry('media/transcode/wasm-child').path,
  })
  scope.add('streams', () => streamer.stop())
  const artwork = createArtwork({
    db,
    repositories,
    hooks,
    clock,
    log,
    entry: childEntry('media/artwork/image-child'),
    settings: {
      priority: COVERS,
      placeholder: true,
      quality: 80,
      cacheDir: join(dataDir, 'artwork'),
      cacheBytes: 20_000_000,
      maxFileBytes: 20_000_000,
    },
  })
  scope.add('artwork', () => artwork.stop())
  const scanner = createScanner({
    db,
    notify,
    libraries: repositories.libraries,
    playlists: repositories.playlists,
    artwork: createArtworkRepository(db, COVERS),
    hooks,
    clock,
    log,
    settings: { ...DEFAULT_SCANNER_SETTINGS, scanOnStart: false, watch: 'off', readers: 1 },
    childEntry: childEntry('scanner/tag-reader-child'),
    firstAdmin: () => repositories.users.list().find(({ isAdmin }) => isAdmin)?.id,
    flushPlays: () => repositories.plays.flush(),
  })
  scope.add('scanner', () => scanner.stop())
  const { ignoredArticles, lyricsPriority } = DEFAULT_SCANNER_SETTINGS
  const subsonic = createSubsonic({
    repositories,
    authenticator: auth.authenticator,
    accounts: auth.accounts,
    scopes: auth.scopes,
    streamer,
    artwork,
    lyrics: createLyrics({ repositories, hooks, log, priority: lyricsPriority }),
    playback,
    scanner,
    hooks,
    clock,
    log,
    settings: {
      serverVersion: programVersion(),
      ignoredArticles,
      legacyClients: [],
      minimalClients: [],
      realPaths: false,
      placeholderCovers: true,
    },
  })
  const sessions = createSessions({
    keys: openKeyRing(join(dataDir, 'keys'), 'session'),
    clock,
    ttlMs: SESSION_MS,
    sessions: repositories.sessions,
  })
  const { users, apiKeys } = repositories
  const gate = createNativeGate({ sessions, authenticator: auth.authenticator, users, apiKeys })
  return {
    db,
    repositories,
    hooks,
    auth,
    playback,
    streamer,
    artwork,
    scanner,
    subsonic,
    sessions,
    gate,
    notify,
    sent,
    close: async () => {
      const failures = await scope.dispose(5_000)
      if (failures.length > 0)
        throw new AggregateError(
          failures.map(({ error }) => error),
          'the test host did not stop',
        )
    },
  }
}

/** In the bundle all starts of processes lie beside `dist/plugin-testing.mjs`, in the sources below `src`. */
function childEntry(name: string): { readonly path: string; readonly execArgv: readonly string[] } {
  if (import.meta.url.endsWith('.mjs'))
    return { path: fileURLToPath(new URL(`./${name}.mjs`, import.meta.url)), execArgv: [] }
  const tsx = pathToFileURL(fileURLToPath(import.meta.resolve('tsx'))).href
  return { path: fileURLToPath(new URL(`../../${name}.ts`, import.meta.url)), execArgv: ['--import', tsx] }
}
