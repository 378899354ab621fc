import { LRUCache } from 'lru-cache'
import { andThen } from '../base/at-once.ts'
import type { Clock } from '../base/clock.ts'
import { AppError, isAppError } from '../base/errors.ts'
import { encodeId } from '../base/ids.ts'
import { fold } from '../base/text.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { User } from '../library/entities.ts'
import type { Logger } from '../log/logger.ts'
import type { Notify } from '../notify/notify.ts'
import type { Authenticator, Credentials, Identity, LoginOrigin } from './authenticator.ts'
import type { LastSeen } from './last-seen.ts'
import { type LoginOffer, readOffer } from './login-offer.ts'
import { MAX_PASSWORD_BYTES, type PasswordCheck } from './password-check.ts'
import type { PasswordVault } from './password-vault.ts'
import type { Throttle } from './throttle.ts'
import type { LoginAccount, UserDirectory } from './user-directory.ts'

export interface AuthenticatorParts {
  readonly directory: UserDirectory
  readonly check: PasswordCheck
  readonly vault: PasswordVault
  readonly throttle: Throttle
  readonly lastSeen: LastSeen
  readonly hooks: HookBus
  /** News for administrators. */
  readonly notify?: Pick<Notify, 'send'>
  readonly clock: Clock
  readonly log: Logger
}

/** A client that was away for so long logs in again, as far as hooks and `lastLoginAt` go. */
const VISIT_MS = 30 * 60_000
/** Whoever guesses from many addresses makes no more noise than this, ms. */
const BLOCKED_EVERY_MS = 60_000
const MAX_VISITS = 4096
const MAX_KEY_LENGTH = 2048
/** UTF-16 units of a name that is looked up: more than any user can have. */
const MAX_NAME_LENGTH = 256

type Proof = Identity | AppError

export function createAuthenticator(parts: AuthenticatorParts): Authenticator {
  const { directory, check, vault, throttle, lastSeen, hooks, notify, clock, log } = parts
  let toldBlockedAt = Number.NEGATIVE_INFINITY
  const visits = new LRUCache<string, number>({ max: MAX_VISITS })

  function byKey(key: string): Identity | undefined {
    const found = key.length <= MAX_KEY_LENGTH ? directory.byApiKey(key) : undefined
    return found && { user: found.user, method: 'apiKey', keyId: found.keyId }
  }

  /** A failure is returned rather than thrown, so that it is counted in one place. */
  function prove(
    offer: LoginOffer,
    origin: LoginOrigin,
    account: LoginAccount | undefined,
    who: string,
  ): Proof | Promise<Proof> {
    if (offer.kind === 'apiKey') return badKey()
    if (offer.kind === 'token') {
      if (check.token(account, offer.token, offer.salt))
        return { user: (account as LoginAccount).user, method: 'token' }
      return account && !account.clear ? noToken() : badCredentials()
    }
    const { password } = offer
    if (password === '' || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return badCredentials()
    if (account && check.quick(account, password)) return { user: account.user, method: 'password' }
    return proveSlowly(password, origin, account, who)
  }

  async function proveSlowly(
    password: string,
    origin: LoginOrigin,
    account: LoginAccount | undefined,
    who: string,
  ): Promise<Proof> {
    if (!(await check.slow(account, who, password, () => throttle.begin(origin, who)))) return badCredentials()
    // The hash took its time: an account that was changed or removed meanwhile is what counts.
    const current = account && directory.byName(account.user.name)
    if (!current || current.passwordHash !== account.passwordHash) return badCredentials()
    if (current.locked) {
      vault.heal(current.user.id, password, current.passwordHash)
      directory.forget()
    }
    return { user: current.user, method: 'password' }
  }

  function welcome(user: User, who: string, origin: LoginOrigin): void {
    if (who !== '') throttle.succeeded(origin, who)
    const visit = `${user.id}\n${origin.address}\n${origin.client.slice(0, 64)}`
    const now = clock.monotonic()
    const isLogin = now - (visits.get(visit) ?? Number.NEGATIVE_INFINITY) > VISIT_MS
    visits.set(visit, now)
    lastSeen.user(user.id, isLogin)
    if (!isLogin) return
    log.info('login', { userId: user.id, address: origin.address, client: origin.client })
    if (hooks.has('user.login')) tell(user, user.name, origin, true)
  }

  function refuse(error: AppError, origin: LoginOrigin, failed: { user: User | undefined; name: string; who: string }) {
    if (throttle.failed(origin, failed.who)) tellBlocked(origin, failed.user)
    // Never the name: people type passwords into that field.
    const fields = { code: error.code, userId: failed.user?.id, address: origin.address, client: origin.client }
    log.warn('login failed', fields)
    if (hooks.has('user.login')) tell(failed.user, failed.name, origin, false)
  }

  /** Topic `login.blocked`; data: address, client, userId (null for a name that nobody has). Never the name. */
  function tellBlocked({ address, client }: LoginOrigin, user: User | undefined): void {
    const now = clock.monotonic()
    if (now - toldBlockedAt < BLOCKED_EVERY_MS) return
    toldBlockedAt = now
    notify?.send({
      topic: 'login.blocked',
      title: 'Too many failed logins',
      body: `They come from ${address}, which has to wait now.`,
      level: 'warn',
      data: { address, client: client.slice(0, 64), userId: user ? encodeId('user', user.id) : null },
    })
  }

  function tell(user: User | undefined, name: string, { address, client }: LoginOrigin, ok: boolean): void {
    hooks.observe('user.login', { userId: user ? encodeId('user', user.id) : null, name, ok, address, client })
  }

  function identify(credentials: Credentials, origin: LoginOrigin): Identity | Promise<Identity> {
    const offer = readOffer(credentials)
    const name = offer.kind === 'apiKey' ? '' : offer.name.slice(0, MAX_NAME_LENGTH)
    const account = name === '' ? undefined : directory.byName(name)
    const who = account ? String(account.user.id) : name === '' ? '' : `~${fold(name)}`
    const key = offer.kind === 'apiKey' ? byKey(offer.key) : undefined
    // A good key is no guess: nobody's failures keep it out.
    if (!key) throttle.admit(origin, who)
    // Without any key nobody can log in by token: said before the name is looked at, so it tells nothing of it.
    if (offer.kind === 'token' && vault.problem !== undefined && !account?.clear) throw noToken()
    return andThen(key ?? prove(offer, origin, account, who), (proof) => {
      if (isAppError(proof)) {
        // 41 makes clients fall back to the plain password by themselves: no guess, so no failure.
        if (proof.code !== 'TOKEN_AUTH_UNSUPPORTED') refuse(proof, origin, { user: account?.user, name, who })
        throw proof
      }
      const { user, method, keyId } = proof
      welcome(user, who, origin)
      if (keyId !== undefined) lastSeen.apiKey(keyId)
      return { user, method, ...(keyId === undefined ? {} : { keyId }) }
    })
  }

  return { identify, authenticate: async (credentials, origin) => identify(credentials, origin) }
}

const badCredentials = () => new AppError('BAD_CREDENTIALS', 'Wrong username or password.')
const badKey = () =>
  new AppError('BAD_API_KEY', 'This API key is not valid. Make a new one and enter it in the client.')
const noToken = () =>
  new AppError(
    'TOKEN_AUTH_UNSUPPORTED',
    'Token login is not available for this user. Use an API key, or legacy (plain password) login in the client.',
  )
