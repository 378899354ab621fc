import { AppError } from '../../base/errors.ts'
import { decodeIdOf, encodeId, type UserId } from '../../base/ids.ts'
import type { Purpose } from '../../hooks/hooks.ts'
import type { User as StoredUser, Viewer } from '../../library/entities.ts'
import type { Repositories } from '../../library/repositories.ts'
import type { User } from '../api/reader-api.ts'

/** Users by their public ids, and what they see. */

/** What the readers need of the rooms below. */
export interface ReaderServices {
  readonly repositories: Repositories
  readonly scopes: {
    viewer(user: StoredUser, purpose: Purpose): Viewer | Promise<Viewer>
    ownViewer(user: StoredUser, purpose: Purpose): Viewer | Promise<Viewer>
    invalidate(userId?: UserId): void
  }
}

/** Rejects with NOT_FOUND for an unknown user: nobody reads as nobody. */
export async function viewerOf(services: ReaderServices, userId: string, purpose: Purpose = 'browse'): Promise<Viewer> {
  const user = findUser(services, userId)
  if (!user) throw new AppError('NOT_FOUND', `there is no user ${userId}`)
  return services.scopes.viewer(user, purpose)
}

/** Without what `access.grants` adds. */
export async function ownViewerOf(services: ReaderServices, userId: string): Promise<Viewer> {
  const user = findUser(services, userId)
  if (!user) throw new AppError('NOT_FOUND', `there is no user ${userId}`)
  return services.scopes.ownViewer(user, 'browse')
}

export function findUser(services: ReaderServices, id: string): StoredUser | undefined {
  const key = decodeIdOf('user', id)
  return key === undefined ? undefined : services.repositories.users.find(key)
}

export function toPublicUser(user: StoredUser): User {
  return { id: encodeId('user', user.id), name: user.name, isAdmin: user.isAdmin, roles: [...user.roles] }
}
