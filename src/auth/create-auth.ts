import { dirname } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { Repositories } from '../library/repositories.ts'
import type { Logger } from '../log/logger.ts'
import type { Notify } from '../notify/notify.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import type { Authenticator } from './authenticator.ts'
import { createAuthenticator } from './create-authenticator.ts'
import { createFamiliarPlaces } from './familiar-places.ts'
import { initialPasswordIn } from './initial-password.ts'
import { createLastSeen } from './last-seen.ts'
import { createPasswordCheck } from './password-check.ts'
import { createPasswordHasher } from './password-hash.ts'
import { openPasswordVault } from './password-vault.ts'
import { createScopes, type Scopes } from './scopes.ts'
import { createSecretCheck, type SecretCheck } from './secret-check.ts'
import { createThrottle, type ThrottleSettings } from './throttle.ts'
import { createUserDirectory } from './user-directory.ts'

export interface AuthSettings extends ThrottleSettings {
  /** Characters of a new password. */
  readonly minPasswordLength: number
  /** log2 of scrypt's N for new hashes; for tests, where the default of 14 would only cost time. */
  readonly hashCost?: number
}

export interface AuthOptions {
  readonly repositories: Pick<Repositories, 'users' | 'apiKeys' | 'libraries' | 'narrowedUsers' | 'familiarPlaces'>
  readonly hooks: HookBus
  /** News for administrators. */
  readonly notify?: Pick<Notify, 'send'>
  readonly clock: Clock
  readonly log: Logger
  readonly settings: AuthSettings
  /** The folder of key files, `<data>/keys`: made when absent. */
  readonly keyDir: string
}

export interface Auth {
  readonly authenticator: Authenticator
  readonly accounts: Accounts
  readonly scopes: Scopes
  readonly checkSecret: SecretCheck
  /** What is wrong with the password key and how to repair it; undefined when all is well. */
  keyProblem(): string | undefined
  /** Seals all passwords by a new key. Throws when there is no usable key. */
  rotatePasswordKey(): { readonly resealed: number; readonly unreadable: number }
  /** Writes what is remembered for later: when users and keys were last seen. */
  stop(): void
}

/**
 * The auth room. Reads or makes the key file at once. A key file that can't be used does not stop the server: it is
 * logged with its repair, passwords are still checked by their hashes, and token login answers 41.
 */
export function createAuth(options: AuthOptions): Auth {
  const { repositories, hooks, notify, clock, log, settings, keyDir } = options
  const { users } = repositories
  const vault = openPasswordVault({ users, folder: keyDir, clock, log })
  const hasher = createPasswordHasher(settings.hashCost)
  const directory = createUserDirectory(repositories, { vault, clock })
  const lastSeen = createLastSeen(repositories, { clock, log })
  const scopes = createScopes({ users, narrowedUsers: repositories.narrowedUsers, hooks, clock, log })
  const throttle = createThrottle(
    settings,
    clock,
    createFamiliarPlaces({ repository: repositories.familiarPlaces, clock, log }),
  )
  return {
    checkSecret: createSecretCheck(throttle, log),
    authenticator: createAuthenticator({
      directory,
      check: createPasswordCheck(hasher, clock),
      vault,
      throttle,
      lastSeen,
      hooks,
      ...(notify ? { notify } : {}),
      clock,
      log,
    }),
    accounts: createAccounts({
      repositories,
      hasher,
      vault,
      directory,
      scopes,
      lastSeen,
      hooks,
      clock,
      minPasswordLength: settings.minPasswordLength,
      initialPassword: initialPasswordIn(dirname(keyDir)),
    }),
    scopes,
    keyProblem: () => vault.problem,
    rotatePasswordKey() {
      const result = vault.rotate()
      directory.forget()
      return result
    },
    stop: () => lastSeen.stop(),
  }
}
