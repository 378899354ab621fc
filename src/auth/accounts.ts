import type { ApiKeyId, LibraryId, UserId } from '../base/ids.ts'
import type { ApiKey, Role, User } from '../library/entities.ts'

export interface AccountChanges {
  readonly name?: string
  readonly fullName?: string
  readonly email?: string
  readonly isAdmin?: boolean
  readonly roles?: readonly Role[]
  readonly maxBitRate?: number
  readonly libraries?: readonly LibraryId[]
  readonly password?: string
  /** False throws the sealed clear text away: token login then answers error 41. */
  readonly tokenLogin?: boolean
}

/** Making and changing users: hashes and seals passwords, tells the hooks, drops cached scopes. */
export interface Accounts {
  /** Rejects with INVALID_PARAMETER, NOT_FOUND (a library) or CONFLICT (the name is taken). */
  create(account: AccountChanges & { readonly name: string; readonly password: string }): Promise<User>
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
