import type { LibraryId, UserId } from '../base/ids.ts'
import type { Role, User } from './entities.ts'

/** What only the auth room may read. `passwordSealed` is the sealed clear text, null when token login is off. */
export interface StoredCredentials {
  readonly userId: UserId
  readonly passwordHash: string
  readonly passwordSealed: Uint8Array | null
}

export interface NewUser {
  readonly name: string
  readonly fullName?: string
  readonly email?: string
  readonly isAdmin: boolean
  readonly roles: readonly Role[]
  readonly maxBitRate?: number
  readonly passwordHash: string
  readonly passwordSealed: Uint8Array | null
  /** Absent: the libraries for new users. Administrators have all without rows. */
  readonly libraries?: readonly LibraryId[]
}

export interface UserChanges {
  readonly name?: string
  readonly fullName?: string
  readonly email?: string
  readonly isAdmin?: boolean
  readonly roles?: readonly Role[]
  readonly maxBitRate?: number
  readonly passwordHash?: string
  readonly passwordSealed?: Uint8Array | null
  readonly libraries?: readonly LibraryId[]
}

/** Names are compared folded (`user.key`). */
export interface UserRepository {
  count(): number
  find(id: UserId): User | undefined
  findByName(name: string): User | undefined
  /** By name. */
  list(): readonly User[]
  credentials(id: UserId): StoredCredentials | undefined
  /** Rejects with CONFLICT when the name is taken. */
  create(user: NewUser, at: number): UserId
  /** A change of password raises `credentialsVersion`. Refuses to take the last administrator's right (CONFLICT). */
  update(id: UserId, changes: UserChanges, at: number): void
  /** With everything that is the user's. Refuses the last administrator (CONFLICT). */
  remove(id: UserId): void
  /** Granted libraries of a user that is no administrator. */
  libraries(id: UserId): readonly LibraryId[]
  /** Batched: `lastLoginAt`/`lastAccessAt` of several users in one write. */
  touch(entries: readonly { readonly id: UserId; readonly loginAt?: number; readonly accessAt?: number }[]): void
}
