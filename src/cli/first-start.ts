import type { Accounts } from '../auth/accounts.ts'
import { generatePassword } from '../auth/generate-secrets.ts'
import { initialPasswordIn } from '../auth/initial-password.ts'
import { AppError, isAppError } from '../base/errors.ts'

export type FirstAdmin =
  /** There are users. */
  | { readonly kind: 'none' }
  /** The password came from the environment and is told nowhere. */
  | { readonly kind: 'given' }
  | { readonly kind: 'shown'; readonly password: string }
  | { readonly kind: 'file'; readonly file: string }

/**
 * Makes the first user when there is none. A generated password is returned to be shown, or, where nobody looks, lies in
 * a file of mode 0600 before the account exists, so that it can't be lost in between.
 */
export async function ensureAdmin(
  accounts: Accounts,
  options: { readonly dataFolder: string; readonly given: string | undefined; readonly interactive: boolean },
): Promise<FirstAdmin> {
  if (accounts.list().length > 0) return { kind: 'none' }
  const password = options.given || generatePassword()
  const initial = initialPasswordIn(options.dataFolder)
  const shown = options.given || options.interactive
  if (!shown) initial.write(password)
  await accounts.ensureFirstAdmin({ password }).catch((error: unknown) => {
    if (!options.given || !isAppError(error)) throw error
    throw new AppError('CONFIG_INVALID', `TONEARM_ADMIN_PASSWORD: ${error.message}`, { cause: error })
  })
  if (options.given) return { kind: 'given' }
  return shown ? { kind: 'shown', password } : { kind: 'file', file: initial.file }
}
