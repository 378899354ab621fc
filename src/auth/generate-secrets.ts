import { randomBytes, randomInt } from 'node:crypto'

/** 31 characters that nobody takes for one another, on screen, on paper or on the phone. */
const READABLE = 'abcdefghjkmnpqrstuvwxyz23456789'
const GROUPS = 4
const GROUP_LENGTH = 5

/** Four groups of five: 99 bits, to be typed in on a phone. */
export function generatePassword(): string {
  const group = () => Array.from({ length: GROUP_LENGTH }, () => READABLE[randomInt(READABLE.length)]).join('')
  return Array.from({ length: GROUPS }, group).join('-')
}

const KEY_PREFIX = 'tn_'
const HINT_LENGTH = 7

/** 192 random bits behind a prefix that secret scanners can look for. `hint` is what people recognise it by. */
export function generateApiKey(): { readonly key: string; readonly hint: string } {
  const key = KEY_PREFIX + randomBytes(24).toString('base64url')
  return { key, hint: key.slice(0, HINT_LENGTH) }
}
