import { createHash, randomBytes } from 'node:crypto'
import type { Accounts } from '../auth/accounts.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import { AppError, isAppError } from '../base/errors.ts'
import { encodeId } from '../base/ids.ts'
import { errorReply, json } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import type { HttpReply, HttpRequest } from '../http/types.ts'
import type { User } from '../library/entities.ts'
import type { UserRepository } from '../library/user-repository.ts'
import { jsonObject } from './json-body.ts'
import { originOf } from './native-gate.ts'
import type { Sessions } from './sessions.ts'

export interface AuthRouteServices {
  readonly sessions: Sessions
  readonly authenticator: Authenticator
  readonly accounts: Accounts
  readonly users: UserRepository
}

/** Navidrome's login: `POST /auth/login` and `/auth/createAdmin` (the latter only while there is no user at all). */
export function authRoutes(services: AuthRouteServices): readonly Route[] {
  const { authenticator, accounts, users } = services
  let creating = false
  return [
    {
      method: 'POST',
      path: '/auth/login',
      handler: (request) =>
        answer(async () => {
          const { username, password } = await credentialsOf(request)
          const { user } = await authenticator
            .authenticate({ username, password }, originOf(request))
            .catch((error: unknown) => {
              if (isAppError(error) && error.code === 'BAD_CREDENTIALS')
                throw new AppError('BAD_CREDENTIALS', 'Invalid username or password')
              throw error
            })
          return loginReply(services, request, { user, password })
        }),
    },
    {
      method: 'POST',
      path: '/auth/createAdmin',
      handler: (request) =>
        answer(async () => {
          const { username, password } = await credentialsOf(request)
          if (creating || users.count() > 0) throw new AppError('FORBIDDEN', 'Cannot create another first admin')
          // The password's hash takes its time: nobody else may begin meanwhile.
          creating = true
          try {
            const fullName = username.charAt(0).toUpperCase() + username.slice(1)
            const user = await accounts.create({ name: username, fullName, password, isAdmin: true })
            return await loginReply(services, request, { user, password })
          } finally {
            creating = false
          }
        }),
    },
  ]
}

async function loginReply(
  { sessions }: AuthRouteServices,
  request: HttpRequest,
  { user, password }: { readonly user: User; readonly password: string },
): Promise<HttpReply> {
  const token = await sessions.begin(user, originOf(request))
  const subsonicSalt = randomBytes(3).toString('hex')
  return json(
    200,
    {
      id: encodeId('user', user.id),
      name: user.fullName || user.name,
      username: user.name,
      isAdmin: user.isAdmin,
      subsonicSalt,
      subsonicToken: createHash('md5')
        .update(password + subsonicSalt)
        .digest('hex'),
      token,
    },
    { 'x-nd-authorization': token, 'cache-control': 'no-store' },
  )
}

async function answer(work: () => Promise<HttpReply>): Promise<HttpReply> {
  try {
    return await work()
  } catch (error) {
    return errorReply(error)
  }
}

async function credentialsOf(request: HttpRequest): Promise<{ readonly username: string; readonly password: string }> {
  const { username, password } = await jsonObject(request, 64 * 1024)
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new AppError('UNPROCESSABLE', 'invalid request payload')
  return { username, password }
}
