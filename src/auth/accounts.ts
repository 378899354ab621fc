import { FULL_SCOPE } from '../base/access-scope.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { type ApiKeyId, encodeId, type LibraryId, type UserId } from '../base/ids.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { ApiKey, User } from '../library/entities.ts'
import type { Repositories } from '../library/repositories.ts'
import type { UserChanges } from '../library/user-repository.ts'
import {
  checkBitRate,
  checkName,
  checkPassword,
  checkRoles,
  checkText,
  DEFAULT_ADMIN_ROLES,
  DEFAULT_ROLES,
} from './account-rules.ts'
import { generateApiKey, generatePassword } from './generate-secrets.ts'
import type { InitialPassword } from './initial-password.ts'
import type { LastSeen } from './last-seen.ts'
import type { PasswordHasher } from './password-hash.ts'
import type { PasswordVault } from './password-vault.ts'
import type { Scopes } from './scopes.ts'
import { hashApiKey, type UserDirectory } from './user-directory.ts'

export interface AccountChanges extends Omit<UserChanges, 'passwordHash' | 'passwordSealed'> {
  readonly password?: string
  /** False throws the sealed clear text away: token login then answers error 41. */
  readonly tokenLogin?: boolean
}

/** Making and changing users: hashes and seals passwords, tells the hooks, drops cached scopes. */
export interface Accounts {
  /** Rejects with INVALID_PARAMETER, NOT_FOUND (a library) or CONFLICT (the name is taken). */
  create(account: AccountChanges & { readonly name: string; readonly password: string }): Promise<User>
  /** Throws what `create` would, as far as that is known without the password. */
  checkNew(account: { readonly name: string; readonly libraries?: readonly LibraryId[] }): void
  /** Rejects as `create`, with NOT_FOUND for the user, and CONFLICT for the last administrator's right. */
  update(id: UserId, changes: AccountChanges): Promise<User>
  /** With everything that is the user's. Throws NOT_FOUND, or CONFLICT for the last administrator. */
  remove(id: UserId): void
  find(name: string): User | undefined
  /** As `list`: with when the user was seen last, also where that is not written yet. */
  get(id: UserId): User | undefined
  list(): readonly User[]
  /** The clear key is answered once and stored as a hash. */
  createApiKey(userId: UserId, name: string): { readonly key: string; readonly record: ApiKey }
  listApiKeys(userId: UserId): readonly ApiKey[]
  revokeApiKey(userId: UserId, id: ApiKeyId): boolean
  /**
   * Makes `admin` when there is no user at all. `password` in the answer is a generated one, to be shown once; it is
   * absent when one was given.
   */
  ensureFirstAdmin(options?: {
    readonly password?: string
  }): Promise<{ readonly created: boolean; readonly password?: string }>
}

export interface AccountsParts {
  readonly repositories: Pick<Repositories, 'users' | 'apiKeys' | 'libraries'>
  readonly hasher: PasswordHasher
  readonly vault: PasswordVault
  readonly directory: UserDirectory
  readonly scopes: Scopes
  readonly lastSeen: Pick<LastSeen, 'upToDate'>
  readonly hooks: HookBus
  readonly clock: Clock
  /** Characters of a new password. */
  readonly minPasswordLength: number
  readonly initialPassword?: InitialPassword | undefined
}

const MAX_API_KEYS = 100

type Checked = Omit<AccountChanges, 'password' | 'tokenLogin'>

