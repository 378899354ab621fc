import type { Accounts } from '../../auth/accounts.ts'
import type { Authenticator } from '../../auth/authenticator.ts'
import type { Scopes } from '../../auth/scopes.ts'
import type { Clock } from '../../base/clock.ts'
import { programVersion } from '../../config/version.ts'
import type { HookBus } from '../../hooks/hook-bus.ts'
import type { Repositories } from '../../library/repositories.ts'
import type { Logger } from '../../log/logger.ts'
import { createLibraryAdmin } from '../../scanner/library-admin.ts'
import { createMissingFiles } from '../../scanner/missing-files.ts'
import type { Scanner } from '../../scanner/scanner.ts'
import type { AdminServices } from '../facades/admin-facade.ts'

export interface AdminParts {
  readonly repositories: Repositories
  readonly accounts: Accounts
  readonly authenticator: Authenticator
  readonly scopes: Scopes
  readonly scanner: Scanner
  readonly hooks: HookBus
  readonly clock: Clock
  readonly log: Logger
  /** No library may lie in it. */
  readonly dataDir: string
  readonly config: AdminServices['config']
  readonly mayInspect: boolean
}

/** The core's side of `ctx.admin`. */
export function createAdminServices(parts: AdminParts): AdminServices {
  const { repositories, accounts, authenticator, scopes, scanner, hooks, clock, log, dataDir, config, mayInspect } =
    parts
  const { libraries, missingFiles } = repositories
  return {
    repositories,
    accounts,
    authenticator,
    scanner,
    libraryAdmin: createLibraryAdmin({
      libraries,
      scanner,
      hooks,
      clock,
      log,
      dataDir,
      onAccessChanged: () => scopes.invalidate(),
    }),
    missing: createMissingFiles({ libraries, missingFiles, scanner, log }),
    config,
    mayInspect,
    version: programVersion(),
    startedAt: clock.now(),
  }
}
