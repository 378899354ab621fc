import { AppError } from '../base/errors.ts'
import type { Identity } from './authenticator.ts'

/**
 * An API key does what its owner does, but for accounts: it makes and changes no passwords, users, rights or keys, so that
 * what a stolen phone can do ends when its key is deleted. Throws FORBIDDEN.
 */
export function assertNotByKey(method: Identity['method']): void {
  if (method === 'apiKey')
    throw new AppError(
      'FORBIDDEN',
      'An API key changes no accounts, passwords, rights or keys. Log in with name and password.',
    )
}
