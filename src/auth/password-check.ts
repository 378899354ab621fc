import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { digestOf } from './digest.ts'
import type { PasswordHasher } from './password-hash.ts'
import type { LoginAccount } from './user-directory.ts'

/** Bytes of UTF-8. Longer passwords are never set, so they are refused before any work. */
export const MAX_PASSWORD_BYTES = 1024

const REMEMBERED_MS = 5 * 60_000
const MAX_REMEMBERED = 256
/** Same work for users that don't exist. */
const NOBODY = randomBytes(32)

export interface PasswordCheck {
  /** `md5(password + salt)` as hex of either case. False for an unknown user, after the same work. */
  token(account: LoginAccount | undefined, token: string, salt: string): boolean
  /** The checks that take microseconds: against the unsealed password, or one that was right a moment ago. */
  quick(account: LoginAccount | undefined, password: string): boolean
  /**
   * By the login hash: as slow for an unknown user. Everything that `quick` refuses comes here, so that a wrong
   * password takes as long with a sealed copy as without. Equal questions at the same time are one piece of work;
   * `begin` is called only for a new one, and what it returns when that is done.
   */
  slow(account: LoginAccount | undefined, name: string, password: string, begin: () => () => void): Promise<boolean>
}

export function createPasswordCheck(hasher: PasswordHasher, clock: Clock): PasswordCheck {
  const secret = randomBytes(32)
  /** By user and hash, so that a new password forgets the old one by itself. */
  const proven = new LRUCache<string, { readonly mark: Uint8Array; readonly until: number }>({ max: MAX_REMEMBERED })
  const running = new Map<string, Promise<boolean>>()

  const mark = (password: string) => createHmac('sha256', secret).update(password).digest()
  const provenKey = (account: LoginAccount) => `${account.user.id} ${account.passwordHash}`

  return {
    token(account, token, salt) {
      const wellFormed = /^[0-9a-f]{32}$/i.test(token)
      const offered = wellFormed ? Buffer.from(token, 'hex') : Buffer.alloc(16)
      const expected = digestOf('md5', Buffer.concat([account?.clear?.bytes ?? NOBODY, Buffer.from(salt)]))
      return timingSafeEqual(offered, expected) && wellFormed && account?.clear !== undefined
    },

    quick(account, password) {
      if (!account) return false
      if (account.clear) {
        return timingSafeEqual(digestOf('sha256', password), account.clear.digest)
      }
      const known = proven.get(provenKey(account))
      if (!known || clock.monotonic() >= known.until) return false
      return timingSafeEqual(known.mark, mark(password))
    },

    slow(account, name, password, begin) {
      const question = mark(`${account?.passwordHash ?? `nobody ${name}`}\n${password}`).toString('base64')
      const same = running.get(question)
      if (same) return same
      const done = begin()
      const work = hasher
        .verify(password, account?.passwordHash)
        .then((right) => {
          if (right && account && !account.clear) {
            proven.set(provenKey(account), { mark: mark(password), until: clock.monotonic() + REMEMBERED_MS })
          }
          return right
        })
        .finally(() => {
          running.delete(question)
          done()
        })
      running.set(question, work)
      return work
    },
  }
}
