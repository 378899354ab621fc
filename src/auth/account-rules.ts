import { AppError } from '../base/errors.ts'
import { fold } from '../base/text.ts'
import { ROLES, type Role } from '../library/entities.ts'
import { MAX_PASSWORD_BYTES } from './password-check.ts'

const MAX_NAME = 64
const MAX_TEXT = 256
/** kbit/s; more than any audio file has. */
const MAX_BIT_RATE = 100_000
/** Control, format (zero width, direction) and line characters: names that look alike or break lines and logs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** What a new user may do unless it is said otherwise. */
export const DEFAULT_ROLES: readonly Role[] = ['settings', 'download', 'playlist', 'comment', 'stream']
export const DEFAULT_ADMIN_ROLES: readonly Role[] = [...DEFAULT_ROLES, 'upload', 'coverArt', 'share']

/** The name as it is stored: trimmed, composed. Throws INVALID_PARAMETER. */
export function checkName(name: string): string {
  const clean = name.normalize('NFC').trim()
  const length = [...clean].length
  if (length < 1 || length > MAX_NAME) invalid('name', `A user name has 1 to ${MAX_NAME} characters.`)
  if (UNSEEN.test(clean)) invalid('name', 'A user name has no control characters or invisible ones.')
  if (fold(clean) === '') invalid('name', 'A user name needs a letter or a digit.')
  return clean
}

/**
 * Any characters, at least `minLength` of them: what counts is that clients can send it. Throws INVALID_PARAMETER; never
 * repeats the password.
 */
export function checkPassword(password: string, minLength: number): string {
  if (password === '') invalid('password', 'A password must not be empty.')
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    invalid('password', `A password has at most ${MAX_PASSWORD_BYTES} bytes.`)
  }
  if ([...password].length < minLength) {
    invalid('password', `A new password has at least ${minLength} characters. Take a longer one.`)
  }
  return password
}

/** `what` begins the sentence: `A full name`. Throws INVALID_PARAMETER. */
export function checkText(text: string, field: string, what: string): string {
  const clean = text.trim()
  if ([...clean].length > MAX_TEXT || /\p{Cc}/u.test(clean)) {
    invalid(field, `${what} has at most ${MAX_TEXT} characters, on one line.`)
  }
  return clean
}

export function checkRoles(roles: readonly Role[]): readonly Role[] {
  const known = ROLES.filter((role) => roles.includes(role))
  if (known.length !== new Set(roles).size) invalid('roles', `Roles are some of: ${ROLES.join(', ')}.`)
  return known
}

export function checkBitRate(kbits: number): number {
  if (!Number.isInteger(kbits) || kbits < 0 || kbits > MAX_BIT_RATE) {
    invalid('maxBitRate', `The highest bit rate is a whole number of kbit/s from 0 (no limit) to ${MAX_BIT_RATE}.`)
  }
  return kbits
}

/** `details` name the field, for forms. */
function invalid(field: string, message: string): never {
  throw new AppError('INVALID_PARAMETER', message, { details: { field, problem: 'invalid' } })
}
