import { randomBytes } from 'node:crypto'
import type { KeyRing } from '../auth/secrets.ts'
import type { Clock } from '../base/clock.ts'
import { decodeIdOf, encodeId, type UserId } from '../base/ids.ts'
import type { User } from '../library/entities.ts'
import type { SessionRepository, StoredSession } from '../library/session-repository.ts'

/** What a valid token says. The user may have been deleted or changed since: look. */
export interface SessionClaims {
  readonly sessionId: string
  readonly userId: UserId
  /** The user's `credentialsVersion` when it was issued; an older one is no longer valid. */
  readonly credentialsVersion: number
  /** ms since 1970 */
  readonly issuedAt: number
}

export interface SessionOrigin {
  readonly address: string
  readonly client: string
}

/** A login as its user sees it. Times in ms since 1970. */
export interface SessionInfo extends StoredSession {
  /** When it ends unless it is used before; at the latest, since use is written down now and then. */
  readonly expiresAt: number
}

/**
 * Logins of the native API: signed, expiring tokens, JWT (HS256) with a string `uid`, which clients read. Each belongs to a
 * session of the database: without its row a token is worth nothing, so ending a session works at once.
 */
export interface Sessions {
  /** A new session; of a user's many the one that was not seen the longest makes room. @returns its first token. */
  begin(user: User, origin: SessionOrigin): Promise<string>
  /** A token of the same session that lasts from now; the one given when it is fresh. */
  renew(user: User, claims: SessionClaims, token: string): Promise<string>
  /** Undefined for a foreign, damaged or expired token, or one of an ended session. */
  verify(token: string): Promise<SessionClaims | undefined>
  /** Whether tokens of this session still count. */
  isOpen(userId: UserId, sessionId: string): boolean
  listOf(userId: UserId): readonly SessionInfo[]
  /** False when the user has no such session. */
  end(userId: UserId, sessionId: string): boolean
  /** @returns how many there were. */
  endAll(userId: UserId): number
  /** A new signing key. Tokens by the one before last for as long as they would anyway, until the next rotation. */
  rotateKey(): void
  /** How long a token lasts, ms. */
  readonly ttlMs: number
}

/** Clients that know Navidrome look for this issuer. */
const ISSUER = 'ND'
const ALGORITHM = 'HS256'
const MAX_SESSIONS = 64
/** A token that is younger is not replaced: signing costs more than the rest of a small answer. */
const FRESH_MS = 60_000
/** Use is written down at most so many times within the life of a token: memory cards count writes. */
const TOUCHES = 8
const MAX_CLIENT = 100

/** Loaded by the first login: a start needs none of it. */
const jose = () => import('jose')

export function createSessions(options: {
  readonly keys: KeyRing
  readonly clock: Clock
  readonly ttlMs: number
  readonly sessions: SessionRepository
}): Sessions {
  const { keys, clock, ttlMs, sessions } = options
  const touchMs = Math.ceil(ttlMs / TOUCHES)
  /** A row may be older than its newest token by the time between two touches. */
  const deadMs = ttlMs + touchMs

  async function sign(user: User, sessionId: string): Promise<string> {
    const { SignJWT } = await jose()
    const seconds = Math.floor(clock.now() / 1000)
    return new SignJWT({
      uid: encodeId('user', user.id),
      sid: sessionId,
      cv: user.credentialsVersion,
      ...(user.isAdmin ? { adm: true } : {}),
    })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: keys.current.id })
      .setIssuer(ISSUER)
      .setSubject(user.name)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + Math.ceil(ttlMs / 1000))
      .sign(keys.current.bytes)
  }

  return {
    ttlMs,

    begin(user, { address, client }) {
      const now = clock.now()
      const id = randomBytes(12).toString('base64url')
      sessions.create(
        {
          id,
          userId: user.id,
          credentialsVersion: user.credentialsVersion,
          client: client.slice(0, MAX_CLIENT),
          address,
          createdAt: now,
          seenAt: now,
        },
        { deadBefore: now - deadMs, keep: MAX_SESSIONS },
      )
      return sign(user, id)
    },

    async renew(user, claims, token) {
      if (Math.abs(clock.now() - claims.issuedAt) < Math.min(FRESH_MS, ttlMs / 2)) return token
      return sign(user, claims.sessionId)
    },

    async verify(token) {
      const claims = await read(token)
      const session = claims && sessions.find(claims.sessionId)
      if (!claims || session?.userId !== claims.userId) return undefined
      if (Math.abs(clock.now() - session.seenAt) > touchMs) sessions.touch(session.id, clock.now())
      return claims
    },

    isOpen(userId, sessionId) {
      const session = sessions.find(sessionId)
      return session?.userId === userId && clock.now() - session.seenAt <= deadMs
    },

    listOf: (userId) =>
      sessions
        .listOf(userId)
        .filter(({ seenAt }) => clock.now() - seenAt <= deadMs)
        .map((session) => ({ ...session, expiresAt: session.seenAt + deadMs })),
    end: (userId, sessionId) => sessions.remove(userId, sessionId),
    endAll: (userId) => sessions.removeAllOf(userId),

    rotateKey() {
      if (keys.previous) keys.retire()
      keys.rotate()
    },
  }

  async function read(token: string): Promise<SessionClaims | undefined> {
    const { errors, jwtVerify } = await jose()
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const key = keys.find(String(kid))
          if (!key) throw new errors.JWSSignatureVerificationFailed()
          return key.bytes
        },
        { algorithms: [ALGORITHM], issuer: ISSUER, currentDate: new Date(clock.now()) },
      )
      const userId = decodeIdOf('user', String(payload.uid))
      const { cv, sid, iat } = payload
      if (userId === undefined || typeof cv !== 'number' || typeof sid !== 'string' || iat === undefined)
        return undefined
      return { sessionId: sid, userId, credentialsVersion: cv, issuedAt: iat * 1000 }
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
      throw error
    }
  }
}
