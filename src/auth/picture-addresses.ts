import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { decodeId, decodeIdOf, encodeId, type PublicId, type UserId } from '../base/ids.ts'
import type { User } from '../library/entities.ts'
import type { KeyRing, SecretKey } from './secrets.ts'

/** A picture that somebody was shown the address of. */
export interface AddressedPicture {
  readonly id: PublicId
  /** Longest edge in pixels. */
  readonly size: number
}

/**
 * Addresses of pictures for those who fetch them without a login, as many clients do with the image addresses of artists and
 * albums. Nothing is stored: they are signed, show one picture in one size, and end by themselves.
 */
export interface PictureAddresses {
  of(user: AddressedUser, picture: AddressedPicture): string
  /**
   * With the user whose eyes it is seen with, as `findUser` knows them now. Undefined for what was not signed here, or is
   * over: by its time, or by a new password of the user.
   */
  read<U extends AddressedUser>(
    token: string,
    findUser: (id: UserId) => U | undefined,
  ): (AddressedPicture & { readonly user: U }) | undefined
}

type AddressedUser = Pick<User, 'id' | 'credentialsVersion'>

/** Below the server's origin; the token follows. */
export const PICTURE_ADDRESS = '/api/picture'
const DAY_MS = 86_400_000
/** Lasts 30 to 37 days: for a week the same picture has the same address, so that clients find it in their caches. */
const LASTS_MS = 30 * DAY_MS
const STEP_MS = 7 * DAY_MS
const MAC_BYTES = 16
const TOKEN = /^((u[0-9a-z]{1,11})\.([a-z][0-9a-z]{1,11})\.([0-9]{1,4})\.([0-9a-z]{1,9}))\.([\w-]{22})$/

export function createPictureAddresses({
  keys,
  clock,
}: {
  readonly keys: KeyRing
  readonly clock: Clock
}): PictureAddresses {
  /** The ring signs sessions as well; a text that begins with this is no token of theirs. */
  const macOf = (key: SecretKey, { credentialsVersion }: AddressedUser, text: string) =>
    createHmac('sha256', key.bytes).update(`picture\n${credentialsVersion}\n${text}`).digest().subarray(0, MAC_BYTES)
  return {
    of(user, { id, size }) {
      const end = Math.ceil((clock.now() + LASTS_MS) / STEP_MS)
      const text = [encodeId('user', user.id), encodeId(id.kind, id.key as never), size, end.toString(36)].join('.')
      return `${PICTURE_ADDRESS}?of=${text}.${macOf(keys.current, user, text).toString('base64url')}`
    },
    read(token, findUser) {
      const [, text, name, item, size, end, mac] = TOKEN.exec(token) ?? []
      if (text === undefined || name === undefined || item === undefined || mac === undefined) return undefined
      const given = Buffer.from(mac, 'base64url')
      const userId = decodeIdOf('user', name)
      const user = userId === undefined ? undefined : findUser(userId)
      const id = decodeId(item)
      if (!user || !id) return undefined
      const isOurs = [keys.current, keys.previous].some((key) => key && timingSafeEqual(macOf(key, user, text), given))
      if (!isOurs) return undefined
      if (Number.parseInt(end ?? '', 36) * STEP_MS <= clock.now()) return undefined
      return { user, id, size: Number(size) }
    },
  }
}
