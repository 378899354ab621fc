import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Accounts } from '../auth/accounts.ts'
import { generatePassword } from '../auth/generate-secrets.ts'
import { AppError, isAppError } from '../base/errors.ts'

const PASSWORD_FILE = 'initial-admin-password.txt'

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
  const file = join(options.dataFolder, PASSWORD_FILE)
  const shown = options.given || options.interactive
  if (!shown) writePrivate(file, `${password}\n`)
  await accounts.ensureFirstAdmin({ password }).catch((error: unknown) => {
    if (!options.given || !isAppError(error)) throw error
    throw new AppError('CONFIG_INVALID', `TONEARM_ADMIN_PASSWORD: ${error.message}`, { cause: error })
  })
  if (options.given) return { kind: 'given' }
  return shown ? { kind: 'shown', password } : { kind: 'file', file }
}

function writePrivate(file: string, text: string): void {
  const descriptor = openSync(file, 'w', 0o600)
  try {
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
