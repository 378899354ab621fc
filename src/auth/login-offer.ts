import { AppError } from '../base/errors.ts'
import type { Credentials } from './authenticator.ts'

/** What a client offered, sorted out. */
export type LoginOffer =
  | { readonly kind: 'apiKey'; readonly key: string }
  | { readonly kind: 'token'; readonly name: string; readonly token: string; readonly salt: string }
  | { readonly kind: 'password'; readonly name: string; readonly password: string }

/**
 * Which mechanism was meant. Throws AUTH_MECHANISM_CONFLICT for two at once and MISSING_PARAMETER for half of one. A
 * parameter that was sent empty was sent: an empty token is a wrong token, not a missing one.
 */
export function readOffer({ username, password, token, salt, apiKey }: Credentials): LoginOffer {
  if (apiKey !== undefined) {
    if ([username, password, token, salt].some((value) => value !== undefined)) {
      throw new AppError('AUTH_MECHANISM_CONFLICT', 'Send either apiKey alone, or u with p, or u with t and s.')
    }
    return { kind: 'apiKey', key: apiKey }
  }
  if (username === undefined || username === '') {
    throw new AppError('MISSING_PARAMETER', 'Required parameter u (or apiKey) is missing.')
  }
  if (password !== undefined) {
    if (token !== undefined || salt !== undefined) {
      throw new AppError('AUTH_MECHANISM_CONFLICT', 'Send either p, or t and s, not both.')
    }
    return { kind: 'password', name: username, password }
  }
  if (token === undefined && salt === undefined) {
    throw new AppError('MISSING_PARAMETER', 'Required parameters t and s (or p, or apiKey) are missing.')
  }
  if (token === undefined) throw new AppError('MISSING_PARAMETER', 'Required parameter t is missing.')
  if (salt === undefined) throw new AppError('MISSING_PARAMETER', 'Required parameter s is missing.')
  return { kind: 'token', name: username, token, salt }
}
