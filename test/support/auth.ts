import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Auth, type AuthSettings, createAuth } from '../../src/auth/create-auth.ts'
import type { Database } from '../../src/db/database.ts'
import { createHookDispatcher, type HookDispatcher } from '../../src/hooks/hook-dispatcher.ts'
import { createRepositories, type Repositories } from '../../src/library/repositories.ts'
import { type Logger, silentLogger } from '../../src/log/logger.ts'
import { createTestClock, type TestClock } from './clock.ts'
import { tempDatabase, tempFolder } from './temp-database.ts'

export const PHONE = { address: '192.0.2.1', client: 'phone' }

export interface AuthBench {
  auth: Auth
  readonly db: Database
  readonly repositories: Repositories
  readonly hooks: HookDispatcher
  readonly clock: TestClock
  readonly keyDir: string
  /** What was logged: message and fields, as one text a line. */
  readonly logged: string[]
  /** The auth room as after a restart, over the same data. */
  restart(): Auth
}

/** The auth room over a real database, with a clock of its own and cheap hashes. */
export function createAuthBench(t: Pick<TestContext, 'after'>, settings: Partial<AuthSettings> = {}): AuthBench {
  const db = tempDatabase(t)
  const repositories = createRepositories(db)
  const clock = createTestClock()
  const hooks = createHookDispatcher({ log: silentLogger, clock })
  const logged: string[] = []
  const keyDir = join(tempFolder(t), 'keys')
  const open = () =>
    createAuth({
      repositories,
      hooks,
      clock,
      log: recorder(logged),
      keyDir,
      settings: { attempts: 5, attemptWindowMs: 20_000, hashCost: 4, minPasswordLength: 1, ...settings },
    })
  const bench: AuthBench = {
    auth: open(),
    db,
    repositories,
    hooks,
    clock,
    keyDir,
    logged,
    restart() {
      bench.auth.stop()
      bench.auth = open()
      return bench.auth
    },
  }
  t.after(() => bench.auth.stop())
  return bench
}

/** Token and salt as a client makes them. */
export function tokenOf(password: string, salt = 'c19b2d'): { readonly token: string; readonly salt: string } {
  return {
    token: createHash('md5')
      .update(password + salt)
      .digest('hex'),
    salt,
  }
}

function recorder(lines: string[]): Logger {
  const write = (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger }
  return logger
}
