import { errors, jwtVerify, SignJWT } from 'jose'
import type { KeyRing } from '../auth/secrets.ts'
import type { Clock } from '../base/clock.ts'
import { decodeIdOf, encodeId, type UserId } from '../base/ids.ts'
import type { User } from '../library/entities.ts'

/** What a valid token says. The user may have been deleted or changed since: look. */
export interface SessionClaims {
  readonly userId: UserId
  /** The user's `credentialsVersion` when it was issued; an older one is no longer valid. */
  readonly credentialsVersion: number
}

/** Signed, expiring tokens for the native API: JWT (HS256) with a string `uid`, which clients read. Nothing is stored. */
export interface Sessions {
  issue(user: User): Promise<string>
  /** Undefined for a foreign, damaged or expired token. */
  verify(token: string): Promise<SessionClaims | undefined>
}

/** Clients that know Navidrome look for this issuer. */
const ISSUER = 'ND'
const ALGORITHM = 'HS256'

export function createSessions(options: {
  readonly keys: KeyRing
  readonly clock: Clock
  readonly ttlMs: number
}): Sessions {
  const { keys, clock, ttlMs } = options
  return {
    issue(user) {
      const seconds = Math.floor(clock.now() / 1000)
      return new SignJWT({
        uid: encodeId('user', user.id),
        cv: user.credentialsVersion,
        ...(user.isAdmin ? { adm: true } : {}),
      })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: keys.current.id })
        .setIssuer(ISSUER)
        .setSubject(user.name)
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + Math.ceil(ttlMs / 1000))
        .sign(keys.current.bytes)
    },

    async verify(token) {
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
        const version = payload.cv
        return userId !== undefined && typeof version === 'number' ? { userId, credentialsVersion: version } : undefined
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
        throw error
      }
    },
  }
}
