import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FULL_SCOPE } from '../../src/base/access-scope.ts'
import type { Clock } from '../../src/base/clock.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Core } from '../../src/core.ts'
import type { Role } from '../../src/library/entities.ts'
import { type Logger, silentLogger } from '../../src/log/logger.ts'
import { createServer, type Server } from '../../src/server.ts'
import type { Subsonic } from '../../src/subsonic/create-subsonic.ts'
import { type LibrarySpec, makeMusicLibrary } from './music-library.ts'

/** The administrator of every test server. */
export const ADMIN = { name: 'admin', password: 'admin-pass' } as const

export interface TestUser {
  readonly name: string
  readonly password: string
  readonly isAdmin?: boolean
  /** Default: those of a new user. */
  readonly roles?: readonly Role[]
  /** Names; default: all. */
  readonly libraries?: readonly string[]
}

export interface TestServerOptions {
  /** Music folders by the name of their library; default: one empty `Music`. They are scanned before the start returns. */
  readonly libraries?: Readonly<Record<string, LibrarySpec>>
  /** Beside the administrator. */
  readonly users?: readonly TestUser[]
  readonly adapter?: 'uws' | 'node'
  /** Further settings by name: `subsonic.realPaths`: `true`. */
  readonly settings?: Readonly<Record<string, string>>
  readonly clock?: Clock
  readonly log?: Logger
}

export interface TestServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string
  readonly server: Server
  readonly core: Core
  readonly subsonic: Subsonic
  /** Holds the music folders. */
  readonly musicDir: string
  readonly dataDir: string
  /** The whole server on a free port of 127.0.0.1, until then; removes its files. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * The real server over a real database, with real files that were really scanned. It neither watches nor scans by itself,
 * and its password hashes are cheap. Stop it, or pass the test's context, which does.
 */
export async function startTestServer(
  options: TestServerOptions = {},
  t?: { after(cleanup: () => Promise<void>): void },
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tonearm-server-'))
  const musicDir = join(folder, 'music')
  const dataDir = join(folder, 'data')
  const libraries = Object.entries(options.libraries ?? { Music: {} })
  for (const [name, spec] of libraries) {
    await mkdir(join(musicDir, name), { recursive: true })
    await makeMusicLibrary(join(musicDir, name), spec)
  }
  const server = createServer({
    config: await configOf(options, { musicDir, dataDir, names: libraries.map(([name]) => name) }),
    log: options.log ?? silentLogger,
    hashCost: 4,
    ...(options.clock ? { clock: options.clock } : {}),
  })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= server.stop('the test is over').then(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
    return stopped
  }
  t?.after(stop)
  const { url } = await server.start()
  const { core, subsonic } = server
  if (!core || !subsonic) throw new Error('the server started without a core')
  await core.accounts.ensureFirstAdmin({ password: ADMIN.password })
  for (const user of options.users ?? []) await createUser(core, user)
  await core.scanner.scan({ kind: 'full' })
  return { url, server, core, subsonic, musicDir, dataDir, stop }
}

async function configOf(
  options: TestServerOptions,
  at: { musicDir: string; dataDir: string; names: readonly string[] },
) {
  const settings: Readonly<Record<string, string>> = {
    'paths.data': at.dataDir,
    'plugins.enabled': 'false',
    libraries: JSON.stringify(Object.fromEntries(at.names.map((name) => [name, join(at.musicDir, name)]))),
    'server.host': '127.0.0.1',
    'server.port': '0',
    'server.adapter': options.adapter ?? 'auto',
    'scanner.onStart': 'false',
    'scanner.watch': 'off',
    ...options.settings,
  }
  const flags = Object.entries(settings).map(([name, text]) => ({ name, text, flag: `--${name}` }))
  return (await loadConfig({ flags, env: {}, cwd: at.dataDir, home: at.dataDir })).config
}

async function createUser({ accounts, repositories }: Core, user: TestUser): Promise<void> {
  const { libraries: names, ...account } = user
  const known = repositories.libraries.list(FULL_SCOPE)
  const libraries = names?.map((name) => {
    const library = known.find((one) => one.name === name)
    if (!library) throw new Error(`there is no library '${name}'`)
    return library.id
  })
  await accounts.create({ ...account, ...(libraries ? { libraries } : {}) })
}
