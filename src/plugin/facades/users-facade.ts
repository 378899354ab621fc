import { AppError } from '../../base/errors.ts'
import { decodeIdOf } from '../../base/ids.ts'
import type { UserReader } from '../api/reader-api.ts'
import { outsideWatch } from '../containment/sync-watch.ts'
import type { Generation } from '../host/generation.ts'
import { deferred } from './deferred.ts'
import { toPublicScope } from './hook-facade.ts'
import { findUser, type ReaderServices, toPublicUser, viewerOf } from './viewers.ts'

export function createUserReader(generation: Generation, services: ReaderServices): UserReader {
  const { repositories, scopes } = services
  const reads = deferred(generation, {
    async get(id: string) {
      const user = findUser(services, id)
      return user ? toPublicUser(user) : undefined
    },
    list: async () => repositories.users.list().map(toPublicUser),
    scopeOf: async (id: string) => toPublicScope((await viewerOf(services, id)).scope),
  })
  return Object.freeze({
    ...reads,
    invalidateScope(id?: string) {
      generation.assertOpen()
      const key = id === undefined ? undefined : decodeIdOf('user', id)
      if (id !== undefined && key === undefined) throw new AppError('BAD_REQUEST', `${id} is no id of a user`)
      outsideWatch(() => (key === undefined ? scopes.invalidate() : scopes.invalidate(key)))
    },
  })
}