export function createAccounts(parts: AccountsParts): Accounts {
  const { hasher, vault, directory, scopes, lastSeen, hooks, clock, minPasswordLength } = parts
  const { users, apiKeys, libraries } = parts.repositories

  function check(changes: AccountChanges): Checked {
    return {
      ...(changes.name === undefined ? {} : { name: checkName(changes.name) }),
      ...(changes.fullName === undefined ? {} : { fullName: checkText(changes.fullName, 'fullName', 'A full name') }),
      ...(changes.email === undefined ? {} : { email: checkText(changes.email, 'email', 'An e-mail address') }),
      ...(changes.isAdmin === undefined ? {} : { isAdmin: changes.isAdmin }),
      ...(changes.roles === undefined ? {} : { roles: checkRoles(changes.roles) }),
      ...(changes.maxBitRate === undefined ? {} : { maxBitRate: checkBitRate(changes.maxBitRate) }),
      ...(changes.libraries === undefined ? {} : { libraries: checkLibraries(changes.libraries) }),
    }
  }

  function checkLibraries(ids: readonly LibraryId[]): readonly LibraryId[] {
    for (const id of ids) {
      if (!libraries.find(FULL_SCOPE, id)) throw unknownLibrary(id)
    }
    return [...new Set(ids)]
  }

  function existing(id: UserId): User {
    const user = users.find(id)
    if (!user) throw new AppError('NOT_FOUND', 'There is no such user.')
    return user
  }

  /** Before the answer goes out: nobody gets in, or sees, by what was true before. */
  function forget(id: UserId): void {
    directory.forget()
    scopes.invalidate(id)
  }

  /** The file with the first password goes when that opens the account no more. */
  async function dropInitialPassword(provenHash: string | undefined, chosen: string): Promise<void> {
    const { initialPassword } = parts
    const password = initialPassword?.read()
    if (password && password !== chosen && (await hasher.verify(password, provenHash))) initialPassword?.remove()
  }

  const accounts: Accounts = {
    checkNew({ name, libraries: ids = [] }) {
      if (users.findByName(checkName(name))) throw taken()
      checkLibraries(ids)
      vault.assertUsable()
    },

    async create(account) {
      const { name: _, ...checked } = check(account)
      const name = checkName(account.name)
      const password = checkPassword(account.password, minPasswordLength)
      const sealing = account.tokenLogin !== false
      if (sealing) vault.assertUsable()
      if (users.findByName(name)) throw taken()
      const passwordHash = await hasher.hash(password)
      const isAdmin = checked.isAdmin ?? false
      const roles = checked.roles ?? (isAdmin ? DEFAULT_ADMIN_ROLES : DEFAULT_ROLES)
      const now = clock.now()
      const id = users.create({ ...checked, name, isAdmin, roles, passwordHash, passwordSealed: null }, now)
      // The seal is bound to the id, which exists only now.
      if (sealing) users.update(id, { passwordSealed: vault.seal(id, password) }, now)
      forget(id)
      hooks.observe('user.created', { userId: encodeId('user', id) })
      return existing(id)
    },

    async update(id, changes) {
      const before = existing(id)
      const checked = check(changes)
      const tokenLogin = changes.tokenLogin ?? before.tokenLogin
      const password = changes.password === undefined ? undefined : checkPassword(changes.password, minPasswordLength)
      if (password === undefined && tokenLogin && !before.tokenLogin) {
        throw new AppError('INVALID_PARAMETER', 'Give the password again to switch token login on.')
      }
      if (password !== undefined && tokenLogin) vault.assertUsable()
      const secrets =
        password === undefined
          ? tokenLogin
            ? {}
            : { passwordSealed: null }
          : {
              passwordHash: await hasher.hash(password),
              passwordSealed: tokenLogin ? vault.seal(id, password) : null,
            }
      const provenHash = users.credentials(id)?.passwordHash
      users.update(id, { ...checked, ...secrets }, clock.now())
      forget(id)
      if (password !== undefined) await dropInitialPassword(provenHash, password)
      hooks.observe('user.changed', { userId: encodeId('user', id) })
      return existing(id)
    },

    remove(id) {
      existing(id)
      users.remove(id)
      forget(id)
      hooks.observe('user.deleted', { userId: encodeId('user', id) })
    },

    find: (name) => users.findByName(name),
    get(id) {
      const user = users.find(id)
      return user && lastSeen.upToDate(user)
    },
    list: () => users.list().map((user) => lastSeen.upToDate(user)),

    createApiKey(userId, name) {
      existing(userId)
      if (apiKeys.listOf(userId).length >= MAX_API_KEYS) {
        throw new AppError('CONFLICT', `A user has at most ${MAX_API_KEYS} API keys. Revoke one first.`)
      }
      const { key, hint } = generateApiKey()
      const record = { userId, name: checkText(name, 'name', 'The name of an API key'), hash: hashApiKey(key), hint }
      const id = apiKeys.create(record, clock.now())
      const stored = apiKeys.listOf(userId).find((one) => one.id === id)
      if (!stored) throw new AppError('INTERNAL', 'The API key was not stored.')
      return { key, record: stored }
    },

    listApiKeys: (userId) => apiKeys.listOf(userId),

    revokeApiKey(userId, id) {
      const removed = apiKeys.remove(userId, id)
      // Also what runs by this key, as songs do, ends.
      if (removed) forget(userId)
      return removed
    },

    async ensureFirstAdmin({ password } = {}) {
      if (users.count() > 0) return { created: false }
      const chosen = password ?? generatePassword()
      await accounts.create({ name: 'admin', password: chosen, isAdmin: true })
      return password === undefined ? { created: true, password: chosen } : { created: true }
    },
  }
  return accounts
}

function taken(): AppError {
  return new AppError('CONFLICT', 'This user name is taken, or looks like one that is.', {
    details: { field: 'name', problem: 'unique' },
  })
}

function unknownLibrary(id: LibraryId): AppError {
  return new AppError('NOT_FOUND', `There is no library ${id}.`, {
    details: { field: 'libraries', problem: 'invalid' },
  })
}
