import { AppError } from '../base/errors.ts'
import type { Identity } from './authenticator.ts'

/**
 * An API key does what its owner does, but for accounts: it makes, changes and removes no passwords, users, rights or keys,
 * and switches no plugins, which keep rules of who sees what. So whoever has a stolen phone can't stay when its key is
 * deleted. Throws FORBIDDEN.
 */
export function assertNotByKey(method: Identity['method']): void {
  if (method === 'apiKey')
    throw new AppError(
      'FORBIDDEN',
      'An API key changes no accounts, passwords, rights, keys or plugins. Log in with name and password.',
    )
}
