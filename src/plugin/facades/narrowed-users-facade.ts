import { AppError } from '../../base/errors.ts'
import { decodeIdOf, type UserId } from '../../base/ids.ts'
import type { Guarded } from '../api/admin-api.ts'
import type { Generation } from '../host/generation.ts'
import { deferred } from './deferred.ts'
import type { ReaderServices } from './viewers.ts'

/** Whom a plugin narrows, remembered by the core under the plugin's name. */
export function createNarrowedUsersFacade(generation: Generation, { repositories, scopes }: ReaderServices): Guarded {
  return deferred(generation, {
    async set(userIds: readonly string[]) {
      const ids = userIds.map((id): UserId => {
        const key = decodeIdOf('user', id)
        if (key === undefined) throw new AppError('BAD_REQUEST', `${id} is no id of a user`)
        return key
      })
      repositories.narrowedUsers.set(generation.plugin, ids)
      scopes.invalidate()
    },
  })
}
