import { AppError, type ErrorCode } from '../../base/errors.ts'
import type { User } from '../api/reader-api.ts'
import type { Subsonic } from '../api/subsonic-api.ts'
import type { Generation } from '../host/generation.ts'
import { deferred } from './deferred.ts'

/** What the core's Subsonic room does for one user on a plugin's behalf. */
export interface SubsonicRendering {
  readonly children: Subsonic['children']
  readonly entries: Subsonic['entries']
  readonly standsFor: Subsonic['standsFor']
}

const CODE: Readonly<Record<number, ErrorCode>> = {
  0: 'BAD_REQUEST',
  10: 'MISSING_PARAMETER',
  20: 'CLIENT_TOO_OLD',
  30: 'SERVER_TOO_OLD',
  40: 'BAD_CREDENTIALS',
  41: 'TOKEN_AUTH_UNSUPPORTED',
  42: 'AUTH_MECHANISM_UNSUPPORTED',
  43: 'AUTH_MECHANISM_CONFLICT',
  44: 'BAD_API_KEY',
  50: 'FORBIDDEN',
  60: 'FORBIDDEN',
  70: 'NOT_FOUND',
}

export function createSubsonicFacade(generation: Generation, rendering: SubsonicRendering): Subsonic {
  const { children, entries, standsFor } = deferred(generation, {
    children: async (user: User, songIds: readonly string[]) => rendering.children(user, [...songIds]),
    entries: async (user: User, ids: readonly string[]) => rendering.entries(user, [...ids]),
    standsFor: async (user: User, ids: readonly string[]) => rendering.standsFor(user, [...ids]),
  })
  return {
    endpoint(name, handler, options = {}) {
      generation.assertOpen()
      if (!/^[a-zA-Z][a-zA-Z0-9]{1,60}$/.test(name))
        throw new AppError('BAD_REQUEST', `'${name}' is no name of an endpoint`)
      return generation.registrations.add('endpoint', { name, handler, role: options.role })
    },
    extension(name, versions) {
      generation.assertOpen()
      return generation.registrations.add('extension', { name, versions: [...versions] })
    },
    error: (code, message) => new AppError(CODE[code] ?? 'BAD_REQUEST', message),
    children,
    entries,
    standsFor,
  }
}
