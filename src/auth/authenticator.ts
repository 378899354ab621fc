import type { ApiKeyId } from '../base/ids.ts'
import type { User } from '../library/entities.ts'

/** What a client offered, before any check; absent = not sent. `password` is decoded (`enc:`). */
export interface Credentials {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly token?: string | undefined
  readonly salt?: string | undefined
  readonly apiKey?: string | undefined
}

export interface LoginOrigin {
  /** Already resolved through trusted proxies. */
  readonly address: string
  readonly client: string
}

export interface Identity {
  readonly user: User
  readonly method: 'password' | 'token' | 'apiKey' | 'session'
  /** Of a login by API key. */
  readonly keyId?: ApiKeyId
}

/** Turns credentials into a user; order of checks and codes as in opensubsonic.md section 3. */
export interface Authenticator {
  /**
   * Rejects with MISSING_PARAMETER, AUTH_MECHANISM_CONFLICT, TOKEN_AUTH_UNSUPPORTED, BAD_API_KEY, BAD_CREDENTIALS, or
   * TOO_MANY_ATTEMPTS (with `retryAfter`). An unknown user costs and answers the same as a wrong password.
   */
  authenticate(credentials: Credentials, origin: LoginOrigin): Promise<Identity>
  /** The same, at once where no slow hash has to be worked out; then it throws instead of rejecting. */
  identify(credentials: Credentials, origin: LoginOrigin): Identity | Promise<Identity>
}
