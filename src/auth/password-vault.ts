import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { AppError, isAppError } from '../base/errors.ts'
import type { UserId } from '../base/ids.ts'
import type { UserRepository } from '../library/user-repository.ts'
import type { Logger } from '../log/logger.ts'
import { seal, sealedBy, unseal } from './seal.ts'
import { type KeyRing, openKeyRing } from './secrets.ts'

/**
 * The sealed clear passwords, which Subsonic's token login can't do without. The key is `password.key` in the folder
 * for keys. Without the right key nothing is lost but token login: passwords are still checked by their hashes, and
 * each is sealed anew when its user next logs in with it.
 */
export interface PasswordVault {
  /** What is wrong with the key and how to repair it, for the doctor; undefined when all is well. */
  readonly problem: string | undefined
  /** Throws the key file's error when there is no usable key. */
  seal(userId: UserId, password: string): Uint8Array
  assertUsable(): void
  unseal(userId: UserId, sealed: Uint8Array): Buffer | undefined
  /**
   * Seals a password again that could not be opened, after its user proved to know it against `provenHash`. Does
   * nothing if the password was changed meanwhile.
   */
  heal(userId: UserId, password: string, provenHash: string): void
  /** A new key; every password is sealed again by it. Interrupted, it is completed at the next start. */
  rotate(): { readonly resealed: number; readonly unreadable: number }
}

export interface VaultOptions {
  readonly users: UserRepository
  readonly folder: string
  readonly clock: Clock
  readonly log: Logger
}

const REPAIR =
  'Put keys/password.key back from the backup and restart. Or let each user log in once by password ' +
  '(not by token), or set new passwords: tonearm user passwd.'

export function openPasswordVault({ users, folder, clock, log }: VaultOptions): PasswordVault {
  let ring: KeyRing | undefined
  let failure: AppError | undefined
  let unreadable = 0
  try {
    ring = openKeyRing(folder, 'password')
  } catch (error) {
    if (!isAppError(error)) throw error
    failure = error
    const fields = { code: error.code, file: join(folder, 'password.key'), repair: REPAIR }
    log.error('password key unusable: token login is off', fields)
  }
  if (ring) {
    if (ring.previous) {
      log.warn('completing an interrupted change of the password key')
      reseal(ring)
      ring.retire()
    }
    unreadable = sealedUsers().filter(({ sealed }) => !ring?.find(sealedBy(sealed) ?? '')).length
    if (unreadable > 0) {
      log.error('password key lost: token login is off for these users', { users: unreadable, repair: REPAIR })
    } else if (ring.created) log.info('password key made', { file: join(folder, 'password.key') })
  }

  function sealedUsers(): { readonly id: UserId; readonly sealed: Uint8Array }[] {
    return users.list().flatMap(({ id }) => {
      const sealed = users.credentials(id)?.passwordSealed
      return sealed ? [{ id, sealed }] : []
    })
  }

  function open(): KeyRing {
    if (ring) return ring
    throw failure ?? new AppError('INTERNAL', 'There is no password key.')
  }

  function reseal(keys: KeyRing): { resealed: number; unreadable: number } {
    let resealed = 0
    let lost = 0
    for (const { id, sealed } of sealedUsers()) {
      if (sealedBy(sealed) === keys.current.id) continue
      const clear = unseal(keys, contextOf(id), sealed)
      if (clear) {
        users.update(id, { passwordSealed: seal(keys, contextOf(id), clear) }, clock.now())
        resealed++
      } else lost++
    }
    return { resealed, unreadable: lost }
  }

  return {
    get problem() {
      if (failure) return `${failure.message} ${REPAIR}`
      return unreadable > 0 ? `The passwords of ${unreadable} users can't be opened. ${REPAIR}` : undefined
    },
    assertUsable: () => void open(),
    seal: (userId, password) => seal(open(), contextOf(userId), Buffer.from(password)),
    unseal: (userId, sealed) => (ring ? unseal(ring, contextOf(userId), sealed) : undefined),
    heal(userId, password, provenHash) {
      if (!ring || users.credentials(userId)?.passwordHash !== provenHash) return
      users.update(userId, { passwordSealed: seal(ring, contextOf(userId), Buffer.from(password)) }, clock.now())
      unreadable = Math.max(0, unreadable - 1)
      log.info('password sealed again', { userId })
    },
    rotate() {
      const keys = open()
      keys.rotate()
      const result = reseal(keys)
      keys.retire()
      log.info('password key changed', result)
      return result
    },
  }
}

function contextOf(userId: UserId): string {
  return `tonearm password of user ${userId}`
}
