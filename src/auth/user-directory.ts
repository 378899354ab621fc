import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { ApiKeyId } from '../base/ids.ts'
import type { User } from '../library/entities.ts'
import type { Repositories } from '../library/repositories.ts'
import { digestOf } from './digest.ts'
import type { PasswordVault } from './password-vault.ts'

/** A user with what logging in needs, made ready. */
export interface LoginAccount {
  readonly user: User
  readonly passwordHash: string
  /** The clear password and its SHA-256; undefined when token login is off or the key is gone. */
  readonly clear: { readonly bytes: Uint8Array; readonly digest: Uint8Array } | undefined
  /** True when there is a sealed password that no key opens. */
  readonly locked: boolean
}

/**
 * Users by what clients send, kept for a minute: every Subsonic request logs in anew, and reading and unsealing each
 * time would cost more than the rest of a small answer. Clear passwords in memory tell nobody more than the key beside
 * them. `User` in here may have old `lastLoginAt` and `lastAccessAt`.
 */
export interface UserDirectory {
  byName(name: string): LoginAccount | undefined
  byApiKey(key: string): { readonly user: User; readonly keyId: ApiKeyId } | undefined
  /** After any change of an account or key. */
  forget(): void
}

const KEPT_MS = 60_000
const MAX_KEPT = 256

interface Kept<T> {
  readonly value: T
  readonly until: number
}

export function createUserDirectory(
  { users, apiKeys }: Pick<Repositories, 'users' | 'apiKeys'>,
  { vault, clock }: { readonly vault: PasswordVault; readonly clock: Clock },
): UserDirectory {
  const names = new LRUCache<string, Kept<LoginAccount>>({ max: MAX_KEPT })
  const keys = new LRUCache<string, Kept<{ user: User; keyId: ApiKeyId }>>({ max: MAX_KEPT })

  function kept<T extends object>(cache: LRUCache<string, Kept<T>>, key: string, find: () => T | undefined) {
    const now = clock.monotonic()
    const known = cache.get(key)
    if (known && now < known.until) return known.value
    const value = find()
    if (value) cache.set(key, { value, until: now + KEPT_MS })
    else cache.delete(key)
    return value
  }

  function find(name: string): LoginAccount | undefined {
    const user = users.findByName(name)
    const credentials = user && users.credentials(user.id)
    if (!credentials) return undefined
    const sealed = credentials.passwordSealed
    const bytes = sealed ? vault.unseal(user.id, sealed) : undefined
    return {
      user,
      passwordHash: credentials.passwordHash,
      clear: bytes && { bytes, digest: digestOf('sha256', bytes) },
      locked: sealed !== null && bytes === undefined,
    }
  }

  return {
    byName: (name) => kept(names, name, () => find(name)),
    byApiKey(key) {
      const hash = hashApiKey(key)
      return kept(keys, hash, () => {
        const record = apiKeys.findByHash(hash)
        const user = record && users.find(record.userId)
        return user && { user, keyId: record.id }
      })
    },
    forget() {
      names.clear()
      keys.clear()
    },
  }
}

/** A key of 192 random bits needs no slow hash: there is nothing to guess. */
export function hashApiKey(key: string): string {
  return Buffer.from(digestOf('sha256', key)).toString('hex')
}
